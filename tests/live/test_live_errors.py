"""What goes wrong on the way and in the answer, and which of our errors says so: no foreign one ever gets out."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests import exceptions as foreign
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from reconciler import errors
from reconciler.errors import ApiError, HttpError, InvalidResponse, NoResponse, RequestNotSent
from reconciler.live import http
from reconciler.live.http import map_transport_error
from reconciler.live.responses import error_from_response
from reconciler.live.retry import Retry
from reconciler.sanitize.escape import escape_controls
from tests.live.https_proxy import HttpsProxy
from tests.live.live_setup import BASE, GROUP, KEY, Rig, client_of
from tests.live.scripted_server import Expect, ScriptedServer

BEHIND = "api.wappfy.test"
"""A name that only the proxy of these tests knows: this machine's own addresses are reached without one."""

FAILURE = "the answer tells of a failure in spite of its status"
PATH = f"{BASE}/groups/{GROUP}"


def _fails(expect: Expect, **options: Any) -> ApiError:
    """Send one call and give back how it failed; a POST, so that nothing is sent twice."""
    with (
        ScriptedServer([expect]) as server,
        Rig(server.url).transport(**options) as transport,
        pytest.raises(ApiError) as caught,
    ):
        transport.request(expect.method, PATH, retry=Retry.AT_MOST_ONCE)
    assert caught.value.endpoint == f"{expect.method} /groups/{GROUP}"
    assert caught.value.__context__ is None or "requests" not in type(caught.value.__context__).__module__
    return caught.value


def _unredacted(text: str) -> str:
    return text


STATUSES = [
    (400, "VALIDATION_ERROR", "HttpError", ""),
    (401, "UNAUTHORIZED", "Unauthorized", "WAPPFY_API_KEY"),
    (403, "FORBIDDEN", "Forbidden", "admin"),
    (404, "NOT_FOUND", "NotFound", "group is gone"),
    (404, "INSTANCE_NOT_FOUND", "NotFound", "instance id"),
    (405, None, "HttpError", ""),
    (409, "PLAN_LIMIT_REACHED", "Conflict", "subscription"),
    (409, "CONFLICT", "Conflict", ""),
    (418, None, "HttpError", ""),
    (422, "VALIDATION_ERROR", "Unprocessable", "s.whatsapp.net"),
    (429, "RATE_LIMIT_EXCEEDED", "RateLimited", "--rate"),
    (500, "INTERNAL_ERROR", "ServerError", "later"),
    (503, None, "ServerError", "later"),
]


@pytest.mark.parametrize(("status", "code", "kind", "hint"), STATUSES)
def test_a_status_becomes_the_error_of_its_kind_with_all_that_the_server_said(
    status: int, code: str | None, kind: str, hint: str
) -> None:
    told = {
        "success": False,
        "error": {"code": code, "message": "Not today", "details": {"field": ["x"]}},
        "meta": {"requestId": "req_7"},
    }
    error = error_from_response(status, {}, json.dumps(told).encode(), "GET /groups", _unredacted)
    assert type(error) is getattr(errors, kind)
    assert (error.status, error.code, error.request_id) == (status, code, "req_7")
    assert (error.message, error.details) == ("Not today", {"field": ["x"]})
    assert hint in error.hint
    label = f"{status} {code}" if code else str(status)
    assert str(error).startswith(f"GET /groups: {label}: Not today (request id req_7)")


@pytest.mark.parametrize(("status", "code", "kind", "hint"), STATUSES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"[]",
        b"null",
        b'"no"',
        b"{",
        b"{}",
        b'{"error": null}',
        b'{"error": {"message": 5, "code": [], "details": 0}, "meta": 3}',
        b"[" * 5_000,
        b"\xff\xfe",
    ],
    ids=repr,
)
def test_a_status_alone_is_enough_for_its_error(
    status: int, code: str | None, kind: str, hint: str, body: bytes
) -> None:
    error = error_from_response(
        status, {"X-Request-Id": "abc"}, body[:40] if body[:2] == b"[[" else body, "GET /x", _unredacted
    )
    assert type(error) is getattr(errors, kind)
    assert error.request_id == "abc"
    assert error.message


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"error": "Group not found"}, "Group not found"),
        ({"statusCode": 404, "message": "Cannot GET", "error": "Not Found"}, "Cannot GET"),
        ({"error": {"message": "a" * 300}}, "a" * 199 + "…"),
        ({"error": {"message": "red \x1b[31m\r\n\u202e \ud800"}}, r"red \x1b[31m\r\n\u202e \ud800"),
        ({"error": {"message": f"the key {KEY} is blocked"}}, "the key [key] is blocked"),
        ({"error": {"message": "12025550143@s.whatsapp.net is in"}}, "+1 202 ••• ••43 is in"),
        ({"error": {"message": "call +1 202 555 0143 now"}}, "call +1 202 ••• ••43 now"),
        ({"error": {"message": f"no group {GROUP}, 12 of 1024"}}, f"no group {GROUP}, 12 of 1024"),
    ],
)
def test_the_servers_words_are_short_and_safe_to_show(told: Any, message: str) -> None:
    redact: Callable[[str], str] = lambda text: text.replace(KEY, "[key]")  # noqa: E731 - one expression
    assert error_from_response(404, {}, json.dumps(told).encode(), "GET /x", redact).message == message


