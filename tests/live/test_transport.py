"""Calls are retried only where that is harmless, after the right wait; sessions refuse what they do not allow."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from reconciler.errors import (
    ApiError,
    Conflict,
    Interrupted,
    InvalidResponse,
    NoResponse,
    RateLimited,
    ReadOnlyViolation,
    RequestNotSent,
    ServerError,
)
from reconciler.live import transport as transport_module
from reconciler.live.client import Client, send_message_endpoint
from reconciler.live.decode_answers import SentMessage
from reconciler.live.responses import ApiResponse
from reconciler.live.retry import Retry
from reconciler.live.throttle import Throttle
from tests.live.scripted_server import NO_BODY, Expect, ScriptedServer
from tests.live.transport_setup import ALICE, BASE, GROUP, INSTANCE, Setup, client_of

ADD = f"{BASE}/groups/{GROUP}/participants"
BODY = {"participants": [ALICE]}


def _ok(method: str, body: Any = NO_BODY) -> Expect:
    return Expect(method, ADD, body)


def _status(status: int, method: str = "GET", body: Any = NO_BODY, **headers: str) -> Expect:
    error = {"success": False, "error": {"code": "X", "message": "no"}, "meta": {"requestId": "req_9"}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Expect(method, ADD, body, status=status, answer=error, headers=named)


def _dropped(method: str, body: Any = NO_BODY) -> Expect:
    return Expect(method, ADD, body, raw=b"")


def _garbage(method: str, body: Any = NO_BODY) -> Expect:
    return Expect(method, ADD, body, answer=b"<html>")


@pytest.fixture(autouse=True)
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoChance:
        @staticmethod
        def random() -> float:
            return 0.0

    monkeypatch.setattr(transport_module, "_RANDOM", NoChance)


@pytest.mark.parametrize(
    ("method", "retry", "failures", "waits"),
    [
        pytest.param("GET", Retry.IDEMPOTENT, [_dropped("GET")], [1], id="read, connection dropped"),
        pytest.param(
            "GET", Retry.IDEMPOTENT, [_status(s) for s in (500, 502, 503, 504)], [1, 2, 4, 8], id="read, 5xx four times"
        ),
        pytest.param("GET", Retry.IDEMPOTENT, [_garbage("GET")] * 2, [1, 2], id="read, garbage twice"),
        pytest.param("GET", Retry.IDEMPOTENT, [_status(503, Retry_After="7")], [7], id="read, 503 that says when"),
        pytest.param("DELETE", Retry.IDEMPOTENT, [_dropped("DELETE", BODY)], [1], id="remove, connection dropped"),
        pytest.param("POST", Retry.IDEMPOTENT, [_status(500, "POST", BODY)], [1], id="add, 500"),
        pytest.param(
            "PATCH", Retry.IDEMPOTENT, [_status(429, "PATCH", BODY)] * 4, [1, 2, 4, 8], id="patch, 429 four times"
        ),
        pytest.param("POST", Retry.AT_MOST_ONCE, [_status(429, "POST", BODY)] * 2, [1, 2], id="create, 429 twice"),
        pytest.param("GET", Retry.IDEMPOTENT, [_status(429, Retry_After="3")], [3], id="429, seconds given"),
        pytest.param(
            "GET", Retry.IDEMPOTENT, [_status(429, Retry_After="9999")], [120], id="429, far too many seconds"
        ),
        pytest.param(
            "GET",
            Retry.IDEMPOTENT,
            [_status(429, Retry_After="Fri, 31 Dec 2100 23:59:59 GMT")],
            [120],
            id="429, a date far away",
        ),
        pytest.param("GET", Retry.IDEMPOTENT, [_status(429, Retry_After="soon")], [1], id="429, not to be understood"),
    ],
)
def test_a_harmless_call_is_retried_after_a_growing_wait(
    method: str, retry: Retry, failures: list[Expect], waits: list[float]
) -> None:
    body = None if method == "GET" else BODY
    script = [*failures, _ok(method, NO_BODY if body is None else BODY)]
    with ScriptedServer(script) as server:
        setup = Setup(server.url)
        with setup.transport() as transport:
            answer = transport.request(method, ADD, json=body, retry=retry)
    assert setup.waits == pytest.approx(waits, abs=1e-3)
    assert [record.attempt for record in setup.records] == list(range(1, len(script) + 1))
    assert answer == ApiResponse(None, 200)


@pytest.mark.parametrize(
    ("method", "retry", "failures", "error"),
    [
        pytest.param("POST", Retry.AT_MOST_ONCE, [_dropped("POST", BODY)], NoResponse, id="create, dropped"),
        pytest.param("POST", Retry.AT_MOST_ONCE, [_status(500, "POST", BODY)], ServerError, id="create, 500"),
        pytest.param("POST", Retry.AT_MOST_ONCE, [_garbage("POST", BODY)], InvalidResponse, id="create, garbage"),
        pytest.param("POST", Retry.IDEMPOTENT, [_garbage("POST", BODY)], InvalidResponse, id="add, garbage"),
        pytest.param("GET", Retry.IDEMPOTENT, [_garbage("GET")] * 3, InvalidResponse, id="read, garbage three times"),
        pytest.param("GET", Retry.IDEMPOTENT, [_status(500)] * 5, ServerError, id="read, 500 five times"),
        pytest.param(
            "POST", Retry.AT_MOST_ONCE, [_status(429, "POST", BODY)] * 5, RateLimited, id="create, 429 five times"
        ),
        pytest.param("POST", Retry.IDEMPOTENT, [_status(409, "POST", BODY)], Conflict, id="add, 409"),
    ],
)
def test_a_call_that_must_not_be_retried_or_failed_too_often_raises(
    method: str, retry: Retry, failures: list[Expect], error: type[ApiError]
) -> None:
    body = None if method == "GET" else BODY
    with ScriptedServer(failures) as server:
        setup = Setup(server.url)
        with setup.transport() as transport, pytest.raises(error) as caught:
            transport.request(method, ADD, json=body, retry=retry)
    assert len(setup.records) == len(failures)
    assert all(record.error for record in setup.records)
    assert caught.value.endpoint == f"{method} /groups/{GROUP}/participants"


@pytest.mark.parametrize("retry", list(Retry))
def test_a_wrong_address_is_tried_for_three_seconds_and_told_at_once(
    retry: Retry, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedServer([]) as server:
        url = server.url
    place = url.removeprefix("http://").partition("/")[0]
    setup = Setup(url, on_wait=lambda: told.append(caplog.text))
    told: list[str] = []
    caplog.set_level("INFO", "reconciler.live")
    with setup.transport() as transport, pytest.raises(RequestNotSent, match="Connection refused"):
        transport.request("POST", ADD, json=BODY, retry=retry)
    assert setup.waits == pytest.approx([1, 2], abs=1e-3)
    assert [(r.status, r.error) for r in setup.records] == [(None, f"no connection to {place}: Connection refused")] * 3
    assert place in told[0]


def test_an_earlier_attempt_of_a_write_that_may_have_worked_is_the_cause() -> None:
    script = [_dropped("DELETE", BODY), _status(409, "DELETE", BODY)]
    with (
        ScriptedServer(script) as server,
        Setup(server.url).transport() as transport,
        pytest.raises(Conflict) as caught,
    ):
        transport.request("DELETE", ADD, json=BODY, retry=Retry.IDEMPOTENT)
    assert isinstance(caught.value.__cause__, NoResponse)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([_status(429, "DELETE", BODY), _status(409, "DELETE", BODY)], id="429 first, so not processed"),
        pytest.param([_status(409, "DELETE", BODY)], id="the first attempt"),
    ],
)
def test_without_an_earlier_attempt_that_may_have_worked_there_is_no_cause(script: list[Expect]) -> None:
    with (
        ScriptedServer(script) as server,
        Setup(server.url).transport() as transport,
        pytest.raises(Conflict) as caught,
    ):
        transport.request("DELETE", ADD, json=BODY, retry=Retry.IDEMPOTENT)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("headers", [{"X-RateLimit-Remaining": "0"}, {}], ids=["with Remaining", "Reset alone"])
def test_a_429_is_waited_out_until_the_reset_on_the_servers_clock(headers: dict[str, str]) -> None:
    ahead = time.time() + 5_000
    rates = {"X-RateLimit-Reset": str(int(ahead) + 20), "Retry-After": "3", **headers}
    limited = Expect("GET", ADD, status=429, answer={}, headers={**rates, "Date": formatdate(ahead, usegmt=True)})
    with ScriptedServer([limited, _ok("GET")]) as server:
        setup = Setup(server.url)
        with setup.transport() as transport:
            transport.request("GET", ADD, retry=Retry.IDEMPOTENT)
    assert setup.waits == [pytest.approx(20, abs=1.1)]


def test_a_429_is_waited_out_for_two_minutes_at_most() -> None:
    limited = _status(429, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(time.time()) + 99_999))
    with ScriptedServer([limited, _ok("GET")]) as server:
        setup = Setup(server.url)
        with setup.transport() as transport:
            transport.request("GET", ADD, retry=Retry.IDEMPOTENT)
    assert len(setup.waits) == 1
    assert 100 < setup.waits[0] <= 120


def test_a_stop_during_a_call_lets_it_finish_and_starts_no_other() -> None:
    setup = Setup("")
    with ScriptedServer([Expect("PATCH", ADD, BODY, then=setup.stop.set)]) as server:
        setup.url = server.url
        with setup.transport() as transport:
            assert transport.request("PATCH", ADD, json=BODY, retry=Retry.IDEMPOTENT).status == 200
            with pytest.raises(Interrupted):
                transport.request("GET", ADD, retry=Retry.IDEMPOTENT)


@pytest.mark.parametrize("when", ["during the call", "during the wait"])
def test_a_stop_before_a_retry_has_the_attempt_that_may_have_worked_as_cause(when: str) -> None:
    setup = Setup("")
    if when == "during the wait":
        setup.on_wait = setup.stop.set
    then = setup.stop.set if when == "during the call" else None
    with ScriptedServer([Expect("PATCH", ADD, BODY, raw=b"", then=then)]) as server:
        setup.url = server.url
        with setup.transport() as transport, pytest.raises(Interrupted) as caught:
            transport.request("PATCH", ADD, json=BODY, retry=Retry.IDEMPOTENT)
    assert isinstance(caught.value.__cause__, NoResponse)
    assert len(setup.waits) == (when == "during the wait")


def test_a_stop_ends_a_real_wait() -> None:
    setup = Setup("")
    with ScriptedServer([Expect("GET", ADD, status=500, answer={}, then=setup.stop.set)]) as server:
        setup.url = server.url
        with setup.transport(throttle=Throttle(None, None, setup.stop)) as transport, pytest.raises(Interrupted):
            transport.request("GET", ADD, retry=Retry.IDEMPOTENT)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_a_read_only_session_sends_get_alone(method: str) -> None:
    with ScriptedServer([_ok("GET")]) as server:
        setup = Setup(server.url)
        with setup.transport(read_only=True) as transport:
            transport.request("GET", ADD, retry=Retry.IDEMPOTENT)
            with pytest.raises(ReadOnlyViolation, match=f"{method} /groups/{GROUP}/participants was not sent"):
                transport.request(method, ADD, json=BODY, retry=Retry.IDEMPOTENT)
    assert len(setup.records) == 1


def test_a_read_only_session_refuses_every_write_of_the_client() -> None:
    with ScriptedServer([]) as server, Setup(server.url).transport(read_only=True) as transport:
        client = client_of(transport)
        writes: list[Callable[[], object]] = [
            lambda: client.create_group("x", []),
            lambda: client.patch_group(GROUP, name="x"),
            lambda: client.add_participants(GROUP, [ALICE]),
            lambda: client.remove_participants(GROUP, [ALICE]),
            lambda: client.leave_group(GROUP),
            lambda: client.join_group("AbCdEfGhIjKlMn"),
            lambda: client.send_message(GROUP, "x"),
        ]
        for write in writes:
            with pytest.raises(ReadOnlyViolation):
                write()


def test_a_session_for_messages_sends_nothing_else() -> None:
    body = {"chat_id": GROUP, "type": "text", "text": "x"}
    answer = {"data": {"message_id": "msg_1", "status": "sent"}}
    with ScriptedServer([Expect("POST", f"{BASE}/messages/send", body, answer=answer)]) as server:
        setup = Setup(server.url)
        with setup.transport(only=send_message_endpoint(INSTANCE)) as transport:
            client = client_of(transport)
            others: list[Callable[[], object]] = [
                client.instance,
                client.list_groups,
                lambda: client.group(GROUP),
                client.contacts,
                lambda: client.invite_link(GROUP),
                lambda: client.create_group("x", []),
                lambda: client.patch_group(GROUP, name="x"),
                lambda: client.add_participants(GROUP, [ALICE]),
                lambda: client.remove_participants(GROUP, [ALICE]),
                lambda: client.leave_group(GROUP),
                lambda: client.join_group("AbCdEfGhIjKlMn"),
                lambda: Client(transport, "inst_other").send_message(GROUP, "x"),
                lambda: transport.request("GET", f"{BASE}/messages/send", retry=Retry.IDEMPOTENT),
            ]
            for other in others:
                with pytest.raises(ReadOnlyViolation, match="was not sent: this session allows one other call alone"):
                    other()
            assert client.send_message(GROUP, "x") == SentMessage("msg_1")
    assert len(setup.records) == 1
