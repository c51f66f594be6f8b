"""What things are called in every format, and words around numbers, lists and revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from reconciler.model.advice import Advice, AdviceKind
from reconciler.model.verdict import Verdict

ADVICE_WORDS = {
    AdviceKind.ADMIN: "admins",
    AdviceKind.DOUBTFUL: "doubtful",
    AdviceKind.EXPIRED: "time has run out",
    AdviceKind.EXPIRES: "falls due",
    AdviceKind.KEPT: "left alone",
    AdviceKind.OBSERVED: "only observed",
    AdviceKind.PENDING: "pending invite",
    AdviceKind.REMATCHED: "another live group",
    AdviceKind.UNIDENTIFIED: "unidentified",
    AdviceKind.UNMANAGED: "unmanaged",
}
"""What each piece of advice is about."""

VERDICT_WORDS = {
    Verdict.BY_HAND: "changed by hand",
    Verdict.NOT_APPLIED: "not applied yet",
    Verdict.BOTH: "changed by hand and in the file",
}
"""What each verdict is called; `both` alone would say nothing behind a difference."""


def counted(number: int, one: str, many: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {one if number == 1 else many}"


def some_of(texts: Sequence[str], most: int, shown: Callable[[str], str] = str) -> str:
    """`a, b and 3 more`: the first ones as they are to be shown, the others only counted."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(map(shown, texts[:most])) + more


def at_commit(name: str, commit: str) -> str:
    """`origin/main (commit 1a2b3c4d5)`: a revision by its name and the beginning of its hash."""
    return f"{name} (commit {commit[:9]})"


def advice_in_order(advice: Iterable[Advice]) -> list[Advice]:
    """In the order of the words that each begins with."""
    return sorted(advice, key=lambda item: ADVICE_WORDS[item.kind])


def verdict_words(verdict: Verdict | None) -> str:
    """What a verdict is called; nothing where there is none."""
    return "" if verdict is None else VERDICT_WORDS[verdict]


def verdict_aside(verdict: Verdict | None, *, before: str = "  ") -> str:
    """`  (not applied yet)`: a verdict behind the difference that it is on; nothing where there is none."""
    return "" if verdict is None else f"{before}({VERDICT_WORDS[verdict]})"
