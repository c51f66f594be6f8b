"""Golden stories: YAML and a world, a plan as people read it, the fewest calls, an empty second plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import Server, Settings, World
from tests.stage import PHONE, Stage, converge, point_program_at

PEOPLE = """
people:
  alice: +1 202 555 0143
  bob: {phone: +1 202 555 0144, name: Bob Marsh}
  carol: +1 303 555 0101
"""


def digits(*numbers: str) -> set[str]:
    return {number.translate(str.maketrans("", "", "+ ")) for number in (PHONE, *numbers)}


def removal(stage: Stage, group_id: str) -> str:
    """How each dialect removes people."""
    if stage.server.settings.dialect == "reference":
        return f"POST /groups/{group_id}/participants/remove"
    return f"DELETE /groups/{group_id}/participants"


def test_groups_are_created_from_nothing(stage: Stage) -> None:
    stage.file(
        PEOPLE
        + """
teams:
  board: [alice, bob]
groups:
  alpha:
    name: Project Alpha
    description: Team workspace
    members: [carol]
    teams: [board]
  beta: {name: Beta, members: []}
"""
    )
    group_id = "120363000000000001@g.us"
    writes = ["POST /groups", "POST /groups", f"PATCH /groups/{group_id}"]
    planned = stage.run("plan")
    assert "2 to create" in planned.out
    stage.calls()
    converge_new(stage, writes)
    assert stage.members("Project Alpha") == digits("+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0101")


def converge_new(stage: Stage, writes: list[str]) -> None:
    applied = stage.run("apply", "--yes")
    assert applied.code == 0, applied.out + applied.err
    calls = stage.calls()
    sent = [call.partition(" ")[0] for call in calls if not call.startswith("GET ")]
    assert sorted(sent) == sorted(call.partition(" ")[0] for call in writes)
    # The list and the instance; the list once more before anything is created; what is created, read back.
    assert len(calls) == 2 + 1 + len(writes) + 2
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_a_rename_by_id_patches_the_name_only(stage: Stage) -> None:
    group_id = stage.world.create_group("Old", ["+1 202 555 0143"], owner=PHONE)
    stage.file(PEOPLE + f"groups: {{alpha: {{id: {group_id}, name: New, members: [alice]}}}}")
    converge(stage, "rename_by_id", writes=[f"PATCH /groups/{group_id}"])
    assert stage.members("New") == digits("+1 202 555 0143")


def test_a_rename_by_an_earlier_name_adopts_and_patches(stage: Stage) -> None:
    group_id = stage.world.create_group("Project Alfa", ["+1 202 555 0143"], owner=PHONE)
    stage.file(PEOPLE + "groups: {alpha: {name: Project Alpha, previously: [Alfa, Project Alfa], members: [alice]}}")
    converge(stage, "rename_by_previously", writes=[f"PATCH /groups/{group_id}"])


def test_ten_people_move_between_three_groups_and_are_never_in_none(stage: Stage) -> None:
    people = [f"+1 404 555 01{n:02}" for n in range(30)]
    ids = [stage.world.create_group(f"Team {n}", people[n * 10 : n * 10 + 10], owner=PHONE) for n in range(3)]
    moved = [people[3:10] + people[10:13], people[13:20] + people[20:23], people[23:30] + people[0:3]]
    groups = "\n".join(
        f"  team-{n}:\n    name: Team {n}\n    max_removals: 3\n    members: [{', '.join(moved[n])}]" for n in range(3)
    )
    stage.file(f"groups:\n{groups}\n")
    in_nowhere: list[str] = []

    def watch(seq: int, method: str, path: str) -> None:
        present = {d for group in stage.world.snapshot().values() for d in group["members"]}
        in_nowhere.extend(sorted(digits(*people) - present))

    stage.server.after_call = watch
    adds = [f"POST /groups/{group_id}/participants" for group_id in ids]
    converge(stage, "move_people", writes=adds + [removal(stage, group_id) for group_id in ids])
    assert in_nowhere == []
    assert [stage.members(f"Team {n}") for n in range(3)] == [digits(*moved[n]) for n in range(3)]


def test_deleting_one_alias_off_boards_a_person_everywhere(stage: Stage) -> None:
    others = [f"+1 512 555 01{n:02}" for n in range(5)]
    team = ["+1 202 555 0143", "+1 202 555 0144", *others]
    ids = [stage.world.create_group(name, team, owner=PHONE) for name in ("One", "Two")]
    members = ", ".join(others)
    stage.file(
        f"""
