"""Which calls are sent again after which failure, and how long to wait before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from reconciler.errors import ApiError, InvalidResponse, NoResponse, RateLimited, RequestNotSent, ServerError
from reconciler.live.rate_limit import http_date

MAX_ATTEMPTS = 5
"""How often one call is sent at most."""


MAX_INVALID_RESPONSES = 2
"""How often an unreadable answer to a read is asked for again."""


MAX_WAIT_SECONDS = 120.0
"""Seconds: no header makes us wait longer before one attempt."""


JITTER = 0.25
"""The share by which a wait is drawn out at random, so that callers who failed together do not return together."""


class Retry(Enum):
    """What sending a call twice would do."""

    IDEMPOTENT = "safe"
    """Nothing: GET, PATCH, add, remove, join, leave."""

    AT_MOST_ONCE = "once"
    """A second group, a second message: sent again only when the first surely was not processed."""


def should_retry(error: ApiError, *, method: str, retry: Retry, attempt: int, bad_answers: int) -> bool:
    """Whether to send a call again after its `attempt`-th attempt (from 1) and `bad_answers` unreadable answers."""
    if attempt >= MAX_ATTEMPTS:
        return False
    if isinstance(error, RequestNotSent | RateLimited):
        return True
    if isinstance(error, InvalidResponse):
        return method == "GET" and bad_answers <= MAX_INVALID_RESPONSES
    return retry is Retry.IDEMPOTENT and isinstance(error, NoResponse | ServerError)


def retry_delay(
    error: ApiError, headers: Mapping[str, str], *, attempt: int, until_reset: float | None, now: float, chance: float
) -> float:
    """Seconds to wait after the `attempt`-th attempt failed.

    A 429 is waited out: until the window's reset (`until_reset` seconds), else as `Retry-After` says, else 1, 2,
    4, 8 s, as after any other failure. `now` is Unix time, for dates in `Retry-After` where the server tells no
    `Date`; `chance` is a random number from 0 to 1.
    """
    backoff = 2.0 ** (attempt - 1) * (1 + JITTER * chance)
    told = None
    if isinstance(error, RateLimited):
        told = until_reset or retry_after(headers, now)
    elif isinstance(error, ServerError):
        told = retry_after(headers, now)
    return min(told or backoff, MAX_WAIT_SECONDS)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After` asks for, written as a number or as an HTTP date; None for none or a bad one."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    date = http_date(text)
    if date is None:
        return None
    server_now = http_date(headers.get("Date"))
    return max(0.0, date - (now if server_now is None else server_now))
