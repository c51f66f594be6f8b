"""Counting: how much a plan would do and how much a run did, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from reconciler.apply.result import ApplyResult, StepResult, StepStatus
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.step import Action

_MENDING = frozenset({Action.PATCH, Action.ADD, Action.REMOVE})


_ARRIVING = frozenset({Action.CREATE, Action.JOIN})


_PEOPLE_COME = frozenset({Action.CREATE, Action.ADD})


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan in numbers: groups, people, blocked and unchanged groups, refusals, calls, whole seconds.

    `changes` counts groups that are there already and get a patch, an add or a remove. People count only where a
    step moves them; those a new group begins with count as added.
    """

    creates: int
    adopts: int
    joins: int
    changes: int
    adds: int
    removes: int
    leaves: int
    blocked: int
    refused: int
    unchanged: int
    calls: int
    seconds: int


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """A run in numbers; `calls` counts the requests that could write, retries included."""

    created: int
    joined: int
    changed: int
    added: int
    removed: int
    left: int
    failed: int
    unknown: int
    skipped: int
    not_run: int
    refused: int
    blocked: int
    calls: int


def summarize_plan(plan: Plan) -> PlanSummary:
    """What the plan's summary line and its document say."""
    steps = [step for group in plan.groups for step in group.steps]
    kinds = [step.action for step in steps]
    return PlanSummary(
        creates=kinds.count(Action.CREATE),
        adopts=sum(group.adopted for group in plan.groups),
        joins=kinds.count(Action.JOIN),
        changes=sum(_changes(group) for group in plan.groups),
        adds=sum(len(step.people) for step in steps if step.action in _PEOPLE_COME),
        removes=sum(len(step.people) for step in steps if step.action is Action.REMOVE),
        leaves=kinds.count(Action.LEAVE),
        blocked=sum(bool(group.blocked) for group in plan.groups),
        refused=len(plan.refusals),
        unchanged=sum(not group.pending for group in plan.groups),
        calls=plan.calls,
        seconds=ceil(plan.seconds - 1e-9),
    )


def _changes(group: GroupPlan) -> bool:
    actions = {step.action for step in group.steps}
    return bool(actions & _MENDING) and not actions & _ARRIVING


def summarize_result(result: ApplyResult) -> ResultSummary:
    """What the run's summary line and its document say."""
    done = [step for step in result.steps if step.outcome is StepStatus.DONE]
    kinds = [step.step.action for step in done]
    outcomes = [step.outcome for step in result.steps]
    moved = people_moved(result)
    new = {step.step.group for step in done if step.step.action in _ARRIVING}
    changed = {step.step.group for step in done if step.step.action is Action.PATCH or moved.get(step)}
    return ResultSummary(
        created=kinds.count(Action.CREATE),
        joined=kinds.count(Action.JOIN),
        changed=len(changed - new),
        added=sum(len(people) for step, people in moved.items() if step.step.action in _PEOPLE_COME),
        removed=sum(len(people) for step, people in moved.items() if step.step.action is Action.REMOVE),
        left=kinds.count(Action.LEAVE),
        failed=outcomes.count(StepStatus.FAILED),
        unknown=outcomes.count(StepStatus.UNKNOWN),
        skipped=outcomes.count(StepStatus.SKIPPED),
        not_run=outcomes.count(StepStatus.NOT_RUN),
        refused=sum(person.refused for person in result.people),
        blocked=sum(bool(group.blocked) for group in result.plan.groups),
        calls=sum(call.method != "GET" for call in result.calls),
    )


def people_moved(result: ApplyResult) -> dict[StepResult, tuple[PersonRef, ...]]:
    """Per step that was done: who really came or went by it, so nobody with an outcome of their own."""
    others = {(outcome.group, outcome.who.key) for outcome in result.people}
    return {
        step: tuple(who for who in step.step.people if (step.step.group, who.key) not in others)
        for step in result.steps
        if step.outcome is StepStatus.DONE
    }
