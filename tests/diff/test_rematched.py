"""Which live group a key stood for at an earlier revision, beside the one that it stands for now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.diff.change import Change
from reconciler.diff.match import match_groups
from reconciler.history.changed_since import match_may_change, narrow_by_matches, with_rematch_advice
from reconciler.model.desired import UNMANAGED, DesiredGroup, State
from reconciler.model.live import ListedGroup, Listing
from reconciler.plan.model import ChangedSince, KeyRename
from reconciler.plan.selection import PlanOptions
from tests.builders import ALICE, ALPHA_ID, BETA_ID, GAMMA_ID, group

LISTED = [ListedGroup(ALPHA_ID, "Alpha"), ListedGroup(BETA_ID, "Beta")]
NAMES = {entry.id: entry.name for entry in LISTED}
ALPHA = group("alpha", id=None)
BETA = group("beta", id=None, name="Beta")


@pytest.mark.parametrize(
    ("new", "may"),
    [
        (ALPHA, False),
        (replace(ALPHA, members=group(members=[ALICE]).members, description="Text", max_removals=None), False),
        (replace(ALPHA, id=ALPHA_ID), True),
        (replace(ALPHA, name="Other"), True),
        (replace(ALPHA, name=UNMANAGED, previously=("Alpha",)), False),
        (replace(ALPHA, previously=("Alfa",)), True),
        (replace(ALPHA, state=State.LEFT), True),
        (replace(ALPHA, invite="AbCdEfGh"), True),
        (replace(ALPHA, key="zulu"), True),
    ],
)
def test_only_what_groups_are_found_by_can_lead_a_key_elsewhere(new: DesiredGroup, may: bool) -> None:
    assert match_may_change([ALPHA], [new]) is may
    assert match_may_change([new], [ALPHA]) is may


SINCE = PlanOptions(changed_since=ChangedSince("main", "f" * 40))


def narrowed(since: ChangedSince, old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> ChangedSince:
    options = PlanOptions(changed_since=since, previous_groups=tuple(old))
    options, _ = narrow_by_matches(options, match_groups(new, LISTED), Listing(tuple(LISTED)))
    assert options.changed_since is not None
    return options.changed_since


@pytest.mark.parametrize(
    ("old", "new", "rematched"),
    [
        ((ALPHA, BETA), (ALPHA, BETA), ()),
        ((ALPHA, BETA), (ALPHA, replace(BETA, id=BETA_ID)), ()),
        ((ALPHA, BETA), (ALPHA, replace(BETA, id=ALPHA_ID)), ("alpha",)),
        ((ALPHA, replace(BETA, id=ALPHA_ID)), (ALPHA, BETA), ("alpha",)),
        ((ALPHA,), (ALPHA, group("new", id=ALPHA_ID)), ("alpha",)),
        ((ALPHA,), (ALPHA, group("new", id=None)), ("alpha",)),
        ((ALPHA, group("old", id=None)), (ALPHA,), ("alpha",)),
        ((ALPHA, group("old", id=GAMMA_ID)), (ALPHA,), ()),
        # Both are blocked, whoever the other one is.
        ((ALPHA, group("old", id=None)), (ALPHA, group("new", id=None)), ()),
    ],
)
def test_a_key_that_matches_otherwise_is_not_left_out(
    old: tuple[DesiredGroup, ...], new: tuple[DesiredGroup, ...], rematched: tuple[str, ...]
) -> None:
    narrow = ChangedSince("main", "f" * 40, unchanged=("alpha",))
    since = narrowed(narrow, old, new)

    assert since.rematched == rematched
    assert since.unchanged == (() if rematched else ("alpha",))


@pytest.mark.parametrize(
    ("new", "gone", "renamed"),
    [
        (group("zulu", id=None), (), (KeyRename("alpha", "zulu"),)),
        (group("zulu", id=ALPHA_ID), (), (KeyRename("alpha", "zulu"),)),
        (group("zulu", id=None, name="New", previously=["Alpha"]), (), (KeyRename("alpha", "zulu"),)),
        (group("zulu", id=None, name="New"), ("alpha",), ()),
        (group("zulu", id=None, name="Beta"), ("alpha",), ()),
    ],
)
def test_a_key_is_not_gone_whose_live_group_another_one_stands_for(
    new: DesiredGroup, gone: tuple[str, ...], renamed: tuple[KeyRename, ...]
) -> None:
    narrow = ChangedSince("main", "f" * 40, removed=("alpha",))
    since = narrowed(narrow, [ALPHA], [new])

    assert (since.removed, since.renamed) == (gone, renamed)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ((ALPHA,), (ALPHA,), None),
        ((ALPHA,), (replace(ALPHA, id=ALPHA_ID),), None),
        ((ALPHA,), (replace(ALPHA, name="New"),), "so applying creates a second group"),
        ((replace(ALPHA, id=ALPHA_ID),), (replace(ALPHA, name="New"),), "so applying creates a second group"),
        ((ALPHA,), (replace(ALPHA, name="New"), group("b")), "that is b's by now, so applying makes a new one"),
        ((ALPHA,), (replace(ALPHA, name="Beta"),), "stood for a live group, and not for this one"),
        ((replace(ALPHA, name="New"),), (ALPHA,), "stood for no live group"),
        ((ALPHA,), (replace(ALPHA, id=GAMMA_ID),), "in main it stood for a live group"),
        ((ALPHA, group("b", id=None)), (replace(ALPHA, name="New"),), "so applying creates a second group"),
        ((), (ALPHA,), None),
    ],
)
def test_a_key_says_which_live_group_it_stood_for(
    old: tuple[DesiredGroup, ...], new: tuple[DesiredGroup, ...], said: str | None
) -> None:
    now = match_groups(new, LISTED)
    match = now["alpha"]
    change = Change(match.group, "", match.matched_by, create=match.listed is None and not match.blocked)
    (told,) = with_rematch_advice((change,), match_groups(old, LISTED), now, SINCE, Listing(tuple(LISTED)))

    assert [said in advice.text for advice in told.advice if said is not None] == [True] * (said is not None)
    assert len(told.advice) == (said is not None)
    assert all(set(advice.names) <= set(NAMES.values()) for advice in told.advice)


def test_of_several_live_groups_that_a_key_may_have_stood_for_all_are_named() -> None:
    twins = [ListedGroup(ALPHA_ID, "Alpha"), ListedGroup(BETA_ID, "Alpha")]
    now = match_groups([replace(ALPHA, name="New")], twins)
    change = Change(now["alpha"].group, "New", create=True)
    (told,) = with_rematch_advice((change,), match_groups([ALPHA], twins), now, SINCE, Listing(tuple(twins)))

    (advice,) = told.advice
    assert advice.text.startswith("in main it stood for one of several live groups that nothing leads to any more")
    assert f"({ALPHA_ID}, {BETA_ID})" in advice.text
    assert advice.names == ("Alpha", "Alpha")
