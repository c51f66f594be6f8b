"""Make callers wait until their call may be sent: the one place that waits for a rate limit or a retry."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from math import ceil, inf

from reconciler.errors import Interrupted
from reconciler.live.rate_limit import DOCUMENTED_LIMIT, RateLimitState
from reconciler.live.responses import HttpResponse
from reconciler.live.retry import NO_PAUSE, Pause

_LOG = logging.getLogger("reconciler.live")
LOGGED_WAIT_SECONDS = 3.0
"""The shortest wait that is logged."""

POLL_SECONDS = 0.1
"""How often a waiting caller checks `stop`: an Event cannot be waited for together with a Condition."""


class Throttle:
    """Pace the calls of all threads together.

    rate: calls that the server gets in any 60 s (None: what its headers allow). writes_per_minute: spaces writes
    evenly, to keep the account from being banned. stop: once set, every wait ends with Interrupted. clock and wall
    return seconds. sleep: called with the seconds of each wait instead of waiting (for tests).
    """

    def __init__(
        self,
        rate: float | None,
        writes_per_minute: int | None,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._state = RateLimitState(rate, writes_per_minute, wall() - clock())
        self._changed = threading.Condition()
        self._waiting = 0
        self._logged_until = 0.0
        self._sleep = sleep

    def now(self) -> float:
        """Return the time on the throttle's clock, for `HttpResponse.received_at`."""
        return self._clock()

    def acquire(self, *, write: bool, pause: Pause = NO_PAUSE) -> float:
        """Wait out `pause`, then until a call may be sent; count it as sent and return when that was.

        Raises Interrupted.
        """
        with self._changed:
            self._wait_out(pause)
            self._waiting += 1
            try:
                return self._wait_for_turn(write)
            finally:
                self._waiting -= 1

    def _wait_out(self, pause: Pause) -> None:
        until = self._clock() + pause.seconds
        if pause.for_all_calls:
            self._state.block_until(until)
        while not self._stop.is_set() and (seconds := until - self._clock()) > 0:
            self._wait(seconds)

    def _wait_for_turn(self, write: bool) -> float:
        while not self._stop.is_set():
            now = self._clock()
            seconds = self._state.delay(now, write=write, waiting=self._waiting)
            if seconds <= 0:
                self._state.send(now, write=write)
                return now
            self._log_once(now, seconds)
            self._wait(seconds)
        raise Interrupted

    def _wait(self, seconds: float) -> None:
        """Wait, with the lock released, for so long at most: a response or `stop` may end it earlier."""
        if self._sleep is not None and seconds < inf:
            self._sleep(seconds)
        else:
            self._changed.wait(min(seconds, POLL_SECONDS))

    def _log_once(self, now: float, seconds: float) -> None:
        """Log a long wait once for all callers."""
        if LOGGED_WAIT_SECONDS <= seconds < inf and now >= self._logged_until:
            self._logged_until = now + seconds
            _LOG.info("waiting %d s for the rate limit", ceil(seconds))

    def record_response(self, response: HttpResponse | None, sent_at: float) -> float | None:
        """Record how the call sent at `sent_at` ended (None: no response arrived).

        Return the seconds until the server's present window is over; None if no window is known.
        """
        with self._changed:
            if response is None:
                self._state.record_response(None, sent_at, self._clock())
            else:
                rejected = response.status == 429
                self._state.record_response(response.headers, sent_at, response.received_at, rejected=rejected)
            self._changed.notify_all()
            return self._state.until_reset(self._clock())

    @property
    def per_minute(self) -> float:
        """The calls a minute that are possible as far as is known: the server's limit, or `rate` if it is lower."""
        with self._changed:
            limit = self._state.limit or DOCUMENTED_LIMIT
            return min(limit, self._state.rate) if self._state.rate else limit