def test_details_keep_the_full_ids_and_are_taken_from_the_message_where_there_are_none() -> None:
    words = "bad: 12025550143@s.whatsapp.net and 4917@x"
    body = json.dumps({"error": {"message": words}}).encode()
    assert error_from_response(422, {}, body, "", _unredacted).details == {
        "participants": ["12025550143@s.whatsapp.net"]
    }
    body = json.dumps({"error": {"message": words, "details": {"bad": [f"x{KEY}"], KEY: None}}}).encode()
    redact: Callable[[str], str] = lambda text: text.replace(KEY, "")  # noqa: E731 - one expression
    assert error_from_response(422, {}, body, "", redact).details == {"bad": ["x"], "": None}


def test_details_are_cut_below_a_depth_that_none_have() -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    details = error_from_response(422, {}, json.dumps({"error": {"details": deep}}).encode(), "", _unredacted).details
    assert json.dumps(details).count("[") == 20


ERROR_FIELDS = st.sampled_from(["error", "message", "code", "details", "meta", "requestId", "x"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(ERROR_FIELDS, inner)))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_body_of_an_error_is_too_odd_to_be_told(told: Any) -> None:
    error = error_from_response(409, {}, json.dumps(told).encode(), "POST /x", _unredacted)
    assert escape_controls(error.message) == error.message, "something is left to escape"
    assert str(error)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://evil.example/api", "evil.example"),
        ("/else", "another place"),
        ("", "another place"),
        ("http://[::1", "another place"),
    ],
)
def test_a_redirect_is_refused_and_names_the_host(status: int, location: str, host: str) -> None:
    error = _fails(Expect("POST", PATH, status=status, answer=b"", headers={"Location": location}))
    assert type(error) is HttpError
    assert (error.status, error.message) == (status, f"a redirect to {host} was refused")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>", "the answer is no JSON, or not all of it"),
        (b'{"data": [', "the answer is no JSON, or not all of it"),
        (b'{"data": NaN}', "the answer is no JSON, or not all of it"),
        (b"[" * 200_000, "the answer is no JSON, or not all of it"),
        (b'"\xff"', "the answer is no JSON, or not all of it"),
        ({"success": False, "error": {"code": "X", "message": "no"}}, f"{FAILURE}: no"),
        ({"success": False}, f"{FAILURE}: no reason given"),
        ({"success": "yes", "data": 1}, f"{FAILURE}: no reason given"),
        ({"error": "broken"}, f"{FAILURE}: broken"),
    ],
)
def test_an_answer_with_a_good_status_that_cannot_be_used_is_a_bad_answer(answer: Any, message: str) -> None:
    error = _fails(Expect("POST", PATH, answer=answer))
    assert type(error) is InvalidResponse
    assert error.message == message
    assert error.status == 200


def test_an_empty_answer_is_only_right_where_it_says_so_itself() -> None:
    error = _fails(Expect("POST", PATH, raw=b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
    assert type(error) is InvalidResponse


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", NoResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", NoResponse),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", NoResponse),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", NoResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc", InvalidResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabc", InvalidResponse),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc", InvalidResponse),
        (b"HTTP/1.1 banana\r\n\r\n", NoResponse),
        (b"HTTP/1.1 99999 X\r\n\r\n", NoResponse),
        (b"SSH-2.0-OpenSSH\r\n", NoResponse),
        (b"\x00\x01\x02\x03", NoResponse),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", NoResponse),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", NoResponse),
        (b"HTTP/1.1 101 Switching\r\n\r\n", HttpError),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 50\r\n\r\n{}", errors.ServerError),
        (b"HTTP/1.1 429 Slow\r\nContent-Length: 50\r\n\r\n", errors.RateLimited),
    ],
    ids=lambda value: repr(value[:50]) if isinstance(value, bytes) else "",
)
def test_a_broken_answer_is_one_of_our_errors(raw: bytes, kind: type[ApiError]) -> None:
    with ScriptedServer([Expect("POST", PATH, raw=raw)]) as server, Rig(server.url).transport() as transport:
        rejected = Rig(server.url)
        rejected.on_wait = rejected.stop.set
        if kind is errors.RateLimited:
            with rejected.transport() as stopped, pytest.raises(errors.Interrupted):
                stopped.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
            assert rejected.records[0].status == 429
        else:
            with pytest.raises(ApiError) as caught:
                transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
            assert type(caught.value) is kind


