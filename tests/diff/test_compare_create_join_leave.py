"""Groups that are not there yet, and groups to be left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.diff.change import AdviceKind, TextChange
from reconciler.model.desired import UNMANAGED, DesiredGroup, Membership, State
from reconciler.model.live import LiveGroup
from reconciler.model.text import Untrusted
from tests.builders import (
    ALICE,
    BETA_ID,
    BOB,
    ME,
    TODAY,
    change_for,
    desired,
    group,
    labels,
    live,
    member,
    participant,
    told,
)

CODE = "AbCdEfGhIjKlMn"
LEFT, OBSERVE = State.LEFT, Membership.OBSERVE


@pytest.mark.parametrize(
    ("wanted", "create", "join"),
    [
        pytest.param(group(id=None), True, False, id="nowhere: create"),
        pytest.param(group(id=None, invite=CODE), False, True, id="nowhere with an invite: join"),
        pytest.param(group(id=BETA_ID, invite=CODE), False, True, id="id not live with an invite: join"),
        pytest.param(group(id=BETA_ID), False, False, id="id not live: neither"),
        pytest.param(group(id=None, state=LEFT), False, False, id="to leave, and not in"),
        pytest.param(group(id=None, state=LEFT, invite=CODE), False, False, id="to leave: an invite joins nothing"),
        pytest.param(group(id=None, membership=OBSERVE), False, False, id="observing creates none"),
        pytest.param(group(id=None, invite=CODE, membership=OBSERVE), False, False, id="observing does not join"),
    ],
)
def test_a_group_that_is_nowhere_is_created_or_joined_or_left_alone(
    wanted: DesiredGroup, create: bool, join: bool
) -> None:
    change = change_for(desired(wanted))
    assert (change.create, change.join, change.leave, change.live) == (create, join, False, None)
    assert change.needs_writes is (create or join)


@pytest.mark.parametrize("invite", [None, CODE])
def test_observing_says_that_the_group_is_not_there(invite: str | None) -> None:
    change = change_for(desired(group(id=None, invite=invite, membership=OBSERVE)))
    assert [advice.kind for advice in change.advice] == [AdviceKind.OBSERVED]
    assert change.blocked == ()


def test_a_group_that_has_only_an_id_has_no_name_to_show_before_it_is_joined() -> None:
    change = change_for(desired(group(id=BETA_ID, name=UNMANAGED, invite=CODE)))
    assert (change.join, change.name, change.id) == (True, Untrusted(""), BETA_ID)


def test_an_invite_of_a_group_that_is_live_is_not_used() -> None:
    assert not change_for(desired(group(invite=CODE)), live()).needs_writes


def test_a_new_group_has_its_name_its_description_and_its_people() -> None:
    wanted = group(id=None, name="New ", description="Text", members=[BOB, ALICE, ME])
    change = change_for(desired(wanted))
    assert change.field_changes == (TextChange("name", None, "New"), TextChange("description", None, "Text"))
    assert labels(change.add) == ["alice", "bob"]
    assert (change.name, change.live_members, change.advice) == (Untrusted("New"), 0, ())


@pytest.mark.parametrize("description", ["", UNMANAGED])
def test_a_new_group_has_no_description_already(description: str) -> None:
    change = change_for(desired(group(id=None, description=description)))
    assert [text.field for text in change.field_changes] == ["name"]


def test_people_who_come_by_invite_wait_for_the_new_group() -> None:
    wanted = group(id=None, members=[ALICE, member(BOB, until=TODAY + timedelta(days=3), by_invite=True)])
    change = change_for(desired(wanted))
    assert labels(change.add) == ["alice"]
    assert told(change.advice, AdviceKind.PENDING) == ["bob"]
    assert told(change.advice, AdviceKind.EXPIRES) == ["bob"]


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        pytest.param(group(state=LEFT, members=[ALICE]), live(BOB), id="by id, members or not"),
        pytest.param(group(id=None, state=LEFT), live(BOB), id="by name"),
        pytest.param(group(state=LEFT), live(BOB, me=participant(ME)), id="leaving takes no admin"),
        pytest.param(group(state=LEFT, absent=[BOB], name="Omega"), live(BOB), id="nothing else is changed on the way"),
    ],
)
def test_a_group_to_be_left_is_left_and_nothing_else(wanted: DesiredGroup, there: LiveGroup) -> None:
    change = change_for(desired(wanted), there)
    assert (change.leave, change.id, change.blocked) == (True, there.id, ())
    assert (change.field_changes, change.add, change.remove) == ((), (), ())


def test_a_group_that_is_observed_is_not_left() -> None:
    change = change_for(desired(group(state=LEFT, membership=OBSERVE)), live())
    assert (change.leave, change.needs_writes) == (False, False)
    assert [advice.kind for advice in change.advice] == [AdviceKind.OBSERVED]
