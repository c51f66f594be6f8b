"""A plan or a result in a few words and in one line of numbers; what a plan was limited to or compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from reconciler.apply.result import ApplyResult, summarize_result
from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import (
    AppliedRevision,
    ChangedSince,
    DriftCause,
    DriftItem,
    GroupPlan,
    Plan,
    summarize_plan,
)
from reconciler.report.pieces import OutsideText, Pieces, first_pieces, literal, plural, text_pieces

_CAUSE_WORDS: Final[Mapping[DriftCause, str]] = {
    DriftCause.MANUAL: "changed manually",
    DriftCause.NOT_APPLIED: "not applied yet",
    DriftCause.BOTH: "changed manually and in the configuration",
}
"""What each cause of drift is called."""

_MAX_NAMED: Final = 10
_STOP: Final = LiteralText(".")


@dataclass(frozen=True, slots=True)
class Count:
    """A number and the words around it: `2 to change`."""

    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The last line of a report, in our own words alone: `subject: counts · rest`; without counts a sentence."""

    subject: str
    rest: str
    counts: tuple[Count, ...] = ()

    @property
    def line(self) -> str:
        """Return the totals as one line."""
        if not self.counts:
            return f"{self.subject}: {self.rest}."
        return f"{self.subject}: {', '.join(count.words for count in self.counts)} · {self.rest}"

    @property
    def some(self) -> str:
        """Return the counts that are not zero; all of them where none is."""
        some = [count.words for count in self.counts if count.number] or [count.words for count in self.counts]
        return ", ".join(some)


def plan_totals(plan: Plan, *, drift: bool) -> Totals:
    """Return `Plan: 1 to create, 2 to change, … · 7 calls, about 5 s`; what is rare only where there is any."""
    if not plan.has_changes:
        return Totals(_no_changes(plan, drift=drift), _unchanged_groups(plan) or _why_no_group(plan))
    count = summarize_plan(plan)
    counts = (
        Count(count.creates, f"{count.creates} to create"),
        *_nonzero(count.adopts, "to adopt"),
        *_nonzero(count.joins, "to join"),
        Count(count.changes, f"{count.changes} to change"),
        Count(count.adds, f"{plural(count.adds, 'person', 'people')} to add"),
        Count(count.removes, f"{count.removes} to remove"),
        *_nonzero(count.leaves, "to leave"),
        Count(count.blocked, f"{count.blocked} blocked"),
    )
    calls = f"{plural(count.calls, 'call')}, {duration(count.seconds)}"
    return Totals("Drift" if drift else "Plan", calls, counts)


def result_totals(result: ApplyResult) -> Totals:
    """Return `Applied: 1 created, 2 changed, … · 7 calls`; what went wrong only where something did."""
    count = summarize_result(result)
    counts = (
        Count(count.created, f"{count.created} created"),
        *_nonzero(count.joined, "joined"),
        Count(count.changed, f"{count.changed} changed"),
        Count(count.added, f"{plural(count.added, 'person', 'people')} added"),
        Count(count.removed, f"{count.removed} removed"),
        *_nonzero(count.left, "left"),
        *_nonzero(count.failed, "failed"),
        *_nonzero(count.unknown, "unknown"),
        *_nonzero(count.skipped, "skipped"),
        *_nonzero(count.not_run, "not run"),
        *_nonzero(count.blocked, "blocked"),
    )
    return Totals("Applied", plural(count.calls, "call"), counts)


def plan_headline(plan: Plan, *, drift: bool) -> str:
    """Return the main thing in a few words: how many groups change and how many cannot, or that apply would stop."""
    if plan.refusals:
        return "Apply would be refused"
    if not plan.has_changes:
        return _no_changes(plan, drift=drift)
    changing = sum(bool(group.steps) for group in plan.groups)
    blocked = sum(bool(group.blocked) for group in plan.groups)
    differ = ("group differs from the configuration", "groups differ from the configuration")
    changes = plural(changing, *(differ if drift else ("group would change", "groups would change")))
    stuck = plural(
        blocked, *(("is blocked", "are blocked") if changing else ("group is blocked", "groups are blocked"))
    )
    return ", ".join(part for part, number in ((changes, changing), (stuck, blocked)) if number)


def duration(seconds: int) -> str:
    """Return `about 5 s`; from two minutes on `about 3 min`, rounded up."""
    return f"about {seconds} s" if seconds < 120 else f"about {ceil(seconds / 60)} min"


