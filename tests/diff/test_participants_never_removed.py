"""Who is never removed: the instance, owners, protected people; and who is not even mentioned: ignored people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.diff.change import AdviceKind
from reconciler.messages import Message
from reconciler.model.desired import UNMANAGED, Desired, DesiredGroup, Membership, Policy
from tests.builders import (
    ALICE,
    BOB,
    CAROL,
    ME,
    change_for,
    desired,
    group,
    labels,
    live,
    participant,
    person,
    policy,
    told,
)

GROUPS = [
    pytest.param(group(members=[]), id="exact"),
    pytest.param(group(members=[], absent=[BOB, ME]), id="exact and absent"),
    pytest.param(group(absent=[BOB, ME], membership=Membership.ADDITIVE), id="additive and absent"),
]


@pytest.mark.parametrize("wanted", GROUPS)
def test_an_owner_stays_and_it_is_said_why(wanted: DesiredGroup) -> None:
    change = change_for(desired(wanted), live(participant(BOB, admin=True, owner=True)))
    assert change.remove == ()
    assert told(change.advice, AdviceKind.KEPT) == ["bob"]
    assert change.advice[0].message == Message.of("owner-not-removed")


@pytest.mark.parametrize("wanted", GROUPS)
def test_the_owner_named_by_the_group_itself_stays_too(wanted: DesiredGroup) -> None:
    change = change_for(desired(wanted), live(BOB, owner=BOB))
    assert (change.remove, told(change.advice, AdviceKind.KEPT)) == ((), ["bob"])


@pytest.mark.parametrize("wanted", GROUPS)
def test_a_protected_person_stays_and_it_is_said_why(wanted: DesiredGroup) -> None:
    change = change_for(desired(wanted, policy=policy(protected=[BOB])), live(BOB))
    assert (change.remove, told(change.advice, AdviceKind.KEPT)) == ((), ["bob"])
    assert change.advice[0].message == Message.of("protected-not-removed")
    assert not change.needs_writes


@pytest.mark.parametrize("wanted", GROUPS)
def test_the_instance_stays_without_being_listed_and_without_a_word(wanted: DesiredGroup) -> None:
    change = change_for(desired(wanted), live())
    assert (change.remove, change.advice) == ((), ())


def test_the_instance_is_never_added_to_a_group_it_is_in_under_another_name() -> None:
    hidden = live(participant("76699677012110@lid"), me=None)
    change = change_for(desired(group(members=[ME, ALICE])), hidden)
    assert labels(change.add) == ["alice"]


def test_nothing_removes_the_instance_when_it_is_no_admin_either() -> None:
    change = change_for(desired(group(members=[], absent=[ME])), live(me=participant(ME)))
    assert (change.remove, change.blocked) == ((), ())


@pytest.mark.parametrize("wanted", GROUPS)
def test_an_ignored_person_who_is_in_is_neither_removed_nor_reported(wanted: DesiredGroup) -> None:
    change = change_for(desired(wanted, policy=policy(ignored=[BOB])), live(BOB))
    assert (change.remove, change.advice, change.needs_writes) == ((), (), False)


@pytest.mark.parametrize("mode", list(Membership))
def test_an_ignored_person_who_is_wanted_is_neither_added_nor_reported(mode: Membership) -> None:
    change = change_for(desired(group(members=[BOB], membership=mode), policy=policy(ignored=[BOB])), live())
    assert (change.add, change.advice, change.needs_writes) == ((), (), False)


def test_an_ignored_admin_is_no_admin_difference() -> None:
    wanted = desired(group(admins=[CAROL]), policy=policy(ignored=[BOB, CAROL]))
    assert change_for(wanted, live(participant(BOB, admin=True), CAROL)).advice == ()


def test_ignored_owner_is_not_reported_either() -> None:
    wanted = desired(group(members=[]), policy=policy(ignored=[BOB]))
    assert change_for(wanted, live(participant(BOB, owner=True))).advice == ()


def test_an_ignored_person_is_left_out_of_a_new_group() -> None:
    wanted = group(id=None, members=[ALICE, BOB, ME])
    change = change_for(desired(wanted, policy=policy(ignored=[BOB])))
    assert change.create
    assert labels(change.add) == ["alice"]


def test_one_kept_person_does_not_keep_the_others() -> None:
    wanted = desired(group(members=[]), policy=policy(protected=[ALICE]))
    change = change_for(wanted, live(ALICE, participant(BOB, owner=True), CAROL))
    assert labels(change.remove) == ["carol"]
    assert told(change.advice, AdviceKind.KEPT) == ["bob", "alice"]


@pytest.mark.parametrize(
    "wanted",
    [
        group(admins=UNMANAGED),
        group(admins=[ALICE]),
        group(admins=[ALICE, ME]),
    ],
)
def test_admins_as_listed_are_no_difference_and_the_instance_need_not_be_listed(wanted: DesiredGroup) -> None:
    assert change_for(desired(wanted), live(participant(ALICE, admin=True))).advice == ()


@pytest.mark.parametrize("mode", list(Membership))
def test_an_admin_difference_is_told_and_never_a_call(mode: Membership) -> None:
    wanted = group(admins=[ALICE, CAROL], membership=mode)
    change = change_for(desired(wanted), live(ALICE, participant(BOB, admin=True)))
    assert [(advice.kind, labels(advice.people)) for advice in change.advice] == [
        (AdviceKind.ADMIN, ["alice", "carol"]),
        (AdviceKind.ADMIN, ["bob"]),
    ]
    assert not change.needs_writes


def test_an_admin_to_be_is_named_by_alias_then_by_name() -> None:
    gina = person("12065550151", None, "Gina Hall")
    change = change_for(desired(group(admins=[gina, ALICE]), people=[gina, ALICE]), live(ALICE, gina))
    assert told(change.advice, AdviceKind.ADMIN) == ["alice", "Gina Hall"]


@pytest.mark.parametrize("order", [1, -1])
def test_an_admin_shown_twice_is_an_admin(order: int) -> None:
    shown = [participant(ALICE, admin=True), participant(ALICE, shown_as="12025550143@c.us")]
    assert change_for(desired(group(admins=[ALICE])), live(*shown[::order])).advice == ()


def test_an_owner_counts_as_an_admin() -> None:
    assert change_for(desired(group(admins=[ALICE])), live(ALICE, owner=ALICE)).advice == ()


def test_the_admins_of_a_new_group_are_to_be_promoted_by_hand() -> None:
    change = change_for(desired(group(id=None, members=[ALICE], admins=[ALICE, ME])))
    assert told(change.advice, AdviceKind.ADMIN) == ["alice"]


@pytest.mark.parametrize("unknown_instance", [False, True])
def test_admins_are_compared_whether_the_instance_is_known_or_not(unknown_instance: bool) -> None:
    wanted: Desired = desired(group(admins=[ME]), account=None if unknown_instance else ME)
    assert change_for(replace(wanted, policy=Policy()), live()).advice == ()
