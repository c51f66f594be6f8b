"""What an answer's headers say of the rate limit and the time. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """What one answer says of the limit: calls a window, calls left in it, the server's second at which it resets."""

    limit: int | None
    remaining: int
    reset: float


@dataclass(slots=True)
class Window:
    """The window that the newest answers belong to.

    `reset` is server time, `remaining` the least of what its answers said, `slack` the seconds to wait beyond the
    reset.
    """

    reset: float
    remaining: int
    slack: float = 0.0


def rate_headers(headers: Mapping[str, str], *, refused: bool = False) -> RateHeaders | None:
    """Read the rate-limit headers; None when they are missing or make no sense. `refused`: of a 429."""
    remaining = 0.0 if refused else _number(headers.get("X-RateLimit-Remaining"))
    reset, limit = _number(headers.get("X-RateLimit-Reset")), _number(headers.get("X-RateLimit-Limit"))
    if remaining is None or reset is None:
        return None
    return RateHeaders(int(limit) if limit is not None and limit >= 1 else None, int(remaining), reset)


def http_date(text: str | None) -> float | None:
    """An HTTP date in Unix seconds; None when there is none or it cannot be read. One without a zone is UTC."""
    try:
        date = parsedate_to_datetime(text) if text else None
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp() if date else None
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: str | None) -> float | None:
    """A number from a header, no less than 0."""
    try:
        number = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return number if isfinite(number) and 0 <= number < 1e15 else None
