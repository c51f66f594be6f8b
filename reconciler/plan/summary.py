"""What a plan comes to: in numbers, and in one word for scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from reconciler.model.person_ref import PersonRef, count_people, pair_new_numbers
from reconciler.plan.model import Action, GroupPlan, Plan, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """A plan in numbers: groups, memberships, people, blocked and unchanged groups, refusals, calls, whole seconds.

    `calls` are those that write; the `read_backs` read the changed groups back, one each or the list for many.
    `lookalike_reads` read live groups of which one may be a group to be created.
    `changes` counts existing groups with a patch, an add or a remove. `adds` and `removes` are memberships,
    `people_joining` and `people_leaving` the distinct people whose memberships these are. They count only where a step
    moves somebody; the first members of a new group count as added. `pending_…` is what waits for another day.
    """

    creates: int
    adopts: int
    joins: int
    changes: int
    adds: int
    removes: int
    people_joining: int
    people_leaving: int
    leaves: int
    blocked: int
    refusals: int
    unchanged: int
    pending_adds: int
    pending_removes: int
    pending_creates: int
    calls: int
    read_backs: int
    lookalike_reads: int
    number_checks: int
    seconds: int


def summarize_plan(plan: Plan) -> PlanSummary:
    """Return the numbers for the plan's summary line and its document."""
    steps = [step for group in plan.groups for step in group.steps]
    pending = count_pending(plan)
    kinds = [step.action for step in steps]
    joining, leaving = _moving(steps, Action.CREATE, Action.ADD), _moving(steps, Action.REMOVE)
    return PlanSummary(
        creates=kinds.count(Action.CREATE),
        adopts=sum(group.adopted for group in plan.groups),
        joins=kinds.count(Action.JOIN),
        changes=sum(is_changed_by(group, Action.PATCH, Action.ADD, Action.REMOVE) for group in plan.groups),
        adds=len(joining),
        removes=len(leaving),
        people_joining=count_people(joining),
        people_leaving=count_people(leaving),
        leaves=kinds.count(Action.LEAVE),
        blocked=sum(bool(group.blocked) for group in plan.groups),
        refusals=len(plan.refusals),
        unchanged=sum(not (group.has_changes or group.waits) for group in plan.groups),
        pending_adds=pending.adds,
        pending_removes=pending.removes,
        pending_creates=pending.creates,
        calls=plan.calls,
        read_backs=plan.read_backs,
        lookalike_reads=plan.lookalike_reads,
        number_checks=plan.number_checks,
        seconds=ceil(plan.seconds - 1e-9),
    )


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for another day: memberships to add and to remove, groups to create."""

    adds: int
    removes: int
    creates: int


def count_pending(plan: Plan) -> Pending:
    """Return what does not fit the budget; people who refused lately wait, too, and count among the adds."""
    advice = [one for group in plan.groups for one in group.advice]
    adds = (one for one in advice if one.message.code in ("add-over-budget", "refused-lately"))
    return Pending(
        adds=sum(len(one.people) for one in adds),
        removes=sum(group.waiting_removals for group in plan.groups),
        creates=sum(one.message.code == "create-over-budget" for one in advice),
    )


def is_changed_by(group: GroupPlan, *actions: Action) -> bool:
    """Return whether any of these is to change a group that the account is in already."""
    planned = {step.action for step in group.steps}
    return not planned.isdisjoint(actions) and not any(action.enters_group for action in planned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Who moves by the steps of a plan, once for each membership; `renewals` stay, with a new number."""

    joins: tuple[PersonRef, ...]
    leaves: tuple[PersonRef, ...]
    renewals: tuple[PersonRef, ...]


def plan_moves(plan: Plan) -> Moves:
    """Return who moves, a person with a new number only as that."""
    joins: list[PersonRef] = []
    leaves: list[PersonRef] = []
    renewals: list[PersonRef] = []
    for group in plan.groups:
        joining, leaving = _moving(group.steps, Action.CREATE, Action.ADD), _moving(group.steps, Action.REMOVE)
        renewed = pair_new_numbers(leaving, joining)
        old = set(renewed.values())
        renewals += renewed
        joins += (person for person in joining if person not in renewed)
        leaves += (person for person in leaving if person not in old)
    return Moves(joins=tuple(joins), leaves=tuple(leaves), renewals=tuple(renewals))


def _moving(steps: Iterable[Step], *actions: Action) -> list[PersonRef]:
    return [person for step in steps if step.action in actions for person in step.people]


class PlanStatus(StrEnum):
    """The words of a plan's document.

    IN_SYNC: nothing differs. PENDING: something is to be done. BLOCKED: something differs, and nothing can be done.
    REFUSED: a guard refuses the whole run. WAITING: what differs is pending until another day, nothing else.
    """

    IN_SYNC = "in_sync"
    PENDING = "pending"
    BLOCKED = "blocked"
    REFUSED = "refused"
    WAITING = "waiting"


def plan_status(plan: Plan) -> PlanStatus:
    """Return what a plan comes to."""
    if plan.refusals:
        return PlanStatus.REFUSED
    if plan.steps:
        return PlanStatus.PENDING
    if plan.has_changes:
        return PlanStatus.BLOCKED
    return PlanStatus.WAITING if plan.waits else PlanStatus.IN_SYNC
