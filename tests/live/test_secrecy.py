"""The key goes to one host, in one header, and nowhere else; logs and messages hold no phone numbers."""

from __future__ import annotations

import logging
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ApiError, Interrupted, InvalidResponse, ReconcilerError
from reconciler.live.client import Client
from reconciler.live.retry import Retry
from reconciler.live.transport import KEY_REMOVED
from tests.live.scripted_server import Expect, ScriptedServer
from tests.live.transport_setup import ALICE, BASE, GROUP, INSTANCE, KEY, Setup, client_of


def _holds_key(value: object, seen: set[int] | None = None) -> bool:
    """Whether the key is reachable from an error: its texts, attributes and the errors chained to it."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return False
    seen.add(id(value))
    if isinstance(value, BaseException):
        parts = [str(value), repr(value), *vars(value).values(), *value.args, value.__cause__, value.__context__]
        return any(_holds_key(part, seen) for part in parts)
    return KEY in str(value)


ECHO = {
    "success": False,
    "error": {"code": KEY, "message": f"bad key {KEY}", "details": {KEY: [KEY]}},
    "meta": {"requestId": KEY},
}
ECHO_HEADERS = {"X-Request-Id": KEY, "Location": f"https://{KEY}.example/"}


@pytest.mark.parametrize(
    "expect",
    [
        *(Expect("POST", BASE, status=status, answer=ECHO, headers=ECHO_HEADERS) for status in (302, 400, 401, 500)),
        Expect("POST", BASE, status=200, answer=ECHO),
        Expect("POST", BASE, status=200, answer=KEY.encode()),
        Expect("POST", BASE, raw=b""),
        Expect("POST", BASE, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        Expect("POST", BASE, raw=KEY.encode() + b"\r\n"),
    ],
)
def test_a_key_that_the_server_repeats_is_in_no_error_record_or_log(
    expect: Expect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer([expect]) as server:
        setup = Setup(server.url)
        with setup.transport() as transport:
            with pytest.raises(ApiError) as caught:
                transport.request("POST", BASE, retry=Retry.AT_MOST_ONCE)
            representations = f"{transport!r} {transport} {client_of(transport)!r}"
    assert server.seen[0].headers["X-Api-Key"] == KEY
    assert not _holds_key(caught.value)
    assert KEY not in repr(setup.records)
    assert KEY not in caplog.text
    assert KEY not in representations


def test_the_key_is_in_no_error_of_a_connection_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    setup = Setup("http://127.0.0.1:1/api")
    with setup.transport() as transport, pytest.raises(ApiError) as caught:
        transport.request("GET", BASE, retry=Retry.IDEMPOTENT)
    assert not _holds_key(caught.value)
    assert KEY not in caplog.text + repr(setup.records)


def test_a_key_that_the_server_repeats_in_a_group_is_in_no_live_value() -> None:
    escaped = KEY.replace("k", "\\u006b")
    entry = f'{{"group_id": "{GROUP}", "name": "a {KEY} b", "description": "{escaped}", "participants": []}}'
    data = f'{{"data": {entry}}}'.encode()
    script = [
        Expect("GET", f"{BASE}/groups", answer=f'{{"data": [{entry}]}}'.encode()),
        Expect("GET", f"{BASE}/groups/{GROUP}", answer=data),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        client = client_of(transport)
        listing, group = client.list_groups(), client.group(GROUP)
    assert KEY not in repr(listing) + repr(group)
    assert group.name.raw == f"a {KEY_REMOVED} b"


def test_the_search_for_the_key_would_find_it() -> None:
    error = ApiError("x", details={"a": [KEY]})
    assert _holds_key(error)
    outer = ReconcilerError("y")
    outer.__context__ = error
    assert _holds_key(outer)


def test_a_redirect_sends_the_key_to_no_other_host() -> None:
    with ScriptedServer([]) as thief:
        headers = {"Location": f"{thief.url}/steal"}
        with (
            ScriptedServer([Expect("GET", BASE, status=307, answer=b"", headers=headers)]) as server,
            Setup(server.url).transport() as transport,
            pytest.raises(ApiError, match=r"redirect to 127\.0\.0\.1"),
        ):
            client_of(transport).instance()
    assert thief.seen == []


def test_no_cookie_is_kept() -> None:
    instance = {"id": INSTANCE, "status": "connected"}
    script = [
        Expect("GET", BASE, data=instance, headers={"Set-Cookie": "sid=1; Path=/"}),
        Expect("GET", BASE, data=instance),
    ]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        client = client_of(transport)
        client.instance()
        client.instance()
    assert "Cookie" not in server.seen[1].headers


@contextmanager
def _recording_proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that notes what it is asked first and hangs up."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(65536))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _stand_in_the_way(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy)


def test_calls_to_this_machine_use_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with _recording_proxy() as (proxy, heard):
        _stand_in_the_way(monkeypatch, proxy)
        script = [Expect("GET", BASE, data={"id": "x", "status": "connected"})]
        with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
            client_of(transport).instance()
    assert heard == []


def test_a_proxy_of_the_environment_receives_a_connect_and_never_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with _recording_proxy() as (proxy, heard):
        _stand_in_the_way(monkeypatch, proxy)
        setup = Setup("https://api.wappfy.example/api")
        setup.on_wait = setup.stop.set
        with setup.transport() as transport, pytest.raises(Interrupted):
            client_of(transport).instance()
    assert [line.split(b" HTTP/")[0] for line in heard] == [b"CONNECT api.wappfy.example:443"]
    assert KEY.encode() not in b"".join(heard)
    assert (setup.records[0].error or "").startswith("no connection to api.wappfy.example")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://"])
def test_an_unusable_proxy_has_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    _stand_in_the_way(monkeypatch, proxy)
    setup = Setup("https://api.wappfy.example/api")
    setup.on_wait = setup.stop.set
    with setup.transport() as transport, pytest.raises(Interrupted):
        client_of(transport).instance()
    assert setup.records[0].error == "cannot use the proxy's address"


def test_a_netrc_adds_no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    script = [Expect("GET", BASE, data={"id": "x", "status": "connected"})]
    with ScriptedServer(script) as server, Setup(server.url).transport() as transport:
        client_of(transport).instance()
    assert "Authorization" not in server.seen[0].headers


def test_every_attempt_is_recorded_with_what_was_sent() -> None:
    path, body = f"{BASE}/groups/{GROUP}/participants", {"participants": [ALICE]}
    error = {"error": {"code": "INTERNAL_ERROR", "message": f"{ALICE} failed"}, "meta": {"requestId": "req_1"}}
    script = [
        Expect("POST", path, body, status=500, answer=error),
        Expect("POST", path, body, answer={"data": None, "meta": {"requestId": "req_2"}}),
    ]
    with ScriptedServer(script) as server:
        setup = Setup(server.url)
        with setup.transport() as transport:
            client_of(transport).add_participants(GROUP, [ALICE])
    first, second = setup.records
    assert (first.method, first.path, first.body) == ("POST", path, body)
    assert (first.attempt, first.status, first.code, first.request_id) == (1, 500, "INTERNAL_ERROR", "req_1")
    assert first.error == "+1 202 ••• ••43 failed"
    assert (second.attempt, second.status, second.code, second.error, second.request_id) == (
        2,
        200,
        None,
        None,
        "req_2",
    )
    assert first.at.endswith("+00:00")
    assert 0 < first.seconds < 5


def test_a_number_in_a_query_is_masked_in_records_logs_and_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="reconciler.live")
    script = [Expect("GET", f"{BASE}/contacts/check?phone=12025550143", data={"exists": "yes"})]
    with ScriptedServer(script) as server:
        setup = Setup(server.url)
        with setup.transport() as transport, pytest.raises(InvalidResponse) as caught:
            client_of(transport).check_contact("+12025550143")
    assert setup.records[0].path == f"{BASE}/contacts/check?phone=+1 202 ••• ••43"
    assert "2025550143" not in str(caught.value) + caplog.text
    assert "GET" in caplog.text


def test_the_log_has_no_bodies(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="reconciler.live")
    body = {"participants": [ALICE]}
    script = [Expect("POST", f"{BASE}/groups/{GROUP}/participants", body)]
    with ScriptedServer(script) as server, Setup(server.url).transport(observer=None) as transport:
        client_of(transport).add_participants(GROUP, [ALICE])
    assert "2025550143" not in caplog.text


@pytest.mark.parametrize("thing", [lambda t: t, lambda t: Client(t, INSTANCE)], ids=["transport", "client"])
def test_an_object_that_holds_the_key_cannot_be_pickled(thing: Callable[[Any], Any]) -> None:
    with Setup("http://127.0.0.1:1/api").transport() as transport, pytest.raises((TypeError, AttributeError)):
        pickle.dumps(thing(transport))
