"""The workflow for merges, run step by step."""

from __future__ import annotations

import json

from tests.pipelines.conftest import ALICE, BOB, CAROL, DAN, Scene, yaml_of
from tests.pipelines.forge import git
from tests.pipelines.runner import Run

ALPHA = "name: Alpha, members: [alice, bob]"
BETA = yaml_of(alpha=ALPHA, beta="name: Beta, members: [alice, carol]")
TAG = "refs/tags/applied/main"
MAIN = "refs/heads/main"
LID = "76699677012110@lid"
PIN = "refs/heads/reconciler/pin"


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
    scene.forge.refuse(MAIN)
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
    scene.forge.refuse(MAIN)
    scene.forge.put(pulls_forbidden=True)
    run = scene.run("apply", scene.forge.pushed())
    assert run.results["record"] == "success"
    (note,) = run.jobs["record"].annotations
    assert note.startswith("::warning title=Ids not recorded::")


def test_a_refused_merge_changes_nothing_live_and_notes_nothing(scene: Scene) -> None:
    scene.forge.pull_request({"groups.yaml": yaml_of(alpha="name: Alpha, members: [carol]")})
    run = scene.run("apply", scene.forge.merge())
    assert run.results == {"plan": "failure", "apply": "skipped", "record": "skipped"}
    assert "max-removals" in run.summary
    assert scene.world.effects() == ()


VOID = "::error title=Nothing was changed::groups.yaml changed on main since this plan was made"


def test_a_plan_of_a_file_that_was_replaced_while_it_waited_is_not_applied(scene: Scene) -> None:
    scene.forge.pull_request({"groups.yaml": BETA})
    event = scene.forge.merge()
    newer = {"groups.yaml": yaml_of(alpha=ALPHA)}
    run = scene.run("apply", event, apply=lambda: scene.forge.commit(newer))
    assert run.results == {"plan": "success", "apply": "failure", "record": "skipped"}
    assert run.jobs["apply"].annotations[0].startswith(VOID)
    assert scene.world.effects() == ()
    assert git(scene.forge.origin, "tag", "--list") == ""


def test_what_else_was_committed_while_a_plan_waited_does_not_make_it_void(scene: Scene) -> None:
    scene.forge.pull_request({"groups.yaml": BETA})
    event = scene.forge.merge()
    run = scene.run("apply", event, apply=lambda: scene.forge.commit({"README.md": "Hello\n"}))
    assert run.results == {"plan": "success", "apply": "success", "record": "success"}
    assert scene.forge.tip(TAG) == event.sha


def test_one_job_of_an_old_run_started_again_brings_nothing_back(scene: Scene) -> None:
    scene.forge.pull_request({"groups.yaml": BETA})
    old = scene.run("apply", scene.forge.merge())
    scene.forge.commit({"groups.yaml": scene.forge.file("groups.yaml").replace("[alice, carol]", "[alice]")})
    newer = scene.run("apply", scene.forge.pushed())
    assert newer.results["record"] == "success"
    tagged, before = scene.forge.tip(TAG), scene.world.snapshot()
    assert tagged == newer.event.sha
    old.again("record")
    assert old.results["record"] == "success"
    assert scene.forge.tip(TAG) == tagged
    old.again("apply")
    assert old.results == {"plan": "success", "apply": "failure", "record": "skipped"}
    assert old.jobs["apply"].annotations[0].startswith(VOID)
    assert scene.world.snapshot() == before
    assert scene.forge.tip(TAG) == tagged


def test_a_refused_tag_does_not_keep_the_ids_from_being_noted(scene: Scene) -> None:
    scene.forge.refuse(TAG)
    run = scene.run("apply", scene.forge.pushed())
    assert run.results["record"] == "success"
    assert scene.world.groups()[0].id in scene.forge.file("groups.yaml")
    (note,) = run.jobs["record"].annotations
    assert note.startswith("::warning title=Tag not moved::")
    assert git(scene.forge.origin, "tag", "--list") == ""


