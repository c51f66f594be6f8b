"""A real process, stopped by real signals at chosen calls."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from threading import Event, Thread
from types import FrameType
from typing import Any

import pytest

from reconciler.cli.signals import StopFlag
from tests.stage import PHONE, Stage

KEYS = 6
PEOPLE = [f"+1 404 555 01{n:02}" for n in range(8)]
FILE = "groups:\n" + "".join(f"  g{n}: {{name: Group {n}, members: [+1 202 555 0143]}}\n" for n in range(KEYS))


@contextmanager
def running(*arguments: str, stderr: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """Run the program as a process of its own; kill it at the end."""
    command = [sys.executable, "-m", "reconciler", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def stopped_at(stage: Stage, at: str, number: signal.Signals, *arguments: str, until: str = "") -> tuple[int, str]:
    """Run the program and send it a signal when the server begins to handle the first call that starts with `at`.

    The server answers the call once the program has printed `until` on stderr. Return the exit code and stderr.
    """
    lines: list[str] = []
    sent, heard = Event(), Event()

    def listen(process: subprocess.Popen[str]) -> None:
        for line in process.stderr or ():
            lines.append(line)
            if until in line:
                heard.set()

    with running(*arguments) as process:
        listener = Thread(target=listen, args=[process])
        listener.start()

        def hook(seq: int, method: str, path: str) -> None:
            if f"{method} {path}".startswith(at):
                stage.server.on_call = None
                sent.set()
                process.send_signal(number)
                assert not until or heard.wait(10)

        stage.server.on_call = hook
        process.wait(timeout=30)
        listener.join()
    assert sent.is_set()
    return process.returncode, "".join(lines)


def stopped_without_stderr_at(stage: Stage, at: str, number: signal.Signals, *arguments: str) -> int:
    """Do the same with a stderr whose reader goes just before, like `tee` on Ctrl-C; return the exit code."""
    reader, writer = os.pipe()
    with running(*arguments, stderr=writer) as process:
        os.close(writer)

        def hook(seq: int, method: str, path: str) -> None:
            if f"{method} {path}".startswith(at):
                stage.server.on_call = None
                os.close(reader)
                process.send_signal(number)

        stage.server.on_call = hook
        return process.wait(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_finishes_the_call_in_flight_and_starts_no_other(
    stage: Stage, number: signal.Signals
) -> None:
    stage.file(FILE)
    arguments = ("apply", "--yes", "--parallelism", "1", "--report", "report.json")
    until = "waiting for the calls in progress"
    code, err = stopped_at(stage, "POST /api/instances/inst_story/groups", number, *arguments, until=until)
    assert code == 130, err
    assert "Traceback" not in err
    report = json.loads((stage.folder / "report.json").read_text())
    outcomes = [step["status"] for step in report["steps"]]
    assert outcomes == ["done"] + ["not run"] * (KEYS - 1)
    assert len(stage.world.effects()) == 1
    assert stage.run("apply", "--yes").code == 0
    assert sorted(group["name"] for group in stage.world.snapshot().values()) == [f"Group {n}" for n in range(KEYS)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_exits_with_130_even_when_stderr_has_gone(stage: Stage, number: signal.Signals) -> None:
    stage.file(FILE)
    arguments = ("apply", "--yes", "--parallelism", "1", "--report", "report.json")
    code = stopped_without_stderr_at(stage, "POST /api/instances/inst_story/groups", number, *arguments)
    report = json.loads((stage.folder / "report.json").read_text())
    assert (code, report["interrupted"]) == (130, True)
    done = [step["status"] for step in report["steps"]].count("done")
    assert done == len(stage.world.effects()) > 0


def test_an_interrupted_notice_is_sent_even_when_stderr_has_gone(stage: Stage) -> None:
    stage.world.create_group("Group 0", [], owner=PHONE)
    stage.file(FILE)
    stage.world.clear_logs()
    at = "POST /api/instances/inst_story/messages"
    assert stopped_without_stderr_at(stage, at, signal.SIGTERM, "drift", "--notify", "g0") == 130
    assert [effect.kind for effect in stage.world.effects()] == ["message"]


def test_an_interrupt_while_reading_changes_nothing(stage: Stage) -> None:
    stage.file(FILE)
    code, err = stopped_at(stage, "GET ", signal.SIGTERM, "apply", "--yes")
    assert code == 130
    assert "nothing was changed" in err
    assert stage.world.effects() == ()


@pytest.mark.parametrize("at", ["GET", "POST", "DELETE"])
def test_the_next_apply_completes_a_killed_one(stage: Stage, at: str) -> None:
    stage.world.create_group("Old", PEOPLE, owner=PHONE)
    stage.file(FILE + f"  old: {{name: Old, members: [+1 202 555 0143, {', '.join(PEOPLE[:6])}]}}\n")
    code, _ = stopped_at(stage, at, signal.SIGKILL, "apply", "--yes")
    assert code == -signal.SIGKILL
    assert stage.run("apply", "--yes").code == 0
    assert stage.run("plan", "--detailed-exitcode").code == 0
    names = sorted(group["name"] for group in stage.world.snapshot().values())
    assert names == [*(f"Group {n}" for n in range(KEYS)), "Old"]


def test_the_sandbox_serves_until_it_is_stopped_and_keeps_its_state(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = stage.folder / "first.yaml"
    seed.write_text(f"instance: {{id: inst_served, phone: {PHONE}}}\ngroups: [{{name: Seeded, participants: []}}]\n")
    with running("sandbox", "serve", "--port", "0", "--from", str(seed)) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert "instance inst_served (+1 202 555 0100)" in ready
        url, key = ready.split()[1], ready.split("  key ")[1].split()[0]
        monkeypatch.setenv("WAPPFY_API_KEY", key)
        imported = stage.run("import", "--base-url", url, "--instance-id", "inst_served", "--output", "served.yaml")
        assert imported.code == 0, imported.err
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert "Seeded" in (stage.folder / "served.yaml").read_text()
    again = stage.run("sandbox", "serve", "--port", "0", "--from", str(seed))
    assert (again.code, "reset" in again.err) == (1, True)
    assert stage.run("sandbox", "shake").code == 0
    assert "deleted" in stage.run("sandbox", "reset").out
    assert "nothing to delete" in stage.run("sandbox", "reset").out


def ends(act: Callable[[], object], chosen: int, flag: StopFlag) -> bool:
    """Do something in a thread that a signal interrupts at one of its steps, or each (-1); whether it ends."""
    steps = count()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if chosen in (-1, next(steps)):
            flag.handle(signal.SIGINT, None)
        return trace

    def traced() -> None:
        sys.settrace(trace)
        act()

    thread = Thread(target=traced, daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


@pytest.mark.parametrize("act", ["wait", "handle"])
def test_a_signal_may_come_at_any_moment_of_a_wait_or_of_another_signal(act: str) -> None:
    for chosen in range(-1, 40):
        flag = StopFlag()
        flag.defer()
        waits, handles = partial(flag.event.wait, 0.01), partial(flag.handle, signal.SIGINT, None)
        assert ends(waits if act == "wait" else handles, chosen, flag)


@contextmanager
def asking(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an apply with a terminal as stdin until it asks for confirmation; kill it at the end."""
    screen, end = pty.openpty()
    command = [sys.executable, "-m", "reconciler", *arguments, "apply"]
    with subprocess.Popen(command, stdin=end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        os.close(end)
        try:
            assert process.stdout is not None
            seen = b""
            while b"to confirm: " not in seen:
                seen += os.read(process.stdout.fileno(), 65536) or pytest.fail(seen.decode())
            yield process
        finally:
            process.kill()
            os.close(screen)


@pytest.mark.parametrize("arguments", [(), ("--sandbox",)], ids=["server", "embedded"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_flood_of_signals_at_the_confirmation_ends_it_as_one_does(
    stage: Stage, number: signal.Signals, arguments: tuple[str, ...]
) -> None:
    stage.file(FILE)
    with asking(*arguments) as process:
        for _ in range(30):
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.002)
        # A signal that arrives while Python ends, after the program's own handler, is 130 to a shell all the same.
        assert process.wait(timeout=20) in (130, -number)
        assert process.stdout is not None
        said = process.stdout.read().decode()
    assert said.strip() == "reconciler: interrupted; nothing was changed"
    assert stage.world.effects() == ()
    assert stage.run(*arguments, "apply", "--yes").code == 0


def test_signals_end_a_program_that_waits_for_an_answer_which_does_not_come(stage: Stage) -> None:
    stage.world.create_group("Group 0", [], owner=PHONE)
    stage.file(FILE)
    reading, ended = Event(), Event()

    def hook(seq: int, method: str, path: str) -> None:
        if path.endswith("@g.us"):
            reading.set()
            ended.wait(30)

    stage.server.on_call = hook
    with running("plan") as process:
        assert reading.wait(20)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.2)
        ended.set()
        assert process.returncode == 130
        assert process.stderr is not None
        assert "interrupted; no live group was changed" in process.stderr.read()
