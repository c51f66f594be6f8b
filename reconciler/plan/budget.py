"""Take what fits the day's budget, first of the groups with the highest priority; the rest is pending. Pure.

An account that adds many strangers or creates many groups in a day gets banned. Nothing here runs where the
configuration has no budget and nobody refused to be added lately.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import inf
from typing import Final

from reconciler.diff.change import Advice, AdviceKind, Change
from reconciler.diff.participants import MAX_CHECKS
from reconciler.errors import PlanFileError
from reconciler.messages import Message
from reconciler.model.desired import Budget, Desired
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import first_of, plural
from reconciler.plan.build import too_full_to_add_first
from reconciler.plan.model import WAITING_REMOVALS, Plan, Step
from reconciler.plan.selection import PlanOptions, Spent
from reconciler.plan.shard import Shard
from reconciler.plan.summary import summarize_plan

REFUSED_DAYS: Final = 30
"""How long somebody who refused to be added is not tried again."""
_NEW_ACCOUNT: Final = ((7, 25), (14, 50), (28, 75))
"""How many percent of the budget an account has that is used for fewer than so many days."""
_NEW_PLAN: Final = "make a new plan with `plan --audit-log FILE`"
_MAX_DAYS: Final = 366
"""How far ahead a plan tells the day on which everything is done."""


@dataclass(slots=True)
class _Left:
    """The rest of one day's budget; `inf` where there is no limit."""

    adds: float
    groups: float
    removals: float

    @classmethod
    def on(cls, day: date, desired: Desired, shard: Shard | None, spent: Spent) -> _Left:
        """Return the rest of a day of which so much is spent already."""
        budget = desired.policy.budget or Budget()
        return cls(
            max(0, day_limit(budget.adds_per_day, day, desired, shard) - spent.adds),
            max(0, day_limit(budget.groups_per_day, day, desired, shard) - spent.groups),
            max(0, day_limit(budget.removals_per_day, day, desired, shard) - spent.removals),
        )

    def take_create(self, people: int) -> bool:
        """Take a group that begins with some of so many people; return whether it fits."""
        fits = self.groups >= 1 and (not people or self.adds >= 1)
        self.groups -= fits
        return fits

    def take_adds(self, count: int) -> int:
        """Take so many people, or as many as fit; return how many."""
        taken = int(min(count, self.adds))
        self.adds -= taken
        return taken

    def take_removals(self, count: int) -> int:
        """Take so many people, or as many as fit; return how many."""
        taken = int(min(count, self.removals))
        self.removals -= taken
        return taken


@dataclass(slots=True)
class _Waiting:
    """What one group still needs on later days."""

    create: bool
    adds: int
    removals: int

    def take(self, left: _Left) -> bool:
        """Take what fits another day; return whether something still waits."""
        if self.create and left.take_create(self.adds):
            self.create = False
        if not self.create:
            self.adds -= left.take_adds(self.adds)
        self.removals -= left.take_removals(self.removals)
        return bool(self.create or self.adds or self.removals)


