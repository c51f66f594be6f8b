"""Which live group a key stands for: by id, else by name, else by an earlier name, never by a guess."""

from __future__ import annotations

from itertools import permutations

import pytest

from reconciler.diff.change import MatchedBy
from reconciler.diff.match import lookup_names, match_groups
from reconciler.messages import Message
from reconciler.model.desired import UNMANAGED, DesiredGroup, State
from reconciler.model.live import ListedGroup
from reconciler.model.text import Untrusted
from tests.builders import ALPHA_ID, BETA_ID, GAMMA_ID, codes, desired, group, group_plan, live

A = ListedGroup(id=ALPHA_ID, name=Untrusted("Alpha"))
B = ListedGroup(id=BETA_ID, name=Untrusted("Beta"))


@pytest.mark.parametrize(
    ("wanted", "live_groups", "found", "live_id"),
    [
        pytest.param(group(id=ALPHA_ID, name="Renamed"), [A, B], MatchedBy.ID, ALPHA_ID, id="by id, whatever the name"),
        pytest.param(group(id=ALPHA_ID, name="Beta"), [A, B], MatchedBy.ID, ALPHA_ID, id="id before a namesake"),
        pytest.param(group(id=None, name="Beta"), [A, B], MatchedBy.NAME, BETA_ID, id="by name"),
        pytest.param(
            group(id=None, name="  Beta\r\n"), [A, B], MatchedBy.NAME, BETA_ID, id="white space ends no match"
        ),
        pytest.param(
            group(id=None, name="Cafe\u0301"),
            [ListedGroup(id=ALPHA_ID, name=Untrusted("Caf\u00e9"))],
            MatchedBy.NAME,
            ALPHA_ID,
            id="names in NFC",
        ),
        pytest.param(
            group(id=None, name="New", previously=["Alpha"]),
            [A, B],
            MatchedBy.PREVIOUS_NAME,
            ALPHA_ID,
            id="previously",
        ),
        pytest.param(
            group(id=None, name="Beta", previously=["Gone"]), [A, B], MatchedBy.NAME, BETA_ID, id="name first"
        ),
        pytest.param(
            group(id=None, name="New", previously=["Alpha", "Alpha "]),
            [A],
            MatchedBy.PREVIOUS_NAME,
            ALPHA_ID,
            id="one group under two spellings of an earlier name is one candidate",
        ),
        pytest.param(group(id=None, name="New"), [A, B], MatchedBy.NONE, None, id="no namesake"),
        pytest.param(group(id=None, name="alpha"), [A, B], MatchedBy.NONE, None, id="case counts"),
        pytest.param(group(id=GAMMA_ID, invite="AbCdEfGhIjKlMn"), [A], MatchedBy.NONE, None, id="id not live: to join"),
        pytest.param(group(id=GAMMA_ID, state=State.LEFT), [A], MatchedBy.NONE, None, id="id not live: left already"),
    ],
)
def test_a_group_is_found_by_id_then_name_then_earlier_name(
    wanted: DesiredGroup, live_groups: list[ListedGroup], found: MatchedBy, live_id: str | None
) -> None:
    match = match_groups([wanted], live_groups)["alpha"]
    assert (match.matched_by, match.listed.id if match.listed else None, match.blocked) == (found, live_id, None)


def test_several_live_groups_of_the_name_block_and_are_listed() -> None:
    twins = [ListedGroup(id=GAMMA_ID, name=Untrusted("Alpha")), A]
    match = match_groups([group(id=None)], twins)["alpha"]
    assert match.listed is None
    assert match.candidates == (ALPHA_ID, GAMMA_ID)
    assert match.blocked == Message.of("name-ambiguous", count=2, name=Untrusted("Alpha"), ids=(ALPHA_ID, GAMMA_ID))


def test_several_groups_that_bear_earlier_names_block() -> None:
    match = match_groups([group(id=None, name="New", previously=["Alpha", "Beta"])], [A, B])["alpha"]
    assert match.listed is None
    assert match.candidates == (ALPHA_ID, BETA_ID)
    assert codes([match.blocked]) == ["previous-name-ambiguous"]


@pytest.mark.parametrize("state", [State.PRESENT, State.LEFT])
@pytest.mark.parametrize(
    ("previously", "blocked"),
    [
        pytest.param(["Beta"], True, id="another group has an earlier name"),
        pytest.param(["Alpha"], False, id="one group under both names is one candidate"),
        pytest.param(["Gone"], False, id="nobody has the earlier name"),
    ],
)
def test_of_a_group_that_has_the_name_and_one_that_has_an_earlier_one_neither_is_taken(
    previously: list[str], *, blocked: bool, state: State
) -> None:
    match = match_groups([group(id=None, previously=previously, state=state)], [A, B])["alpha"]
    assert (match.listed is None) is blocked
    assert match.candidates == ((ALPHA_ID, BETA_ID) if blocked else ())
    assert codes([match.blocked]) == (["name-or-previous-name-ambiguous"] if blocked else [])


