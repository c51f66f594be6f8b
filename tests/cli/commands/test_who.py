"""`reconciler who` and `reconciler invite`: whole runs against the embedded server."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from reconciler.json_schemas import schema_text
from reconciler.sandbox import Dialect, Fault, FaultKind, Settings
from tests.stage import INSTANCE, PHONE, Stage, stage_with

ALICE, BOB, CAROL, DAVE = "+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0145", "+1 303 555 0146"
SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text("who.schema.json")))
FILE = f"""
region: US
people:
  alice: {{phone: {ALICE}, name: Alice Moreno}}
  bob: {BOB}
teams: {{board: [alice]}}
policy: {{protected: [alice]}}
groups:
  alpha: {{name: Alpha, teams: [board], admins: [alice]}}
  beta: {{name: Beta, members: [bob, {{person: alice, until: 2099-12-31, reason: contractor}}]}}
  gamma: {{name: Gamma, membership: additive, absent: [alice], members: [bob]}}
  old: {{name: Old, members: [bob, {{person: alice, until: 2020-12-31}}]}}
  new: {{name: New, members: [{{person: alice, join: invite}}]}}
  plain: {{name: Plain}}
  spare: {{name: Spare, teams: [board], except: [alice]}}
"""


def world(stage: Stage) -> None:
    stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    stage.world.create_group("Beta", [BOB], owner=PHONE)
    stage.world.create_group("Gamma", [ALICE, BOB], owner=PHONE)
    stage.world.create_group("Old", [ALICE, BOB], owner=PHONE)
    stage.world.create_group("Plain", [ALICE], owner=PHONE)
    stage.world.create_group("Rowing\x1b[2J friends", [ALICE], owner=PHONE)
    stage.world.clear_logs()
    stage.file(FILE)


def test_who_shows_every_group_desired_and_live(stage: Stage) -> None:
    world(stage)
    ran = stage.run("who", "alice", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    ids = {name: group_id for group_id, name in _names(stage).items()}
    assert ran.out == (
        "Alice Moreno (alice)  +1 202 ••• ••43\n"
        "  i protected by `policy.protected`: never removed from any group\n\n"
        f'alpha  "Alpha"  {ids["Alpha"]}\n'
        "  = desired through board, and in\n"
        "  i desired as admin, but is not one\n\n"
        f'beta  "Beta"  {ids["Beta"]}\n'
        "  + desired until 2099-12-31 (contractor), not in\n\n"
        f'gamma  "Gamma"  {ids["Gamma"]}\n'
        "  i in, not desired: listed under `absent`\n\n"
        'new  "New"  (no id yet)\n'
        "  i desired, by invite, and the group is not live\n\n"
        f'old  "Old"  {ids["Old"]}\n'
        "  i in, not desired: membership is exact\n"
        "  i was desired until 2020-12-31: expired\n\n"
        f'plain  "Plain"  {ids["Plain"]}\n'
        "  i in; the members of this group are not managed\n\n"
        'spare  "Spare"  (no id yet)\n'
        "  i not desired, the group is not live\n"
        "  i not desired through board: listed under `except`\n\n"
        f'(not in the configuration)  "Rowing\\\\x1b[2J friends"  {ids[chr(27)]}\n'.replace("\\\\", "\\")
        + "  i in; the configuration does not have this group\n\n"
        "Alice Moreno: desired in 3 groups, in 5 live groups.\n"
    )


def _names(stage: Stage) -> dict[str, str]:
    return {i: chr(27) if chr(27) in g["name"] else g["name"] for i, g in stage.world.snapshot().items()}


@pytest.mark.parametrize("dialect", ["guide", "reference"])
def test_who_reads_each_group_once_and_only_if_the_list_is_incomplete(
    dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage_with(Settings(Dialect(dialect), rate_limit=10_000), tmp_path, monkeypatch, capsys) as stage:
        world(stage)
        assert stage.run("who", "alice", "--parallelism", "1").code == 0
        calls = stage.calls()
    assert len(calls) == (7 if dialect == "guide" else 1)
    assert all(call.startswith("GET ") for call in calls)


@pytest.mark.parametrize("word", ["ALICE MORENO", "202 555 0143", "12025550143@c.us"])
def test_who_accepts_any_spelling_and_its_json_is_valid(stage: Stage, word: str) -> None:
    world(stage)
    ran = stage.run("who", word, "--format", "json")
    document = json.loads(ran.out)
    SCHEMA.validate(document)
    assert "5550143" not in ran.out.replace(" ", "")
    assert document["masked"] is True
    assert (document["person"]["alias"], document["person"]["name"]) == ("alice", "Alice Moreno")
    assert document["summary"] == {"desired": 3, "live": 5, "unknown": 0}
    groups = {
        group["key"]: (group["live"], bool(group["desired"] and group["desired"]["member"]))
        for group in document["groups"]
    }
    assert groups["alpha"] == ("in", True)
    assert groups["beta"] == ("out", True)
    assert groups["new"] == ("no group", True)
    assert groups[None] == ("in", False)


def test_who_shows_full_numbers_on_request_in_a_private_file(stage: Stage) -> None:
    world(stage)
    assert stage.run("who", "alice", "--show-phones", "--format", "json", "--output", "who.json").out == ""
    path = stage.folder / "who.json"
    assert json.loads(path.read_text())["person"]["identity"] == "+12025550143"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "+12025550143" in stage.run("who", "alice", "--show-phones").out


def test_who_reports_a_person_without_groups(stage: Stage) -> None:
    world(stage)
    ran = stage.run("who", CAROL)
    assert (ran.code, ran.out) == (
        0,
        "+1 303 ••• ••45\n\n+1 303 ••• ••45 is in no live group and desired in none.\n",
    )


def test_who_reports_groups_that_cannot_be_known(stage: Stage) -> None:
    stage.world.set_account(BOB, lid="76699677012111@lid", shows="lid")
    group_id = stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    stage.file("groups: {alpha: {name: Alpha, members: []}}")
    ran = stage.run("who", BOB)
    assert (ran.code, ran.out) == (
        0,
        f'+1 202 ••• ••44\n\nalpha  "Alpha"  {group_id}\n'
        "  ! may be in: 1 participant has no known number\n\n"
        "+1 202 ••• ••44 is seen in no live group and desired in none; unknown for 1 group.\n",
    )
    assert "in 1 live" in stage.run("who", "76699677012111@lid").out
    stage.file(f"groups: {{alpha: {{name: Alpha, members: ['{BOB}']}}}}")
    wanted = stage.run("who", BOB).out
    assert "  ! desired, not known to be in\n  ! may be in: 1 participant has no known number\n" in wanted
    assert "desired in 1 group, seen in 0 live groups; unknown for 1 group." in wanted


def test_who_shows_only_changes_that_a_plan_would_make(stage: Stage) -> None:
    stage.world.set_account(BOB, lid="76699677012111@lid", shows="lid")
    stage.world.create_group("Theirs", [ALICE, PHONE], owner=CAROL)
    stage.world.create_group("Lids", [ALICE, BOB], owner=PHONE)
    stage.world.create_group("Cut", [ALICE], owner=PHONE)
    stage.file(
        f"groups: {{theirs: {{name: Theirs, members: ['{CAROL}', '{DAVE}']}}, "
        "lids: {name: Lids, members: []}, cut: {name: Cut, members: []}}"
    )
    no_admin = "  i the account is not an admin of this group, so it cannot change it; ask an admin to promote it\n"
    assert "  i desired, not in\n" + no_admin in stage.run("who", DAVE).out
    hidden = stage.run("who", "76699677012111@lid").out
    assert "so the person cannot be removed\n" in hidden
    stage.server.set_faults([Fault(FaultKind.WRONG_COUNT, amount=3, times=0)])
    alice = stage.run("who", ALICE).out
    assert "  i in, not desired: membership is exact\n" + no_admin in alice
    assert "but 5 in the list); nobody will be removed; run `plan` again\n" in alice
    assert "\n  - " not in hidden + alice


def test_who_of_an_unknown_alias_makes_no_call(stage: Stage) -> None:
    world(stage)
    ran = stage.run("who", "alcie")
    assert (ran.code, ran.out) == (1, "")
    assert "did you mean `alice`?" in ran.err
    assert stage.calls() == []


def test_invite_prints_the_link_and_nothing_else(stage: Stage) -> None:
    world(stage)
    ran = stage.run("invite", "alpha", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("https://chat.whatsapp.com/")
    assert ran.out.count("\n") == 1
    assert len(stage.calls()) == 2


def test_invite_of_a_group_with_an_id_takes_one_call(stage: Stage) -> None:
    group_id = stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file(f"groups: {{alpha: {{id: {group_id}}}}}")
    assert stage.run("invite", "alpha").code == 0
    assert stage.calls() == [f"GET /groups/{group_id}/invite-code"]


def test_invite_reports_why_there_is_no_link(stage: Stage) -> None:
    world(stage)
    stage.world.create_group("Beta", [BOB], owner=PHONE)
    led = stage.world.create_group("Led by Bob", [PHONE], owner=BOB)
    stage.file(FILE + f"  led: {{id: {led}}}\n  gone: {{id: 120363999999999999@g.us}}\n")
    for key, message in {
        "alhpa": "did you mean alpha?",
        "new": "no live group has its name",
        "beta": "2 live groups are called",
        "gone": "the account has no live group with the id 120363999999999999@g.us",
        "led": "only an admin of the group can",
    }.items():
        ran = stage.run("invite", key)
        assert (ran.code, ran.out) == (1, ""), key
        assert message in ran.err, (key, ran.err)
        assert "Traceback" not in ran.err


def test_invite_of_an_unknown_instance_does_not_report_a_missing_group(stage: Stage) -> None:
    stage.file("groups: {gone: {id: 120363999999999999@g.us}}")
    ran = stage.run("invite", "gone", "--instance-id", f"{INSTANCE}_x")
    assert (ran.code, "INSTANCE_NOT_FOUND" in ran.err) == (1, True)


def test_an_unknown_key_makes_no_call(stage: Stage) -> None:
    world(stage)
    assert stage.run("invite", "alhpa").code == 1
    assert stage.calls() == []
