"""Every failure on the way is an ApiError of the right kind, in time: no foreign error gets out."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests import exceptions as foreign
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError

from reconciler import errors
from reconciler.errors import ApiError, HttpError, InvalidResponse, NoResponse, RequestNotSent, Unreachable
from reconciler.live import http
from reconciler.live.http import map_transport_error
from reconciler.live.retry import Retry
from tests.live.https_proxy import HttpsProxy
from tests.live.scripted_server import Expect, ScriptedServer
from tests.live.transport_setup import BASE, PATH, Setup, client_of, failure_of

BEHIND = "api.wappfy.test"
"""A name that only the proxy of these tests knows: this machine's own addresses are reached without one."""


def test_an_empty_body_is_valid_only_if_the_response_declares_it() -> None:
    error = failure_of(Expect("POST", PATH, raw=b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
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
def test_a_broken_response_is_an_api_error(raw: bytes, kind: type[ApiError]) -> None:
    with ScriptedServer([Expect("POST", PATH, raw=raw)]) as server, Setup(server.url).transport() as transport:
        rejected = Setup(server.url)
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
def test_no_bytes_of_a_response_raise_a_foreign_error(tail: bytes, head: bytes) -> None:
    expect = Expect("POST", PATH, raw=head + tail)
    with ScriptedServer([expect]) as server, Setup(server.url).transport() as transport, suppress(ApiError):
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
def test_a_server_that_drips_bytes_cannot_hold_a_call(drip: bytes) -> None:
    error = failure_of(Expect("POST", PATH, drip=drip), timeout=0.15)
    assert type(error) is NoResponse
    assert error.message in ("no complete response within 0.15 s", "the connection broke before a response arrived")


def test_a_silent_server_is_given_up_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        setup = Setup(f"http://127.0.0.1:{listener.getsockname()[1]}/api")
        with setup.transport(timeout=0.1) as transport, pytest.raises(NoResponse) as caught:
            transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert "0.1 s" in caught.value.message


@pytest.mark.parametrize("secure", [False, True])
def test_a_call_starts_no_thread(monkeypatch: pytest.MonkeyPatch, tls: Tls, *, secure: bool) -> None:
    start = threading.Thread.start

    def start_outside_the_call(thread: threading.Thread) -> None:
        assert threading.current_thread() is not threading.main_thread()
        start(thread)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority))
    with ScriptedServer([Expect("POST", PATH)], certificate=tls.server if secure else None) as server:
        monkeypatch.setattr(threading.Thread, "start", start_outside_the_call)
        with Setup(server.url).transport() as transport:
            assert transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE).status == 200


def test_a_response_that_is_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_RESPONSE_BYTES", 1 << 20)
    error = failure_of(Expect("POST", PATH, answer=b" " * (3 << 20)))
    assert (type(error), error.message) == (InvalidResponse, "the response has more than 1 MB")


def test_a_call_to_an_unknown_host_is_not_sent() -> None:
    setup = Setup("https://nowhere.invalid/api")
    setup.on_wait = setup.stop.set
    with setup.transport() as transport, pytest.raises(errors.Interrupted):
        transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert setup.records[0].error == "cannot resolve the host name nowhere.invalid"


@pytest.mark.parametrize(
    ("cause", "message", "hint"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "HOST:81: Connection refused", "port 81 of HOST"),
        (NameResolutionError("HOST", HTTPConnection("HOST"), socket.gaierror()), "host name HOST", "base URL (HOST)"),
    ],
)
def test_an_address_without_a_server_is_told_with_its_likely_cause(cause: Exception, message: str, hint: str) -> None:
    error = map_transport_error(requests.ConnectionError(cause), "GET /groups", "HOST:81", 5, sent=False)
    assert isinstance(error, Unreachable)
    assert message in error.message
    assert hint in error.hint


def test_a_proxy_that_refuses_is_not_the_server() -> None:
    cause = foreign.ProxyError(ConnectionRefusedError(111, "Connection refused"))
    error = map_transport_error(cause, "GET /groups", "HOST:81", 5, sent=False)
    assert type(error) is RequestNotSent


def test_a_call_over_https_to_a_port_with_http_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        setup = Setup(f"https://127.0.0.1:{listener.getsockname()[1]}/api")
        setup.on_wait = setup.stop.set
        listener.settimeout(10)

        def speak() -> None:
            with listener.accept()[0] as connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        speaker = threading.Thread(target=speak)
        speaker.start()
        with setup.transport() as transport, pytest.raises(errors.Interrupted):
            transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
        speaker.join()
    assert setup.records[0].error == "no TLS connection to 127.0.0.1"


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


def test_an_untrusted_certificate_is_refused_before_anything_is_sent(tls: Tls) -> None:
    with ScriptedServer([], certificate=tls.server) as server:
        setup = Setup(server.url)
        setup.on_wait = setup.stop.set
        with setup.transport() as transport, pytest.raises(errors.Interrupted):
            transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert (
        setup.records[0].error == "the certificate of 127.0.0.1 is not trusted: unable to get local issuer certificate"
    )


