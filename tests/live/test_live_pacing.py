"""No call is sent that would be answered 429, and none waits longer than that needs. Simulated time throughout."""

from __future__ import annotations

import math
import threading
import time
from email.utils import formatdate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import Interrupted
from reconciler.live.rate_limit import (
    MAX_RESET_SECONDS,
    RateHeaders,
    RateLimitState,
    ServerClock,
    http_date,
    rate_headers,
)
from reconciler.live.throttle import Throttle
from tests.live.rate_simulation import SimulatedServer, simulate

NOW = 1_000_000_000.0


def _headers(limit: int | str, remaining: int | str, reset: float | str, date: float | None = NOW) -> dict[str, str]:
    told = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(reset)}
    return told if date is None else {**told, "Date": formatdate(date, usegmt=True)}


@given(
    limit=st.integers(1, 120),
    window=st.sampled_from([1.0, 2.0, 2.5, 7.3, 60.0]),
    aligned=st.booleans(),
    skew=st.floats(-100, 100),
    workers=st.integers(1, 8),
    start=st.floats(10_000, 10_010),
    slowest=st.floats(0.001, 1.5),
    seed=st.integers(0, 5),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_call_is_ever_answered_429(
    limit: int,
    window: float,
    aligned: bool,
    skew: float,
    workers: int,
    start: float,
    slowest: float,
    seed: int,
) -> None:
    server = SimulatedServer(limit, window, aligned, skew)
    run = simulate(
        RateLimitState(None, None),
        server,
        min(250, limit * 4),
        workers=workers,
        start=start,
        trip=lambda chance: chance.uniform(0.0005, slowest),
        seed=seed,
    )
    assert server.refused == 0
    assert run.most_under_way <= workers


@pytest.mark.parametrize("skew", [0.0, 0.5, -3600.25])
@pytest.mark.parametrize("phase", [0.0, 0.1, 0.3, 0.5, 0.7])
def test_600_calls_at_100_in_two_seconds_take_five_windows_and_hardly_more(skew: float, phase: float) -> None:
    start = 10_000 - skew + phase
    server = SimulatedServer(100, 2.0, aligned=True, skew=skew)
    run = simulate(RateLimitState(None, None), server, 600, start=start)
    least = 10 - phase
    assert server.refused == 0
    assert least <= run.finished - start < least * 1.05 + 0.2


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.8])
def test_a_reset_that_is_rounded_up_is_waited_for_and_no_longer(phase: float) -> None:
    server = SimulatedServer(100, 2.0, skew=0.4)
    start = 10_000.6 + phase
    run = simulate(RateLimitState(None, None), server, 600, start=start)
    resets = [math.ceil(opened + 2) for opened in server.opened]
    assert len(resets) == 6
    assert run.finished - start < (resets[4] - 0.4 - start) * 1.05 + 0.2


def test_a_minute_of_the_real_limit_costs_a_second_at_most() -> None:
    server = SimulatedServer(100, 60.0, skew=12.3)
    run = simulate(RateLimitState(None, None), server, 250)
    assert server.refused == 0
    assert run.finished - 1_000 < 120 * 1.05


def test_a_server_that_rounds_its_reset_down_is_learned_from_one_429() -> None:
    server = SimulatedServer(50, 7.5, rounding=math.floor)
    simulate(RateLimitState(None, None), server, 500)
    assert server.refused <= 1


def test_a_long_wait_covers_a_reset_that_is_rounded_down() -> None:
    server = SimulatedServer(100, 60.0, rounding=math.floor, skew=0.5)
    simulate(RateLimitState(None, None), server, 350)
    assert server.refused == 0


@pytest.mark.parametrize("lost", [0.05, 0.3])
def test_calls_whose_answers_are_lost_are_counted_as_sent(lost: float) -> None:
    server = SimulatedServer(20, 3.0)
    simulate(RateLimitState(None, None), server, 100, lost=lost, seed=3)
    assert server.refused == 0


def test_a_lost_answer_after_a_reset_stops_nothing() -> None:
    server = SimulatedServer(1, 2.0)
    assert len(simulate(RateLimitState(None, None), server, 20, lost=0.5, seed=1).sent) == 20


def test_without_headers_there_is_no_pacing() -> None:
    server = SimulatedServer(10_000, headers=False)
    run = simulate(RateLimitState(None, None), server, 500, workers=8)
    assert run.finished - 1_000 < 1
    assert run.most_under_way == 8


def test_until_the_first_answer_one_call_goes_at_a_time() -> None:
    pace = RateLimitState(None, None)
    pace.send(0.0, write=False)
    assert pace.delay(0.0, write=False, waiting=1) == math.inf
    pace.record_response({}, 0.0, 0.1)
    assert pace.delay(0.1, write=False, waiting=1) == 0


