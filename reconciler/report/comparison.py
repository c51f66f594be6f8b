"""What a plan was compared with: an earlier revision that narrows it, and the causes of drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.messages import LiteralText
from reconciler.model.text import plural
from reconciler.plan.model import Plan
from reconciler.plan.revision import AppliedRevision, ChangedSince, DriftCause
from reconciler.report.pieces import Pieces, first_pieces, literal, revision_pieces, text_pieces

_MAX_NAMED: Final = 10
_STOP: Final = LiteralText(".")
CAUSE_WORDS: Final[Mapping[DriftCause, str]] = {
    DriftCause.MANUAL: "changed manually",
    DriftCause.NOT_APPLIED: "not applied yet",
    DriftCause.BOTH: "changed manually and in the configuration",
}
"""What each cause of drift is called."""


def cause_sentences(plan: Plan, baseline: AppliedRevision) -> Iterator[Pieces]:
    """Yield `Compared with applied/7 (commit 1a2b3c4d5): 2 changed manually, 1 not applied yet.` and what that covers.

    No state records what an apply could not do, so a cause cannot tell that from a manual change.
    """
    found = [item.cause for group in plan.groups for item in group.drift_causes]
    counts = [f"{found.count(cause)} {words}" for cause, words in CAUSE_WORDS.items() if cause in found]
    words = ", ".join(counts) or "no differences"
    yield (LiteralText("Compared with "), *revision_pieces(baseline.ref, baseline.commit), LiteralText(f": {words}."))
    if not {DriftCause.MANUAL, DriftCause.BOTH}.isdisjoint(found):
        yield literal(
            "Changes that an earlier apply could not make also count as changed manually: a blocked group, or a person "
            "who could not be added."
        )


def since_sentences(since: ChangedSince, planned: int) -> Iterator[Pieces]:
    """Yield which groups changed since a revision, and those that are skipped; `planned` groups are in the plan."""
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
