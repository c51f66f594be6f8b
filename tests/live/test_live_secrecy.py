"""The key goes to one host, in one header, and nowhere else; phone numbers stay out of logs and messages."""

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

from reconciler.errors import ApiError, Interrupted, InvalidResponse, ReconcilerError, UsageError
from reconciler.live.base_url import DEFAULT_BASE_URL, BaseUrl, parse_base_url, quote_segment, validate_api_key
from reconciler.live.client import Client
from reconciler.live.retry import Retry
from tests.live.live_setup import ALICE, BASE, GROUP, INSTANCE, KEY, Rig, client_of
from tests.live.scripted_server import Expect, ScriptedServer


@pytest.mark.parametrize(
    ("given", "url", "host", "loopback"),
    [
        (DEFAULT_BASE_URL, "https://api.wappfy.io/api", "api.wappfy.io", False),
        ("https://api.wappfy.io/api/", "https://api.wappfy.io/api", "api.wappfy.io", False),
        ("https://api.wappfy.io", "https://api.wappfy.io", "api.wappfy.io", False),
        ("HTTPS://API.wappfy.io:8443/a/b-c/", "https://api.wappfy.io:8443/a/b-c", "api.wappfy.io", False),
        ("http://localhost:8000/api", "http://localhost:8000/api", "localhost", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1", True),
        ("http://127.9.9.9/api", "http://127.9.9.9/api", "127.9.9.9", True),
        ("http://[::1]:8000/api", "http://[::1]:8000/api", "[::1]", True),
        ("https://localhost", "https://localhost", "localhost", True),
        ("https://[2001:db8::1]/api", "https://[2001:db8::1]/api", "[2001:db8::1]", False),
    ],
)
def test_a_base_url_is_https_or_this_machine(given: str, url: str, host: str, loopback: bool) -> None:
    assert parse_base_url(given) == BaseUrl(url, host, loopback)


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ("https://api.wappfy.io/api", "https://api.wappfy.io/api"),
        ("HTTPS://API.Wappfy.IO:443/api/", "https://api.wappfy.io/api"),
        ("https://api.wappfy.io:8443/api", "https://api.wappfy.io:8443/api"),
        ("https://api.wappfy.io:80/api", "https://api.wappfy.io:80/api"),
        ("https://api.wappfy.io/API", "https://api.wappfy.io/API"),
        ("https://[2001:DB8:0::1]/api", "https://2001:db8::1/api"),
        ("http://localhost:8080/api", "http://localhost:8080/api"),
        ("HTTP://LOCALHOST:8080/api", "http://localhost:8080/api"),
        ("http://127.0.0.1:8080/api", "http://localhost:8080/api"),
        ("http://[0:0:0:0:0:0:0:1]:8080/api", "http://localhost:8080/api"),
        ("http://127.0.0.1:80/api", "http://localhost/api"),
    ],
)
def test_every_spelling_of_one_server_is_one_text(given: str, server: str) -> None:
    assert parse_base_url(given).server == server


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "api.wappfy.io/api",
        "//api.wappfy.io/api",
        "ftp://api.wappfy.io",
        "file:///etc/passwd",
        "http://api.wappfy.io/api",
        "http://127.0.0.1.example.com/api",
        "http://localhost.example.com",
        "http://0x7f.0.0.1",
        "http://127.1",
        "http://2130706433",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://[fe80::1%25eth0]/",
        "https://user:hunter2@api.wappfy.io/api",
        "https://api.wappfy.io@evil.example/api",
        "http://localhost@evil.example",
        "http://localhost\\@evil.example",
        "https://api.wappfy.io/api?x=hunter2",
        "https://api.wappfy.io/api?",
        "https://api.wappfy.io/api#hunter2",
        "https://api.wappfy.io/a b",
        "https://api.wappfy.io/a\nb",
        "https://api.wappfy.io/a/../b",
        "https://api.wappfy.io/./b",
        "https://api.wappfy.io/a%2e",
        "https://api.wappfy.io//a",
        "https://",
        "https:///api",
        "https://-x/",
        "https://a_b/",
        "https://api.wappfy.io:0",
        "https://api.wappfy.io:99999",
        "https://api.wappfy.io:x",
        "https://[::1",
        "https://[nonsense]/",
        "https://äpi.example",
    ],
)
def test_any_other_base_url_is_refused_without_repeating_what_may_be_secret(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_base_url(given)
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "\ta", "schlüssel", "a\x00b", "a\x7f", "key\r\nX-Evil: 1"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_unshown(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        validate_api_key(key)
    assert key.strip() not in str(caught.value) or not key.strip() or len(key.strip()) == 1
    assert "WAPPFY_API_KEY" in caught.value.hint


def test_a_part_of_a_path_stays_one_part() -> None:
    assert quote_segment("120363012345678901@g.us", "x") == "120363012345678901@g.us"
    assert quote_segment("a/../b?c#d%e", "x") == "a%2F..%2Fb%3Fc%23d%25e"


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
def test_the_key_is_in_no_error_record_or_log_even_when_the_server_repeats_it(
    expect: Expect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer([expect]) as server:
        rig = Rig(server.url)
        with rig.transport() as transport:
            with pytest.raises(ApiError) as caught:
                transport.request("POST", BASE, retry=Retry.AT_MOST_ONCE)
            shown = f"{transport!r} {transport} {client_of(transport)!r}"
    assert server.seen[0].headers["X-Api-Key"] == KEY
    assert not _holds_key(caught.value)
    assert KEY not in repr(rig.records)
    assert KEY not in caplog.text
    assert KEY not in shown


def test_the_key_is_in_no_error_of_a_connection_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rig = Rig("http://127.0.0.1:1/api")
    with rig.transport() as transport, pytest.raises(ApiError) as caught:
        transport.request("GET", BASE, retry=Retry.IDEMPOTENT)
    assert not _holds_key(caught.value)
    assert KEY not in caplog.text + repr(rig.records)


def test_the_search_for_the_key_would_find_it() -> None:
    error = ApiError("x", details={"a": [KEY]})
    assert _holds_key(error)
    outer = ReconcilerError("y")
    outer.__context__ = error
    assert _holds_key(outer)


def test_a_redirect_takes_the_key_to_no_other_host() -> None:
    with ScriptedServer([]) as thief:
        headers = {"Location": f"{thief.url}/steal"}
        with (
            ScriptedServer([Expect("GET", BASE, status=307, answer=b"", headers=headers)]) as server,
            Rig(server.url).transport() as transport,
            pytest.raises(ApiError, match=r"redirect to 127\.0\.0\.1"),
        ):
            client_of(transport).instance()
    assert thief.seen == []


def test_no_cookie_is_kept() -> None:
    told = {"id": INSTANCE, "status": "connected"}
    script = [Expect("GET", BASE, data=told, headers={"Set-Cookie": "sid=1; Path=/"}), Expect("GET", BASE, data=told)]
    with ScriptedServer(script) as server, Rig(server.url).transport() as transport:
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


def test_no_proxy_of_the_environment_stands_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with _recording_proxy() as (proxy, heard):
        _stand_in_the_way(monkeypatch, proxy)
        script = [Expect("GET", BASE, data={"id": "x", "status": "connected"})]
        with ScriptedServer(script) as server, Rig(server.url).transport() as transport:
            client_of(transport).instance()
    assert heard == []


def test_the_proxy_of_the_environment_gets_a_tunnel_and_never_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with _recording_proxy() as (proxy, heard):
        _stand_in_the_way(monkeypatch, proxy)
        rig = Rig("https://api.wappfy.example/api")
        rig.on_wait = rig.stop.set
        with rig.transport() as transport, pytest.raises(Interrupted):
            client_of(transport).instance()
    assert [line.split(b" HTTP/")[0] for line in heard] == [b"CONNECT api.wappfy.example:443"]
    assert KEY.encode() not in b"".join(heard)
    assert (rig.records[0].error or "").startswith("no connection to api.wappfy.example")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://"])
def test_a_proxy_that_cannot_be_used_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    _stand_in_the_way(monkeypatch, proxy)
    rig = Rig("https://api.wappfy.example/api")
    rig.on_wait = rig.stop.set
    with rig.transport() as transport, pytest.raises(Interrupted):
        client_of(transport).instance()
    assert rig.records[0].error == "the proxy's address cannot be used"


def test_a_netrc_adds_no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    script = [Expect("GET", BASE, data={"id": "x", "status": "connected"})]
    with ScriptedServer(script) as server, Rig(server.url).transport() as transport:
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
        rig = Rig(server.url)
        with rig.transport() as transport:
            client_of(transport).add_participants(GROUP, [ALICE])
    first, second = rig.records
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


def test_a_number_that_is_looked_up_is_masked_in_records_logs_and_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="reconciler.live")
    script = [Expect("GET", f"{BASE}/contacts/check?phone=12025550143", data={"exists": "yes"})]
    with ScriptedServer(script) as server:
        rig = Rig(server.url)
        with rig.transport() as transport, pytest.raises(InvalidResponse) as caught:
            client_of(transport).check_contact("+12025550143")
    assert rig.records[0].path == f"{BASE}/contacts/check?phone=+1 202 ••• ••43"
    assert "2025550143" not in str(caught.value) + caplog.text
    assert "GET" in caplog.text


def test_the_log_has_no_bodies(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="reconciler.live")
    body = {"participants": [ALICE]}
    script = [Expect("POST", f"{BASE}/groups/{GROUP}/participants", body)]
    with ScriptedServer(script) as server, Rig(server.url).transport(observer=None) as transport:
        client_of(transport).add_participants(GROUP, [ALICE])
    assert "2025550143" not in caplog.text


@pytest.mark.parametrize("thing", [lambda t: t, lambda t: Client(t, INSTANCE)], ids=["transport", "client"])
def test_what_holds_the_key_cannot_be_pickled_away(thing: Callable[[Any], Any]) -> None:
    with Rig("http://127.0.0.1:1/api").transport() as transport, pytest.raises((TypeError, AttributeError)):
        pickle.dumps(thing(transport))
