"""What a plan was limited to or compared with, and when it was made; what the causes of drift are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import plural
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.revision import AppliedRevision, ChangedSince, DriftCause, DriftItem
from reconciler.report.pieces import Pieces, first_pieces, literal, revision_pieces, text_pieces

_MAX_NAMED: Final = 10
_STOP: Final = LiteralText(".")
_CAUSE_WORDS: Final[Mapping[DriftCause, str]] = {
    DriftCause.MANUAL: "changed manually",
    DriftCause.NOT_APPLIED: "not applied yet",
    DriftCause.BOTH: "changed manually and in the configuration",
}
"""What each cause of drift is called."""


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
            "who could not be added."
        )


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
