"""What watches over the torture tests sees what is wrong."""

from __future__ import annotations

import pytest

from reconciler.sandbox import World
from tests.torture import invariants
from tests.torture.arena import Ran


@pytest.mark.parametrize(
    ("said", "right"),
    [("5 calls, about 5 s", True), ("· 5 calls", True), ("25 calls", False), ("1,005 calls", False), ("", False)],
)
def test_the_plan_shown_counts_the_calls_of_its_steps_and_no_other_number(said: str, right: bool) -> None:
    step = {"status": "not run", "action": "add", "group": "alpha", "group_id": "1@g.us", "people": []}
    report = {"converged": True, "people": [], "steps": [step] * 5}
    with World.open() as world:
        broken = invariants.broken_by(Ran(0, said, "", report, (), ()), world)
    assert broken == ([] if right else ["the plan shown does not count 5 calls"])
