"""The workflow that watches, run step by step."""

from __future__ import annotations

import re

import pytest

from reconciler.cli.main import run as reconciler
from reconciler.sandbox import Fault, FaultKind
from tests.pipelines.conftest import ALICE, BOB, DAN, Scene, yaml_of
from tests.pipelines.forge import git
from tests.pipelines.runner import Run
from tests.stage import PHONE

MARKER = "<!-- reconciler:drift"
BRANCH = "reconciler/adopt"
ALPHA, BOARD = "name: Alpha, members: [alice, bob]", "name: Board, description: Old, members: [alice]"
HOSTILE = "$(touch pwned)`touch pwned` <img src=x> @channel ##[error]x"


def night(scene: Scene) -> Run:
    """Run the whole workflow; both of its jobs succeed."""
    run = scene.run("drift", scene.forge.pushed("schedule"))
    assert run.results == {"drift": "success", "adopt": "success"}
    return run


def look(scene: Scene) -> Run:
    """Run the job that looks for drift."""
    return scene.run("drift", scene.forge.pushed("schedule"), jobs=["drift"])


def subjects(scene: Scene) -> list[str]:
    """The commits of the pull request, the oldest first."""
    return git(scene.forge.origin, "log", "--reverse", "--format=%s", f"main..{BRANCH}").splitlines()


def test_drift_keeps_one_issue_and_one_pull_request_until_it_is_adopted_or_undone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = {"number": 1, "state": "open", "user": {"login": "mallory"}, "title": "x", "body": f"{MARKER} -->"}
    scene.forge.put(issues=[stranger])
    alpha = scene.world.groups()[0].id
    board = scene.world.create_group("Board", [ALICE], owner=PHONE, description="Old")
    scene.forge.commit({"groups.yaml": yaml_of(alpha=ALPHA, board=f"id: {board}, {BOARD}")})

    # Two groups are changed by hand: one issue, and one pull request with a commit for each of them.
    scene.world.add_participant(alpha, DAN)
    scene.world.remove_participant(alpha, BOB)
    scene.world.rename_group(board, HOSTILE)
    first = night(scene)
    (_, issue) = scene.forge.store["issues"]
    assert issue["body"].startswith(MARKER)
    assert "dan" in issue["body"]
    assert "/artifacts/" in issue["body"]
    (pull,) = scene.forge.store["pulls"]
    assert (pull["base"], pull["head"]) == ("main", BRANCH)
    assert subjects(scene) == ["Adopt alpha: 1 person who came", "Adopt board: name"]
    assert "dan" in pull["body"]
    assert "    alpha: not adopted: bob is not in it" in pull["body"]
    for text in (issue["body"], pull["body"]):
        running = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        assert not [hostile for hostile in ("<img", "@channel", "##[") if hostile in running]
        assert not [number for number in (ALICE, BOB, DAN) if number in text]
    assert not list(scene.folder.rglob("pwned"))
    assert [note for job in first.jobs.values() for note in job.annotations] == []

    # The same the next night: no comment, and a commit that somebody dropped stays dropped.
    dropped = git(scene.forge.origin, "rev-parse", f"{BRANCH}^")
    git(scene.forge.origin, "update-ref", f"refs/heads/{BRANCH}", dropped)
    night(scene)
    assert scene.forge.store["comments"] == []
    assert scene.forge.tip(BRANCH) == dropped

    # Another difference is told, and its group gets its commit.
    scene.world.describe_group(board, "By hand")
    night(scene)
    (comment,) = scene.forge.bodies()
    assert comment.startswith("Other things differ than before.")
    assert subjects(scene) == ["Adopt alpha: 1 person who came", "Adopt board: name, description"]
    assert scene.forge.store["pulls"][0]["number"] == pull["number"]

    # A merge of it leaves nothing to do but what it left out.
    monkeypatch.setenv("WAPPFY_API_KEY", scene.server.key)
    merged = scene.folder / "merged.yaml"
    merged.write_text(scene.forge.file("groups.yaml", BRANCH))
    plan = ["plan", str(merged), "--base-url", scene.server.url, "--detailed-exitcode"]
    assert [reconciler([*plan, "--target", key]) for key in ("board", "alpha")] == [0, 2]

    # When everything is undone, issue and pull request are closed.
    scene.world.rename_group(board, "Board")
    scene.world.describe_group(board, "Old")
    scene.world.remove_participant(alpha, DAN)
    scene.world.add_participant(alpha, BOB)
    night(scene)
    (_, issue) = scene.forge.store["issues"]
    assert (issue["state"], scene.forge.store["pulls"][0]["state"]) == ("closed", "closed")
    told = scene.forge.bodies()[1:]
    assert [text.partition(":")[0] for text in told] == ["No drift any more", "Nothing can be adopted any more"]
    assert scene.forge.store["issues"][0] == stranger
    assert scene.forge.heads() == ["main"]


def test_what_cannot_be_read_is_a_failed_run_and_no_word_in_the_issue(scene: Scene) -> None:
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    look(scene)
    before = scene.forge.store["issues"]
    scene.server.set_faults([Fault(FaultKind.STATUS, status=403, code="FORBIDDEN", message="no")])
    assert look(scene).results == {"drift": "failure"}
    assert scene.forge.store["issues"] == before


@pytest.mark.parametrize("broken", ["chat", "issue", "neither"])
def test_the_chat_and_the_issue_are_told_each_without_the_other(scene: Scene, broken: str) -> None:
    workflow = ".github/workflows/reconciler-drift.yml"
    chat = "nobody-has-this-key" if broken == "chat" else "alpha"
    text = scene.forge.file(workflow).replace("env:\n  REC", f"env:\n  RECONCILER_NOTIFY: {chat}\n  REC", 1)
    scene.forge.commit({workflow: text})
    quiet = look(scene)
    assert quiet.results == {"drift": "success"}
    assert scene.world.effects() == ()
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    scene.world.clear_logs()
    scene.forge.put(issues_disabled=broken == "issue")
    run = look(scene)
    assert run.results == {"drift": "success" if broken == "neither" else "failure"}
    sent = [call for call in scene.world.calls() if call.method == "POST"]
    assert len(sent) == (0 if broken == "chat" else 1)
    assert len(scene.forge.store["issues"]) == (0 if broken == "issue" else 1)


def test_where_issues_are_turned_off_only_what_is_to_be_told_fails_the_run(scene: Scene) -> None:
    scene.forge.put(issues_disabled=True)
    clean = look(scene)
    assert clean.results == {"drift": "success"}
    assert [note for note in clean.jobs["drift"].annotations if note.startswith("::warning title=No issues::")]
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    run = look(scene)
    assert run.results == {"drift": "failure"}
    assert [note for note in run.jobs["drift"].annotations if note.startswith("::error title=The groups drifted::")]
    assert "dan" in run.summary


def test_what_was_changed_by_hand_is_told_from_what_is_not_applied_yet(scene: Scene) -> None:
    scene.run("apply", scene.forge.pushed())
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    run = look(scene)
    assert "changed manually" in run.summary


def test_a_run_by_hand_on_another_branch_is_skipped(scene: Scene) -> None:
    scene.forge.commit({"README.md": "Hello\n"}, "side")
    event = scene.forge.pushed("workflow_dispatch")
    event.ref_name, event.ref, event.sha = "side", "refs/heads/side", scene.forge.tip("side")
    assert scene.run("drift", event).results == {"drift": "skipped", "adopt": "skipped"}
    assert scene.run("apply", event).results == {"plan": "skipped", "apply": "skipped", "record": "skipped"}
