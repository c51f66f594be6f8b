"""Counting: how much a plan would do and how much a run did, in numbers and as one line."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from reconciler.model.plan import Action, GroupPlan, Plan, Who
from reconciler.model.result import ApplyResult, Outcome, StepResult

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
    done = [step for step in result.steps if step.outcome is Outcome.DONE]
    kinds = [step.step.action for step in done]
    outcomes = [step.outcome for step in result.steps]
    moved = moved_people(result)
    new = {step.step.group for step in done if step.step.action in _ARRIVING}
    changed = {step.step.group for step in done if step.step.action is Action.PATCH or moved.get(step)}
    return ResultSummary(
        created=kinds.count(Action.CREATE),
        joined=kinds.count(Action.JOIN),
        changed=len(changed - new),
        added=sum(len(people) for step, people in moved.items() if step.step.action in _PEOPLE_COME),
        removed=sum(len(people) for step, people in moved.items() if step.step.action is Action.REMOVE),
        left=kinds.count(Action.LEAVE),
        failed=outcomes.count(Outcome.FAILED),
        unknown=outcomes.count(Outcome.UNKNOWN),
        skipped=outcomes.count(Outcome.SKIPPED),
        not_run=outcomes.count(Outcome.NOT_RUN),
        refused=sum(person.refused for person in result.people),
        blocked=sum(bool(group.blocked) for group in result.plan.groups),
        calls=sum(call.method != "GET" for call in result.calls),
    )


def moved_people(result: ApplyResult) -> dict[StepResult, tuple[Who, ...]]:
    """Per step that was done: who really came or went by it, so nobody with an outcome of their own."""
    others = {(outcome.group, person_key(outcome.who)) for outcome in result.people}
    return {
        step: tuple(who for who in step.step.people if (step.step.group, person_key(who)) not in others)
        for step in result.steps
        if step.outcome is Outcome.DONE
    }


def person_key(who: Who) -> str:
    """By what a person is the same one in a step and in an outcome."""
    return who.identity or who.jid or who.lid or who.label or ""


def plan_line(plan: Plan, *, drift: bool) -> str:
    """`Plan: 1 to create, 2 to change, … · 7 calls, about 5 s`; adopt, join and leave only where there are any."""
    count = summarize_plan(plan)
    if not plan.pending:
        return f"{'No drift' if drift else 'Nothing to do'}: {_as_the_file_says(len(plan.groups))}."
    parts = [
        f"{count.creates} to create",
        *_some(count.adopts, "to adopt"),
        *_some(count.joins, "to join"),
        f"{count.changes} to change",
        f"{counted(count.adds, 'person', 'people')} to add",
        f"{count.removes} to remove",
        *_some(count.leaves, "to leave"),
        f"{count.blocked} blocked",
    ]
    calls = f"{counted(count.calls, 'call', 'calls')}, {about(count.seconds)}"
    return f"{'Drift' if drift else 'Plan'}: {', '.join(parts)} · {calls}"


def result_line(result: ApplyResult) -> str:
    """`Applied: 1 created, 2 changed, 5 people added, 3 removed · 7 calls`, and what went wrong where it did."""
    count = summarize_result(result)
    parts = [
        f"{count.created} created",
        *_some(count.joined, "joined"),
        f"{count.changed} changed",
        f"{counted(count.added, 'person', 'people')} added",
        f"{count.removed} removed",
        *_some(count.left, "left"),
        *_some(count.failed, "failed"),
        *_some(count.unknown, "unknown"),
        *_some(count.skipped, "skipped"),
        *_some(count.not_run, "not run"),
        *_some(count.blocked, "blocked"),
    ]
    return f"Applied: {', '.join(parts)} · {counted(count.calls, 'call', 'calls')}"


def counted(number: int, one: str, many: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {one if number == 1 else many}"


def about(seconds: int) -> str:
    """`about 5 s`; from two minutes on `about 3 min`, rounded up."""
    return f"about {seconds} s" if seconds < 120 else f"about {ceil(seconds / 60)} min"


def _some(number: int, what: str) -> list[str]:
    return [f"{number} {what}"] if number else []


def _as_the_file_says(groups: int) -> str:
    if groups == 0:
        return "no group was asked for"
    return f"{counted(groups, 'group is', 'groups are')} as the file says"