@given(
    st.binary(max_size=80), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"])
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_of_an_answer_raise_a_foreign_error(tail: bytes, head: bytes) -> None:
    expect = Expect("POST", PATH, raw=head + tail)
    with ScriptedServer([expect]) as server, Rig(server.url).transport() as transport, suppress(ApiError):
        transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)


@pytest.mark.parametrize(
    "drip",
    [
        pytest.param(b"H", id="before the status"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", id="endless headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", id="a body by drops"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", id="a chunk by drops"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="a body without an end"),
    ],
)
def test_a_server_that_drips_bytes_holds_nobody(drip: bytes) -> None:
    error = _fails(Expect("POST", PATH, drip=drip), timeout=0.15)
    assert type(error) is NoResponse
    assert error.message in ("the answer was not complete after 0.15 s", "the connection broke before an answer came")


def test_a_server_that_says_nothing_is_left_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        rig = Rig(f"http://127.0.0.1:{listener.getsockname()[1]}/api")
        with rig.transport(timeout=0.1) as transport, pytest.raises(NoResponse) as caught:
            transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert "0.1 s" in caught.value.message


@pytest.mark.parametrize("secure", [False, True])
def test_a_create_for_which_no_thread_can_be_had_is_surely_not_sent_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, tls: Tls, *, secure: bool
) -> None:
    start, refusals = threading.Timer.start, iter([RuntimeError("can't start new thread")])

    def starved(timer: threading.Timer) -> None:
        for refusal in refusals:
            raise refusal
        start(timer)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority))
    monkeypatch.setattr(threading.Timer, "start", starved)
    with ScriptedServer([Expect("POST", PATH)], certificate=tls.server if secure else None) as server:
        rig = Rig(server.url)
        with rig.transport() as transport:
            assert transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE).status == 200
    assert [record.error for record in rig.records] == ["this machine lets the program start no more threads", None]


def test_an_answer_that_is_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_RESPONSE_BYTES", 1 << 20)
    error = _fails(Expect("POST", PATH, answer=b" " * (3 << 20)))
    assert (type(error), error.message) == (InvalidResponse, "the answer has more than 1 MB")


def test_a_name_that_cannot_be_found_is_not_sent() -> None:
    rig = Rig("https://nowhere.invalid/api")
    rig.on_wait = rig.stop.set
    with rig.transport() as transport, pytest.raises(errors.Interrupted):
        transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert rig.records[0].error == "the name nowhere.invalid cannot be found"


def test_https_to_a_port_that_speaks_http_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        rig = Rig(f"https://127.0.0.1:{listener.getsockname()[1]}/api")
        rig.on_wait = rig.stop.set
        listener.settimeout(10)

        def speak() -> None:
            with listener.accept()[0] as connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        speaker = threading.Thread(target=speak)
        speaker.start()
        with rig.transport() as transport, pytest.raises(errors.Interrupted):
            transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
        speaker.join()
    assert rig.records[0].error == "no TLS connection to 127.0.0.1"


class Tls(NamedTuple):
    """A server's certificate with its key, and the authority that vouches for it, made for one run of the tests."""

    server: Path
    authority: Path


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    made = Tls(folder / "server.pem", folder / "authority.pem")
    authority.issue_cert("127.0.0.1", BEHIND).private_key_and_cert_chain_pem.write_to_path(str(made.server))
    authority.cert_pem.write_to_path(str(made.authority))
    return made


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(tls: Tls) -> None:
    with ScriptedServer([], certificate=tls.server) as server:
        rig = Rig(server.url)
        rig.on_wait = rig.stop.set
        with rig.transport() as transport, pytest.raises(errors.Interrupted):
            transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert rig.records[0].error == "the certificate of 127.0.0.1 is not trusted: unable to get local issuer certificate"


def test_a_certificate_named_in_the_environment_is_trusted(monkeypatch: pytest.MonkeyPatch, tls: Tls) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority))
    with (
        ScriptedServer([Expect("POST", PATH)], certificate=tls.server) as server,
        Rig(server.url).transport() as transport,
    ):
        assert transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE).status == 200


