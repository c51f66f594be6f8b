"""What stands between the program and its server: proxies, redirects, cookies, odd addresses. The key stays home."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox import Fault, FaultKind, Settings
from tests.live.scripted_server import Expect, ScriptedServer
from tests.oracle.checks import leaks, require
from tests.oracle.identity import INSTANCE, KEY, PHONE
from tests.oracle.runner import Runner, Trouble, start_runner

HEAD = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\n"
FILE = HEAD + "groups: {alpha: {name: Alpha, members: [+1 202 555 0143]}}\n"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """An empty world and a file that wants one group."""
    with start_runner(Settings(key=KEY, rate_limit=None), tmp_path) as runner:
        (runner.folder / "groups.yaml").write_text(FILE, encoding="utf-8")
        yield runner


@contextmanager
def eavesdropper() -> Iterator[tuple[int, list[bytes]]]:
    """A port that notes what it is sent first, and hangs up."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    heard.append(connection.recv(65536))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield listener.getsockname()[1], heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _through(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in PROXIES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_of_the_environment_is_asked_on_the_way_to_this_machine(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with eavesdropper() as (port, heard):
        _through(monkeypatch, port)
        monkeypatch.setenv("WAPPFY_BASE_URL", runner.server.url.replace("127.0.0.1", host))
        assert runner.run("apply", "--yes").code == 0
        assert runner.run("--sandbox", "plan").code == 0
    assert heard == []


@pytest.mark.parametrize("command", ["plan", "apply --yes", f"import --instance-id {INSTANCE}", "pin", "drift"])
def test_a_proxy_on_the_way_to_another_host_hears_a_tunnel_and_never_the_key(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with eavesdropper() as (port, heard):
        _through(monkeypatch, port)
        monkeypatch.setenv("WAPPFY_BASE_URL", "https://api.wappfy.example/api")
        run = runner.run(*command.split())
    assert run.code == 1
    assert heard
    assert all(line.startswith(b"CONNECT api.wappfy.example:443 ") for line in heard)
    assert KEY.encode() not in b"".join(heard)
    require(run, leaks(run))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_followed_nowhere(runner: Runner, method: str, status: int) -> None:
    with eavesdropper() as (port, heard):
        location = f"http://127.0.0.1:{port}/api"
        fault = Fault(FaultKind.REDIRECT, method, status=status, times=0, location=location)
        run = runner.run("apply", "--yes", trouble=Trouble((fault,)))
    assert heard == []
    assert run.effects == ()
    assert run.code == (1 if method == "GET" else 3)
    assert "redirect" in run.out + run.err
    require(run, leaks(run))


def test_no_cookie_comes_back(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"/instances/{INSTANCE}"
    told = {"id": INSTANCE, "status": "connected"}
    cookie = {"Set-Cookie": f"sid={KEY}; Path=/"}
    script = [Expect("GET", f"{base}/groups", data=[], headers=cookie), Expect("GET", base, data=told, headers=cookie)]
    with ScriptedServer(script) as server:
        monkeypatch.setenv("WAPPFY_BASE_URL", server.url)
        run = runner.run("plan", "--instance-id", INSTANCE)
    assert run.code == 0, run
    assert all("Cookie" not in seen.headers for seen in server.seen)
    require(run, leaks(run))


@pytest.mark.parametrize(
    "url",
    [
        "https://someone:hunter2@api.wappfy.example/api",
        "https://hunter2@api.wappfy.example",
        "http://someone:hunter2@127.0.0.1:{port}/api",
        "http://127.0.0.1:{port}/api/../hunter2",
        "http://127.0.0.1:{port}/api?token=hunter2",
        "http://127.0.0.1:{port}/api#hunter2",
        "http://api.wappfy.example/hunter2",
        "file:///etc/hunter2",
        "hunter2",
        "http://127.0.0.1:{port}\\@hunter2",
        "http://127.0.0.1:{port}/a\r\nX-Other: hunter2",
    ],
)
@pytest.mark.parametrize("through", ["option", "environment"])
def test_an_address_with_more_than_host_and_path_is_refused_and_not_repeated(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, url: str, through: str
) -> None:
    with eavesdropper() as (port, heard):
        given = url.format(port=port)
        options = ("--base-url", given) if through == "option" else ()
        monkeypatch.setenv("WAPPFY_BASE_URL", given)
        for command in ("plan", "apply", "drift", "pin"):
            run = runner.run(command, *options)
            assert run.code == 1, run
            assert "hunter2" not in run.out + run.err
            require(run, leaks(run))
    assert heard == []


def test_an_address_with_a_path_of_its_own_is_kept(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"/behind/a-proxy/instances/{INSTANCE}"
    script = [Expect("GET", f"{base}/groups", data=[]), Expect("GET", base, data={"id": "x", "status": "connected"})]
    with ScriptedServer(script) as server:
        monkeypatch.setenv("WAPPFY_BASE_URL", f"{server.url}/behind/a-proxy/")
        assert runner.run("plan", "--instance-id", INSTANCE).code == 0


STRANGE = ("1/2@g.us", "../1@g.us", "1@g.us/../../../x", "..", "1@g.us?x=1", "1@g.us#x", "%2e%2e/1@g.us", "1\n@g.us")


@pytest.mark.parametrize("group_id", STRANGE)
def test_a_group_id_that_would_lead_elsewhere_is_refused_wherever_it_comes_from(runner: Runner, group_id: str) -> None:
    path = runner.folder / "groups.yaml"
    path.write_text(HEAD + f"groups: {{alpha: {{id: {group_id!r}, name: Alpha}}}}\n", encoding="utf-8")
    for command in ("validate", "plan", "apply --yes"):
        run = runner.run(*command.split())
        assert (run.code, run.calls) == (1, ()), run
    path.write_text(FILE, encoding="utf-8")
    imported = runner.run("import", "--instance-id", INSTANCE, "--group", group_id)
    assert imported.code == 1
    assert all(call.path.endswith(f"/{INSTANCE}/groups") for call in imported.calls)
    listed = {"data": [{"group_id": group_id, "name": "Alpha", "participant_count": 2}]}
    told = runner.run("plan", trouble=Trouble((Fault(FaultKind.GARBAGE, "GET", "/groups", times=0, body=listed),)))
    assert told.code == 1
    assert "GET /groups: data[0].group_id" in told.err


@pytest.mark.parametrize("instance_id", ["..", ".", "a/../b", "a?b", "a#b", "a b"])
def test_an_instance_id_stays_one_part_of_the_path(runner: Runner, instance_id: str) -> None:
    run = runner.run("plan", "--instance-id", instance_id)
    assert run.code == 1
    assert run.effects == ()
    assert all("/instances/" in call.path for call in run.calls)


def test_what_is_left_on_the_disk_has_no_key(runner: Runner) -> None:
    fault = Fault(FaultKind.STATUS, "POST", status=500, times=0, message=f"no {KEY}", headers={"X-Request-Id": KEY})
    files = ("--report", "report.json", "--audit-log", "audit.jsonl")
    run = runner.run("-v", "--log-format", "json", "apply", "--yes", *files, trouble=Trouble((fault,)))
    assert run.code == 3
    require(run, leaks(run))
    assert {"report.json", "audit.jsonl"} <= {path.name for path in runner.folder.iterdir()}
    assert "500" in runner.files()
    assert KEY not in runner.files()
    assert runner.run("plan", "--out", "saved.plan").code == 0
    assert "wappfy-reconciler/plan" in runner.files()
    assert KEY not in runner.files()
