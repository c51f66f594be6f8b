"""GitLab's pipeline, run job by job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines.conftest import ALICE, CAROL, DAN, Scene, yaml_of
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


def test_a_schedule_fails_where_something_drifted_and_offers_to_keep_it(scene: Scene) -> None:
    assert on_main(scene, "schedule").run().codes == {"drift": 0}
    group = scene.world.groups()[0].id
    scene.world.add_participant(group, DAN)
    run = on_main(scene, "schedule", **TOKEN).run()
    assert run.codes == {"drift": 2, "adopt": 0}
    assert "dan" in (run.artifacts / ".reconciler" / "drift.html").read_text()
    offered = scene.forge.tip(BRANCH)
    assert "bob, dan]" in scene.forge.file("groups.yaml", BRANCH)
    run.again("adopt")
    assert scene.forge.tip(BRANCH) == offered
    scene.world.remove_participant(group, DAN)
    run.again("adopt")
    assert scene.forge.heads() == ["main"]


def test_other_branches_start_nothing(scene: Scene) -> None:
    assert on_main(scene, CI_COMMIT_BRANCH="side").run().codes == {}


TAG = "refs/tags/applied/main"
TOKEN = {"RECORD_TOKEN": "glpat-secret"}
BRANCH = "reconciler/adopt"


def test_a_file_that_was_replaced_is_neither_planned_nor_applied_nor_recorded(scene: Scene) -> None:
    scene.forge.commit({"groups.yaml": WITH_CAROL})
    run = on_main(scene, **TOKEN)
    run.before = {"apply": lambda: scene.forge.commit({"groups.yaml": WITH_CAROL.replace("carol]", "dan]")})}
    assert run.run(started=["apply"]).codes == {"plan": 0, "apply": 1, "record": 0}
    assert "groups.yaml changed on main since: run a new pipeline" in run.log
    assert run.again("plan").codes["plan"] == 1
    assert scene.world.effects() == ()
    assert git(scene.forge.origin, "tag", "--list") == ""


def test_what_did_not_converge_fails_leaves_the_tag_and_still_notes_new_ids(scene: Scene) -> None:
    scene.world.set_account(CAROL, refuses_adds=True)
    text = yaml_of(alpha="name: Alpha, members: [alice, bob]", beta="name: Beta, members: [alice, carol]")
    scene.forge.commit({"groups.yaml": text})
    run = on_main(scene, **TOKEN).run(started=["apply"])
    assert run.codes == {"plan": 0, "apply": 3, "record": 0}
    assert all(group.id in scene.forge.file("groups.yaml") for group in scene.world.groups())
    assert git(scene.forge.origin, "tag", "--list") == ""


@pytest.mark.parametrize("ref", ["refs/heads/main", TAG])
def test_a_refused_push_is_told_and_does_not_keep_the_other_one(scene: Scene, ref: str) -> None:
    scene.forge.commit({"groups.yaml": WITH_CAROL})
    scene.forge.refuse(ref)
    run = on_main(scene, **TOKEN).run(started=["apply"])
    assert run.codes == {"plan": 0, "apply": 0, "record": 1}
    assert ("The ids were not recorded. Let" in run.log) is (ref != TAG)
    assert ("The tag was not moved. Let" in run.log) is (ref == TAG)
    assert (scene.world.groups()[0].id in scene.forge.file("groups.yaml")) is (ref == TAG)
    assert (git(scene.forge.origin, "tag", "--list") == "") is (ref == TAG)
    scene.forge.refuse()
    assert run.again("record").codes["record"] == 0
    assert scene.forge.tip(TAG) == run.revision
    assert scene.world.groups()[0].id in scene.forge.file("groups.yaml")


def test_an_old_pipelines_record_does_not_move_the_tag_back(scene: Scene) -> None:
    scene.forge.commit({"groups.yaml": WITH_CAROL})
    old = on_main(scene, **TOKEN).run(started=["apply"])
    scene.forge.commit({"groups.yaml": scene.forge.file("groups.yaml").replace("bob, carol]", "bob]")})
    newer = on_main(scene, **TOKEN).run(started=["apply"])
    assert newer.codes == old.again("record").codes == {"plan": 0, "apply": 0, "record": 0}
    assert scene.forge.tip(TAG) == newer.revision


def test_a_record_with_nothing_to_note_and_no_tag_to_move_pushes_nothing(scene: Scene) -> None:
    scene.forge.commit({"groups.yaml": WITH_CAROL})
    run = on_main(scene, **TOKEN).run(started=["apply"])
    assert run.codes == {"plan": 0, "apply": 0, "record": 0}
    run.variables["CI_PROJECT_URL"] = "file:///nowhere"
    assert run.again("record").codes["record"] == 0


@pytest.mark.parametrize("narrowed", [{"RECONCILER_TARGET": "alpha"}, {"RECONCILER_CHANGED_SINCE": "HEAD~1"}])
def test_a_pipeline_over_some_groups_only_does_not_move_the_tag(scene: Scene, narrowed: dict[str, str]) -> None:
    scene.forge.commit({"groups.yaml": WITH_CAROL})
    run = on_main(scene, **narrowed, **TOKEN).run(started=["apply"])
    assert run.codes == {"plan": 0, "apply": 0, "record": 0}
    assert len(scene.world.groups()[0].members) == 4
    assert git(scene.forge.origin, "tag", "--list") == ""


def test_the_line_that_notes_lids_is_recorded_with_the_ids_of_groups(scene: Scene) -> None:
    pipeline, line = ".gitlab-ci.yml", "    # - reconciler pin --people"
    text = scene.forge.file(pipeline)
    assert line in text
    scene.forge.commit({pipeline: text.replace(line, line.replace("# ", "", 1)), "groups.yaml": WITH_CAROL})
    scene.world.set_account(ALICE, lid="76699677012110@lid", shows="lid_with_phone")
    assert on_main(scene, **TOKEN).run(started=["apply"]).codes == {"plan": 0, "apply": 0, "record": 0}
    recorded = scene.forge.file("groups.yaml")
    assert f"  alice: {{phone: {ALICE}, lid: 76699677012110@lid}}\n" in recorded
    assert scene.world.groups()[0].id in recorded
