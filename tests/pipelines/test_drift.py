"""The workflow that watches, run step by step."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Fault, FaultKind
from tests.pipelines.conftest import BOB, DAN, Scene

MARKER = "<!-- reconciler:drift"


def test_drift_opens_one_issue_updates_it_and_closes_it_when_healed(scene: Scene) -> None:
    stranger = {"number": 1, "state": "open", "user": {"login": "mallory"}, "title": "x", "body": f"{MARKER} -->"}
    scene.forge.put(issues=[stranger])
    alpha = scene.world.groups()[0].id
    clean = scene.run("drift", scene.forge.pushed("schedule"))
    assert clean.results == {"drift": "success"}
    assert scene.forge.store["issues"] == [stranger]

    scene.world.add_participant(alpha, DAN)
    scene.run("drift", scene.forge.pushed("schedule"))
    (_, issue) = scene.forge.store["issues"]
    assert issue["body"].startswith(MARKER)
    assert "dan" in issue["body"]
    assert "/artifacts/" in issue["body"]

    scene.world.remove_participant(alpha, DAN)
    scene.world.remove_participant(alpha, BOB)
    scene.run("drift", scene.forge.pushed("workflow_dispatch"))
    (_, issue) = scene.forge.store["issues"]
    assert "bob" in issue["body"]
    assert "dan" not in issue["body"]

    scene.world.add_participant(alpha, BOB)
    healed = scene.run("drift", scene.forge.pushed("schedule"))
    assert healed.results == {"drift": "success"}
    (_, issue) = scene.forge.store["issues"]
    assert issue["state"] == "closed"
    assert "No drift any more" in scene.forge.bodies()[0]
    assert scene.forge.store["issues"][0] == stranger

    scene.world.add_participant(alpha, DAN)
    scene.run("drift", scene.forge.pushed("schedule"))
    assert [issue["state"] for issue in scene.forge.store["issues"]] == ["open", "closed", "open"]


def test_what_cannot_be_read_is_a_failed_run_and_no_word_in_the_issue(scene: Scene) -> None:
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    scene.run("drift", scene.forge.pushed("schedule"))
    before = scene.forge.store["issues"]
    scene.server.set_faults([Fault(FaultKind.STATUS, status=403, code="FORBIDDEN", message="no")])
    assert scene.run("drift", scene.forge.pushed("schedule")).results == {"drift": "failure"}
    assert scene.forge.store["issues"] == before


@pytest.mark.parametrize("broken", ["chat", "issue", "neither"])
def test_the_chat_and_the_issue_are_told_each_without_the_other(scene: Scene, broken: str) -> None:
    workflow = ".github/workflows/reconciler-drift.yml"
    chat = "nobody-has-this-key" if broken == "chat" else "alpha"
    text = scene.forge.file(workflow).replace("env:\n  REC", f"env:\n  RECONCILER_NOTIFY: {chat}\n  REC", 1)
    scene.forge.commit({workflow: text})
    quiet = scene.run("drift", scene.forge.pushed("schedule"))
    assert quiet.results == {"drift": "success"}
    assert scene.world.effects() == ()
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    scene.world.clear_logs()
    scene.forge.put(issues_disabled=broken == "issue")
    run = scene.run("drift", scene.forge.pushed("schedule"))
    assert run.results == {"drift": "success" if broken == "neither" else "failure"}
    sent = [call for call in scene.world.calls() if call.method == "POST"]
    assert len(sent) == (0 if broken == "chat" else 1)
    assert len(scene.forge.store["issues"]) == (0 if broken == "issue" else 1)


def test_where_issues_are_turned_off_only_what_is_to_be_told_fails_the_run(scene: Scene) -> None:
    scene.forge.put(issues_disabled=True)
    clean = scene.run("drift", scene.forge.pushed("schedule"))
    assert clean.results == {"drift": "success"}
    assert [note for note in clean.jobs["drift"].annotations if note.startswith("::warning title=No issues::")]
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    run = scene.run("drift", scene.forge.pushed("schedule"))
    assert run.results == {"drift": "failure"}
    assert [note for note in run.jobs["drift"].annotations if note.startswith("::error title=The groups drifted::")]
    assert "dan" in run.summary


def test_what_was_changed_by_hand_is_told_from_what_is_not_applied_yet(scene: Scene) -> None:
    scene.run("apply", scene.forge.pushed())
    scene.world.add_participant(scene.world.groups()[0].id, DAN)
    run = scene.run("drift", scene.forge.pushed("schedule"))
    assert "changed manually" in run.summary


def test_a_run_by_hand_on_another_branch_is_skipped(scene: Scene) -> None:
    scene.forge.commit({"README.md": "Hello\n"}, "side")
    event = scene.forge.pushed("workflow_dispatch")
    event.ref_name, event.ref, event.sha = "side", "refs/heads/side", scene.forge.tip("side")
    assert scene.run("drift", event).results == {"drift": "skipped"}
    assert scene.run("apply", event).results == {"plan": "skipped", "apply": "skipped", "record": "skipped"}
