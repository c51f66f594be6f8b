"""A process that has loaded the program and forks it again and again: a run costs milliseconds, not a Python start.

Speaks JSON lines: {"fork": {...}} → {"pid": n}, {"wait": n} → {"code": n} (negative: killed by that signal).
A child may stop at one of its calls: it sends itself a signal, or pauses until the test lets it go on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from reconciler.apply import lock

MODULES = (
    "reconciler.cli.commands.apply",
    "reconciler.cli.commands.apply.run",
    "reconciler.config",
    "reconciler.live.client",
    "reconciler.live.throttle",
    "reconciler.live.transport",
    "reconciler.report.documents",
    "reconciler.report.text",
    "filelock",
    "platformdirs",
)


TIME_LIMIT = 120
"""Seconds after which SIGALRM ends a run."""


@dataclass(frozen=True)
class Breakpoint:
    """Where a run stops: `before` or `after` its call number `at` (from 0).

    It sends itself `signal`, or, if that is 0, writes a byte to the pipe `paused` and waits for one in `go`. It has
    `paused` open from its start, so that a reader sees the end of a run that never gets so far.
    """

    at: int
    when: str
    signal: int = 0
    paused: str = ""
    go: str = ""


class Forks:
    """The process that forks, seen from the tests."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def fork(self, arguments: Sequence[str], folder: Path, stop: Breakpoint | None = None) -> int:
        """Start the program in a folder with this process's environment and locks; its output goes to files there."""
        order = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(os.environ),
            "locks": str(lock.FOLDER),
            "stop": asdict(stop) if stop else None,
        }
        return int(self._ask({"fork": order})["pid"])

    def wait(self, pid: int) -> int:
        """The exit code of a child, negative for the signal that killed it."""
        return int(self._ask({"wait": pid})["code"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def forking_process() -> Iterator[Forks]:
    """Start the process, and end it after the tests."""
    command = [sys.executable, "-m", "tests.faults.forked_process"]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            yield Forks(process)
        finally:
            process.kill()


def _serve() -> None:
    for module in MODULES:
        import_module(module)
    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            answer = {"code": os.waitstatus_to_exitcode(os.waitpid(question["wait"], 0)[1])}
        else:
            answer = {"pid": os.fork() or _become(question["fork"])}
        print(json.dumps(answer), flush=True)  # noqa: T201  # this is how the process answers


def _become(order: dict[str, Any]) -> int:
    """Turn into the program; never returns."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    signal.alarm(TIME_LIMIT)
    lock.FOLDER = Path(order["locks"])
    for number, name in ((0, os.devnull), (1, "out.txt"), (2, "err.txt")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if order["stop"] is not None:
        _break(Breakpoint(**order["stop"]))
    from reconciler.cli.main import run

    code = run(order["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _break(stop: Breakpoint) -> None:
    """Stop at the one place where requests go out."""
    from reconciler.live.http import HttpSession

    send, seen = HttpSession.send, 0
    paused = os.open(stop.paused, os.O_WRONLY) if stop.paused else -1

    def sending(*args: Any, **more: Any) -> Any:
        nonlocal seen
        here, seen = seen == stop.at, seen + 1
        if here and stop.when == "before":
            _stop(stop, paused)
        answer = send(*args, **more)
        if here and stop.when == "after":
            _stop(stop, paused)
        return answer

    HttpSession.send = sending  # type: ignore[method-assign]  # the breakpoint


def _stop(stop: Breakpoint, paused: int) -> None:
    if stop.signal:
        os.kill(os.getpid(), stop.signal)
        return
    os.write(paused, b".")
    Path(stop.go).read_bytes()


if __name__ == "__main__":
    _serve()