people:
  alice: +1 202 555 0143
teams:
  all: {{members: [alice, {members}]}}
groups:
  one: {{name: One, teams: [all]}}
  two: {{name: Two, teams: [all]}}
"""
    )
    whole = stage.server.settings.dialect == "reference"
    golden = "off_boarding_by_list" if whole else "off_boarding"
    converge(stage, golden, writes=[removal(stage, group_id) for group_id in ids], by_list=whole)
    assert stage.members("One") == stage.members("Two") == digits("+1 202 555 0143", *others)


def test_a_group_is_blocked_where_the_instance_is_no_admin_and_the_others_go_on(stage: Stage) -> None:
    foreign = stage.world.create_group("Foreign", [PHONE, "+1 202 555 0144"], owner="+1 617 555 0100")
    own = stage.world.create_group("Own", ["+1 202 555 0144"], owner=PHONE)
    stage.file(
        PEOPLE
        + """
groups:
  foreign: {name: Foreign, description: Ours now, membership: additive, members: [alice]}
  own: {name: Own, members: [alice, bob]}
"""
    )
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert "the account is not an admin of this group" in applied.out
    writes = [call for call in stage.calls() if not call.startswith("GET ")]
    assert writes == [f"POST /groups/{own}/participants"]
    assert stage.world.snapshot()[foreign]["description"] == ""
    assert stage.run("plan", "--detailed-exitcode").code == 2


def test_a_membership_ends_the_day_after_its_last_day(stage: Stage) -> None:
    group_id = stage.world.create_group("Alpha", ["+1 202 555 0143", "+1 202 555 0144"], owner=PHONE)
    stage.file(
        PEOPLE
        + """
groups:
  alpha:
    name: Alpha
    max_removals: 1
    members: [alice, {person: bob, until: 2026-12-31, reason: contractor}]
"""
    )
    assert stage.run("plan", "--detailed-exitcode", "--as-of", "2026-12-01").code == 0
    on_last_day = stage.run("plan", "--detailed-exitcode", "--as-of", "2026-12-31")
    assert on_last_day.code == 0
    assert "last day is 2026-12-31" in on_last_day.out
    stage.calls()
    converge(stage, "expiry", writes=[removal(stage, group_id)], arguments=("--as-of", "2027-01-01"))
    assert stage.members("Alpha") == digits("+1 202 555 0143")


def test_joining_by_invite_and_leaving(stage: Stage) -> None:
    invited = stage.world.create_group(
        "Invited", ["+1 202 555 0144"], owner="+1 617 555 0100", invite_code="AbCdEfGhIjKlMn"
    )
    left = stage.world.create_group("Left", ["+1 202 555 0144"], owner=PHONE)
    stage.file(
        f"""
groups:
  invited: {{name: Invited, invite: "https://chat.whatsapp.com/AbCdEfGhIjKlMn"}}
  left: {{id: {left}, state: left}}