def _no_changes(plan: Plan, *, drift: bool) -> str:
    """Return `No changes`; in a drift report `No drift`, unless a group differs and is only observed."""
    if not drift:
        return "No changes"
    return "No drift to correct" if any(group.observe_only for group in plan.groups) else "No drift"


def in_sync_sentence(plan: Plan) -> str:
    """Return `4 other groups are in sync.` for a plan with changes, "" where there is no other group."""
    words = _unchanged_groups(plan, has_changes=True)
    return f"{words}." if plan.has_changes and words else ""


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
        yield from _since(plan.changed_since, len(plan.groups) if plan.shard is None else plan.shard.total_groups)
    if plan.shard is not None:
        which = (
            "these " if (plan.targets or plan.excludes or plan.changed_since) and plan.shard.total_groups > 1 else ""
        )
        total = plural(plan.shard.total_groups, "group")
        yield literal(f"Shard {plan.shard}: {len(plan.groups)} of {which}{total}.")
    if plan.baseline is not None:
        yield from cause_sentences(plan, plan.baseline)


def cause_words(group: GroupPlan, item: DriftItem, person: PersonRef | None = None) -> str:
    """Return what the cause of a difference is called, "" where it is not known."""
    cause = group.cause_of(item, person)
    return _CAUSE_WORDS[cause] if cause else ""


def cause_sentences(plan: Plan, baseline: AppliedRevision) -> Iterator[Pieces]:
    """Yield `Compared with applied/7 (commit 1a2b3c4d5): 2 changed manually, 1 not applied yet.` and what that covers.

    No state records what an apply could not do, so a cause cannot tell that from a manual change.
    """
    found = [item.cause for group in plan.groups for item in group.drift_causes]
    counts = [f"{found.count(cause)} {words}" for cause, words in _CAUSE_WORDS.items() if cause in found]
    words = ", ".join(counts) or "no differences"
    yield (LiteralText("Compared with "), *revision_pieces(baseline.ref, baseline.commit), LiteralText(f": {words}."))
    if not {DriftCause.MANUAL, DriftCause.BOTH}.isdisjoint(found):
        yield literal(
            "Changes that an earlier apply could not make also count as changed manually: a blocked group, or a person "
            "whose privacy settings do not allow it."
        )


def revision_pieces(name: str, commit: str) -> Pieces:
    """Return `origin/main (commit 1a2b3c4d5)`: a revision by its name and the beginning of its hash."""
    return (OutsideText(name), LiteralText(f" (commit {commit[:9]})"))


def _since(since: ChangedSince, planned: int) -> Iterator[Pieces]:
    revision = revision_pieces(since.ref, since.commit)
    if since.full_plan_reasons:
        reasons = text_pieces(since.full_plan_reasons, "; ")
        yield (LiteralText("Compared with "), *revision, LiteralText(". All groups are planned: "), *reasons, _STOP)
    else:
        changed = planned - len(since.rematched)
        words = plural(changed, "group") if changed else "No group"
        skipped = f"; skipped {plural(len(since.unchanged), 'unchanged group')}: "
        listed = (LiteralText(skipped), *first_pieces(since.unchanged, _MAX_NAMED)) if since.unchanged else ()
        yield (LiteralText(f"{words} changed since "), *revision, *listed, _STOP)
    lists = {
        "Also planned, because changes to other groups may match them with another live group: ": since.rematched,
        "No longer in the configuration, so their live groups stay unchanged: ": since.removed,
        "Renamed keys: ": [f"{rename.old} → {rename.new}" for rename in since.renamed],
    }
    for words, keys in lists.items():
        if keys:
            yield (LiteralText(words), *first_pieces(keys, _MAX_NAMED), _STOP)


def _nonzero(number: int, words: str) -> tuple[Count, ...]:
    return (Count(number, f"{number} {words}"),) if number else ()


def _unchanged_groups(plan: Plan, *, has_changes: bool = False) -> str:
    """Return `4 groups match the configuration, 1 group differs but is only observed` of those with nothing pending."""
    observed = sum(group.observe_only for group in plan.groups)
    in_sync = sum(not group.has_changes for group in plan.groups) - observed
    match = ("other group is in sync", "other groups are in sync")
    if not has_changes:
        match = ("group matches the configuration", "groups match the configuration")
    differ = ("group differs but is only observed", "groups differ but are only observed")
    words = ((in_sync, plural(in_sync, *match)), (observed, plural(observed, *differ)))
    return ", ".join(text for number, text in words if number)


def _why_no_group(plan: Plan) -> str:
    if plan.shard is not None and plan.shard.total_groups:
        return "this shard has no groups"
    return "no groups are selected" if plan.changed_since is None else "no group of the configuration changed"
