"""The server's clock as seen from here: its `Date` headers bound the difference, never tell it exactly.

What an answer's headers say of the rate limit and the time. Pure values.

When the next call may be sent, so that none is answered 429. Pure: every time is given, nothing waits here.

The server counts calls in windows and tells with each answer how many are left (`X-RateLimit-Remaining`) and when
the window resets (`X-RateLimit-Reset`, in whole seconds of its own clock). A call is allowed while more calls are
left than are under way uncounted, and once the reset has surely passed.

The reset comes at a second of the server's clock, which is only known to about a second until an answer straddles
a change of its `Date`. So where callers queue up for more calls than are left, the last ones are spread over the
time in which the server's next second may begin: that tells its clock, and delays nobody, because the queue as a
whole has to wait for the reset.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import floor, inf, isfinite


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

    def earliest_server(self, now: float) -> float:
        """The earliest that it can be on the server when our clock shows `now`."""
        return now + self.low

    def latest_local(self, server_time: float) -> float:
        """When, on our clock, the server's has surely reached `server_time`."""
        return server_time - self.low

    def earliest_local(self, server_time: float) -> float:
        """When, on our clock, the server's may reach `server_time` at the earliest."""
        return server_time - self.high


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


DOCUMENTED_LIMIT = 100
"""Calls a minute that Wappfy documents, until an answer says otherwise."""


MAX_RESET_SECONDS = 120.0
"""Seconds: a reset farther away than this is not believed, so that no header can stop a run."""


MAX_WAIT_SECONDS = 30.0
"""Seconds: before a reset this far away a second more costs little, and covers a server that rounds it down."""


TIGHT = 0.02
"""Seconds: the server's clock is known well enough."""


MINUTE_SECONDS = 60.0


class RateLimitState:
    """The state behind the decisions; `wall_offset` is (our Unix time - our clock), for servers without a `Date`.

    `rate` caps the calls that reach the server in any 60 s: of 2.5 that is 2, of 0.5 one in 120 s. `writes_per_minute`
    spaces the writes evenly.
    """

    def __init__(self, rate: float | None, writes_per_minute: int | None, wall_offset: float = 0.0) -> None:
        self.rate = floor(rate) if rate and rate > 1 else rate
        self.limit: int | None = None
        self._write_gap = MINUTE_SECONDS / writes_per_minute if writes_per_minute else 0.0
        self._burst = max(1, floor(rate)) if rate else 0
        self._ended: deque[float] = deque(maxlen=self._burst or 1)
        self._wall_offset = wall_offset
        self._clock = ServerClock()
        self._window: Window | None = None
        self._passed = -inf
        self._rounds_down = False
        self._answered = False
        self._told = False
        self._under_way = 0
        self._lost = 0
        self._last_sent = -inf
        self._last_write = -inf
        self._held_until = -inf

    def delay(self, now: float, *, write: bool, waiting: int) -> float:
        """Seconds until a call may be sent (0: now); `waiting` counts all callers who want to send, this one too.

        Infinite while it depends on the answer of a call under way.
        """
        return max(
            0.0,
            self._held_until - now,
            self._last_write + self._write_gap - now if write else 0.0,
            self._cap(now),
            self._window_delay(now, waiting),
        )

    def send(self, now: float, *, write: bool) -> None:
        """A call is sent now."""
        self._under_way += 1
        self._last_sent = now
        if write:
            self._last_write = now

    def record_response(
        self, headers: Mapping[str, str] | None, sent: float, received: float, *, refused: bool = False
    ) -> None:
        """The call sent at `sent` ended; `headers` is None when no answer came, so that nobody knows if it counted.

        `refused`: it was a 429, so that nothing is left even where no header says so.
        """
        self._under_way -= 1
        # Answers may be told of in another order than they came.
        self._ended.append(max(received, self._ended[-1]) if self._ended else received)
        if headers is None:
            self._lost += 1
            return
        self._answered = True
        date, told = http_date(headers.get("Date")), rate_headers(headers, refused=refused)
        if date is not None:
            self._clock.observe(date, sent, received)
        if told is None:
            return
        if date is None:
            self._clock.trust(self._wall_offset)
        self._note(told, sent, received)

    def block_for(self, until: float) -> None:
        """Send nothing before `until`: a 429 said so."""
        self._held_until = max(self._held_until, until)

    def until_reset(self, now: float) -> float | None:
        """Seconds until the present window is surely over; None when no window is known."""
        window = self._open_window(now)
        return None if window is None else max(0.0, self._sure(window) - now)

    def _cap(self, now: float) -> float:
        """How long `rate` alone makes a call wait.

        Of an earlier call it is only sure that it had reached the server when it ended, so it counts until a minute
        after that.
        """
        if not self.rate:
            return 0.0
        room = self._burst - self._under_way
        if room <= 0:
            return inf
        return self._ended[-room] + self._burst * MINUTE_SECONDS / self.rate - now if room <= len(self._ended) else 0.0

    def _window_delay(self, now: float, waiting: int) -> float:
        """How long the server's own limit makes a call wait."""
        window = self._open_window(now)
        if window is None:
            # Nothing is known yet of the window: one call finds out for all.
            return inf if self._under_way and (self._told or not self._answered) else 0.0
        left = window.remaining - self._under_way - self._lost
        if left <= 0:
            return self._sure(window) - now
        if waiting + self._under_way <= left or self._clock.width <= TIGHT:
            return 0.0
        return inf if self._under_way else self._next_look(window, left, now) - now

    def _open_window(self, now: float) -> Window | None:
        """The present window, or None once it is surely over and no answer told of the next."""
        if self._window is not None and now >= self._sure(self._window):
            self._passed = self._window.reset
            self._window = None
            self._lost = 0
        return self._window

    def _sure(self, window: Window) -> float:
        return self._clock.latest_local(window.reset + window.slack)

    def _next_look(self, window: Window, left: int, now: float) -> float:
        """When the next of the `left` last calls tells most about the server's clock."""
        second = floor(self._clock.earliest_server(now)) + 1
        # A reset that was rounded up may come a second earlier, and what is left then is lost.
        if second > window.reset - 1:
            return now
        start, end = max(self._clock.earliest_local(second), self._last_sent), self._clock.latest_local(second)
        return start + max(0.0, end - start) / (left + 1)

    def _note(self, told: RateHeaders, sent: float, received: float) -> None:
        """Take in what an answer says of its window."""
        self._told = True
        self.limit = told.limit or self.limit
        nearest = self._clock.earliest_server(received)
        slack = 1.0 if self._rounds_down or told.reset - nearest > MAX_WAIT_SECONDS else 0.0
        reset = min(told.reset, nearest + MAX_RESET_SECONDS - slack)
        window = self._window
        if window is not None and abs(reset - window.reset) <= 1:
            window.reset = max(window.reset, reset)
            window.remaining = min(window.remaining, told.remaining)
        elif window is not None and reset < window.reset:
            return
        elif reset > self._passed or self._too_early(reset, sent):
            self._lost = 0
            self._window = Window(reset, told.remaining, 1.0 if self._rounds_down else slack)

    def _too_early(self, reset: float, sent: float) -> bool:
        """Whether a window that was taken for over is not: then this server rounds its resets down."""
        if self._rounds_down or self._clock.earliest_server(sent) < reset:
            return False
        self._rounds_down = True
        return True
