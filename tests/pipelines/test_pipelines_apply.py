"""The workflow for merges, run step by step."""

from __future__ import annotations

import json

from tests.pipelines.conftest import ALICE, CAROL, DAN, Scene, yaml_of
from tests.pipelines.forge import git
from tests.pipelines.runner import Run

ALPHA = "name: Alpha, members: [alice, bob]"
BETA = yaml_of(alpha=ALPHA, beta="name: Beta, members: [alice, carol]")
TAG = "refs/tags/applied/main"


def merged(scene: Scene, text: str) -> Run:
    scene.forge.pull_request({"groups.yaml": text})
    return scene.run("apply", scene.forge.merge())


def names(scene: Scene) -> set[str]:
    return {group.name for group in scene.world.groups()}


def test_a_merge_is_planned_applied_pinned_tagged_and_then_nothing_is_left_to_do(scene: Scene) -> None:
    run = merged(scene, BETA)
    assert run.results == {"plan": "success", "apply": "success", "record": "success"}
    assert names(scene) == {"Alpha", "Beta"}
    assert "Beta" in run.summary
    report = json.loads((run.artifacts / "reconciler-report" / "report.json").read_text())
    assert any(call["method"] == "POST" for call in report["calls"])
    # The ids of both, the new one and the one found by its name, are in the file, in a commit that starts no run.
    ids = {group.id for group in scene.world.groups()}
    assert all(id_ in scene.forge.file("groups.yaml") for id_ in ids)
    assert "[skip ci]" in git(scene.forge.origin, "log", "-1", "--format=%s", "main")
    assert git(scene.forge.origin, "log", "-1", "--format=%an", "main") == "github-actions[bot]"
    assert scene.forge.tip(TAG) == scene.forge.tip("main~1") == run.event.sha
    # One job can push, and nobody's number is shown.
    pushes = {
        name: git(job.workspace, "remote", "get-url", "--push", "origin") == scene.forge.url
        for name, job in run.jobs.items()
    }
    assert pushes == {"plan": False, "apply": False, "record": True}
    assert ALICE not in run.summary
    # A second run has nothing to apply and nothing to commit.
    before = scene.forge.tip()
    again = scene.run("apply", scene.forge.pushed("workflow_dispatch"))
    assert again.results == {"plan": "success", "apply": "skipped", "record": "success"}
    assert scene.forge.tip() == before == scene.forge.tip(TAG)


def test_a_group_that_is_only_found_by_its_name_is_pinned_without_an_apply(scene: Scene) -> None:
    run = scene.run("apply", scene.forge.pushed())
    assert run.results == {"plan": "success", "apply": "skipped", "record": "success"}
    assert scene.world.groups()[0].id in scene.forge.file("groups.yaml")
    assert scene.world.effects() == ()


def test_a_run_that_does_not_converge_fails_leaves_the_tag_and_still_notes_new_ids(scene: Scene) -> None:
    scene.run("apply", scene.forge.pushed())
    tagged = scene.forge.tip(TAG)
    scene.world.set_account(CAROL, refuses_adds=True)
    run = merged(scene, BETA)
    assert run.results == {"plan": "success", "apply": "failure", "record": "success"}
    (note,) = run.jobs["apply"].annotations
    assert note.startswith("::error title=Not converged::")
    assert (run.artifacts / "reconciler-report" / "report.json").exists()
    assert scene.forge.tip(TAG) == tagged
    (beta,) = [group.id for group in scene.world.groups() if group.name == "Beta"]
    assert beta in scene.forge.file("groups.yaml")


def test_a_plan_is_refused_when_the_groups_changed_while_it_waited_for_approval(scene: Scene) -> None:
    scene.forge.pull_request({"groups.yaml": yaml_of(alpha="name: Alpha, members: [alice]")})
    alpha = scene.world.groups()[0].id
    run = scene.run("apply", scene.forge.merge(), apply=lambda: scene.world.add_participant(alpha, DAN))
    assert run.results == {"plan": "success", "apply": "failure", "record": "skipped"}
    assert scene.world.effects() == ()
    assert "changed since" in run.jobs["apply"].log


def test_an_old_run_started_again_applies_the_branch_as_it_is_now(scene: Scene) -> None:
    scene.forge.pull_request({"groups.yaml": BETA})
    old = scene.forge.merge()
    merged(scene, yaml_of(alpha="name: Alpha, members: [alice, bob, dan]"))
    run = scene.run("apply", old)
    assert run.results == {"plan": "success", "apply": "skipped", "record": "success"}
    assert names(scene) == {"Alpha"}
    assert scene.forge.tip(TAG) == scene.forge.tip()


def test_a_branch_that_takes_no_commits_gets_one_pull_request_with_the_ids(scene: Scene) -> None:
    scene.forge.protect()
    for _ in range(2):
        run = scene.run("apply", scene.forge.pushed())
        assert run.results == {"plan": "success", "apply": "skipped", "record": "success"}
        (pull,) = scene.forge.store["pulls"]
        assert (pull["base"], pull["head"]) == ("main", "reconciler/pin")
    assert scene.world.groups()[0].id in scene.forge.file("groups.yaml", "reconciler/pin")
    assert scene.world.groups()[0].id not in scene.forge.file("groups.yaml")
    # What is merged must be checked: the commit for a pull request does not ask to be skipped.
    assert "skip ci" not in git(scene.forge.origin, "log", "-1", "--format=%B", "reconciler/pin")
    assert scene.forge.tip(TAG) == scene.forge.tip()


def test_where_actions_may_open_no_pull_requests_a_warning_says_where_the_ids_are(scene: Scene) -> None:
    scene.forge.protect()
    scene.forge.put(pulls_forbidden=True)
    run = scene.run("apply", scene.forge.pushed())
    assert run.results["record"] == "success"
    (note,) = run.jobs["record"].annotations
    assert note.startswith("::warning title=Ids not noted::")


def test_a_refused_merge_changes_nothing_live_and_notes_nothing(scene: Scene) -> None:
    scene.forge.pull_request({"groups.yaml": yaml_of(alpha="name: Alpha, members: [carol]")})
    run = scene.run("apply", scene.forge.merge())
    assert run.results == {"plan": "success", "apply": "failure", "record": "skipped"}
    assert "--max-removals" in run.jobs["apply"].log
    (note,) = run.jobs["apply"].annotations
    assert note.startswith("::error title=Nothing was changed::")
    assert scene.world.effects() == ()
