"""The rate limit as documented: its headers on every answer, its refusals, its windows."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from reconciler.sandbox import Settings
from reconciler.sandbox.rate_limit import RateLimiter
from tests.sandbox.running_server import running


def test_headers_count_down_and_the_next_call_is_a_429() -> None:
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


def test_a_refused_call_takes_no_effect() -> None:
    with running(Settings(rate_limit=0, retry_after_header=True)) as api:
        answer = api.call("POST", "/groups", {"name": "A", "participants": []})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 61
        assert api.world.effects() == ()


def test_callers_without_the_key_have_a_limit_of_their_own() -> None:
    with running(Settings(anonymous_rate_limit=1)) as api:
        wrong = {"X-Api-Key": "wrong"}
        assert [api.call("GET", "", headers=wrong).status_code for _ in range(2)] == [401, 429]
        assert api.call("GET", "").headers["X-RateLimit-Remaining"] == "99"


@pytest.mark.parametrize("settings", [Settings(rate_headers=False), Settings(rate_limit=None)])
def test_headers_can_be_left_out(settings: Settings) -> None:
    with running(settings) as api:
        assert not [name for name in api.call("GET", "").headers if name.lower().startswith("x-ratelimit")]


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_every_time_told_is_the_servers_own(skew: float) -> None:
    with running(Settings(clock_skew=skew)) as api:
        answer = api.call("POST", "/groups", {"name": "A", "participants": []})
        shifted = time.time() + skew
        assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - shifted) < 10
        assert 0 < int(answer.headers["X-RateLimit-Reset"]) - shifted < 70
        assert abs(api.world.groups()[0].created_at - shifted) < 10


@pytest.mark.parametrize(
    ("window", "first", "last", "told"),
    [
        (10.0, 100.3, 109.999, 110),
        (10.0, 100.0, 109.999, 110),
        (2.0, 100.999, 101.999, 102),
        (2.5, 100.3, 102.499, 103),
        (0.5, 100.3, 100.799, 101),
    ],
)
def test_a_window_begins_at_the_whole_second_of_its_first_call_and_ends_no_later_than_told(
    window: float, first: float, last: float, told: int
) -> None:
    limiter = RateLimiter(Settings(rate_limit=2, window=window))
    standings = [limiter.count(None, now) for now in (first, last, last)]
    assert [standing and standing.reset_at for standing in standings] == [told] * 3
    assert [standing and standing.exceeded for standing in standings] == [False, False, True]
    later = limiter.count(None, float(told))
    assert later is not None
    assert (later.remaining, later.exceeded) == (1, False)


def test_a_window_of_whole_seconds_ends_exactly_when_told() -> None:
    limiter = RateLimiter(Settings(rate_limit=1, window=2.0))
    for second in (100, 102, 104):
        standing = limiter.count(None, float(second))
        assert standing is not None
        assert (standing.exceeded, standing.reset_at) == (False, second + 2)


def test_a_clock_set_back_opens_a_new_window() -> None:
    limiter = RateLimiter(Settings(rate_limit=1, window=10.0))
    limiter.count(None, 1000.0)
    standing = limiter.count(None, 500.0)
    assert standing is not None
    assert (standing.exceeded, standing.reset_at) == (False, 510)
