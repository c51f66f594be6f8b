"""Threads that share a throttle wait for their turn, for a pause and for nothing else."""

from __future__ import annotations

import logging
import threading

import pytest

from reconciler.errors import Interrupted
from reconciler.live.responses import HttpResponse
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

    def move(self, seconds: float) -> None:
        self.time += seconds


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


def test_a_long_wait_is_logged_once_for_all_callers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="reconciler.live")
    clock = TickingClock()
    throttle = Throttle(None, 6, threading.Event(), clock=clock, sleep=lambda _: clock.move(1))
    sent_at = throttle.acquire(write=True)
    throttle.record_response(HttpResponse(200, {}, b"", throttle.now()), sent_at)
    throttle.acquire(write=True)
    assert [record.message for record in caplog.records] == ["waiting 10 s for the rate limit"]


@pytest.mark.parametrize(("for_all_calls", "waits"), [(True, [20.0]), (False, [])])
def test_only_a_pause_for_all_calls_holds_the_other_callers(for_all_calls: bool, waits: list[float]) -> None:
    clock, slept = TickingClock(), list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.move(seconds)
        if len(slept) == 1:
            clock.move(-seconds)
            raise InterruptedError

    throttle = Throttle(None, None, threading.Event(), clock=clock, sleep=sleep)
    throttle.record_response(HttpResponse(200, {}, b"", clock()), throttle.acquire(write=False))
    with pytest.raises(InterruptedError):
        throttle.acquire(write=False, pause=Pause(20, for_all_calls))
    throttle.acquire(write=False)
    assert slept[1:] == pytest.approx(waits, abs=0.1)


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