def test_refused_pushes_are_told_and_do_not_keep_the_tag_from_being_moved(scene: Scene) -> None:
    scene.forge.refuse(MAIN, PIN)
    run = scene.run("apply", scene.forge.pushed())
    assert run.results["record"] == "success"
    (note,) = run.jobs["record"].annotations
    assert note.startswith("::warning title=Ids not recorded::")
    assert scene.forge.tip(TAG) == run.event.sha


def test_a_pull_request_of_a_fork_is_not_taken_for_the_one_with_the_ids(scene: Scene) -> None:
    fork = {"number": 1, "head": "reconciler/pin", "state": "open", "isCrossRepository": True, "body": "x"}
    scene.forge.put(pulls=[fork])
    scene.forge.refuse(MAIN)
    scene.run("apply", scene.forge.pushed())
    _, own = scene.forge.store["pulls"]
    assert (own["head"], own["isCrossRepository"]) == ("reconciler/pin", False)


def test_a_run_over_some_groups_only_does_not_move_the_tag(scene: Scene) -> None:
    workflow = ".github/workflows/reconciler-apply.yml"
    text = scene.forge.file(workflow).replace("env:\n  REC", "env:\n  RECONCILER_TARGET: alpha\n  REC", 1)
    scene.forge.commit({workflow: text, "groups.yaml": yaml_of(alpha="name: Alpha, members: [alice, bob, carol]")})
    run = scene.run("apply", scene.forge.pushed())
    assert run.results == {"plan": "success", "apply": "success", "record": "success"}
    assert len(scene.world.groups()[0].members) == 4
    assert git(scene.forge.origin, "tag", "--list") == ""


def test_the_schedule_that_is_written_out_beside_it_applies_what_has_ended(scene: Scene) -> None:
    workflow = ".github/workflows/reconciler-apply.yml"
    lines = ("  # schedule:", '  #   - cron: "47 1 * * *" # UTC')
    text = scene.forge.file(workflow)
    for line in lines:
        assert line in text
        text = text.replace(line, line.replace("# ", "", 1))
    ended = yaml_of(alpha="name: Alpha, members: [alice, {person: bob, until: 2020-12-31}]")
    scene.forge.commit({workflow: text, "groups.yaml": ended})
    run = scene.run("apply", scene.forge.pushed("schedule"))
    assert run.results == {"plan": "success", "apply": "success", "record": "success"}
    assert len(scene.world.groups()[0].members) == 2


def test_the_line_that_notes_lids_is_recorded_with_the_ids_of_groups(scene: Scene) -> None:
    workflow, line = ".github/workflows/reconciler-apply.yml", "          # reconciler pin --people"
    text = scene.forge.file(workflow)
    assert line in text
    scene.forge.commit({workflow: text.replace(line, line.replace("# ", "", 1)), "groups.yaml": BETA})
    scene.world.set_account(ALICE, lid=LID, shows="lid_with_phone")
    run = scene.run("apply", scene.forge.pushed())
    assert run.results == {"plan": "success", "apply": "success", "record": "success"}
    recorded = scene.forge.file("groups.yaml")
    assert f"  alice: {{phone: {ALICE}, lid: {LID}}}\n  bob: {BOB}\n" in recorded
    assert all(group.id in recorded for group in scene.world.groups())
    assert run.jobs["record"].annotations == []


def test_where_nobody_can_be_asked_a_merge_is_planned_and_a_start_by_hand_applies_it(scene: Scene) -> None:
    workflow = ".github/workflows/reconciler-apply.yml"
    text, condition = scene.forge.file(workflow), "if: needs.plan.outputs.pending == 'true'\n    runs-on"
    by_hand = "&& github.event_name == 'workflow_dispatch'"
    assert f"`{by_hand}`" in text
    assert condition in text
    changed = text.replace(condition, condition.replace("\n", f" {by_hand}\n", 1))
    scene.forge.commit({workflow: changed, "groups.yaml": BETA})
    pushed = scene.run("apply", scene.forge.pushed())
    assert pushed.results == {"plan": "success", "apply": "skipped", "record": "skipped"}
    assert "Beta" in pushed.summary
    assert scene.world.effects() == ()
    started = scene.run("apply", scene.forge.pushed("workflow_dispatch"))
    assert started.results == {"plan": "success", "apply": "success", "record": "success"}
    assert names(scene) == {"Alpha", "Beta"}