def test_without_a_date_our_own_clock_counts() -> None:
    pace = RateLimitState(None, None, wall_offset=NOW)
    pace.send(0.0, write=False)
    pace.record_response(_headers(100, 0, NOW + 10, date=None), 0.0, 0.1)
    assert pace.delay(0.1, write=False, waiting=1) == pytest.approx(9.9)
    assert pace.until_reset(0.1) == pytest.approx(9.9)
    assert pace.until_reset(11) is None


def test_calls_under_way_are_taken_from_what_remains() -> None:
    pace = RateLimitState(None, None)
    pace.send(0.0, write=False)
    pace.record_response(_headers(100, 2, NOW + 10), 0.0, 0.1)
    pace.send(0.2, write=False)
    pace.send(0.2, write=False)
    assert pace.delay(0.2, write=False, waiting=1) == pytest.approx(10.1 - 0.2)


def test_answers_that_overtake_one_another_leave_the_least_remaining() -> None:
    pace = RateLimitState(None, None)
    for _ in range(2):
        pace.send(0.0, write=False)
    pace.record_response(_headers(100, 0, NOW + 10), 0.0, 0.1)
    pace.record_response(_headers(100, 1, NOW + 10), 0.0, 0.2)
    assert pace.delay(0.2, write=False, waiting=1) > 9


def test_a_late_answer_from_an_old_window_changes_nothing() -> None:
    pace = RateLimitState(None, None)
    for _ in range(3):
        pace.send(0.0, write=False)
    pace.record_response(_headers(100, 50, NOW + 20), 0.0, 0.1)
    pace.record_response(_headers(100, 0, NOW + 10), 0.0, 0.2)
    assert pace.delay(0.2, write=False, waiting=1) == 0


@pytest.mark.parametrize("reset", [NOW + 1e9, 1e14, NOW + 121])
def test_a_reset_far_in_the_future_is_cut(reset: float) -> None:
    pace = RateLimitState(None, None)
    pace.send(0.0, write=False)
    pace.record_response(_headers(100, 0, reset), 0.0, 0.1)
    assert 100 < pace.delay(0.1, write=False, waiting=1) <= MAX_RESET_SECONDS + 1e-6


def test_a_reset_that_stays_in_the_past_is_not_waited_for() -> None:
    pace = RateLimitState(None, None)
    for at in (0.0, 5.0, 10.0, 15.0):
        assert pace.delay(at, write=False, waiting=1) == 0
        pace.send(at, write=False)
        pace.record_response(_headers(100, 0, NOW - 50, NOW + at), at, at + 0.1)
    assert pace.delay(20.0, write=False, waiting=1) == 0


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, None),
        (_headers(100, 7, 1e9), RateHeaders(100, 7, 1e9)),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "1000.5"}, RateHeaders(None, 7, 1000.5)),
        (_headers(0, 7, 5), RateHeaders(None, 7, 5)),
        (_headers("many", 7, 5), RateHeaders(None, 7, 5)),
        (_headers(100, -1, 5), None),
        (_headers(100, "x", 5), None),
        (_headers(100, 7, "nan"), None),
        (_headers(100, 7, "inf"), None),
        (_headers(100, 7, "1e300"), None),
        (_headers(100, 7, ""), None),
        ({"X-RateLimit-Remaining": "7"}, None),
    ],
)
def test_rate_headers_that_make_no_sense_are_none(headers: dict[str, str], told: RateHeaders | None) -> None:
    assert rate_headers(headers) == told


def test_a_429_has_nothing_left_whatever_its_headers_say() -> None:
    assert rate_headers({"X-RateLimit-Reset": "5"}, refused=True) == RateHeaders(None, 0, 5)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("Thu, 99 Jan 1970", None),
    ],
)
def test_an_http_date_is_read_or_it_is_none(text: str | None, date: int | None) -> None:
    assert http_date(text) == date


@pytest.mark.parametrize(
    "text", ["Thu Jan  1 00:01:00 1970", "Thu, 01 Jan 1970 00:01:00", "Thu, 01 Jan 1970 00:01:00 -0000"]
)
def test_an_http_date_without_a_zone_is_utc_wherever_it_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert http_date(text) == 60.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_rate_caps_the_calls_of_any_minute() -> None:
    server = SimulatedServer(10_000, headers=False)
    run = simulate(RateLimitState(30, None), server, 100)
    assert _most_in_a_minute(server) == 30
    assert run.finished - 1_000 < 181


@pytest.mark.parametrize("rate", [1, 2, 6, 30])
@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_a_rate_caps_the_calls_of_any_minute_as_the_server_sees_them_however_long_they_travel(
    rate: int, lost: float
) -> None:
    server = SimulatedServer(10_000, headers=False)
    simulate(
        RateLimitState(rate, None),
        server,
        4 * rate,
        trip=lambda chance: chance.uniform(0.001, 2.0),
        lost=lost,
        seed=rate,
    )
    assert _most_in_a_minute(server) <= rate


