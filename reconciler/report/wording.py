"""Words around numbers and lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def counted(number: int, one: str, many: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {one if number == 1 else many}"


def some_of(texts: Sequence[str], most: int, shown: Callable[[str], str] = str) -> str:
    """`a, b and 3 more`: the first ones as they are to be shown, the others only counted."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(map(shown, texts[:most])) + more
