"""The rate limit: fixed windows, and the headers that tell of them.

A window begins at the whole second in which its first request comes, so that it ends at a whole second, too, and at
the very one that `X-RateLimit-Reset` names: the documents say that this is when the window resets, and give it in
whole seconds. Windows of a part of a second begin with their first request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reconciler.sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """How a caller stands after a request. `resets` is the server's Unix second at which the window is over."""

    limit: int
    remaining: int
    resets: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """The documented headers."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.resets),
        }


class RateLimiter:
    """Counts the requests of each caller; a caller is the key, or an address without one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._windows: dict[str | None, tuple[float, int]] = {}

    def count(self, address: str | None, now: float) -> RateLimitStatus | None:
        """Count one request at `now` on the server's clock; None where nothing is limited.

        `address` is None for a caller with the key. A request past the limit is not counted.
        """
        limit = self._settings.rate_limit if address is None else self._settings.anonymous_rate_limit
        if limit is None or self._settings.rate_limit is None:
            return None
        start, used = self._windows.get(address, (_begun(now, self._settings.window), 0))
        # A clock set back must not close a window for longer than it was meant to be.
        if not start <= now < start + self._settings.window:
            start, used = _begun(now, self._settings.window), 0
        exceeded = used >= limit
        used += not exceeded
        self._windows[address] = (start, used)
        # Rounded up where a window does not last whole seconds, so that who waits has always waited long enough.
        return RateLimitStatus(limit, limit - used, math.ceil(start + self._settings.window), exceeded)


def _begun(now: float, window: float) -> float:
    """When the window that opens with a request at `now` begins."""
    return float(math.floor(now)) if window >= 1 else now
