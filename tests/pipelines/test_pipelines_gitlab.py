"""GitLab's pipeline, run job by job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines.conftest import CAROL, DAN, Scene, yaml_of
from tests.pipelines.forge import git
from tests.pipelines.gitlab import Pipeline

pytestmark = pytest.mark.parametrize("scene", ["gitlab"], indirect=True)
WITH_CAROL = yaml_of(alpha="name: Alpha, members: [alice, bob, carol]")


def merge_request(scene: Scene, files: dict[str, str | None], **variables: str) -> Pipeline:
    base = scene.forge.tip()
    event = scene.forge.pull_request(files)
    head = event.payload["pull_request"]["head"]["sha"]
    given = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, **variables}
    return Pipeline(scene.forge, folder(scene), head, given)


def on_main(scene: Scene, source: str = "push", **variables: str) -> Pipeline:
    key = scene.server.key
    given = {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "main", "WAPPFY_API_KEY": key, **variables}
    return Pipeline(scene.forge, folder(scene), scene.forge.tip(), given)


def folder(scene: Scene) -> Path:
    scene.runs += 1
    made = scene.folder / f"pipeline-{scene.runs}"
    made.mkdir(parents=True)
    return made


def test_a_merge_request_is_checked_without_a_key_and_planned_with_one(scene: Scene) -> None:
    without = merge_request(scene, {"groups.yaml": WITH_CAROL}).run()
    assert without.codes == {"check": 0}
    assert "carol" in (without.artifacts / ".reconciler" / "changes.md").read_text()
    assert scene.world.calls() == ()
    run = merge_request(scene, {"README.md": "x\n"}, WAPPFY_API_KEY=scene.server.key).run()
    assert run.codes == {"check": 0, "live plan": 0}
    assert "carol" in (run.artifacts / ".reconciler" / "plan.html").read_text()
    assert scene.world.effects() == ()
    wrong = merge_request(scene, {"groups.yaml": WITH_CAROL.replace("members", "membres")}).run()
    assert wrong.codes == {"check": 1}
    assert "did you mean `members`" in wrong.log


def test_a_merge_waits_to_be_applied_by_hand_and_is_then_noted_in_the_repository(scene: Scene) -> None:
    scene.forge.commit({"groups.yaml": WITH_CAROL})
    waiting = on_main(scene, RECORD_TOKEN="glpat-secret").run()
    assert waiting.codes == {"plan": 0}
    assert scene.world.effects() == ()
    run = on_main(scene, RECORD_TOKEN="glpat-secret").run(started=["apply"])
    assert run.codes == {"plan": 0, "apply": 0, "record": 0}
    group = scene.world.groups()[0]
    assert any(member.digits == "".join(filter(str.isdigit, CAROL)) for member in group.members)
    assert json.loads((run.artifacts / ".reconciler" / "report.json").read_text())["calls"]
    assert group.id in scene.forge.file("groups.yaml")
    assert "[skip ci]" in git(scene.forge.origin, "log", "-1", "--format=%s", "main")
    assert scene.forge.tip("refs/tags/applied/main") == run.revision
    assert not [text for text in (run.log, waiting.log) if "glpat-secret" in text or scene.server.key in text]
    again = on_main(scene, RECORD_TOKEN="glpat-secret").run(started=["apply"])
    assert again.codes == {"plan": 0, "apply": 0, "record": 0}


def test_without_a_token_nothing_is_pushed(scene: Scene) -> None:
    before = scene.forge.tip()
    assert on_main(scene).run(started=["apply"]).codes == {"plan": 0, "apply": 0}
    assert scene.forge.tip() == before


def test_a_schedule_fails_where_something_drifted_and_keeps_the_report(scene: Scene) -> None:
    assert on_main(scene, "schedule").run().codes == {"drift": 0}
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    run = on_main(scene, "schedule").run()
    assert run.codes == {"drift": 2}
    assert "dan" in (run.artifacts / ".reconciler" / "drift.html").read_text()


def test_other_branches_start_nothing(scene: Scene) -> None:
    assert on_main(scene, CI_COMMIT_BRANCH="side").run().codes == {}
