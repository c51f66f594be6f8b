"""A finished run group by group, as every format tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reconciler.model.counts import moved_people
from reconciler.model.plan import GroupPlan
from reconciler.model.result import ApplyResult, Outcome, PersonOutcome, StepResult
from reconciler.model.who import Who
from reconciler.report.lines import order_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One group's part of a run: its steps in their order, people who did not simply come or go, what still differs.

    `moved` has, for each step of the run that was done, who really came or went by it.
    """

    plan: GroupPlan
    steps: tuple[StepResult, ...]
    people: tuple[PersonOutcome, ...]
    left_over: tuple[str, ...]
    moved: Mapping[StepResult, tuple[Who, ...]]

    @property
    def id(self) -> str | None:
        """The live group's id, also of one that was only made in this run; None where nobody knows."""
        told = filter(None, (step.group_id or step.step.group_id for step in self.steps))
        return next(told, None) or self.plan.id or (self.plan.live.id if self.plan.live else None)

    @property
    def undone(self) -> list[Outcome]:
        """How the steps that were not done ended, each way once."""
        return sorted({step.outcome for step in self.steps if step.outcome is not Outcome.DONE})

    @property
    def refused(self) -> int:
        """How many people are not where the file wants them."""
        return sum(person.refused for person in self.people)

    @property
    def unfinished(self) -> bool:
        """Whether the group is not as the file says."""
        return bool(self.undone or self.plan.blocked or self.refused or self.left_over)

    @property
    def took_away(self) -> bool:
        """Whether anybody lost anything by it."""
        return any(step.step.action.takes_away for step in self.steps)


def group_results(result: ApplyResult) -> list[GroupResult]:
    """Every group there is something to say of, sorted by key."""
    plans = {group.key: group for group in result.plan.groups}
    steps = _by_group((step.step.group, step) for step in sorted(result.steps, key=lambda step: order_of(step.step)))
    people = _by_group((outcome.group, outcome) for outcome in result.people)
    left_over = _by_group(sorted(result.left_over))
    moved = moved_people(result)
    blocked = {group.key for group in result.plan.groups if group.blocked}
    return [
        GroupResult(plans[key], tuple(steps[key]), tuple(people[key]), tuple(left_over[key]), moved)
        for key in sorted(steps.keys() | people.keys() | left_over.keys() | blocked)
    ]


def _by_group(pairs: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for key, one in pairs:
        found[key].append(one)
    return found
