"""Summarize a plan in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.step import Action


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan in numbers: groups, people, blocked and unchanged groups, refusals, calls, whole seconds.

    `changes` counts existing groups with a patch, an add or a remove. People count only where a step moves them; the
    first members of a new group count as added.
    """

    creates: int
    adopts: int
    joins: int
    changes: int
    adds: int
    removes: int
    leaves: int
    blocked: int
    refusals: int
    unchanged: int
    calls: int
    seconds: int


def summarize_plan(plan: Plan) -> PlanSummary:
    """Return the numbers for the plan's summary line and its document."""
    steps = [step for group in plan.groups for step in group.steps]
    kinds = [step.action for step in steps]
    return PlanSummary(
        creates=kinds.count(Action.CREATE),
        adopts=sum(group.adopted for group in plan.groups),
        joins=kinds.count(Action.JOIN),
        changes=sum(_changes(group) for group in plan.groups),
        adds=sum(len(step.people) for step in steps if step.action in (Action.CREATE, Action.ADD)),
        removes=sum(len(step.people) for step in steps if step.action is Action.REMOVE),
        leaves=kinds.count(Action.LEAVE),
        blocked=sum(bool(group.blocked) for group in plan.groups),
        refusals=len(plan.refusals),
        unchanged=sum(not group.has_changes for group in plan.groups),
        calls=plan.calls,
        seconds=ceil(plan.seconds - 1e-9),
    )


def _changes(group: GroupPlan) -> bool:
    actions = {step.action for step in group.steps}
    return bool(actions & {Action.PATCH, Action.ADD, Action.REMOVE}) and not any(a.enters_group for a in actions)
