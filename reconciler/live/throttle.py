"""Holds callers back until the pace allows their call; the one place where threads wait for the rate limit."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from math import ceil, inf

from reconciler.errors import Interrupted
from reconciler.live.rate_limit import DOCUMENTED_LIMIT, RateLimitState

_LOG = logging.getLogger("reconciler.live")


LOGGED_WAIT_SECONDS = 3.0
"""Seconds from which a wait is said."""


POLL_SECONDS = 0.1
"""Seconds after which a waiting caller looks at `stop` again: an Event cannot be waited for beside a Condition."""


class Throttle:
    """Paces the calls of all threads together.

    rate: calls that the server gets in any 60 s (None: what its headers allow). writes_per_minute: writes evenly
    spaced, to keep the account from being banned. stop: set to end all waiting with Interrupted. clock and wall give
    seconds.
    """

    def __init__(
        self,
        rate: float | None,
        writes_per_minute: int | None,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._pace = RateLimitState(rate, writes_per_minute, wall() - clock())
        self._changed = threading.Condition()
        self._waiting = 0
        self._told_until = 0.0

    def now(self) -> float:
        """The time on this pacer's clock, which `record_response` wants."""
        return self._clock()

    def acquire(self, write: bool) -> float:
        """Wait until a call may be sent, and count it as sent; returns when that was. Raises Interrupted."""
        with self._changed:
            self._waiting += 1
            try:
                return self._wait(write)
            finally:
                self._waiting -= 1

    def _wait(self, write: bool) -> float:
        while not self._stop.is_set():
            now = self._clock()
            delay = self._pace.delay(now, write=write, waiting=self._waiting)
            if delay <= 0:
                self._pace.send(now, write=write)
                return now
            self._tell(now, delay)
            self._changed.wait(min(delay, POLL_SECONDS))
        raise Interrupted

    def _tell(self, now: float, delay: float) -> None:
        """Say once that everybody waits, where it is long enough to wonder about."""
        if LOGGED_WAIT_SECONDS <= delay < inf and now >= self._told_until:
            self._told_until = now + delay
            _LOG.info("waiting %d s, as the rate of calls demands", ceil(delay))

    def record_response(
        self, headers: Mapping[str, str] | None, sent_at: float, received_at: float, *, refused: bool = False
    ) -> None:
        """The call sent at `sent_at` ended: with an answer's headers (`refused`: a 429's), or None where none came."""
        with self._changed:
            self._pace.record_response(headers, sent_at, received_at, refused=refused)
            self._changed.notify_all()

    def block_for(self, seconds: float) -> None:
        """Send nothing for so long: a 429 came all the same."""
        with self._changed:
            self._pace.block_for(self._clock() + seconds)

    def until_reset(self) -> float | None:
        """Seconds until the server's present window is over; None when none is known."""
        with self._changed:
            return self._pace.until_reset(self._clock())

    @property
    def per_minute(self) -> float:
        """Calls a minute that are possible, as far as it is known: the server's limit, and `rate` where it is lower."""
        with self._changed:
            limit = self._pace.limit or DOCUMENTED_LIMIT
            return min(limit, self._pace.rate) if self._pace.rate else limit