def test_dripped_bytes_hold_nobody_over_tls_either(monkeypatch: pytest.MonkeyPatch, tls: Tls) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tls.authority))
    drip = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"
    with (
        ScriptedServer([Expect("POST", PATH, drip=drip)], certificate=tls.server) as server,
        Rig(server.url).transport(timeout=0.3) as transport,
        pytest.raises(NoResponse, match=r"the answer was not complete after 0\.3 s"),
    ):
        transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)


@pytest.mark.parametrize(
    "drip",
    [
        pytest.param(b"H", id="before the status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", id="a chunk by drops"),
    ],
)
def test_dripped_bytes_hold_nobody_through_an_https_proxy_either(
    monkeypatch: pytest.MonkeyPatch, tls: Tls, drip: bytes
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority))
    script = [Expect("POST", PATH), Expect("POST", PATH, drip=drip)]
    with ScriptedServer(script, certificate=tls.server) as server, HttpsProxy(server.port, tls.server) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Rig(f"https://{BEHIND}/api").transport(timeout=1.0) as transport:
            assert transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE).status == 200
            with pytest.raises(NoResponse, match=r"the answer was not complete after 1 s"):
                transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert proxy.asked_for == [f"{BEHIND}:443"]


def test_certificates_that_cannot_be_read_are_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/certificates.pem")
    rig = Rig("https://127.0.0.1:1/api")
    rig.on_wait = rig.stop.set
    with rig.transport() as transport, pytest.raises(errors.Interrupted):
        transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert rig.records[0].error == "the file of trusted certificates cannot be read"


def _untrusted() -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    return error


RESET = requests.ConnectionError(ConnectionResetError(104, "Connection reset by peer"))
UNTRUSTED = "the certificate of HOST is not trusted: self-signed certificate"
BROKE = "the connection broke before an answer came"


@pytest.mark.parametrize(
    ("error", "sent", "kind", "message"),
    [
        (requests.ConnectTimeout(ConnectTimeoutError()), True, RequestNotSent, "no connection to HOST within 5 s"),
        (requests.ReadTimeout("x"), False, RequestNotSent, "no connection to HOST within 5 s"),
        (foreign.ProxyError("secret@proxy"), False, RequestNotSent, "no connection to HOST"),
        (RESET, False, RequestNotSent, "no connection to HOST: Connection reset by peer"),
        (
            foreign.SSLError(_untrusted()),
            False,
            RequestNotSent,
            "the certificate of HOST is not trusted: self-signed certificate",
        ),
        (foreign.SSLError(ssl.SSLError(1, "x")), False, RequestNotSent, "no TLS connection to HOST"),
        (foreign.SSLError(ssl.SSLError(1, "x")), True, NoResponse, "the TLS connection broke before an answer came"),
        (requests.ReadTimeout("x"), True, NoResponse, "no answer within 5 s"),
        (foreign.InvalidSchema("x"), False, RequestNotSent, "the proxy's address cannot be used"),
        (foreign.InvalidProxyURL("x"), False, RequestNotSent, "the proxy's address cannot be used"),
        (OSError("x"), False, RequestNotSent, "the file of trusted certificates cannot be read"),
        (foreign.ChunkedEncodingError("x"), True, NoResponse, "the answer broke off"),
        (foreign.ContentDecodingError("x"), True, InvalidResponse, "the answer cannot be unpacked"),
        (foreign.InvalidHeader("x"), True, InvalidResponse, "the answer cannot be unpacked"),
        (RESET, True, NoResponse, f"{BROKE}: Connection reset by peer"),
        (requests.RequestException("x"), True, NoResponse, BROKE),
        (HTTPError("x"), True, NoResponse, BROKE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_foreign_error_becomes_ours_in_our_own_words(
    error: Exception, sent: bool, kind: type[ApiError], message: str
) -> None:
    told = map_transport_error(error, "GET /x", "HOST", 5, sent=sent)
    assert (type(told), told.message, told.endpoint) == (kind, message, "GET /x")


def test_an_error_that_names_itself_as_its_cause_is_read_to_an_end() -> None:
    error = requests.ConnectionError("x")
    error.args = (error,)
    assert type(map_transport_error(error, "", "HOST", 5, sent=True)) is NoResponse


def test_an_unknown_shape_names_endpoint_and_field() -> None:
    script = [Expect("GET", f"{BASE}/groups", data=[{"group_id": GROUP, "name": 5}])]
    with (
        ScriptedServer(script) as server,
        Rig(server.url).transport() as transport,
        pytest.raises(InvalidResponse) as caught,
    ):
        client_of(transport).list_groups()
    assert str(caught.value).startswith("GET /groups: data[0].name: expected text, found a number")
