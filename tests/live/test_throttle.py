"""Threads that share a throttle wait for their turn, for a pause and for nothing else."""

from __future__ import annotations

import threading

import pytest

from reconciler.errors import Interrupted
from reconciler.live.http import HttpResponse
from reconciler.live.retry import Pause
from reconciler.live.throttle import Throttle
from tests.live.rate_simulation import NOW, limit_headers


class TickingClock:
    """Moves a little with each look."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 1e-3
        return self.time


def test_waiting_threads_proceed_as_responses_allow() -> None:
    throttle = Throttle(None, None, threading.Event(), clock=TickingClock(), wall=lambda: NOW)
    first = throttle.acquire(write=False)
    through: list[float] = []
    threads = [threading.Thread(target=lambda: through.append(throttle.acquire(write=False))) for _ in range(3)]
    for thread in threads:
        thread.start()
    headers = limit_headers(100, 50, NOW + 30)
    until_reset = throttle.record_response(HttpResponse(200, headers, b"", throttle.now()), first)
    for thread in threads:
        thread.join()
    assert len(through) == 3
    assert until_reset is not None


def test_a_stop_ends_every_wait() -> None:
    stop = threading.Event()
    throttle = Throttle(None, None, stop, clock=lambda: 0.0)
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Interrupted):
        throttle.acquire(write=True, pause=Pause(100))


@pytest.mark.parametrize(
    ("rate", "headers", "per_minute"),
    [
        (None, {}, 100),
        (30, {}, 30),
        (2.5, {}, 2),
        (0.5, {}, 0.5),
        (None, limit_headers(250, 5, NOW + 5), 250),
        (300, limit_headers(250, 5, NOW + 5), 250),
        (30, limit_headers(250, 5, NOW + 5), 30),
    ],
)
def test_the_calls_a_minute_are_the_servers_limit_or_a_lower_rate(
    rate: float | None, headers: dict[str, str], per_minute: float
) -> None:
    throttle = Throttle(rate, None, threading.Event())
    sent_at = throttle.acquire(write=False)
    throttle.record_response(HttpResponse(200, headers, b"", throttle.now()), sent_at)
    assert throttle.per_minute == per_minute
