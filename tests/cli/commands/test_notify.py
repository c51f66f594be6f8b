"""`reconciler drift --notify`: one short message, only when there is drift, and never twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from reconciler.sandbox import Dialect, Fault, FaultKind, Settings
from tests.stage import PHONE, Ran, Stage, stage_with

PEOPLE = [f"+1 404 555 01{n:02}" for n in range(8)]
SEND = "/messages/send"


def world(stage: Stage) -> dict[str, str]:
    """Create drift: Alpha has a missing and an extra member, Beta another name, Admins none; return ids by name."""
    ids = {
        "Alpha": stage.world.create_group("Alpha", PEOPLE[:6], owner=PHONE),
        "Beta": stage.world.create_group("Bet\u202ea *https://evil.example*", PEOPLE[:1], owner=PHONE),
        "Admins": stage.world.create_group("Admins", PEOPLE[:2], owner=PHONE),
    }
    stage.world.clear_logs()
    stage.file(
        "groups:\n"
        f"  alpha: {{name: Alpha, members: [{', '.join(PEOPLE[1:7])}]}}\n"
        f"  beta: {{id: {ids['Beta']}, name: Beta, description: B}}\n"
        "  admins: {name: Admins}\n"
        "  later: {name: Later}\n"
    )
    return ids


TEXT = (
    "The reconciler: 3 of 4 groups drifted: 1 person to remove, 1 person to add, 1 group to create, "
    "1 group with a different name or description.\n"
    "- alpha: 1 to add, 1 to remove\n"
    "- beta: name differs, description differs\n"
    "- later: to create"
)


def sent(stage: Stage) -> list[tuple[str, str]]:
    """Return the messages that took effect, and check that nothing else did."""
    effects = stage.world.effects()
    assert {effect.kind for effect in effects} <= {"message"}
    return [(effect.group_id, effect.detail["text"]) for effect in effects]


def posts(stage: Stage) -> int:
    calls = [call for call in stage.world.calls() if call.method != "GET"]
    assert all(call.path.endswith(SEND) for call in calls)
    return len(calls)


def failed(ran: Ran, *words: str) -> None:
    assert ran.code == 1
    assert "Drift: 1 to create" in ran.out
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err, ran.err


@pytest.mark.parametrize("chat", ["admins", "beta", "12025550143@s.whatsapp.net"])
def test_a_notice_has_only_counts_and_keys(stage: Stage, chat: str) -> None:
    ids = world(stage)
    ran = stage.run("drift", "--notify", chat)
    shown = "+1 202 ••• ••43" if "@" in chat else chat
    assert (ran.code, ran.err) == (2, f"Sent the notification to {shown}.\n")
    assert "Drift: 1 to create" in ran.out
    assert sent(stage) == [({"admins": ids["Admins"], "beta": ids["Beta"]}.get(chat, chat), TEXT)]
    assert posts(stage) == 1


def test_a_chat_outside_the_plan_gets_the_notice(stage: Stage) -> None:
    ids = world(stage)
    assert stage.run("drift", "--notify", "admins", "--target", "alpha").code == 2
    text = "The reconciler: 1 of 1 group drifted: 1 person to remove, 1 person to add.\n- alpha: 1 to add, 1 to remove"
    assert sent(stage) == [(ids["Admins"], text)]


def test_nothing_is_sent_where_nothing_drifted(stage: Stage) -> None:
    world(stage)
    assert stage.run("drift", "--notify", "admins", "--target", "admins").code == 0
    assert (sent(stage), posts(stage)) == ([], 0)


@pytest.mark.parametrize("message", ["to must be a string", "the field `to` is missing", "body should not be empty"])
def test_a_refusal_that_names_a_field_of_the_other_dialect_is_answered_with_that_dialect(
    message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage_with(Settings(Dialect.REFERENCE), tmp_path, monkeypatch, capsys) as stage:
        stage.file("groups: {later: {name: Later}}")  # an empty list shows no dialect
        stage.server.set_faults([Fault("status", "POST", SEND, status=422, message=message)])
        assert stage.run("drift", "--notify", "12025550143@s.whatsapp.net").code == 2
        assert (len(sent(stage)), posts(stage)) == (1, 2)


def test_many_groups_are_counted_and_refusals_are_reported(stage: Stage) -> None:
    stage.world.create_group("Big", PEOPLE, owner=PHONE)
    groups = "".join(f"  g{n:02}: {{name: G{n:02}}}\n" for n in range(12))
    stage.file(f"groups:\n  big: {{name: Big, members: [{PEOPLE[0]}]}}\n  12025550143: {{id: 1@g.us}}\n{groups}")
    assert stage.run("drift", "--notify", "big").code == 2
    ((_, text),) = sent(stage)
    lines = text.splitlines()
    assert (
        lines[0] == "The reconciler: 13 of 14 groups drifted: 7 people to remove, 12 groups to create, 1 group blocked."
    )
    assert lines[1:3] == ["- +1 202 ••• ••43: blocked", "- big: 7 to remove"]
    assert lines[11:] == ["- and 4 more groups", "Apply would be refused: 1 reason."]


@pytest.mark.parametrize(
    ("chat", "words"),
    [
        ("amdins", "did you mean admins?"),
        ("+1 202 555 0143", "{phone}@s.whatsapp.net"),
        ("12O2555O143", "`12O•••43` is neither the key of a group nor the id of a chat"),
        ("1202555O143@s.whatsapp.net", "`120•••43@s.whatsapp.net` is neither the key"),
        ("", "nor the id of a chat"),
        ("76699677012110@lid", "76699677012110@lid is a private id (LID)"),
        ("76699677012110:3@hosted.lid", "use the person's number"),
    ],
)
def test_an_unknown_chat_is_an_error_before_any_call(stage: Stage, chat: str, words: str) -> None:
    world(stage)
    ran = stage.run("drift", "--notify", chat)
    assert (ran.code, ran.out, stage.calls()) == (1, "", [])
    assert words in ran.err
    assert "555" not in ran.err


@pytest.mark.parametrize("chat", [" 12025550143:7@c.us ", "12025550143@c.us", "12025550143@s.whatsapp.net"])
def test_a_message_to_a_person_goes_to_the_canonical_id(stage: Stage, chat: str) -> None:
    world(stage)
    assert stage.run("drift", "--notify", chat).code == 2
    assert sent(stage) == [("12025550143@s.whatsapp.net", TEXT)]


def test_a_chat_that_is_not_live_is_reported_after_the_drift(stage: Stage) -> None:
    world(stage)
    failed(stage.run("drift", "--notify", "later"), "the notification to later was not sent: the group is not live")
    failed(stage.run("drift", "--notify", "120363999999999999@g.us"), "was not sent", "404")
    stage.world.create_group("Admins", PEOPLE[:2], owner=PHONE)
    failed(stage.run("drift", "--notify", "admins"), "was not sent: 2 live groups are called")


@pytest.mark.parametrize(
    ("fault", "words", "effects"),
    [
        (Fault(FaultKind.STATUS, "POST", SEND, status=403, code="FORBIDDEN"), "was not sent", 0),
        (
            Fault(FaultKind.STATUS, "POST", SEND, status=500, code="INTERNAL_ERROR", effect=True),
            "may have been sent",
            1,
        ),
        (Fault(FaultKind.STATUS, "POST", SEND, status=500, code="INTERNAL_ERROR"), "may have been sent", 0),
        (Fault(FaultKind.DROP_BEFORE, "POST", SEND), "may have been sent", 0),
        (Fault(FaultKind.DROP_AFTER, "POST", SEND), "may have been sent", 1),
        (Fault(FaultKind.HTML, "POST", SEND, effect=True), "may have been sent", 1),
        (Fault(FaultKind.GARBAGE, "POST", SEND, body={"data": {}}), "may have been sent", 1),
    ],
)
def test_a_failed_notice_exits_with_1_and_is_not_sent_again(
    stage: Stage, fault: Fault, words: str, effects: int
) -> None:
    world(stage)
    stage.server.set_faults([fault])
    failed(stage.run("drift", "--notify", "admins"), f"the notification to admins {words}")
    assert (posts(stage), len(sent(stage))) == (1, effects)


def test_a_429_is_waited_out_and_the_message_goes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage_with(Settings(rate_limit=100, window=1.0), tmp_path, monkeypatch, capsys) as stage:
        world(stage)
        stage.server.set_faults([Fault(FaultKind.STATUS, "POST", SEND, status=429, code="RATE_LIMIT_EXCEEDED")])
        assert stage.run("drift", "--notify", "admins").code == 2
        assert (posts(stage), len(sent(stage))) == (2, 1)


def test_the_message_is_paced_with_the_reads_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage_with(Settings(rate_limit=4, window=1.0), tmp_path, monkeypatch, capsys) as stage:
        world(stage)
        assert stage.run("drift", "--notify", "admins").code == 2
        assert len(sent(stage)) == 1
        assert 429 not in [call.status for call in stage.world.calls()]


def test_a_signal_lets_a_message_in_progress_finish(stage: Stage) -> None:
    world(stage)

    def interrupt(seq: int, method: str, path: str) -> None:
        if method == "POST":
            os.kill(os.getpid(), signal.SIGINT)

    stage.server.on_call = interrupt
    ran = stage.run("drift", "--notify", "admins")
    assert ran.code == 130
    assert "the notification to admins was sent" in ran.err
    assert len(sent(stage)) == 1


def test_a_message_that_is_only_queued_is_told_as_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(Dialect.REFERENCE, rate_limit=10_000)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        ids = world(stage)
        ran = stage.run("drift", "--notify", "admins")
        assert (ran.code, ran.err) == (2, "The notification to admins was accepted, and is not sent yet.\n")
        assert [chat for chat, _ in sent(stage)] == [ids["Admins"]]
        assert posts(stage) == 1


def test_it_works_in_the_sandbox_too(stage: Stage) -> None:
    stage.file("groups: {alpha: {name: Alpha}, beta: {name: Beta}}")
    assert stage.run("--sandbox", "apply", "--yes", "--target", "alpha").code == 0
    ran = stage.run("--sandbox", "drift", "--notify", "alpha")
    assert (ran.code, ran.err) == (2, "Sent the notification to alpha.\n")