"""
    )
    assert stage.run("apply", "--yes").code == 0
    writes = [call for call in stage.calls() if not call.startswith("GET ")]
    assert writes == ["POST /groups/join", f"POST /groups/{left}/leave"]
    assert stage.members("Invited") == digits("+1 202 555 0144", "+1 617 555 0100")
    assert digits() & set(stage.world.snapshot()[left]["members"]) == set()
    again = stage.run("plan", "--detailed-exitcode")
    assert (again.code, "No changes" in again.out) == (0, True)
    assert invited in stage.world.snapshot()


def test_the_two_forms_of_a_brazilian_number_are_one_person(stage: Stage) -> None:
    stage.world.set_account("+55 31 9 9634-8800", jid="553196348800@s.whatsapp.net")
    stage.world.create_group("Alpha", ["+55 31 9 9634-8800"], owner=PHONE)
    stage.file("groups: {alpha: {name: Alpha, members: [+55 31 9 9634-8800]}}")
    assert stage.run("plan", "--detailed-exitcode").code == 0


CHANGED_PLANS = pytest.mark.parametrize(
    ("number", "old_jid"),
    [
        ("+225 07 07 00 00 12", "22507000012@s.whatsapp.net"),
        ("+225 27 20 21 23 45", "22520212345@s.whatsapp.net"),
        ("+229 01 90 12 34 56", "22990123456@s.whatsapp.net"),
    ],
)


@CHANGED_PLANS
def test_a_number_from_before_its_country_changed_the_plan_is_the_same_person(
    stage: Stage, number: str, old_jid: str
) -> None:
    stage.world.set_account(number, jid=old_jid)
    stage.world.create_group("Alpha", [number, "+1 202 555 0144"], owner=PHONE)
    stage.file(PEOPLE + f"groups: {{alpha: {{name: Alpha, members: [{number}, bob]}}}}")
    assert stage.run("plan", "--detailed-exitcode").code == 0
    assert "= desired, and in" in stage.run("who", number).out
    stage.file(f"policy: {{protected: [{number}]}}\ngroups: {{alpha: {{name: Alpha, members: [], max_removals: 9}}}}")
    planned = stage.run("plan")
    assert "1 person leaves" in planned.out
    assert "protected by `policy.protected`" in planned.out


@CHANGED_PLANS
def test_the_account_itself_is_known_by_its_number_from_before_the_change(
    number: str, old_jid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with World.open() as world:
        world.set_account(number, jid=old_jid)
        world.ensure_instance("inst_old", number)
        world.create_group("Alpha", ["+1 202 555 0144"], owner=number)
        with Server(world, Settings()) as server:
            point_program_at(server, tmp_path, monkeypatch)
            stage = Stage(world, server, tmp_path, capsys)
            head = f"version: 1\ninstance: {{id: inst_old, phone: {number}}}\n"
            (tmp_path / "groups.yaml").write_text(f"{head}groups: {{a: {{name: Alpha, members: [], max_removals: 9}}}}")
            applied = stage.run("apply", "--yes")
            assert applied.code == 0, applied.out + applied.err
            assert {effect.kind for effect in world.effects()} == {"remove"}
            assert "doubt" not in applied.out


@CHANGED_PLANS
def test_somebody_is_added_under_the_form_that_the_file_has(stage: Stage, number: str, old_jid: str) -> None:
    stage.world.create_group("Alpha", [], owner=PHONE)
    stage.file(f"policy: {{check_numbers: none}}\ngroups: {{alpha: {{name: Alpha, members: ['{old_jid}']}}}}")
    assert stage.run("apply", "--yes").code == 0
    (added,) = [call for call in stage.world.calls() if call.method == "POST"]
    assert old_jid in str(added.body)


def test_a_lid_with_its_phone_is_that_phone_and_a_bare_one_is_never_removed(stage: Stage) -> None:
    stage.world.set_account("+1 202 555 0143", lid="76699677012110@lid", shows="lid_with_phone")
    stage.world.set_account("+1 202 555 0144", lid="76699677012111@lid", shows="lid")
    stage.world.create_group("Alpha", ["+1 202 555 0143", "+1 202 555 0144"], owner=PHONE)
    stage.file(PEOPLE + "groups: {alpha: {name: Alpha, members: [alice], max_removals: 5}}")
    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert "76699677012111@lid" in planned.out


def test_somebody_under_a_bare_lid_who_is_wanted_counts_as_in(stage: Stage) -> None:
    stage.world.set_account("+1 202 555 0144", lid="76699677012111@lid", shows="lid")
    stage.world.create_group("Alpha", ["+1 202 555 0143", "+1 202 555 0144"], owner=PHONE)
    stage.file(PEOPLE + "groups: {alpha: {name: Alpha, members: [alice, bob, carol]}}")
    applied = stage.run("apply", "--yes")
    assert applied.code == 0, applied.out
    assert "76699677012111@lid" in applied.out
    assert stage.members("Alpha") == digits("+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0101")


def test_a_lid_noted_in_the_file_identifies_its_person(stage: Stage) -> None:
    stage.world.set_account("+1 202 555 0144", lid="76699677012111@lid", shows="lid")
    stage.world.create_group("Alpha", ["+1 202 555 0144"], owner=PHONE)
    stage.file(
        """
