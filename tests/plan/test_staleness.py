"""A saved plan fits only the live groups it was made from; what moved is told, a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from reconciler.model.desired import Desired, State
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.text import Untrusted
from reconciler.plan.selection import PlanOptions
from reconciler.plan.staleness import groups_with_steps, live_changes
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CAROL,
    ME,
    desired,
    group,
    listed,
    live,
    participant,
    plan_for,
)

LID = "76699677012110@lid"
ADDING = desired(group(members=[ALICE, BOB]))
CREATING = desired(group(id=None, name="New", previously=["Older"]))
JOINING = desired(group(id=BETA_ID, invite="AbCdEfGhIjKlMn"))
LEAVING = desired(group(state=State.LEFT))
WAS = live(ALICE, description="Text")


def what_moved(
    wanted: Desired,
    was: Sequence[LiveGroup],
    now: Sequence[LiveGroup],
    unreadable: Sequence[str] = (),
    choices: PlanOptions | None = None,
) -> tuple[str, ...]:
    """What moved between the plan for these live groups and those groups now."""
    plan = plan_for(wanted, *was, choices=choices)
    read: Mapping[str, LiveGroup | None] = {one.id: None if one.id in unreadable else one for one in now}
    return live_changes(plan, [listed(one) for one in now], read)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(WAS, id="the same"),
        pytest.param(replace(WAS, participants=WAS.participants[::-1]), id="in another order"),
        pytest.param(
            replace(WAS, name=Untrusted(" Alpha\n"), description=Untrusted("Text\r\n")), id="white space at the ends"
        ),
        pytest.param(live(participant(ALICE, shown_as="12025550143:7@c.us"), description="Text"), id="another form"),
        pytest.param(
            live(Participant(id=LID, identity=ALICE.identity, jid=ALICE.jid, lid=LID), description="Text"),
            id="by lid with the phone",
        ),
        pytest.param(replace(WAS, count=None), id="no count"),
    ],
)
def test_a_plan_fits_groups_that_are_as_they_were(now: LiveGroup) -> None:
    assert what_moved(ADDING, [WAS], [now]) == ()


@pytest.mark.parametrize(
    ("now", "sentences"),
    [
        pytest.param(
            replace(WAS, name=Untrusted("Omega")), ['alpha: the name was "Alpha" and is now "Omega"'], id="renamed"
        ),
        pytest.param(
            replace(WAS, description=Untrusted("")),
            ['alpha: the description was "Text" and is now ""'],
            id="description cleared",
        ),
        pytest.param(
            live(ALICE, CAROL, description="Text"),
            ["alpha: +13035550145 is in the group now (member)"],
            id="somebody came",
        ),
        pytest.param(live(description="Text"), ["alpha: +12025550143 (member) is no longer in the group"], id="left"),
        pytest.param(
            replace(WAS, participants=live(BOB, CAROL).participants[1:]),
            [
                "alpha: +12025550100 (admin) is no longer in the group",
                "alpha: +12025550143 (member) is no longer in the group",
                "alpha: +13035550145 is in the group now (member)",
                "alpha: bob is in the group now (member)",
            ],
            id="nobody stayed",
        ),
        pytest.param(
            live(participant(ALICE, admin=True), description="Text"),
            ["alpha: +12025550143 was member and is now admin"],
            id="promoted",
        ),
        pytest.param(
            live(ALICE, description="Text", me=participant(ME)),
            ["alpha: +12025550100 was admin and is now member"],
            id="the instance demoted",
        ),
        pytest.param(
            live(ALICE, description="Text", owner=ALICE),
            ["alpha: +12025550143 was member and is now owner"],
            id="owner by the group's own word",
        ),
        pytest.param(
            live(ALICE, participant(LID), description="Text"),
            [f"alpha: {LID} is in the group now (member)"],
            id="somebody unidentified came",
        ),
        pytest.param(
            live(ALICE, participant("someone@example"), description="Text"),
            ["alpha: someone@example is in the group now (member)"],
            id="somebody in an unknown form came",
        ),
        pytest.param(
            live(participant(BOB, admin=True, owner=True), name="Omega", description="Text"),
            [
                "alpha: +12025550143 (member) is no longer in the group",
                "alpha: bob is in the group now (owner)",
                'alpha: the name was "Alpha" and is now "Omega"',
            ],
            id="several at once, sorted",
        ),
    ],
)
def test_what_moved_in_a_touched_group_is_told(now: LiveGroup, sentences: list[str]) -> None:
    assert list(what_moved(ADDING, [WAS], [now])) == sentences


def test_somebody_unidentified_is_the_same_in_every_spelling_of_the_private_id() -> None:
    was, now = live(ALICE, participant(LID)), live(ALICE, participant("76699677012110:4@lid"))
    assert what_moved(ADDING, [was], [now]) == ()


def test_a_group_that_was_empty_and_is_not_any_more_has_moved() -> None:
    (told,) = what_moved(desired(group(members=[ALICE])), [live(me=None)], [live(ALICE, me=None)])
    assert told == "alpha: alice is in the group now (member)"


@pytest.mark.parametrize("wanted", [ADDING, LEAVING])
def test_a_touched_group_that_is_no_longer_listed_is_told(wanted: Desired) -> None:
    assert what_moved(wanted, [WAS], []) == (f"alpha: the live group {ALPHA_ID} no longer exists",)


def test_a_touched_group_that_is_listed_and_cannot_be_read_is_told() -> None:
    assert what_moved(ADDING, [WAS], [WAS], unreadable=[ALPHA_ID]) == (
        f"alpha: the live group {ALPHA_ID} no longer exists",
    )


def test_leaving_needs_only_that_the_group_is_still_there() -> None:
    assert what_moved(LEAVING, [WAS], [live(CAROL, name="Renamed")]) == ()


@pytest.mark.parametrize("name", ["New", "Older", " New\n"])
def test_a_create_is_stale_once_a_group_bears_one_of_its_names(name: str) -> None:
    (told,) = what_moved(CREATING, [], [live(id=BETA_ID, name=name)])
    assert BETA_ID in told
    assert "exists now" in told


def test_a_create_is_not_stale_for_groups_of_other_names() -> None:
    assert what_moved(CREATING, [], [live(id=BETA_ID, name="Beta")]) == ()


@pytest.mark.parametrize("order", [1, -1])
def test_a_group_that_another_key_of_the_plan_holds_is_no_reason(order: int) -> None:
    holding = group("held", id=ALPHA_ID, name="New")
    creating = group("new", id=None, name="New")
    wanted = desired(*[holding, creating][::order])
    there = live(name="New")
    assert what_moved(wanted, [there], [there]) == ()


def test_a_group_that_a_key_of_the_file_holds_is_no_reason_when_that_key_is_no_target() -> None:
    wanted = desired(group("held", id=ALPHA_ID, name="New"), group("new", id=None, name="New"))
    there = live(name="New")
    assert what_moved(wanted, [there], [there], choices=PlanOptions(targets=("new",))) == ()


def test_names_are_quoted_so_that_their_end_cannot_be_faked() -> None:
    (told,) = what_moved(ADDING, [WAS], [replace(WAS, name=Untrusted('A", is "B'))])
    assert told == 'alpha: the name was "Alpha" and is now "A\\", is \\"B"'


def test_a_join_is_stale_once_its_group_is_live() -> None:
    assert what_moved(JOINING, [], [live(id=BETA_ID)]) == (f"alpha: the live group {BETA_ID} exists now",)
    assert what_moved(JOINING, [], [live(id=ALPHA_ID)]) == ()


def test_a_join_by_name_is_stale_once_a_group_bears_it() -> None:
    joining = desired(group(id=None, name="New", invite="AbCdEfGhIjKlMn"))
    (told,) = what_moved(joining, [], [live(id=BETA_ID, name="New")])
    assert BETA_ID in told


def test_groups_that_the_plan_does_not_touch_may_change_as_they_like() -> None:
    wanted = desired(group("a", id=ALPHA_ID, name="A", members=[ALICE]), group("b", id=BETA_ID, name="B", members=[]))
    was = [live(ALICE, name="A"), live(CAROL, id=BETA_ID, name="B")]
    now = [live(ALICE, BOB, name="Other"), was[1]]
    plan = plan_for(wanted, *was)
    assert [one.key for one in groups_with_steps(plan)] == ["b"]
    assert what_moved(wanted, was, now) == ()
    assert what_moved(wanted, was, now[1:]) == ()


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("Alpha", "Alpha", 'alpha: another live group called "Alpha" exists now: ' + BETA_ID),
        ("Old", "Old", 'alpha: another live group called "Old" exists now: ' + BETA_ID),
        ("Old", "Alpha", 'alpha: another live group called "Alpha" exists now: ' + BETA_ID),
        ("Alpha", "Old", 'alpha: another live group called "Old" exists now: ' + BETA_ID),
        ("Alpha", "Other", None),
    ],
)
def test_a_group_found_by_name_is_in_doubt_once_another_bears_a_name_it_would_be_found_by(
    state: State, was: str, now: str, told: str | None
) -> None:
    wanted = desired(group(id=None, previously=["Old"], members=[ALICE, BOB], state=state))
    first = live(ALICE, name=was)
    second = live(ALICE, id=BETA_ID, name=now)
    assert what_moved(wanted, [first], [first, second]) == ((told,) if told else ())


def test_a_group_found_by_its_id_does_not_mind_a_namesake() -> None:
    first = live(ALICE)
    assert what_moved(ADDING, [first], [first, live(ALICE, id=BETA_ID)]) == ()


def test_people_who_moved_go_by_the_names_of_the_file_and_of_the_plan() -> None:
    named = replace(ALICE, alias="alice", name="Alice Moore")
    wanted = desired(group(members=[named, BOB]))
    plan = plan_for(wanted, WAS)
    read = {WAS.id: live(CAROL, description="Text")}
    changes = live_changes(plan, [listed(WAS)], read, replace(wanted, people={named.identity: named}))
    assert "alpha: Alice Moore (member) is no longer in the group" in changes
    assert "alpha: +13035550145 is in the group now (member)" in changes
