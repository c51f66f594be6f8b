"""The server's clock as seen from here: its `Date` headers bound the difference, never tell it exactly."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(slots=True)
class ServerClock:
    """Bounds of (server's Unix time - our clock), in seconds.

    `Date` has a resolution of one second and is written somewhere between sending and receiving. One answer
    therefore leaves an interval of a second and more; the intersection over many answers is narrow.
    """

    low: float = -inf
    high: float = inf
    told: bool = False
    """Whether any answer had a `Date`."""

    @property
    def width(self) -> float:
        """How far the bounds are apart, in seconds."""
        return self.high - self.low

    def observe(self, date: float, sent: float, received: float) -> None:
        """Take in one answer: `date` in whole Unix seconds, the others on our clock."""
        low, high = date - received, date + 1 - sent
        if not self.told or low > self.high or high < self.low:
            # The server's clock was set, or another machine answered: only the newest word counts.
            self.low, self.high = low, high
        else:
            self.low, self.high = max(self.low, low), min(self.high, high)
        self.told = True

    def trust(self, difference: float) -> None:
        """While no `Date` was told, take our own wall clock for the server's."""
        if not self.told:
            self.low = self.high = difference

    def at_least(self, now: float) -> float:
        """The earliest that it can be on the server when our clock shows `now`."""
        return now + self.low

    def surely(self, server_time: float) -> float:
        """When, on our clock, the server's has surely reached `server_time`."""
        return server_time - self.low

    def perhaps(self, server_time: float) -> float:
        """When, on our clock, the server's may reach `server_time` at the earliest."""
        return server_time - self.high
