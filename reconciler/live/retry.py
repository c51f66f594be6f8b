"""Decide whether a failed call is sent again, and after which wait; the throttle does the waiting."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from reconciler.errors import (
    ApiError,
    InvalidResponse,
    NoResponse,
    RateLimited,
    RequestNotSent,
    ServerError,
    Unreachable,
)
from reconciler.live.rate_limit import http_date

MAX_ATTEMPTS = 5
"""How often one call is sent at most."""

MAX_ATTEMPTS_AT_NO_SERVER = 3
"""How often a call is sent at most, within about 3 s, while no server was ever reached: the address is wrong."""

MAX_ADDS = 2
"""How often people are added at most in one call while the server fails: WhatsApp may count each try."""

MAX_INVALID_RESPONSES = 2
"""How many unreadable responses to a read are followed by another attempt."""

MAX_WAIT_SECONDS = 120.0
"""The longest wait before an attempt, whatever a header demands."""

JITTER = 0.25
"""The random share added to a wait, so that calls that failed together are not sent again together."""


class Retry(Enum):
    """What it means to send a call twice."""

    IDEMPOTENT = "safe"
    """The second has no further effect: GET, PATCH, remove, join, leave."""

    ADD = "add"
    """The same, but after a 5xx send it once more only: people may be refused, and each try may count."""

    AT_MOST_ONCE = "once"
    """The second makes another group or message: send it only if the server surely did not process the first."""

    CREATE = "create"
    """The same, and again after a 429 only if the window of calls is used up: else WhatsApp means the account."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The wait before the next attempt: of this call alone, or, after a 429, of every call of the program."""

    seconds: float = 0.0
    for_all_calls: bool = False


NO_PAUSE = Pause()


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed: with which response headers, and how many seconds before the window resets, if known."""

    error: ApiError
    headers: Mapping[str, str] = field(default_factory=dict)
    until_reset: float | None = None


def decide_retry(
    failure: Failure,
    *,
    method: str,
    retry: Retry,
    attempts: int,
    invalid_responses: int,
    chance: float,
    reached: bool = True,
    most: int = MAX_ATTEMPTS,
) -> Pause | None:
    """Return the wait before the next attempt; None if the call must not be sent again.

    A write that WhatsApp itself refuses as too much (`rate-overlimit`) is not sent again: that is what accounts are
    banned for. `attempts` and `invalid_responses` count those of this call so far; `chance` is a random number from 0
    to 1; `reached`: the server has answered before; `most`: how often a call is sent at most. A 429 is waited out until
    the window's reset, else as long as `Retry-After` says, else 1, 2, 4, 8 s, as after any other failure.
    """
    error = failure.error
    most = min(most, MAX_ATTEMPTS_AT_NO_SERVER) if isinstance(error, Unreachable) and not reached else most
    if retry is Retry.ADD and isinstance(error, ServerError):
        most = min(most, MAX_ADDS)
    if attempts >= most or not _may_retry(failure, method, retry, invalid_responses):
        return None
    seconds = 2.0 ** (attempts - 1) * (1 + JITTER * chance)
    if isinstance(error, RateLimited) and failure.until_reset and "X-RateLimit-Reset" in failure.headers:
        seconds = failure.until_reset
    elif isinstance(error, RateLimited | ServerError):
        seconds = retry_after(failure.headers) or seconds
    return Pause(min(seconds, MAX_WAIT_SECONDS), for_all_calls=isinstance(error, RateLimited))


def _may_retry(failure: Failure, method: str, retry: Retry, invalid_responses: int) -> bool:
    error = failure.error
    if method != "GET" and error.is_overlimit:
        return False
    if isinstance(error, RateLimited):
        return retry is not Retry.CREATE or failure.headers.get("X-RateLimit-Remaining") == "0"
    if isinstance(error, RequestNotSent):
        return True
    if isinstance(error, InvalidResponse):
        return method == "GET" and invalid_responses <= MAX_INVALID_RESPONSES
    return retry in (Retry.IDEMPOTENT, Retry.ADD) and isinstance(error, NoResponse | ServerError)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in `Retry-After`, a number or an HTTP date; None if it is missing or unreadable.

    A date is compared with the server's own `Date`, or with our clock if it sends none.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    date = http_date(text)
    if date is None:
        return None
    server_now = http_date(headers.get("Date"))
    return max(0.0, date - (time.time() if server_now is None else server_now))
