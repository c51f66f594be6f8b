"""A plan or a result in a few words and in one line of numbers; what a plan was limited to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Final, TypeAlias

from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef, count_people
from reconciler.model.text import plural
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Action, GroupPlan, Plan
from reconciler.plan.revision import DriftItem
from reconciler.plan.summary import PlanSummary, count_pending, is_changed_by, plan_moves, summarize_plan
from reconciler.report.comparison import CAUSE_WORDS, cause_sentences, since_sentences
from reconciler.report.pieces import Pieces, first_pieces, literal

ACTION_NOUNS: Final[Mapping[Action, tuple[str, str]]] = {
    Action.CREATE: ("new group", "new groups"),
    Action.JOIN: ("group to join", "groups to join"),
    Action.LEAVE: ("group to leave", "groups to leave"),
}
"""What a group with such a step is called, one and several."""

_Words: TypeAlias = Mapping[str, tuple[str, str]]
_PLANNED: Final[_Words] = {
    "join": ("joins", "join"),
    "leave": ("leaves", "leave"),
    "renew": ("gets a new number", "get a new number"),
    "create": ACTION_NOUNS[Action.CREATE],
    "enter": ACTION_NOUNS[Action.JOIN],
    "exit": ACTION_NOUNS[Action.LEAVE],
    "patch": ("group gets a new name or description", "groups get a new name or description"),
}
"""What a plan does, to one and to several."""
_DRIFTED: Final[_Words] = {
    **_PLANNED,
    "join": ("to add", "to add"),
    "leave": ("to remove", "to remove"),
    "renew": ("with a new number", "with a new number"),
    "create": ("group to create", "groups to create"),
    "patch": ("group with a different name or description", "groups with a different name or description"),
}
"""The same for a report on drift."""


_MAX_NAMED: Final = 10
_STOP: Final = LiteralText(".")


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """Distinct people, and the memberships that they gain or lose together: one person may be in many groups."""

    people: int
    memberships: int

    @classmethod
    def of(cls, people: Sequence[PersonRef]) -> PeopleCount:
        """Count people; each is there once for each membership."""
        return cls(count_people(people), len(people))

    def words(self, verb: str, verbs: str, *, noun: bool = True) -> str:
        """Return `1 person joins (114 memberships)`, `22 people leave`; without `noun` `22 leave`."""
        beside = f" ({plural(self.memberships, 'membership')})" if self.memberships > self.people else ""
        people = plural(self.people, f"person {verb}", f"people {verbs}") if noun else plural(self.people, verb, verbs)
        return people + beside


@dataclass(frozen=True, slots=True)
class Totals:
    """The last line of a report, in our own words alone: `subject: part, part · part · rest`, nothing that is 0."""

    subject: str
    parts: tuple[tuple[str, ...], ...] = ()
    rest: str = ""

    @property
    def counts(self) -> str:
        """Return the counts alone, "" where there are none."""
        return " · ".join(", ".join(part) for part in self.parts if part)

    @property
    def line(self) -> str:
        """Return the totals as one line; without counts a sentence."""
        counts = self.counts
        return f"{self.subject}: {counts} · {self.rest}" if counts else f"{self.subject}: {self.rest}."


def plan_totals(plan: Plan, *, drift: bool) -> Totals:
    """Return `Plan: refused · 1 to create, 2 to change · 5 people join · 1 group blocked · 7 calls, about 5 s`."""
    pending = pending_words(plan)
    if not plan.has_changes:
        rest = ", ".join(filter(None, [pending, _unchanged_groups(plan)])) or _why_no_group(plan)
        return Totals(_no_changes(plan, drift=drift) + ("; pending" if pending else ""), rest=rest)
    count = summarize_plan(plan)
    parts = (
        ("refused",) if plan.refusals else (),
        group_words(count),
        _moves_words(plan, _PLANNED),
        blocked_words(count.blocked),
        (f"pending: {pending}",) if pending else (),
    )
    sent, reads = count.calls + count.read_backs, count.lookalike_reads + count.number_checks
    calls = (plural(sent, "call") if sent else "no calls") + (f" + {plural(reads, 'read')}" if reads else "")
    calls += f", {duration(count.seconds)}" if sent or reads else ""
    return Totals("Drift" if drift else "Plan", parts, calls)


def group_words(count: PlanSummary) -> tuple[str, ...]:
    """Return `2 to create`, `1 to change`: what is done with how many groups."""
    groups = {"create": count.creates, "adopt": count.adopts, "join": count.joins, "change": count.changes}
    return tuple(f"{number} to {verb}" for verb, number in {**groups, "leave": count.leaves}.items() if number)


def _moves_words(plan: Plan, words: _Words, *, leaving_first: bool = False) -> tuple[str, ...]:
    """Return `4 people join`, `4 leave`: who moves, of those who do; the noun is in the first where both have it."""
    moves = plan_moves(plan)
    joining = PeopleCount.of(moves.joins), *words["join"]
    leaving = PeopleCount.of(moves.leaves), *words["leave"]
    both = both_words(leaving, joining) if leaving_first else both_words(joining, leaving)
    return (*both, *both_words((PeopleCount.of(moves.renewals), *words["renew"])))


def both_words(*moves: tuple[PeopleCount, str, str]) -> tuple[str, ...]:
    """Return `4 people join`, `4 leave` for counts with their verbs, none for nobody."""
    some = [(count, verb, verbs) for count, verb, verbs in moves if count.people]
    same_noun = all(count.people > 1 and count.memberships == count.people for count, _, _ in some)
    return tuple(
        count.words(verb, verbs, noun=index == 0 or not same_noun) for index, (count, verb, verbs) in enumerate(some)
    )


def blocked_words(groups: int) -> tuple[str, ...]:
    """Return `1 group blocked`, none for none."""
    return (f"{plural(groups, 'group')} blocked",) if groups else ()


def pending_words(plan: Plan) -> str:
    """Return `100 people to add, 3 groups to create, done by 2026-12-03`; "" where nothing waits."""
    count = count_pending(plan)
    words = (
        (count.adds, "person to add", "people to add"),
        (count.removes, "person to remove", "people to remove"),
        (count.creates, "group to create", "groups to create"),
    )
    parts = [plural(*each) for each in words if each[0]]
    done = [f"done by {plan.pending_until.isoformat()}"] if plan.pending_until else []
    return ", ".join([*parts, *done]) if parts else ""


def plan_headline(plan: Plan, *, drift: bool) -> str:
    """Return the main thing in a few words: `4 people leave, 4 join, 1 group blocked`.

    Of a plan that is refused it begins with that; a report on drift shows what differs, since nobody is about to move.
    """
    if not plan.has_changes:
        return _no_changes(plan, drift=drift)
    if drift:
        return "; ".join(filter(None, [drift_words(plan), "apply would be refused" if plan.refusals else ""]))
    blocked = blocked_words(summarize_plan(plan).blocked)
    news = ", ".join(filter(None, [change_words(plan, leaving_first=True), *blocked]))
    return ": ".join(filter(None, ["Apply would be refused" if plan.refusals else "", news]))


def drift_words(plan: Plan) -> str:
    """Return `3 of 33 groups drifted: 4 people to remove, 2 to add, 1 group blocked`, "" where nothing differs."""
    changing = sum(bool(group.steps) for group in plan.groups)
    changes = change_words(plan, leaving_first=True, words=_DRIFTED)
    drifted = f"{changing} of {plural(len(plan.groups), 'group')} drifted: {changes}" if changing else ""
    return ", ".join(filter(None, [drifted, *blocked_words(summarize_plan(plan).blocked)]))


def change_words(plan: Plan, *, leaving_first: bool = False, words: _Words = _PLANNED) -> str:
    """Return `4 people join, 4 leave, 1 new group`: what the steps of a plan do, "" where there are none."""
    count = summarize_plan(plan)
    patched = sum(is_changed_by(group, Action.PATCH) for group in plan.groups)
    groups = {"create": count.creates, "enter": count.joins, "exit": count.leaves, "patch": patched}
    moves = _moves_words(plan, words, leaving_first=leaving_first)
    return ", ".join([*moves, *(plural(number, *words[name]) for name, number in groups.items() if number)])


def duration(seconds: int) -> str:
    """Return `about 5 s`; from two minutes on `about 3 min`, rounded up."""
    return f"about {seconds} s" if seconds < 120 else f"about {ceil(seconds / 60)} min"


def _no_changes(plan: Plan, *, drift: bool) -> str:
    """Return `No changes`; in a drift report `No drift`, unless a group differs and is only observed, or waits."""
    if plan.waits:
        return "No drift to correct today" if drift else "No changes today"
    if not drift:
        return "No changes"
    return "No drift to correct" if any(group.observe_only for group in plan.groups) else "No drift"


def in_sync_sentence(plan: Plan) -> str:
    """Return `4 groups are in sync.` for a plan with changes, "" where there is none."""
    words = _unchanged_groups(plan, has_changes=True)
    return f"{words}." if plan.has_changes and words else ""


def _unchanged_groups(plan: Plan, *, has_changes: bool = False) -> str:
    """Return `4 groups match the configuration, 1 group differs but is only observed` of those with nothing pending."""
    observed = sum(group.observe_only for group in plan.groups)
    in_sync = sum(not (group.has_changes or group.waits) for group in plan.groups) - observed
    match = ("group is in sync", "groups are in sync")
    if not has_changes:
        match = ("group matches the configuration", "groups match the configuration")
    differ = ("group differs but is only observed", "groups differ but are only observed")
    words = ((in_sync, plural(in_sync, *match)), (observed, plural(observed, *differ)))
    return ", ".join(text for number, text in words if number)


def _why_no_group(plan: Plan) -> str:
    if plan.shard is not None and plan.shard.total_groups:
        return "this shard has no groups"
    return "no groups are selected" if plan.changed_since is None else "no group of the configuration changed"


def scope_sentences(plan: Plan) -> Iterator[Pieces]:
    """Yield a sentence each: which groups were planned, which were skipped and why, what drift was compared with.

    The first says that this version may not show all of a plan in another format.
    """
    if plan.foreign_format is not None:
        yield literal(
            f"Saved with format version {plan.foreign_format}: this version of the program may not show all of it."
        )
    if plan.targets:
        selected = sorted(set(plan.targets) - set(plan.excludes))
        others = f"; not planned: {plural(plan.not_selected, 'other')}." if plan.not_selected else "."
        yield (LiteralText("Selected groups: "), *first_pieces(selected, _MAX_NAMED), LiteralText(others))
    if plan.excludes:
        yield (LiteralText("Excluded groups, not planned: "), *first_pieces(plan.excludes, _MAX_NAMED), _STOP)
    if plan.changed_since is not None:
        yield from since_sentences(
            plan.changed_since, len(plan.groups) if plan.shard is None else plan.shard.total_groups
        )
    if plan.shard is not None:
        which = (
            "these " if (plan.targets or plan.excludes or plan.changed_since) and plan.shard.total_groups > 1 else ""
        )
        total = plural(plan.shard.total_groups, "group")
        yield literal(f"Shard {plan.shard}: {len(plan.groups)} of {which}{total}.")
    if plan.baseline is not None:
        yield from cause_sentences(plan, plan.baseline)


def moment_text(written: str) -> str:
    """Return `2026-11-21 12:00 UTC`; "" for a text that is not a point in time with its offset from UTC."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return ""


def as_of_sentence(saved: SavedPlan) -> Pieces:
    """Return `As of 2027-05-05.`; nothing for a plan as of the day on which it was made."""
    day = saved.plan.as_of.isoformat()
    return () if saved.made_at.startswith(day) else literal(f"As of {day}.")


def cause_words(group: GroupPlan, item: DriftItem, person: PersonRef | None = None) -> str:
    """Return what the cause of a difference is called, "" where it is not known."""
    cause = group.cause_of(item, person)
    return CAUSE_WORDS[cause] if cause else ""