people: {bob: {phone: +1 202 555 0144, lid: 76699677012111@lid}}
groups: {alpha: {name: Alpha, members: [bob]}}
"""
    )
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_a_person_whose_privacy_refuses_is_named_with_the_invite_link(stage: Stage) -> None:
    stage.world.set_privacy("+1 202 555 0144", refuses=True)
    group_id = stage.world.create_group("Alpha", [], owner=PHONE)
    stage.file(PEOPLE + "groups: {alpha: {name: Alpha, members: [alice, bob]}}")
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert "bob" in applied.out
    assert "https://chat.whatsapp.com/" in applied.out
    assert f"GET /groups/{group_id}/invite-code" in stage.calls()
    assert stage.members("Alpha") == digits("+1 202 555 0143")
    lines = (stage.folder / "groups.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("groups:"))
    assert (
        f"add `join: invite` to the entry of Bob Marsh (bob) under `members` of alpha (groups.yaml:{line})"
        in applied.out
    )


@pytest.mark.parametrize("command", ["plan", "drift", "show saved.plan", "apply --yes"])
def test_the_link_people_are_to_be_sent_is_told_whole_in_every_format(stage: Stage, command: str) -> None:
    stage.world.set_privacy("+1 202 555 0144", refuses=True)
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE, invite_code="Code12345678")
    bob = "bob" if command.startswith("apply") else "{person: bob, join: invite}"
    stage.file(PEOPLE + f"groups: {{alpha: {{name: Alpha, members: [alice, {bob}]}}}}")
    stage.run("plan", "--out", "saved.plan")
    for format_ in ("text", "json", "markdown", *(() if command.startswith("apply") else ("html",))):
        told = stage.run(*command.split(), "--format", format_).out.replace("<!-- -->", "")
        assert "https://chat.whatsapp.com/Code12345678" in told, format_


def test_a_number_that_a_live_name_passes_off_as_a_link_is_masked(stage: Stage) -> None:
    imitated = "https://chat.whatsapp.com/12065550164"
    stage.world.create_group(imitated, [], owner=PHONE)
    stage.file(f"groups: {{alpha: {{name: Alpha, previously: ['{imitated}']}}}}")
    for format_ in ("text", "json", "markdown", "html"):
        told = stage.run("plan", "--format", format_).out.replace("<!-- -->", "")
        assert "chat.whatsapp.com/" in told, format_
        assert "2065550164" not in told, format_


def test_a_bad_number_is_reported_and_the_others_still_go(stage: Stage) -> None:
    # A JID of six digits is none that this server takes.
    stage.world.create_group("Alpha", [], owner=PHONE)
    stage.file(PEOPLE + "groups: {alpha: {name: Alpha, members: [alice, bob, carol, 123456@s.whatsapp.net]}}")
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert stage.members("Alpha") == digits("+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0101")


def test_people_to_come_by_invite_are_pending_and_no_drift(stage: Stage) -> None:
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    stage.file(PEOPLE + "groups: {alpha: {name: Alpha, members: [alice, {person: bob, join: invite}]}}")
    drifted = stage.run("drift")
    assert drifted.code == 0
    assert "https://chat.whatsapp.com/" in drifted.out


def test_a_full_group_removes_before_it_adds(stage: Stage) -> None:
    old = [
        f"1{area}555{n:04}" for area in (202, 303, 404, 512, 617, 206, 212, 213, 214, 215, 216) for n in range(100, 200)
    ]
    there, new = old[:1023], old[1023:1033]
    group_id = stage.world.create_group("Full", there, owner=PHONE)
    members = "\n".join(f"    - {number}" for number in there[10:] + new)
    stage.file(f"groups:\n  full:\n    name: Full\n    members:\n{members}\n")
    applied = stage.run("apply", "--yes")
    assert applied.code == 0, applied.out
    writes = [call for call in stage.calls() if not call.startswith("GET ")]
    assert writes == [removal(stage, group_id), f"POST /groups/{group_id}/participants"]
