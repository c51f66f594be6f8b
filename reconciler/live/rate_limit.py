"""Compute when the next call may be sent, so that none is answered 429. Pure: the caller gives every time.

The server counts calls in windows. Each response has how many are left (`X-RateLimit-Remaining`) and when the window
resets (`X-RateLimit-Reset`, in whole seconds of the server's clock). A call may be sent while more calls are left than
are under way, and once the reset has surely passed.

The server's clock is known only to about a second until a response straddles a change of its `Date`. So if callers
queue up for more calls than are left, the last ones are spread over the time in which the server's next second may
begin: that reveals its clock, and delays nobody, because the queue has to wait for the reset anyway.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import floor, inf, isfinite

DOCUMENTED_LIMIT = 100
"""The calls a minute that Wappfy documents, until a response says otherwise."""

MAX_RESET_SECONDS = 120.0
"""The farthest reset that is believed, so that no header can stop a run."""

LONG_WAIT_SECONDS = 30.0
"""Before a reset this far away another second costs little, and covers a server that rounds its resets down."""

CLOCK_PRECISION_SECONDS = 0.02
"""The server's clock is known well enough if its bounds are this close."""

MINUTE_SECONDS = 60.0


@dataclass(slots=True)
class ServerClock:
    """Bounds of (server's Unix time - our clock), in seconds.

    `Date` has a resolution of one second and is written between sending and receiving. So one response leaves an
    interval of more than a second; the intersection over many is narrow.
    """

    low: float = -inf
    high: float = inf
    has_date: bool = False
    """Whether any response had a `Date`."""

    @property
    def width(self) -> float:
        """The distance of the bounds, in seconds."""
        return self.high - self.low

    def observe(self, date: float, sent: float, received: float) -> None:
        """Learn from one response: `date` in whole Unix seconds, the others on our clock."""
        low, high = date - received, date + 1 - sent
        if not self.has_date or low > self.high or high < self.low:
            # The server's clock was set, or another machine answered: only the newest date counts.
            self.low, self.high = low, high
        else:
            self.low, self.high = max(self.low, low), min(self.high, high)
        self.has_date = True

    def assume(self, difference: float) -> None:
        """Use our own wall clock as the server's until a `Date` arrives."""
        if not self.has_date:
            self.low = self.high = difference

    def earliest_server(self, now: float) -> float:
        """Return the earliest time that it can be on the server at `now` on our clock."""
        return now + self.low

    def latest_local(self, server_time: float) -> float:
        """Return when, on our clock, the server's has surely reached `server_time`."""
        return server_time - self.low

    def earliest_local(self, server_time: float) -> float:
        """Return when, on our clock, the server's may reach `server_time` at the earliest."""
        return server_time - self.high


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """The rate-limit headers of one response: calls a window, calls left in it, the server's second of its reset."""

    limit: int | None
    remaining: int
    reset: float


@dataclass(slots=True)
class Window:
    """The window of the newest responses.

    `reset` is server time, `remaining` the lowest number in its responses, `slack` the seconds to wait beyond the
    reset.
    """

    reset: float
    remaining: int
    slack: float = 0.0


def rate_headers(headers: Mapping[str, str], *, rejected: bool = False) -> RateHeaders | None:
    """Read the rate-limit headers (`rejected`: of a 429); None if they are missing or make no sense."""
    remaining = 0.0 if rejected else _number(headers.get("X-RateLimit-Remaining"))
    reset, limit = _number(headers.get("X-RateLimit-Reset")), _number(headers.get("X-RateLimit-Limit"))
    if remaining is None or reset is None:
        return None
    return RateHeaders(int(limit) if limit is not None and limit >= 1 else None, int(remaining), reset)


def http_date(text: str | None) -> float | None:
    """Return an HTTP date in Unix seconds, UTC if it names no zone; None if it is missing or unreadable."""
    try:
        date = parsedate_to_datetime(text) if text else None
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp() if date else None
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: str | None) -> float | None:
    """Return a header's number if it is 0 or above."""
    try:
        number = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return number if isfinite(number) and 0 <= number < 1e15 else None


