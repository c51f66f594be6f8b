"""The rate limit as documented: its headers on every answer, its errors, its windows."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from reconciler.sandbox import Settings
from reconciler.sandbox.context import RateLimiter
from tests.sandbox.running_server import running


def test_headers_count_down_to_a_429() -> None:
    with running(Settings(rate_limit=2)) as api:
        left = [api.call("GET", path).headers["X-RateLimit-Remaining"] for path in ("", "/nothing")]
        assert left == ["1", "0"]
        answer = api.call("GET", "")
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert answer.headers["X-RateLimit-Limit"] == "2"
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert 0 < int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 61
        assert "Retry-After" not in answer.headers
        assert [call.status for call in api.world.calls()] == [200, 404, 429]


def test_a_rate_limited_call_has_no_effect() -> None:
    with running(Settings(rate_limit=0, retry_after_header=True)) as api:
        answer = api.call("POST", "/groups", {"name": "A", "participants": []})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 61
        assert api.world.effects() == ()


def test_callers_without_the_key_have_a_separate_limit() -> None:
    with running(Settings(anonymous_rate_limit=1)) as api:
        wrong = {"X-Api-Key": "wrong"}
        assert [api.call("GET", "", headers=wrong).status_code for _ in range(2)] == [401, 429]
        assert api.call("GET", "").headers["X-RateLimit-Remaining"] == "99"


@pytest.mark.parametrize("settings", [Settings(rate_headers=False), Settings(rate_limit=None)])
def test_rate_headers_can_be_disabled(settings: Settings) -> None:
    with running(settings) as api:
        assert not [name for name in api.call("GET", "").headers if name.lower().startswith("x-ratelimit")]


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_all_times_follow_the_server_clock(skew: float) -> None:
    with running(Settings(clock_skew=skew)) as api:
        answer = api.call("POST", "/groups", {"name": "A", "participants": []})
        shifted = time.time() + skew
        assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - shifted) < 10
        assert 0 < int(answer.headers["X-RateLimit-Reset"]) - shifted < 70
        assert abs(api.world.groups()[0].created_at - shifted) < 10


@pytest.mark.parametrize(
    ("window", "first", "last", "reset_at"),
    [
        (10.0, 100.3, 109.999, 110),
        (10.0, 100.0, 109.999, 110),
        (2.0, 100.999, 101.999, 102),
        (2.5, 100.3, 102.499, 103),
        (0.5, 100.3, 100.799, 101),
    ],
)
def test_a_window_starts_at_a_whole_second_and_ends_by_its_reset_time(
    window: float, first: float, last: float, reset_at: int
) -> None:
    limiter = RateLimiter(Settings(rate_limit=2, window=window))
    statuses = [limiter.count(None, now) for now in (first, last, last)]
    assert [status and status.reset_at for status in statuses] == [reset_at] * 3
    assert [status and status.exceeded for status in statuses] == [False, False, True]
    later = limiter.count(None, float(reset_at))
    assert later is not None
    assert (later.remaining, later.exceeded) == (1, False)


def test_a_window_of_whole_seconds_ends_exactly_at_its_reset_time() -> None:
    limiter = RateLimiter(Settings(rate_limit=1, window=2.0))
    for second in (100, 102, 104):
        status = limiter.count(None, float(second))
        assert status is not None
        assert (status.exceeded, status.reset_at) == (False, second + 2)


def test_a_clock_set_back_opens_a_new_window() -> None:
    limiter = RateLimiter(Settings(rate_limit=1, window=10.0))
    limiter.count(None, 1000.0)
    status = limiter.count(None, 500.0)
    assert status is not None
    assert (status.exceeded, status.reset_at) == (False, 510)
