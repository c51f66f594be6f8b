"""The fewest calls: a live group is read only where the file manages what the list does not tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.diff.change import MatchedBy
from reconciler.diff.compare import compare, needs_read
from reconciler.diff.match import Match
from reconciler.model.desired import UNMANAGED, DesiredGroup, Membership, State
from reconciler.model.live import ListedGroup
from reconciler.model.text import Untrusted
from tests.builders import ALICE, CAROL, change_for, codes, desired, group, listed, live

BARE = listed(live(ALICE))
WHOLE = listed(live(ALICE, description="Text"), whole=True)
WITHOUT_DESCRIPTION = replace(WHOLE, description=None)


def reads(wanted: DesiredGroup, entry: ListedGroup | None) -> bool:
    return needs_read(Match(wanted, MatchedBy.NONE if entry is None else MatchedBy.ID, entry))


@pytest.mark.parametrize(
    ("wanted", "bare", "without_description", "whole"),
    [
        pytest.param(group(), False, False, False, id="only a name that is right"),
        pytest.param(group(name=UNMANAGED), False, False, False, id="nothing managed"),
        pytest.param(group(name=" Alpha\n"), False, False, False, id="a name that only looks different"),
        pytest.param(group(name="Omega"), True, False, False, id="a name that differs: who is admin?"),
        pytest.param(group(members=[]), True, False, False, id="members, even none"),
        pytest.param(group(members=[ALICE]), True, False, False, id="members"),
        pytest.param(group(absent=[CAROL]), True, False, False, id="absent people"),
        pytest.param(group(admins=[]), True, False, False, id="admins"),
        pytest.param(group(description=""), True, True, False, id="description"),
        pytest.param(group(members=[], description="x"), True, True, False, id="members and description"),
        pytest.param(group(members=[], membership=Membership.OBSERVE), True, False, False, id="observing reads too"),
        pytest.param(group(members=[], state=State.LEFT), False, False, False, id="a group to leave"),
    ],
)
def test_a_group_is_read_only_where_the_list_does_not_tell(
    wanted: DesiredGroup, bare: bool, without_description: bool, whole: bool
) -> None:
    assert [reads(wanted, entry) for entry in (BARE, WITHOUT_DESCRIPTION, WHOLE)] == [bare, without_description, whole]


def test_a_group_that_is_nowhere_is_not_read() -> None:
    assert not reads(group(id=None, members=[ALICE]), None)


def test_a_group_that_is_listed_and_gone_when_read_is_blocked_not_created() -> None:
    match = Match(group(members=[ALICE]), MatchedBy.ID, BARE)
    (change,) = compare([match], desired(match.group), {BARE.id: None})
    assert not change.create
    assert not change.needs_writes
    assert codes(change.blocked) == ["group-disappeared"]


def test_a_list_entry_that_tells_everything_serves_as_the_read() -> None:
    match = Match(group(members=[ALICE, CAROL]), MatchedBy.ID, WHOLE)
    (change,) = compare([match], desired(match.group), {})
    assert [who.label for who in change.add] == ["carol"]
    assert change.remove == ()
    assert change.live == live(ALICE, description="Text")


@pytest.mark.parametrize("entry", [BARE, WITHOUT_DESCRIPTION, WHOLE])
def test_a_list_entry_as_a_read_has_what_it_tells_and_is_empty_elsewhere(entry: ListedGroup) -> None:
    read = entry.to_live_group()
    assert (read.id, read.name, read.count) == (entry.id, entry.name, entry.count)
    assert read.participants == (entry.participants or ())
    assert read.description == (entry.description or Untrusted(""))


def test_an_unread_group_of_which_nothing_is_managed_gives_no_doubt_and_no_change() -> None:
    change = change_for(desired(group()), live(ALICE))
    assert (change.needs_writes, change.advice, change.blocked) == (False, (), ())