@pytest.mark.parametrize(
    ("rate", "most"), [(0.4, 1), (0.99, 1), (1.0, 1), (1.5, 1), (1.99, 1), (2.0, 2), (2.5, 2), (7.9, 7), (59.5, 59)]
)
def test_of_a_rate_with_a_fraction_no_minute_has_more_calls_than_its_whole_part(rate: float, most: int) -> None:
    server = SimulatedServer(10_000, headers=False)
    simulate(RateLimitState(rate, None), server, 4 * most + 4)
    assert _most_in_a_minute(server) == most


def test_a_call_counts_against_the_rate_until_a_minute_after_it_ended_in_whatever_order_that_is_told() -> None:
    pace = RateLimitState(2, None)
    pace.send(0.0, write=False)
    pace.send(0.0, write=False)
    assert pace.delay(70.0, write=False, waiting=1) == math.inf
    pace.record_response({}, 0.0, 71.0)
    assert pace.delay(71.0, write=False, waiting=1) == 60.0
    pace.record_response({}, 0.0, 70.5)
    assert pace.delay(71.0, write=False, waiting=1) == 60.0


def _most_in_a_minute(server: SimulatedServer) -> int:
    return max(sum(at <= other < at + 60 for other in server.arrived) for at in server.arrived)


def test_a_rate_below_one_a_minute_spaces_single_calls() -> None:
    run = simulate(RateLimitState(0.5, None), SimulatedServer(headers=False, limit=100), 3)
    assert [later - earlier for earlier, later in zip(run.sent, run.sent[1:], strict=False)] == [
        pytest.approx(120, abs=0.01)
    ] * 2


def test_writes_are_evenly_spaced_and_reads_are_not() -> None:
    run = simulate(RateLimitState(None, 20), SimulatedServer(headers=False, limit=100), 5, write=True)
    assert all(later - earlier >= 3 for earlier, later in zip(run.sent, run.sent[1:], strict=False))
    pace = RateLimitState(None, 20)
    pace.send(0.0, write=True)
    pace.record_response({}, 0.0, 0.1)
    assert pace.delay(0.1, write=False, waiting=1) == 0
    assert pace.delay(0.1, write=True, waiting=1) == pytest.approx(2.9)


def test_a_hold_holds_everybody() -> None:
    pace = RateLimitState(None, None)
    pace.block_for(5.0)
    pace.block_for(3.0)
    assert pace.delay(1.0, write=False, waiting=1) == 4


@given(st.floats(-50, 50), st.lists(st.floats(0.001, 3), min_size=1, max_size=50), st.integers(0, 9))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_bounds_of_the_servers_clock_always_hold_its_true_difference(
    skew: float, gaps: list[float], share: int
) -> None:
    clock, now = ServerClock(), 100.0
    for gap in gaps:
        now += gap
        clock.observe(math.floor(now + skew), now - gap * share / 10, now + 0.05)
        assert clock.low <= skew <= clock.high + 1e-9


def test_a_clock_that_was_set_is_believed_anew() -> None:
    clock = ServerClock()
    clock.observe(1000, 0, 0.1)
    clock.observe(5000, 1, 1.1)
    assert clock.low == pytest.approx(4998.9)
    clock.observe(500, 2, 2.1)
    assert clock.high == pytest.approx(499)
    clock.trust(7.0)
    assert clock.high == pytest.approx(499)


class Clock:
    """Moves a little with each look."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 1e-3
        return self.time


def test_callers_in_threads_are_let_through_as_the_answers_allow() -> None:
    pacer = Throttle(None, None, threading.Event(), clock=Clock(), wall=lambda: NOW)
    first = pacer.acquire(write=False)
    through: list[float] = []
    threads = [threading.Thread(target=lambda: through.append(pacer.acquire(write=False))) for _ in range(3)]
    for thread in threads:
        thread.start()
    pacer.record_response(_headers(100, 50, NOW + 30), first, pacer.now())
    for thread in threads:
        thread.join()
    assert len(through) == 3
    assert pacer.until_reset() is not None


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    pacer = Throttle(None, None, stop, clock=lambda: 0.0)
    pacer.block_for(100)
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Interrupted):
        pacer.acquire(write=True)


@pytest.mark.parametrize(
    ("rate", "headers", "per_minute"),
    [
        (None, {}, 100),
        (30, {}, 30),
        (2.5, {}, 2),
        (0.5, {}, 0.5),
        (None, _headers(250, 5, NOW + 5), 250),
        (300, _headers(250, 5, NOW + 5), 250),
        (30, _headers(250, 5, NOW + 5), 30),
    ],
)
def test_the_rate_is_what_the_server_tells_or_the_lower_one_asked_for(
    rate: float | None, headers: dict[str, str], per_minute: float
) -> None:
    pacer = Throttle(rate, None, threading.Event())
    pacer.record_response(headers, pacer.acquire(write=False), pacer.now())
    assert pacer.per_minute == per_minute
