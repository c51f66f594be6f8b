"""The words that every format uses for one thing, and words around numbers, lists and revisions."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

from reconciler.diff.change import AdviceKind
from reconciler.plan.model import DriftCause

ADVICE_TOPICS: Final[Mapping[AdviceKind, str]] = {
    AdviceKind.ADMIN: "admins",
    AdviceKind.DOUBTFUL: "doubtful",
    AdviceKind.EXPIRED: "expired",
    AdviceKind.EXPIRES: "expires soon",
    AdviceKind.KEPT: "not removed",
    AdviceKind.OBSERVED: "observed only",
    AdviceKind.PENDING: "pending invite",
    AdviceKind.REMATCHED: "different live group",
    AdviceKind.UNIDENTIFIED: "unidentified",
    AdviceKind.UNMANAGED: "unmanaged",
}
"""What each piece of advice is about."""

CAUSE_WORDS: Final[Mapping[DriftCause, str]] = {
    DriftCause.MANUAL: "changed manually",
    DriftCause.NOT_APPLIED: "not applied yet",
    DriftCause.BOTH: "changed manually and in the configuration",
}
"""What each cause of drift is called."""

KNOWN_AFTER_APPLY: Final = "(known after apply)"


def plural(number: int, one: str, many: str) -> str:
    """Return `1 call`, `2 calls`."""
    return f"{number} {one if number == 1 else many}"


def duration(seconds: int) -> str:
    """Return `about 5 s`; from two minutes on `about 3 min`, rounded up."""
    return f"about {seconds} s" if seconds < 120 else f"about {ceil(seconds / 60)} min"


def cause_words(cause: DriftCause | None) -> str:
    """Return what a cause is called, "" for none."""
    return "" if cause is None else CAUSE_WORDS[cause]
