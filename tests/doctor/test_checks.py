"""What single observations mean, where the embedded server does not make them."""

from __future__ import annotations

import pytest

from reconciler.doctor.checks import CLOCK_TOLERANCE_SECONDS, check_clock, check_rate_limit, server_checks
from reconciler.doctor.model import Outcome, Reads, Setup
from reconciler.errors import NoResponse, RateLimited, ServerError
from reconciler.live.responses import HttpResponse
from reconciler.live.transport import Exchange
from reconciler.model.live import Instance

SETUP = Setup(
    path=None,
    desired=None,
    problems=(),
    key_source="WAPPFY_API_KEY",
    instance_id="inst_abc123",
    server="https://api.example.com/api",
)
CONNECTED = Instance("inst_abc123", "connected")
NOON = 1_768_478_400
NOON_DATE = "Thu, 15 Jan 2026 12:00:00 GMT"


def seen(sent: float, received: float, **headers: str) -> Reads:
    response = HttpResponse(200, headers, b"{}", received)
    exchange = Exchange(method="GET", path="/", query={}, sent_at=sent, received_at=received, response=response)
    return Reads(exchanges=(exchange,), instance=CONNECTED)


def test_without_a_date_the_servers_clock_is_not_known() -> None:
    assert check_clock(seen(NOON, NOON + 1)).outcome is Outcome.NOTE


@pytest.mark.parametrize(
    ("off", "outcome"),
    [
        (0, Outcome.FINE),
        (CLOCK_TOLERANCE_SECONDS - 1, Outcome.FINE),
        (CLOCK_TOLERANCE_SECONDS + 2, Outcome.NOTE),
        (-CLOCK_TOLERANCE_SECONDS + 1, Outcome.FINE),
        (-CLOCK_TOLERANCE_SECONDS - 2, Outcome.NOTE),
    ],
)
def test_a_clock_is_off_only_as_far_as_the_answers_prove(off: int, outcome: Outcome) -> None:
    assert check_clock(seen(NOON - off, NOON - off, Date=NOON_DATE)).outcome is outcome


def test_a_slow_answer_does_not_make_the_clock_wrong() -> None:
    assert check_clock(seen(NOON - 100, NOON, Date=NOON_DATE)).outcome is Outcome.FINE


@pytest.mark.parametrize("error", [NoResponse("no answer"), ServerError("it failed", status=503)])
def test_a_server_that_gives_no_usable_answer_is_broken_and_the_rest_is_skipped(
    error: NoResponse | ServerError,
) -> None:
    checks = list(server_checks(SETUP, Reads(instance=error)))
    assert [check.outcome.value for check in checks] == ["broken", *["skipped"] * 4]
    assert checks[0].advice.to_text()


def test_a_limit_that_leaves_no_call_is_broken_and_the_key_is_not_judged() -> None:
    observed = Reads(exchanges=seen(NOON, NOON).exchanges, instance=RateLimited("too many calls", status=429))
    outcomes = {check.name: check.outcome.value for check in server_checks(SETUP, observed)}
    assert (outcomes["rate-limit"], outcomes["access"]) == ("broken", "skipped")


def test_rate_headers_that_make_no_sense_are_taken_for_none() -> None:
    odd = seen(NOON, NOON, **{"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "-1"})
    assert check_rate_limit(odd).outcome is Outcome.NOTE
