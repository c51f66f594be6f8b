"""Words around numbers, lists and revisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence


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
