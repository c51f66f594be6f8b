"""Which groups a run is about: --target and --exclude with keys and patterns."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.errors import UsageError
from reconciler.model.desired import DesiredGroup
from reconciler.plan.selection import PlanOptions, find_keys, select_groups, select_keys
from tests.builders import desired, group, plan_for

GROUPS = [group(key, id=None) for key in ("project-alpha", "board", "sales-001", "sales-002", "sales-011", "ß-café")]
MANY = [group(f"g{n:02}", id=None) for n in range(12)]
KEYS = {one.key for one in GROUPS}


@pytest.mark.parametrize(
    ("targets", "excludes", "keys"),
    [
        ([], [], KEYS),
        (["board"], [], {"board"}),
        ([], ["board"], KEYS - {"board"}),
        (["board", "sales-001"], ["sales-001", "sales-002"], {"board"}),
    ],
)
def test_a_run_is_about_the_targets_or_about_all_without_those_that_are_excluded(
    targets: list[str], excludes: list[str], keys: set[str]
) -> None:
    assert select_keys(GROUPS, PlanOptions(targets=tuple(targets), excludes=tuple(excludes))) == keys


@pytest.mark.parametrize(
    ("patterns", "keys"),
    [
        (["board", "board"], ("board",)),
        (["sales-*", "board"], ("board", "sales-001", "sales-002", "sales-011")),
        (["sales-00?"], ("sales-001", "sales-002")),
        (["*-alpha"], ("project-alpha",)),
        (["ß-cafe\u0301*"], ("ß-café",)),
        ([], ()),
    ],
)
def test_a_pattern_stands_for_every_key_that_it_matches_each_once(patterns: list[str], keys: tuple[str, ...]) -> None:
    assert find_keys("--target", patterns, GROUPS) == keys


@pytest.mark.parametrize(
    ("groups", "patterns", "message", "hint"),
    [
        (GROUPS, ["project-alhpa"], "--target: the configuration has no group project-alhpa", "did you mean project-a"),
        (GROUPS, ["board", "xyz", "zyx"], "no group xyz, zyx", "it has: board, project-alpha, sales-001, sales-002"),
        (GROUPS, ["sales-9*"], "no group matches `sales-9*`", "the nearest keys are sales-011, sales-002, sales-001"),
        (GROUPS, ["sales-012"], "no group sales-012", "the nearest keys are sales-011, sales-002, sales-001"),
        (GROUPS, ["SALES-*"], "--target: no group matches `SALES-*`", "it has: board"),
        ([], ["xyz"], "no group xyz", "it has: no groups"),
        (GROUPS, ["xyz", "X?*"], "the configuration has no group xyz; no group matches `X?*`", "it has: board"),
        (MANY, ["nix"], "no group nix", "it has: g00, g01, g02, g03, g04, g05, g06, g07, g08, g09 and 2 more"),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error_with_the_nearest_keys(
    groups: Sequence[DesiredGroup], patterns: list[str], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        find_keys("--target", patterns, groups)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_groups_that_no_key_matches_are_listed_only_by_a_run_about_everything() -> None:
    wanted = desired(*GROUPS)
    assert select_groups(wanted, PlanOptions()).reports_unmanaged
    assert not select_groups(wanted, PlanOptions(excludes=("board",))).reports_unmanaged


def test_a_plan_counts_the_groups_that_its_selection_leaves_out() -> None:
    wanted = desired(*GROUPS)
    options = PlanOptions(targets=("board", "sales-001"), excludes=("sales-001",))
    plan = plan_for(wanted, choices=options)
    assert ([planned.key for planned in plan.groups], plan.not_selected) == (["board"], len(GROUPS) - 1)
    assert plan_for(wanted).not_selected == 0