class RateLimitState:
    """What is known of the rate limit; `wall_offset` is (our Unix time - our clock), for servers without a `Date`.

    `rate` caps the calls that reach the server in any 60 s: 2.5 allows 2, 0.5 allows one in 120 s.
    `writes_per_minute` spaces the writes evenly.
    """

    def __init__(self, rate: float | None, writes_per_minute: int | None, wall_offset: float = 0.0) -> None:
        self.rate = floor(rate) if rate and rate > 1 else rate
        self.limit: int | None = None
        self._write_gap = MINUTE_SECONDS / writes_per_minute if writes_per_minute else 0.0
        self._burst = max(1, floor(rate)) if rate else 0
        self._ends: deque[float] = deque(maxlen=self._burst or 1)
        self._wall_offset = wall_offset
        self._clock = ServerClock()
        self._window: Window | None = None
        self._last_reset = -inf
        self._rounds_down = False
        self._has_response = False
        self._has_rate_headers = False
        self._under_way = 0
        self._unanswered = 0
        self._last_sent = -inf
        self._last_write = -inf
        self._blocked_until = -inf

    def delay(self, now: float, *, write: bool, waiting: int) -> float:
        """Return the seconds until a call may be sent (0: now); `waiting` counts all callers, this one too.

        Infinite while it depends on the response to a call under way.
        """
        return max(
            0.0,
            self._blocked_until - now,
            self._last_write + self._write_gap - now if write else 0.0,
            self._rate_delay(now),
            self._window_delay(now, waiting),
        )

    def send(self, now: float, *, write: bool) -> None:
        """Count a call that is sent now."""
        self._under_way += 1
        self._last_sent = now
        if write:
            self._last_write = now

    def record_response(
        self, headers: Mapping[str, str] | None, sent: float, received: float, *, rejected: bool = False
    ) -> None:
        """Record the end of the call sent at `sent`; without a response (None) nobody knows if the server counted it.

        `rejected`: it was a 429, so that no call is left even if no header says so.
        """
        self._under_way -= 1
        # Responses may be recorded in another order than they arrived in.
        self._ends.append(max(received, self._ends[-1]) if self._ends else received)
        if headers is None:
            self._unanswered += 1
            return
        self._has_response = True
        date, rates = http_date(headers.get("Date")), rate_headers(headers, rejected=rejected)
        if date is not None:
            self._clock.observe(date, sent, received)
        if rates is None:
            return
        if date is None:
            self._clock.assume(self._wall_offset)
        self._update_window(rates, sent, received)

    def block_until(self, when: float) -> None:
        """Allow no call before `when`, after a 429."""
        self._blocked_until = max(self._blocked_until, when)

    def until_reset(self, now: float) -> float | None:
        """Return the seconds until the present window is surely over; None if no window is known."""
        window = self._current_window(now)
        return None if window is None else max(0.0, self._surely_reset(window) - now)

    def _rate_delay(self, now: float) -> float:
        """Return how long `rate` alone makes a call wait.

        An earlier call surely had reached the server only when it ended, so it counts until a minute after that.
        """
        if not self.rate:
            return 0.0
        room = self._burst - self._under_way
        if room <= 0:
            return inf
        return self._ends[-room] + self._burst * MINUTE_SECONDS / self.rate - now if room <= len(self._ends) else 0.0

    def _window_delay(self, now: float, waiting: int) -> float:
        """Return how long the server's own limit makes a call wait."""
        window = self._current_window(now)
        if window is None:
            # Nothing is known of the window yet: one call finds out for all.
            return inf if self._under_way and (self._has_rate_headers or not self._has_response) else 0.0
        left = window.remaining - self._under_way - self._unanswered
        if left <= 0:
            return self._surely_reset(window) - now
        if waiting + self._under_way <= left or self._clock.width <= CLOCK_PRECISION_SECONDS:
            return 0.0
        return inf if self._under_way else self._next_probe(window, left, now) - now

    def _current_window(self, now: float) -> Window | None:
        """Return the present window; None once it is surely over and no response belongs to the next."""
        if self._window is not None and now >= self._surely_reset(self._window):
            self._last_reset = self._window.reset
            self._window = None
            self._unanswered = 0
        return self._window

    def _surely_reset(self, window: Window) -> float:
        return self._clock.latest_local(window.reset + window.slack)

    def _next_probe(self, window: Window, left: int, now: float) -> float:
        """Return when the next of the `left` last calls reveals most of the server's clock."""
        second = floor(self._clock.earliest_server(now)) + 1
        # A reset that was rounded up may come a second earlier, and the calls left then are lost.
        if second > window.reset - 1:
            return now
        start, end = max(self._clock.earliest_local(second), self._last_sent), self._clock.latest_local(second)
        return start + max(0.0, end - start) / (left + 1)

    def _update_window(self, rates: RateHeaders, sent: float, received: float) -> None:
        """Learn of the window from a response."""
        self._has_rate_headers = True
        self.limit = rates.limit or self.limit
        earliest = self._clock.earliest_server(received)
        slack = 1.0 if self._rounds_down or rates.reset - earliest > LONG_WAIT_SECONDS else 0.0
        reset = min(rates.reset, earliest + MAX_RESET_SECONDS - slack)
        window = self._window
        if window is not None and abs(reset - window.reset) <= 1:
            window.reset = max(window.reset, reset)
            window.remaining = min(window.remaining, rates.remaining)
        elif window is not None and reset < window.reset:
            return
        elif reset > self._last_reset or self._reset_too_early(reset, sent):
            self._unanswered = 0
            self._window = Window(reset, rates.remaining, 1.0 if self._rounds_down else slack)

    def _reset_too_early(self, reset: float, sent: float) -> bool:
        """Whether a window that seemed over is not: then this server rounds its resets down."""
        if self._rounds_down or self._clock.earliest_server(sent) < reset:
            return False
        self._rounds_down = True
        return True
