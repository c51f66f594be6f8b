"""Whether a failed call is retried, and after which pause."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import pytest

from reconciler.errors import (
    ApiError,
    InvalidResponse,
    NoResponse,
    RateLimited,
    RequestNotSent,
    ServerError,
    Unreachable,
)
from reconciler.live.retry import Failure, Pause, Retry, decide_retry, retry_after


def _decide(
    error: ApiError, attempts: int = 1, headers: Mapping[str, str] | None = None, **changes: Any
) -> Pause | None:
    arguments = {"method": "GET", "retry": Retry.IDEMPOTENT, "invalid_responses": 0, "chance": 0, **changes}
    return decide_retry(Failure(error, headers or {}, until_reset=5.0), attempts=attempts, **arguments)


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_jitter_adds_a_quarter_of_the_backoff_at_most(chance: float) -> None:
    pauses = [_decide(NoResponse("x"), attempts, chance=chance) for attempts in (1, 2, 3, 4)]
    assert pauses == [Pause(base * (1 + chance / 4)) for base in (1, 2, 4, 8)]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"X-RateLimit-Reset": "7", "Retry-After": "3"}, 5.0), ({"Retry-After": "3"}, 3.0), ({}, 1.0)],
    ids=["reset", "Retry-After alone", "no header"],
)
def test_a_429_pauses_every_call_until_the_reset_or_as_retry_after_says(
    headers: dict[str, str], seconds: float
) -> None:
    assert _decide(RateLimited("x"), headers=headers) == Pause(seconds, for_all_calls=True)


def test_a_date_in_retry_after_is_compared_with_the_servers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Retry-After": formatdate(1_000_030, usegmt=True), "Date": formatdate(1_000_000, usegmt=True)}
    assert retry_after(headers) == 30
    del headers["Date"]
    monkeypatch.setattr(time, "time", lambda: 1_000_010.0)
    assert retry_after(headers) == 20


@pytest.mark.parametrize(("reached", "pauses"), [(False, [1, 2, None, None]), (True, [1, 2, 4, 8])])
def test_a_server_that_was_never_reached_is_tried_for_three_seconds(reached: bool, pauses: list[float | None]) -> None:
    found = [_decide(Unreachable("x"), attempts, reached=reached) for attempts in (1, 2, 3, 4)]
    assert [pause and pause.seconds for pause in found] == pauses


def test_people_are_added_once_more_after_a_5xx_and_no_third_time() -> None:
    assert [_decide(ServerError("x"), attempts, retry=Retry.ADD) for attempts in (1, 2)] == [Pause(1.0), None]
    assert _decide(NoResponse("x"), 2, retry=Retry.ADD) == Pause(2.0)


@pytest.mark.parametrize(
    ("headers", "again"),
    [({"X-RateLimit-Remaining": "0"}, True), ({"X-RateLimit-Remaining": "7"}, False), ({"Retry-After": "7"}, False)],
)
def test_a_create_is_sent_again_after_a_429_only_if_the_window_is_used_up(headers: dict[str, str], again: bool) -> None:
    assert (_decide(RateLimited("x"), headers=headers, method="POST", retry=Retry.CREATE) is not None) == again
    assert _decide(RateLimited("x"), headers=headers, method="POST", retry=Retry.AT_MOST_ONCE) is not None


def test_no_failure_is_retried_beyond_five_attempts() -> None:
    kinds: list[ApiError] = [
        RequestNotSent("x"),
        NoResponse("x"),
        RateLimited("x"),
        ServerError("x"),
        InvalidResponse("x"),
    ]
    for error, retry, invalid_responses in itertools.product(kinds, Retry, range(5)):
        assert _decide(error, 5, retry=retry, invalid_responses=invalid_responses) is None