def test_a_live_group_held_by_the_id_of_another_key_is_no_candidate() -> None:
    pinned, unpinned = group("pinned", id=ALPHA_ID, name="Alpha"), group("unpinned", id=None, name="Alpha")
    matches = match_groups([pinned, unpinned], [A])
    assert matches["pinned"].matched_by is MatchedBy.ID
    assert (matches["unpinned"].matched_by, matches["unpinned"].blocked) == (MatchedBy.NONE, None)


def test_a_held_group_leaves_its_namesake_as_the_only_candidate() -> None:
    pinned, unpinned = group("pinned", id=ALPHA_ID, name="Alpha"), group("unpinned", id=None, name="Alpha")
    matches = match_groups([pinned, unpinned], [A, ListedGroup(id=GAMMA_ID, name=Untrusted("Alpha"))])
    assert matches["unpinned"].listed == ListedGroup(id=GAMMA_ID, name=Untrusted("Alpha"))


@pytest.mark.parametrize(
    ("name", "hinted"),
    [("Alpha", True), ("Elsewhere", False)],
)
def test_an_id_that_is_not_live_blocks_and_never_falls_back_to_a_name(name: str, hinted: bool) -> None:
    match = match_groups([group(id=GAMMA_ID, name=name)], [A])["alpha"]
    assert match.listed is None
    hint = Message.of("id-not-live-but-name", id=GAMMA_ID, ids=(ALPHA_ID,))
    assert match.blocked == (hint if hinted else Message.of("id-not-live", id=GAMMA_ID))


def test_an_id_that_is_not_live_makes_no_call_at_all() -> None:
    planned = group_plan(desired(group(id=GAMMA_ID, members=[])), live())
    assert (planned.steps, len(planned.blocked), planned.id) == ((), 1, GAMMA_ID)
    assert planned.has_changes


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_two_keys_that_find_one_live_group_block_each_other(order: tuple[int, ...]) -> None:
    keys = [group("new", id=None, name="New", previously=["Alpha"]), group("old", id=None, name="Alpha")]
    matches = match_groups([keys[index] for index in order], [A])
    assert [matches[key].listed for key in ("new", "old")] == [None, None]
    assert matches["new"].blocked == Message.of("live-group-shared", keys=("old",), id=ALPHA_ID)
    assert matches["old"].blocked == Message.of("live-group-shared", keys=("new",), id=ALPHA_ID)
    assert matches["new"].candidates == (ALPHA_ID,)


def test_a_blocked_match_lets_the_other_groups_go_on() -> None:
    matches = match_groups([group("bad", id=GAMMA_ID), group("good", id=BETA_ID)], [A, B])
    assert matches["bad"].blocked
    assert matches["good"].listed is B


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (group(name="Alpha", previously=["Alfa", "Aleph"]), ("Alpha", "Alfa", "Aleph")),
        (group(name=UNMANAGED, previously=["Alfa"]), ("Alfa",)),
        (group(name=UNMANAGED), ()),
    ],
)
def test_a_group_is_looked_for_under_its_wanted_name_first(wanted: DesiredGroup, names: tuple[str, ...]) -> None:
    assert lookup_names(wanted) == names


@pytest.mark.parametrize(
    ("wanted", "adopted"),
    [
        (group(id=ALPHA_ID), False),
        (group(id=None), True),
        (group(id=None, name="New", previously=["Alpha"]), True),
        (group(id=None, name="Other"), False),
    ],
)
def test_a_group_found_by_a_name_is_adopted(wanted: DesiredGroup, adopted: bool) -> None:
    assert group_plan(desired(wanted), live()).adopted is adopted


def test_adopting_alone_takes_no_call_and_is_nothing_pending() -> None:
    planned = group_plan(desired(group(id=None)), live())
    assert (planned.id, planned.steps, planned.has_changes) == (ALPHA_ID, (), False)


def test_a_name_of_white_space_finds_no_group_whose_name_is_not_told() -> None:
    nameless = ListedGroup(id=ALPHA_ID, name=Untrusted(""))
    wanted = desired(group(id=None, name="\u00a0"))
    assert match_groups(wanted.groups, [nameless])["alpha"].listed is None
