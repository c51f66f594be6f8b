"""The rate limit: fixed windows, each starting with its first request, and the headers that tell of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reconciler.sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Standing:
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


class Limiter:
    """Counts the requests of each caller; a caller is the key, or an address without one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._windows: dict[str | None, tuple[float, int]] = {}

    def count(self, address: str | None, now: float) -> Standing | None:
        """Count one request at `now` on the server's clock; None where nothing is limited.

        `address` is None for a caller with the key. A request past the limit is not counted.
        """
        limit = self._settings.rate_limit if address is None else self._settings.anonymous_rate_limit
        if limit is None or self._settings.rate_limit is None:
            return None
        start, used = self._windows.get(address, (now, 0))
        # A clock set back must not close a window for longer than it was meant to be.
        if not start <= now < start + self._settings.window:
            start, used = now, 0
        exceeded = used >= limit
        used += not exceeded
        self._windows[address] = (start, used)
        # Rounded up, so that a client waiting for the whole second has always waited long enough.
        return Standing(limit, limit - used, math.ceil(start + self._settings.window), exceeded)
