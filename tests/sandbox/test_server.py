"""Starting and stopping the server, its hooks, the modules it loads, and its errors at the start."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from reconciler.sandbox import SANDBOX_KEY, MissingWebServer, SandboxError, Server, Settings, World
from reconciler.sandbox.app import openapi_document
from reconciler.sandbox.context import Service
from reconciler.sandbox.uvicorn_thread import UvicornThread
from tests.sandbox.running_server import ALICE, INSTANCE, ME, jid, read_all, running


def test_the_server_stops_at_once_with_open_connections_and_restarts() -> None:
    with running() as api:
        assert api.server.url == f"http://127.0.0.1:{api.server.port}/api"
        assert api.call("GET", "").status_code == 200
        # Several times, as a connection may be anywhere between the kernel and its first request.
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", api.server.port), timeout=5) as idle:
                start = time.perf_counter()
                api.server.stop()
                assert time.perf_counter() - start < 1
                assert read_all(idle) == b""
            api.server.start()
        assert api.call("GET", "").status_code == 200
        api.server.stop()
        api.server.stop()
        with pytest.raises(requests.ConnectionError):
            api.call("GET", "")


def test_hooks_run_around_each_call_and_can_change_the_world() -> None:
    hook_calls: list[tuple[str, int, str, str]] = []
    with running() as api:
        group_id = api.group(members=[])

        def before(seq: int, method: str, path: str) -> None:
            hook_calls.append(("before", seq, method, path))
            if method == "POST":
                api.world.add_participant(group_id, ALICE)

        def after(seq: int, method: str, path: str) -> None:
            hook_calls.append(("after", seq, method, path))
            api.world.rename_group(group_id, f"Call {seq}")

        api.server.on_call, api.server.after_call = before, after
        assert (api.server.on_call, api.server.after_call) == (before, after)
        people = {"participants": [jid(ALICE)]}
        assert api.call("POST", f"/groups/{group_id}/participants", people).status_code == 409
        assert api.data("GET", "/groups?limit=1")[0]["name"] == "Call 1"
        api.server.on_call = api.server.after_call = None
    add, listed = f"/api/instances/{INSTANCE}/groups/{group_id}/participants", "/groups?limit=1"
    assert [entry[:3] for entry in hook_calls] == [
        ("before", 1, "POST"),
        ("after", 1, "POST"),
        ("before", 2, "GET"),
        ("after", 2, "GET"),
    ]
    assert hook_calls[0][3] == add
    assert hook_calls[2][3].endswith(listed)


def test_a_hooks_exception_is_raised_when_the_server_stops() -> None:
    def failing(_seq: int, _method: str, path: str) -> None:
        raise AssertionError(f"unexpected call of {path}")

    def call_once() -> None:
        with running() as api:
            api.server.on_call = failing
            assert api.call("GET", "").status_code == 200

    with pytest.raises(AssertionError, match="unexpected call of /api/instances"):
        call_once()


def test_a_bug_in_a_handler_is_a_500_and_is_raised_when_the_server_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    def call_once() -> None:
        with running() as api:
            answer = api.call("GET", "")
            assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
            assert "X-RateLimit-Limit" in answer.headers

    monkeypatch.setattr(Service, "open_context", broken)
    with pytest.raises(RuntimeError, match="on purpose"):
        call_once()


def test_a_hooks_exception_does_not_hide_an_error_in_the_with_block() -> None:
    def failing(*_: object) -> None:
        raise AssertionError

    def call_once() -> None:
        with running() as api:
            api.server.on_call = failing
            api.call("GET", "")
            raise KeyError

    with pytest.raises(KeyError):
        call_once()


def test_a_server_on_localhost_keeps_the_name_in_its_url() -> None:
    with World.open() as world, Server(world, host="localhost") as server:
        assert server.url == f"http://localhost:{server.port}/api"
        world.ensure_instance(INSTANCE, ME)
        url = f"{server.url}/instances/{INSTANCE}"
        assert requests.get(url, headers={"X-Api-Key": SANDBOX_KEY}, timeout=5).status_code == 200


def test_an_ipv6_loopback_address_works() -> None:
    with World.open() as world, Server(world, host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}/api"
        assert requests.get(f"{server.url}/openapi.json", timeout=5).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", ""])
def test_a_host_that_is_not_loopback_is_rejected(host: str) -> None:
    with World.open() as world, pytest.raises(SandboxError, match="loopback"):
        Server(world, host=host).start()


def test_a_port_in_use_is_an_error() -> None:
    with running() as api, pytest.raises(SandboxError, match=f"cannot use port {api.server.port} on 127.0.0.1"):
        Server(api.world, port=api.server.port).start()


def test_a_server_that_cannot_start_is_an_error() -> None:
    listening = socket.socket()
    listening.close()
    with World.open() as world, pytest.raises(SandboxError, match="did not start"):
        UvicornThread(Service(world, Settings()), listening).start()


@pytest.mark.parametrize("missing", ["uvicorn", "starlette"])
def test_a_missing_web_server_error_names_the_package_and_no_command_that_installs_by_name(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == missing or name in ("reconciler.sandbox.uvicorn_thread", "reconciler.sandbox.app"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with World.open() as world, pytest.raises(MissingWebServer) as raised:
        Server(world)
    assert str(raised.value) == f"the embedded server needs {missing}, which is not installed"


def test_the_package_loads_neither_web_server_nor_the_rest_of_the_program() -> None:
    code = (
        "import sys, reconciler.sandbox\n"
        "heavy = {'starlette', 'uvicorn', 'asyncio', 'yaml', 'requests'} & set(sys.modules)\n"
        "inside = [m for m in sys.modules if m.startswith('reconciler.') and not m.startswith('reconciler.sandbox')]\n"
        "print(sorted(heavy), inside)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[] []\n"


def test_a_malformed_http_request_is_a_400_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with running() as api, socket.create_connection(("127.0.0.1", api.server.port), timeout=5) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert read_all(client).startswith(b"HTTP/1.1 400 ")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("settings", [{"dialect": "latin"}, {"paging": "scroll"}])
def test_invalid_settings_are_rejected(settings: dict[str, str]) -> None:
    with pytest.raises(SandboxError, match="invalid sandbox setting"):
        Settings(**settings)  # type: ignore[arg-type]  # both are text


def test_a_missing_openapi_document_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "wappfy-api.openapi.json").write_text("{}")
    assert openapi_document((tmp_path / "nowhere", tmp_path)) == b"{}"
    with pytest.raises(SandboxError, match="install the package again"):
        openapi_document((tmp_path / "nowhere",))
