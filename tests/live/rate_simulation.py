"""A rate-limited server and its callers, simulated event by event: exact times, no waiting."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial

from reconciler.live.rate_limit import RateLimitState

NOW = 1_000_000_000.0


def limit_headers(
    limit: int | str, remaining: int | str, reset: float | str, date: float | None = NOW
) -> dict[str, str]:
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }
    return headers if date is None else {**headers, "Date": formatdate(date, usegmt=True)}


@dataclass
class SimulatedServer:
    """Fixed windows, either from the first call of each (`aligned` False) or at multiples of their length."""

    limit: int = 100
    window: float = 2.0
    aligned: bool = False
    skew: float = 0.0
    rounding: Callable[[float], float] = math.ceil
    sends_dates: bool = True
    sends_rates: bool = True
    rejected: int = 0
    opened: list[float] = field(default_factory=list)
    used: int = 0
    arrived: list[float] = field(default_factory=list)

    def answer(self, now: float) -> dict[str, str]:
        self.arrived.append(now)
        clock = now + self.skew
        start = math.floor(clock / self.window) * self.window if self.aligned else clock
        if not self.opened or clock >= self.opened[-1] + self.window:
            self.opened.append(start)
            self.used = 0
        self.used += 1
        self.rejected += self.used > self.limit
        headers = {"Date": formatdate(math.floor(clock), usegmt=True)} if self.sends_dates else {}
        if self.sends_rates:
            headers["X-RateLimit-Limit"] = str(self.limit)
            headers["X-RateLimit-Remaining"] = str(max(0, self.limit - self.used))
            headers["X-RateLimit-Reset"] = str(int(self.rounding(self.opened[-1] + self.window)))
        return headers


@dataclass
class Run:
    """What came of a simulated run: when each call was sent, and when the last one ended."""

    sent: list[float]
    finished: float
    most_under_way: int


class Simulation:
    """Callers, calls under way and the server's answers, in one queue ordered by time."""

    def __init__(self, state: RateLimitState, server: SimulatedServer, calls: int, workers: int, write: bool) -> None:
        self.state = state
        self.server = server
        self.left = calls
        self.waiting = min(workers, calls)
        self.write = write
        self.under_way = 0
        self.run = Run([], 0.0, 0)
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []

    def later(self, when: float, what: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), what))

    def go(self, start: float, trip: Callable[[], float], lost: Callable[[], bool]) -> Run:
        self._trip, self._lost = trip, lost
        self.later(start, self.ask)
        while self._events:
            when, _, what = heapq.heappop(self._events)
            what(when)
        assert not self.left, "the run came to a stand"
        return self.run

    def ask(self, now: float) -> None:
        """Whoever waits asks whether to send."""
        while self.waiting and self.left:
            delay = self.state.delay(now, write=self.write, waiting=self.waiting)
            if delay > 0:
                if delay < math.inf:
                    self.later(now + delay + 1e-6, self.ask)
                return
            self.state.send(now, write=self.write)
            self.run.sent.append(now)
            self.left, self.waiting, self.under_way = self.left - 1, self.waiting - 1, self.under_way + 1
            self.run.most_under_way = max(self.run.most_under_way, self.under_way)
            self.later(now + self._trip(), partial(self.reach, now))

    def reach(self, sent_at: float, now: float) -> None:
        """A call is at the server."""
        headers = self.server.answer(now)
        self.later(now + self._trip(), partial(self.settle, sent_at, None if self._lost() else headers))

    def settle(self, sent_at: float, headers: dict[str, str] | None, now: float) -> None:
        """An answer is here, and its caller wants to send the next call."""
        self.state.record_response(headers, sent_at, now)
        self.under_way -= 1
        self.waiting = min(self.waiting + 1, self.left)
        self.run.finished = now
        self.ask(now)


def simulate(
    state: RateLimitState,
    server: SimulatedServer,
    calls: int,
    *,
    workers: int = 4,
    start: float = 1_000.0,
    trip: Callable[[random.Random], float] = lambda chance: chance.uniform(0.001, 0.004),
    write: bool = False,
    lost: float = 0.0,
    seed: int = 0,
) -> Run:
    """Let `workers` callers make `calls` calls; `trip` gives the seconds one way, `lost` the share of lost answers."""
    chance = random.Random(seed)
    simulation = Simulation(state, server, calls, workers, write)
    return simulation.go(start, lambda: trip(chance), lambda: chance.random() < lost)
