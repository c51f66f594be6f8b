"""Guards: refusals before the first write, blocked groups, doubt."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Fault, FaultKind
from reconciler.starter.templates import starter_files
from tests.stage import PHONE, Stage

PEOPLE = [f"+1 404 555 01{n:02}" for n in range(8)]


def refused(stage: Stage, *words: str, options: tuple[str, ...] = ()) -> None:
    """Plan shows it, apply refuses it, and nothing is written."""
    before = stage.world.snapshot()
    shown = stage.run("plan", "--detailed-exitcode", *options)
    assert shown.code == 1, shown.out
    assert stage.run("plan", *options).code == 0
    applied = stage.run("apply", "--yes", *options)
    assert applied.code == 1, applied.out
    for word in words:
        assert word in shown.out
        assert word in applied.err
    assert stage.world.snapshot() == before
    assert stage.world.effects() == ()


def alpha(stage: Stage, members: list[str], more: str = "") -> None:
    stage.file(f"groups: {{alpha: {{name: Alpha, members: [{', '.join(members)}]{more}}}}}")


def test_more_removals_than_a_quarter_are_refused_and_the_flag_is_named(stage: Stage) -> None:
    stage.world.create_group("Alpha", PEOPLE, owner=PHONE)
    alpha(stage, PEOPLE[:5])
    refused(stage, "3 of 8 members", "25%", "--max-removals")
    assert stage.run("apply", "--yes", "--max-removals", "3").code == 0


def test_a_quarter_may_go_and_in_small_groups_one(stage: Stage) -> None:
    stage.world.create_group("Alpha", PEOPLE, owner=PHONE)
    alpha(stage, PEOPLE[:6])
    assert stage.run("apply", "--yes").code == 0
    stage.world.create_group("Small", PEOPLE[:2], owner=PHONE)
    stage.file(f"groups: {{small: {{name: Small, members: [{PEOPLE[0]}]}}}}")
    assert stage.run("apply", "--yes").code == 0


def test_a_groups_own_limit_goes_before_the_policys(stage: Stage) -> None:
    stage.world.create_group("Alpha", PEOPLE, owner=PHONE)
    text = f"policy: {{max_removals: 100%}}\ngroups: {{alpha: {{name: Alpha, max_removals: 1, members: {PEOPLE[:6]}}}}}"
    stage.file(text.replace("'", ""))
    refused(stage, "max_removals", "groups.yaml:")


@pytest.mark.parametrize("status", ["disconnected", "scan_qr"])
def test_an_instance_that_is_not_connected_is_refused(guide: Stage, status: str) -> None:
    guide.world.create_group("Alpha", PEOPLE, owner=PHONE)
    alpha(guide, PEOPLE)
    guide.file(f"groups: {{alpha: {{name: Beta, previously: [Alpha], members: [{', '.join(PEOPLE)}]}}}}")

    def disconnect(seq: int, method: str, path: str) -> None:
        # Connected for the list and the reads, no longer when the plan asks whether it may write.
        guide.world.set_instance_status("inst_story", status if path.endswith("inst_story") else "connected")

    guide.server.on_call = disconnect
    refused(guide, status)


def test_nobody_is_removed_while_the_instances_own_number_is_unknown(stage: Stage) -> None:
    stage.world.create_group("Alpha", PEOPLE, owner=PHONE)
    path = stage.folder / "groups.yaml"
    path.write_text(
        "version: 1\ninstance: {id: inst_story}\n"
        f"groups: {{alpha: {{name: Alpha, members: [{', '.join(PEOPLE[:7])}]}}}}\n"
    )
    refused(stage, "phone")


OTHER_PHONE = "+1 202 555 0177"


def shared(stage: Stage, members: list[str]) -> None:
    """A group with two accounts in it, and a file that is for the other one."""
    stage.world.ensure_instance("inst_other", OTHER_PHONE)
    group_id = stage.world.create_group("Alpha", PEOPLE[:3], owner=PHONE, admins=[OTHER_PHONE])
    path = stage.folder / "groups.yaml"
    path.write_text(
        f"version: 1\ninstance: {{id: inst_story, phone: {PHONE}}}\n"
        f"groups: {{alpha: {{id: {group_id}, name: Alpha, members: [{', '.join(members)}]}}}}\n"
    )


@pytest.mark.parametrize("way", ["option", "variable"])
def test_an_instance_that_the_file_is_not_for_never_takes_the_files_number_for_its_own(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    shared(stage, PEOPLE[:3])
    if way == "variable":
        monkeypatch.setenv("WAPPFY_INSTANCE_ID", "inst_other")
    options = ("--instance-id", "inst_other") if way == "option" else ()
    refused(stage, "inst_story", "inst_other", "`phone`", options=options)
    assert stage.run("plan", *options, "--out", "other.plan").code == 0
    assert stage.run("apply", "other.plan", "--yes").code == 1
    assert stage.world.effects() == ()


def test_an_instance_that_the_file_is_not_for_adds_people_all_the_same(stage: Stage) -> None:
    shared(stage, [*PEOPLE[:4], PHONE, OTHER_PHONE])
    applied = stage.run("apply", "--yes", "--instance-id", "inst_other")
    assert applied.code == 0, applied.out + applied.err
    assert "14045550103" in stage.members("Alpha")
    asked = stage.run("who", PHONE, "--instance-id", "inst_other")
    assert "the instance itself" not in asked.out
    assert "the instance itself" in stage.run("who", PHONE).out


def test_a_starter_that_is_nobodys_yet_is_planned_tried_out_and_never_applied(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.world.create_group("Everybody", PEOPLE[:2], owner=PHONE)
    (page,) = starter_files("none", "0").values()
    (stage.folder / "groups.yaml").write_text(page)
    monkeypatch.setenv("WAPPFY_INSTANCE_ID", "inst_story")
    planned = stage.run("plan", "--out", "starter.plan", "--detailed-exitcode")
    assert planned.code == 1
    assert "inst_replace_me" in planned.out
    for given in ("groups.yaml", "starter.plan"):
        applied = stage.run("apply", given, "--yes")
        assert applied.code == 1
        assert "set your own instance's `id` and `phone`" in applied.err
    assert stage.world.effects() == ()
    monkeypatch.delenv("WAPPFY_INSTANCE_ID")
    assert stage.run("--sandbox", "apply", "--yes").code == 0


def test_the_sandbox_gives_the_files_number_to_no_other_instance(guide: Stage) -> None:
    guide.file(f"groups: {{alpha: {{name: Alpha, members: [{PEOPLE[0]}]}}}}")
    path = guide.folder / "groups.yaml"
    path.write_text(path.read_text().replace(PHONE, "+1 303 555 0199"))
    assert guide.run("apply", "--yes", "--sandbox").code == 0
    assert guide.run("apply", "--yes", "--sandbox", "--instance-id", "inst_other").code == 0
    again = guide.run("plan", "--detailed-exitcode", "--sandbox", "--instance-id", "inst_other")
    assert again.code == 0, again.out + again.err


def test_an_empty_list_is_an_error_while_ids_are_noted(guide: Stage) -> None:
    group_id = guide.world.create_group("Alpha", PEOPLE, owner=PHONE)
    guide.file(f"groups: {{alpha: {{id: {group_id}}}, beta: {{name: Beta}}}}")
    guide.server.set_faults([Fault(FaultKind.PARTIAL_LIST, amount=1, times=0)])
    applied = guide.run("apply", "--yes")
    assert applied.code == 1
    assert "GET /groups" in applied.err
    assert guide.world.effects() == ()


def test_an_id_that_is_not_live_blocks_its_group_and_never_makes_a_second_one(stage: Stage) -> None:
    stage.world.create_group("Alpha", [], owner=PHONE)
    stage.file("groups: {alpha: {id: 120363999999999999@g.us, name: Alpha}, beta: {name: Beta, members: []}}")
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert "120363999999999999@g.us" in applied.out
    assert sorted(group["name"] for group in stage.world.snapshot().values()) == ["Alpha", "Beta"]


def test_several_live_groups_of_one_name_block_it_and_their_ids_are_listed(stage: Stage) -> None:
    ids = [stage.world.create_group("Alpha", [], owner=PHONE) for _ in range(2)]
    stage.file("groups: {alpha: {name: Alpha, members: [+1 202 555 0143]}}")
    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert all(group_id in planned.out for group_id in ids)
    assert stage.run("apply", "--yes").code == 3
    assert stage.world.effects() == ()


def test_nobody_is_removed_from_a_group_whose_read_is_doubtful(guide: Stage) -> None:
    guide.world.create_group("Alpha", PEOPLE, owner=PHONE)
    alpha(guide, PEOPLE[:7])
    guide.server.set_faults([Fault(FaultKind.PARTIAL_GROUP, amount=2, times=0)])
    applied = guide.run("apply", "--yes")
    assert applied.code == 3
    assert "the member list looks incomplete" in applied.out
    assert not any(effect.kind == "remove" for effect in guide.world.effects())


def test_owners_and_protected_people_and_the_instance_stay(stage: Stage) -> None:
    owner, protected = "+1 617 555 0100", PEOPLE[0]
    group_id = stage.world.create_group("Alpha", [PHONE, *PEOPLE], owner=owner, admins=[PHONE])
    stage.file(
        f"policy: {{protected: [{protected}], ignored: [{PEOPLE[1]}], max_removals: 100%}}\n"
        "groups: {alpha: {name: Alpha, members: []}}"
    )
    applied = stage.run("apply", "--yes")
    assert applied.code == 0, applied.out
    kept = {number.translate(str.maketrans("", "", "+ ")) for number in (owner, protected, PEOPLE[1], PHONE)}
    assert set(stage.world.snapshot()[group_id]["members"]) == kept
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_observing_changes_nothing_and_is_nothing_pending(stage: Stage) -> None:
    stage.world.create_group("Alpha", PEOPLE, owner=PHONE)
    stage.file("groups: {alpha: {name: Alpha, description: Other, membership: observe, members: [+1 202 555 0143]}}")
    drifted = stage.run("drift")
    assert drifted.code == 0
    assert "Other" in drifted.out
    assert stage.run("apply", "--yes").code == 0
    assert stage.world.effects() == ()
