"""No call is answered 429, and none waits longer than necessary; in simulated time."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.live.rate_limit import (
    MAX_RESET_SECONDS,
    RateHeaders,
    RateLimitState,
    ServerClock,
    http_date,
    rate_headers,
)
from tests.live.rate_simulation import NOW, SimulatedServer, limit_headers, simulate


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
    assert server.rejected == 0
    assert run.most_under_way <= workers


@pytest.mark.parametrize("skew", [0.0, 0.5, -3600.25])
@pytest.mark.parametrize("phase", [0.0, 0.1, 0.3, 0.5, 0.7])
def test_600_calls_at_100_in_two_seconds_take_1_05_times_five_windows(skew: float, phase: float) -> None:
    start = 10_000 - skew + phase
    server = SimulatedServer(100, 2.0, aligned=True, skew=skew)
    run = simulate(RateLimitState(None, None), server, 600, start=start)
    least = 10 - phase
    assert server.rejected == 0
    assert least <= run.finished - start < least * 1.05 + 0.2


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.8])
def test_the_wait_for_a_rounded_reset_is_1_05_times_the_minimum(phase: float) -> None:
    server = SimulatedServer(100, 2.0, skew=0.4)
    start = 10_000.6 + phase
    run = simulate(RateLimitState(None, None), server, 600, start=start)
    resets = [math.ceil(opened + 2) for opened in server.opened]
    assert len(resets) == 6
    assert run.finished - start < (resets[4] - 0.4 - start) * 1.05 + 0.2


def test_a_minute_of_the_real_limit_costs_a_second_at_most() -> None:
    server = SimulatedServer(100, 60.0, skew=12.3)
    run = simulate(RateLimitState(None, None), server, 250)
    assert server.rejected == 0
    assert run.finished - 1_000 < 120 * 1.05


def test_one_429_reveals_a_server_that_rounds_its_resets_down() -> None:
    server = SimulatedServer(50, 7.5, rounding=math.floor)
    simulate(RateLimitState(None, None), server, 500)
    assert server.rejected <= 1


def test_a_long_wait_covers_a_reset_that_is_rounded_down() -> None:
    server = SimulatedServer(100, 60.0, rounding=math.floor, skew=0.5)
    simulate(RateLimitState(None, None), server, 350)
    assert server.rejected == 0


@pytest.mark.parametrize("lost", [0.05, 0.3])
def test_unanswered_calls_count_as_sent(lost: float) -> None:
    server = SimulatedServer(20, 3.0)
    simulate(RateLimitState(None, None), server, 100, lost=lost, seed=3)
    assert server.rejected == 0


def test_an_unanswered_call_after_a_reset_blocks_nothing() -> None:
    server = SimulatedServer(1, 2.0)
    assert len(simulate(RateLimitState(None, None), server, 20, lost=0.5, seed=1).sent) == 20


def test_without_headers_there_is_no_pacing() -> None:
    server = SimulatedServer(10_000, sends_rates=False)
    run = simulate(RateLimitState(None, None), server, 500, workers=8)
    assert run.finished - 1_000 < 1
    assert run.most_under_way == 8


def test_until_the_first_response_one_call_is_sent_at_a_time() -> None:
    state = RateLimitState(None, None)
    state.send(0.0, write=False)
    assert state.delay(0.0, write=False, waiting=1) == math.inf
    state.record_response({}, 0.0, 0.1)
    assert state.delay(0.1, write=False, waiting=1) == 0


def test_without_a_date_our_own_clock_is_used() -> None:
    state = RateLimitState(None, None, wall_offset=NOW)
    state.send(0.0, write=False)
    state.record_response(limit_headers(100, 0, NOW + 10, date=None), 0.0, 0.1)
    assert state.delay(0.1, write=False, waiting=1) == pytest.approx(9.9)
    assert state.until_reset(0.1) == pytest.approx(9.9)
    assert state.until_reset(11) is None


def test_calls_under_way_are_subtracted_from_the_remaining_ones() -> None:
    state = RateLimitState(None, None)
    state.send(0.0, write=False)
    state.record_response(limit_headers(100, 2, NOW + 10), 0.0, 0.1)
    state.send(0.2, write=False)
    state.send(0.2, write=False)
    assert state.delay(0.2, write=False, waiting=1) == pytest.approx(10.1 - 0.2)


def test_of_responses_out_of_order_the_lowest_remaining_counts() -> None:
    state = RateLimitState(None, None)
    for _ in range(2):
        state.send(0.0, write=False)
    state.record_response(limit_headers(100, 0, NOW + 10), 0.0, 0.1)
    state.record_response(limit_headers(100, 1, NOW + 10), 0.0, 0.2)
    assert state.delay(0.2, write=False, waiting=1) > 9


def test_a_late_response_from_an_old_window_changes_nothing() -> None:
    state = RateLimitState(None, None)
    for _ in range(3):
        state.send(0.0, write=False)
    state.record_response(limit_headers(100, 50, NOW + 20), 0.0, 0.1)
    state.record_response(limit_headers(100, 0, NOW + 10), 0.0, 0.2)
    assert state.delay(0.2, write=False, waiting=1) == 0


@pytest.mark.parametrize("reset", [NOW + 1e9, 1e14, NOW + 121])
def test_a_reset_far_in_the_future_is_capped(reset: float) -> None:
    state = RateLimitState(None, None)
    state.send(0.0, write=False)
    state.record_response(limit_headers(100, 0, reset), 0.0, 0.1)
    assert 100 < state.delay(0.1, write=False, waiting=1) <= MAX_RESET_SECONDS + 1e-6


def test_a_reset_that_stays_in_the_past_is_not_waited_for() -> None:
    state = RateLimitState(None, None)
    for at in (0.0, 5.0, 10.0, 15.0):
        assert state.delay(at, write=False, waiting=1) == 0
        state.send(at, write=False)
        state.record_response(limit_headers(100, 0, NOW - 50, NOW + at), at, at + 0.1)
    assert state.delay(20.0, write=False, waiting=1) == 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        (limit_headers(100, 7, 1e9), RateHeaders(100, 7, 1e9)),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "1000.5"}, RateHeaders(None, 7, 1000.5)),
        (limit_headers(0, 7, 5), RateHeaders(None, 7, 5)),
        (limit_headers("many", 7, 5), RateHeaders(None, 7, 5)),
        (limit_headers(100, -1, 5), None),
        (limit_headers(100, "x", 5), None),
        (limit_headers(100, 7, "nan"), None),
        (limit_headers(100, 7, "inf"), None),
        (limit_headers(100, 7, "1e300"), None),
        (limit_headers(100, 7, ""), None),
        ({"X-RateLimit-Remaining": "7"}, None),
    ],
)
def test_rate_headers_that_make_no_sense_are_ignored(headers: dict[str, str], expected: RateHeaders | None) -> None:
    assert rate_headers(headers) == expected


def test_after_a_429_no_call_is_left_whatever_its_headers_say() -> None:
    assert rate_headers({"X-RateLimit-Reset": "5"}, rejected=True) == RateHeaders(None, 0, 5)


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
def test_an_unreadable_http_date_is_none(text: str | None, date: int | None) -> None:
    assert http_date(text) == date


@pytest.mark.parametrize(
    "text", ["Thu Jan  1 00:01:00 1970", "Thu, 01 Jan 1970 00:01:00", "Thu, 01 Jan 1970 00:01:00 -0000"]
)
def test_an_http_date_without_a_zone_is_utc_in_every_time_zone(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert http_date(text) == 60.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_rate_caps_the_calls_of_any_minute() -> None:
    server = SimulatedServer(10_000, sends_rates=False)
    run = simulate(RateLimitState(30, None), server, 100)
    assert _most_in_a_minute(server) == 30
    assert run.finished - 1_000 < 181


@pytest.mark.parametrize("rate", [1, 2, 6, 30])
@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_a_rate_caps_the_calls_that_arrive_in_any_minute(rate: int, lost: float) -> None:
    server = SimulatedServer(10_000, sends_rates=False)
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
def test_a_rate_with_a_fraction_allows_its_whole_part_in_any_minute(rate: float, most: int) -> None:
    server = SimulatedServer(10_000, sends_rates=False)
    simulate(RateLimitState(rate, None), server, 4 * most + 4)
    assert _most_in_a_minute(server) == most


def test_a_call_counts_against_the_rate_until_a_minute_after_its_end() -> None:
    state = RateLimitState(2, None)
    state.send(0.0, write=False)
    state.send(0.0, write=False)
    assert state.delay(70.0, write=False, waiting=1) == math.inf
    state.record_response({}, 0.0, 71.0)
    assert state.delay(71.0, write=False, waiting=1) == 60.0
    state.record_response({}, 0.0, 70.5)
    assert state.delay(71.0, write=False, waiting=1) == 60.0


def _most_in_a_minute(server: SimulatedServer) -> int:
    return max(sum(at <= other < at + 60 for other in server.arrived) for at in server.arrived)


def test_a_rate_below_one_a_minute_spaces_single_calls() -> None:
    run = simulate(RateLimitState(0.5, None), SimulatedServer(sends_rates=False, limit=100), 3)
    assert [later - earlier for earlier, later in zip(run.sent, run.sent[1:], strict=False)] == [
        pytest.approx(120, abs=0.01)
    ] * 2


def test_writes_are_evenly_spaced_and_reads_are_not() -> None:
    run = simulate(RateLimitState(None, 20), SimulatedServer(sends_rates=False, limit=100), 5, write=True)
    assert all(later - earlier >= 3 for earlier, later in zip(run.sent, run.sent[1:], strict=False))
    state = RateLimitState(None, 20)
    state.send(0.0, write=True)
    state.record_response({}, 0.0, 0.1)
    assert state.delay(0.1, write=False, waiting=1) == 0
    assert state.delay(0.1, write=True, waiting=1) == pytest.approx(2.9)


def test_a_block_holds_every_call() -> None:
    state = RateLimitState(None, None)
    state.block_until(5.0)
    state.block_until(3.0)
    assert state.delay(1.0, write=False, waiting=1) == 4


@given(st.floats(-50, 50), st.lists(st.floats(0.001, 3), min_size=1, max_size=50), st.integers(0, 9))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_bounds_of_the_servers_clock_contain_the_true_difference(
    skew: float, gaps: list[float], share: int
) -> None:
    clock, now = ServerClock(), 100.0
    for gap in gaps:
        now += gap
        clock.observe(math.floor(now + skew), now - gap * share / 10, now + 0.05)
        assert clock.low <= skew <= clock.high + 1e-9


def test_a_server_clock_that_was_set_is_learned_anew() -> None:
    clock = ServerClock()
    clock.observe(1000, 0, 0.1)
    clock.observe(5000, 1, 1.1)
    assert clock.low == pytest.approx(4998.9)
    clock.observe(500, 2, 2.1)
    assert clock.high == pytest.approx(499)
    clock.assume(7.0)
    assert clock.high == pytest.approx(499)