def day_limit(limit: int | None, day: date, desired: Desired, shard: Shard | None) -> float:
    """Return how much of a budget's limit a run has on a day: less for a new account, a share for a shard.

    The shares of all shards add up to the limit; who has the rest of the division changes from day to day, so that no
    shard has nothing for ever.
    """
    if limit is None:
        return inf
    since = desired.account_since
    age = inf if since is None else (day - since).days
    percent = next((percent for days, percent in _NEW_ACCOUNT if age < days), 100)
    allowed = max(min(limit, 1), limit * percent // 100)
    if shard is None:
        return allowed
    each, rest = divmod(allowed, shard.count)
    return each + ((shard.index + day.toordinal()) % shard.count < rest)


def checks_allowed(desired: Desired, shard: Shard | None = None) -> int:
    """Return how many numbers a run looks up at most."""
    budget = desired.policy.budget
    if budget is None or budget.checks_per_day is None:
        return MAX_CHECKS
    return int(day_limit(budget.checks_per_day, desired.as_of, desired, shard))


def within_budget(
    changes: Sequence[Change], desired: Desired, options: PlanOptions
) -> tuple[tuple[Change, ...], date | None]:
    """Return the changes that fit today's budget, what waits as advice, and the day on which all of it is done."""
    refused = options.spent.refused
    taken = [_without_refused(change, options.spent) if refused and change.add else change for change in changes]
    if desired.policy.budget is None:
        return tuple(taken), None
    left = _Left.on(desired.as_of, desired, options.shard, options.spent)
    order = [index for index, change in enumerate(taken) if change.needs_writes]
    order.sort(key=lambda index: (-taken[index].group.priority, taken[index].group.key))
    whole = {index: taken[index] for index in order}
    for index in order:
        taken[index] = _take_adds(taken[index], left)
    later = [person for index in order for person in _difference(whole[index].add, taken[index].add)]
    for index in order:
        taken[index] = _take_removals(taken[index], left, later)
    waiting = [
        _Waiting(
            whole[index].create and not taken[index].create,
            len(whole[index].add) - len(taken[index].add),
            len(whole[index].remove) - len(taken[index].remove),
        )
        for index in order
    ]
    return tuple(taken), _last_day(waiting, desired, options.shard)


def as_saved(changes: Iterable[Change], plan: Plan) -> tuple[Change, ...]:
    """Return the changes without what waits in a saved plan, which keeps what it took: its advice has the rest."""
    saved = {group.key: group.advice for group in plan.groups if group.waits}
    return tuple(_without_saved(change, saved.get(change.group.key, ())) for change in changes)


def raise_if_over_budget(plan: Plan, desired: Desired, spent: Spent) -> None:
    """Raise PlanFileError when a saved plan does more than one day's budget allows, or more than is left of it."""
    if _over(plan, _Left.on(plan.as_of, desired, plan.shard, Spent())):
        raise PlanFileError("the plan does more than the budget of a day allows", "somebody edited it: make a new plan")
    if over := _over(plan, _Left.on(plan.as_of, desired, plan.shard, spent)):
        raise PlanFileError(
            "the audit log shows what was done in the last 24 hours, and the plan does more than the budget of a day "
            f"leaves: {'; '.join(over)}",
            _NEW_PLAN,
        )


def raise_if_refused_lately(plan: Plan, spent: Spent) -> None:
    """Raise PlanFileError when a saved plan adds people who refused lately, as an audit log shows."""
    keys = [
        group.key
        for group in plan.groups
        if any(
            step.action.adds_people and not spent.refused.keys().isdisjoint(_identities(step)) for step in group.steps
        )
    ]
    if keys:
        raise PlanFileError(
            f"the plan adds people who refused in the last {REFUSED_DAYS} days, as the audit log shows: "
            f"{first_of(keys)}",
            f"{_NEW_PLAN}, or pass --retry-refused",
        )


def _identities(step: Step) -> Iterator[Identity]:
    return (person.identity for person in step.people if person.identity is not None)


def _over(plan: Plan, left: _Left) -> list[str]:
    """Return what a plan does that does not fit the rest of a day."""
    count = summarize_plan(plan)
    counts = (
        (count.adds, left.adds, "person to add", "people to add"),
        (count.creates, left.groups, "group to create", "groups to create"),
        (count.removes, left.removals, "person to remove", "people to remove"),
    )
    return [f"{plural(number, one, many)}, {rest:g} left" for number, rest, one, many in counts if number > rest]


def _without_saved(change: Change, advice: Iterable[Advice]) -> Change:
    waiting = []
    for one in advice:
        if one.kind in (AdviceKind.BUDGET, AdviceKind.REFUSED) and one.people:
            differing = change.remove if one.message.code in WAITING_REMOVALS else change.add
            waiting.append(replace(one, people=tuple(person for person in one.people if person in set(differing))))
    later = [person for one in waiting for person in one.people]
    add, remove = _difference(change.add, later), _difference(change.remove, later)
    return replace(change, add=add, remove=remove, advice=(*waiting, *change.advice)) if waiting else change


def _without_refused(change: Change, spent: Spent) -> Change:
    """Return the change without the people who refused lately, each day of a refusal in its own advice."""
    by_day: dict[date, list[PersonRef]] = {}
    for person in change.add if change.needs_writes else ():
        if person.identity is not None and (day := spent.refused.get(person.identity)) is not None:
            by_day.setdefault(day, []).append(person)
    if not by_day:
        return change
    advice = (
        one
        for day in sorted(by_day)
        for one in Advice.for_people(
            AdviceKind.REFUSED,
            Message.of("refused-lately", day=day, again=day + timedelta(days=REFUSED_DAYS)),
            by_day[day],
        )
    )
    add = tuple(person for person in change.add if person.identity not in spent.refused)
    return replace(change, add=add, advice=(*advice, *change.advice))


def _take_adds(change: Change, left: _Left) -> Change:
    if change.create and not left.take_create(len(change.add)):
        create = Advice(AdviceKind.BUDGET, Message.of("create-over-budget"))
        people = _later(Message.of("add-over-budget"), change.add)
        return replace(change, create=False, add=(), field_changes=(), advice=(create, *people, *change.advice))
    # A group that removes before it adds has no room while its removals wait.
    has_room = not too_full_to_add_first(change) or len(change.remove) <= left.removals
    count = left.take_adds(len(change.add)) if has_room else 0
    advice = _later(Message.of("add-over-budget"), change.add[count:])
    return replace(change, add=change.add[:count], advice=(*advice, *change.advice)) if advice else change


def _take_removals(change: Change, left: _Left, later: Iterable[PersonRef]) -> Change:
    """Return the change without removals that do not fit, or of people who are added elsewhere `later`."""
    if not change.remove:
        return change
    joining = {name for person in later for name in (person.identity, person.alias) if name is not None}
    held = tuple(person for person in change.remove if not joining.isdisjoint((person.identity, person.alias)))
    free = _difference(change.remove, held)
    remove = free[: left.take_removals(len(free))]
    advice = (
        *_later(Message.of("removal-after-add"), held),
        *_later(Message.of("removal-over-budget"), _difference(free, remove)),
    )
    return replace(change, remove=remove, advice=(*advice, *change.advice)) if advice else change


def _later(message: Message, people: Iterable[PersonRef]) -> tuple[Advice, ...]:
    return Advice.for_people(AdviceKind.BUDGET, message, people)


def _difference(people: Iterable[PersonRef], without: Collection[PersonRef]) -> tuple[PersonRef, ...]:
    others = frozenset(without)
    return tuple(person for person in people if person not in others)


def _last_day(waiting: Iterable[_Waiting], desired: Desired, shard: Shard | None) -> date | None:
    """Return the day on which nothing waits any more, if each day takes what fits; None where it takes over a year."""
    rest = [group for group in waiting if group.create or group.adds or group.removals]
    if not rest or date.max - desired.as_of <= timedelta(days=_MAX_DAYS):
        return None
    a_day = _Left.on(desired.as_of + timedelta(days=_MAX_DAYS), desired, None, Spent())
    if sum(group.adds for group in rest) > a_day.adds * _MAX_DAYS:
        return None
    for ahead in range(1, _MAX_DAYS + 1):
        day = desired.as_of + timedelta(days=ahead)
        left = _Left.on(day, desired, shard, Spent())
        rest = [group for group in rest if group.take(left)]
        if not rest:
            return day
    return None
