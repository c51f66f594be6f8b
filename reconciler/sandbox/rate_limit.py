"""The rate limit: fixed windows, and the headers that describe them.

A window starts at the whole second of its first request, so that it ends exactly at the whole second that
`X-RateLimit-Reset` names: the documents call this the time at which the window resets, and give it in whole seconds.
Windows shorter than a second start with their first request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reconciler.sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """A caller's status after a request. `reset_at` is the Unix second, on the server's clock, when the window ends."""

    limit: int
    remaining: int
    reset_at: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """The documented headers."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset_at),
        }


class RateLimiter:
    """Counts requests per caller: all users of the key together, and each client address that has no key."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._windows: dict[str | None, tuple[float, int]] = {}

    def count(self, address: str | None, now: float) -> RateLimitStatus | None:
        """Count a request at `now` on the server's clock; return None if there is no limit.

        `address` is None for a caller with the key. A request over the limit does not count.
        """
        limit = self._settings.rate_limit if address is None else self._settings.anonymous_rate_limit
        if limit is None or self._settings.rate_limit is None:
            return None
        start, used = self._windows.get(address, (_window_start(now, self._settings.window), 0))
        # The lower bound opens a new window if the clock was set back; the old one would last too long.
        if not start <= now < start + self._settings.window:
            start, used = _window_start(now, self._settings.window), 0
        exceeded = used >= limit
        used += not exceeded
        self._windows[address] = (start, used)
        # Rounded up, so that a client that waits until this second never comes too early.
        return RateLimitStatus(limit, limit - used, math.ceil(start + self._settings.window), exceeded)


def _window_start(now: float, window: float) -> float:
    """Return the start of a window whose first request comes at `now`."""
    return float(math.floor(now)) if window >= 1 else now