def test_a_certificate_named_in_the_environment_is_trusted(monkeypatch: pytest.MonkeyPatch, tls: Tls) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority))
    with (
        ScriptedServer([Expect("POST", PATH)], certificate=tls.server) as server,
        Setup(server.url).transport() as transport,
    ):
        assert transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE).status == 200


def test_a_server_that_drips_bytes_over_tls_cannot_hold_a_call(monkeypatch: pytest.MonkeyPatch, tls: Tls) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tls.authority))
    drip = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"
    with (
        ScriptedServer([Expect("POST", PATH, drip=drip)], certificate=tls.server) as server,
        Setup(server.url).transport(timeout=0.3) as transport,
        pytest.raises(NoResponse, match=r"no complete response within 0\.3 s"),
    ):
        transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)


@pytest.mark.parametrize(
    "drip",
    [
        pytest.param(b"H", id="before the status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", id="a chunk by drops"),
    ],
)
def test_a_server_that_drips_bytes_through_an_https_proxy_cannot_hold_a_call(
    monkeypatch: pytest.MonkeyPatch, tls: Tls, drip: bytes
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority))
    script = [Expect("POST", PATH), Expect("POST", PATH, drip=drip)]
    with ScriptedServer(script, certificate=tls.server) as server, HttpsProxy(server.port, tls.server) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Setup(f"https://{BEHIND}/api").transport(timeout=1.0) as transport:
            assert transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE).status == 200
            with pytest.raises(NoResponse, match=r"no complete response within 1 s"):
                transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert proxy.asked_for == [f"{BEHIND}:443"]


def test_a_proxy_that_drips_its_response_to_connect_cannot_hold_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with suppress(OSError), listener.accept()[0] as connection:
                while not over.wait(0.01):
                    connection.sendall(b"H")

        proxy = threading.Thread(target=drip)
        proxy.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
        setup = Setup(f"https://{BEHIND}/api")
        setup.on_wait = setup.stop.set
        with setup.transport(timeout=0.15) as transport, pytest.raises(errors.Interrupted) as caught:
            transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
        over.set()
        proxy.join()
    assert caught.value.__cause__ is None
    assert (setup.records[0].error or "").startswith(f"no connection to {BEHIND}")


def test_an_unreadable_file_of_certificates_has_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/certificates.pem")
    setup = Setup("https://127.0.0.1:1/api")
    setup.on_wait = setup.stop.set
    with setup.transport() as transport, pytest.raises(errors.Interrupted):
        transport.request("POST", PATH, retry=Retry.AT_MOST_ONCE)
    assert setup.records[0].error == "cannot read the file of trusted certificates"


def _untrusted() -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    return error


RESET = requests.ConnectionError(ConnectionResetError(104, "Connection reset by peer"))
UNTRUSTED = "the certificate of HOST is not trusted: self-signed certificate"
BROKE = "the connection broke before a response arrived"
TLS_BROKE = "the TLS connection broke before a response arrived"


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
        (
            foreign.SSLError(ssl.SSLError(1, "x")),
            True,
            NoResponse,
            "the TLS connection broke before a response arrived",
        ),
        (requests.ReadTimeout("x"), True, NoResponse, "no complete response within 5 s"),
        (foreign.InvalidSchema("x"), False, RequestNotSent, "cannot use the proxy's address"),
        (foreign.InvalidProxyURL("x"), False, RequestNotSent, "cannot use the proxy's address"),
        (OSError("x"), False, RequestNotSent, "cannot read the file of trusted certificates"),
        (foreign.ChunkedEncodingError("x"), True, NoResponse, "the response broke off"),
        (foreign.ContentDecodingError("x"), True, InvalidResponse, "cannot decode the response"),
        (foreign.InvalidHeader("x"), True, InvalidResponse, "cannot decode the response"),
        (RESET, True, NoResponse, f"{BROKE}: Connection reset by peer"),
        (requests.RequestException("x"), True, NoResponse, BROKE),
        (HTTPError("x"), True, NoResponse, BROKE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_foreign_error_becomes_an_api_error_without_its_text(
    error: Exception, sent: bool, kind: type[ApiError], message: str
) -> None:
    mapped = map_transport_error(error, "GET /x", "HOST", 5, sent=sent)
    assert (type(mapped), mapped.message, mapped.endpoint) == (kind, message, "GET /x")


def test_an_error_that_is_its_own_cause_is_mapped() -> None:
    error = requests.ConnectionError("x")
    error.args = (error,)
    assert type(map_transport_error(error, "", "HOST", 5, sent=True)) is NoResponse


def test_the_error_for_an_unknown_shape_names_endpoint_and_field() -> None:
    script = [Expect("GET", f"{BASE}/groups", data=[{"group_id": 5, "name": "x"}])]
    with (
        ScriptedServer(script) as server,
        Setup(server.url).transport() as transport,
        pytest.raises(InvalidResponse) as caught,
    ):
        client_of(transport).list_groups()
    assert str(caught.value).startswith("GET /groups: data[0].group_id: expected text, found a number")
