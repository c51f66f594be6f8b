"""A list is read again only where what it lacks would matter, and until two reads in a row agree."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from reconciler.engine import match_live
from reconciler.errors import InvalidResponse
from reconciler.live.fetch import confirm_listing, list_groups
from reconciler.model.desired import Desired
from reconciler.model.live import ListedGroup, Listing
from reconciler.saved_plan_check import _list_for_saved_plan
from tests.builders import ALICE, ALPHA_ID, BETA_ID, desired, group, listed, live, plan_for

ALPHA, BETA = listed(live(ALICE)), listed(live(ALICE, id=BETA_ID, name="Beta"))
PINNED = desired(group(id=ALPHA_ID, members=[ALICE]))
NAMED = desired(group(id=None, members=[ALICE]))


class Lists:
    """Answers with these lists, one after another, and keeps whether each was asked to be proven."""

    def __init__(self, *lists: tuple[ListedGroup, ...], steady: bool = False) -> None:
        self._lists = iter(lists)
        self._steady = steady
        self.proven: list[bool] = []

    def list_groups(self, *, verify_end: bool = False) -> Listing:
        self.proven.append(verify_end)
        return Listing(next(self._lists), complete=self._steady)


def list_for(wanted: Desired, lists: Lists, keys: Collection[str]) -> Listing:
    return match_live(wanted, lists, keys)[0]


def list_everything(lists: Lists) -> Listing:
    return confirm_listing(list_groups(lists, 1), lists)


QUESTIONS: list[tuple[str, Callable[[Lists], object], bool]] = [
    ("a key that is found by its id", lambda lists: list_for(PINNED, lists, {"alpha"}), False),
    ("a key that is found by its name", lambda lists: list_for(NAMED, lists, {"alpha"}), True),
    ("no key", lambda lists: list_for(NAMED, lists, ()), False),
    ("every key", lambda lists: list_for(NAMED, lists, {"alpha"}), True),
    ("what no key may have", list_everything, True),
    ("a saved plan by ids", lambda lists: _list_for_saved_plan(plan_for(PINNED, live()), lists), False),
    ("a saved plan by names", lambda lists: _list_for_saved_plan(plan_for(NAMED, live()), lists), True),
]


@pytest.mark.parametrize(("ask", "matters"), [pytest.param(ask, matters, id=name) for name, ask, matters in QUESTIONS])
def test_a_list_that_may_lack_a_group_is_read_again_once_and_proven_where_that_matters(
    ask: Callable[[Lists], object], matters: bool
) -> None:
    unsteady, steady = Lists((ALPHA,), (ALPHA,)), Lists((ALPHA,), steady=True)
    ask(unsteady)
    assert unsteady.proven == ([False, True] if matters else [False])
    ask(steady)
    assert steady.proven == [False]


def test_the_list_that_was_read_twice_alike_counts() -> None:
    lists = Lists((ALPHA,), (ALPHA, BETA), (ALPHA, BETA))
    assert list_everything(lists).groups == (ALPHA, BETA)


def test_a_list_that_never_comes_twice_alike_is_an_error() -> None:
    lists = Lists(*[(ALPHA,), (ALPHA, BETA)] * 3)
    with pytest.raises(InvalidResponse, match="keeps changing while it is read"):
        list_everything(lists)
    assert len(lists.proven) == 5


def test_an_empty_list_is_an_error_where_the_file_notes_ids() -> None:
    with pytest.raises(InvalidResponse, match="the list of groups is empty, but the file has the ids of 1"):
        list_for(PINNED, Lists((), steady=True), {"alpha"})
    assert list_for(NAMED, Lists((), steady=True), {"alpha"}).groups == ()
