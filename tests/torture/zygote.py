"""A warmed process that forks the real program again and again: a run costs milliseconds, not a start of Python.

Speaks JSON lines: {"fork": {...}} → {"pid": n}, {"wait": n} → {"code": n} (negative: killed by that signal).
A child may carry a tripwire at one of its calls: a signal to itself, or a pause until somebody says go on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from reconciler.apply import lock

WARM = (
    "reconciler.cli.commands.apply.command",
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


PATIENCE = 120
"""After how many seconds a run that does not end is ended, by SIGALRM."""


@dataclass(frozen=True)
class Tripwire:
    """Where a run trips: `before` or `after` its call number `at` (from 0).

    It sends itself `signal`, or, where that is 0, writes a byte to the pipe `told` and waits for one in `go`. It has
    `told` open from its start, so that whoever reads there sees the end of a run that never gets so far.
    """

    at: int
    when: str
    signal: int = 0
    told: str = ""
    go: str = ""


class Zygote:
    """The warmed process, seen from the tests."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def fork(self, arguments: list[str], folder: Path, wire: Tripwire | None = None) -> int:
        """Start the program in a folder with this process's environment and locks; its output goes to files there."""
        order = {
            "arguments": arguments,
            "folder": str(folder),
            "environment": dict(os.environ),
            "locks": str(lock.FOLDER),
            "wire": asdict(wire) if wire else None,
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
def zygote() -> Iterator[Zygote]:
    """A zygote for as long as tests need one."""
    command = [sys.executable, "-m", "tests.torture.zygote"]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            yield Zygote(process)
        finally:
            process.kill()


def _serve() -> None:
    for module in WARM:
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
    signal.alarm(PATIENCE)
    lock.FOLDER = Path(order["locks"])
    for number, name in ((0, os.devnull), (1, "out.txt"), (2, "err.txt")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if order["wire"] is not None:
        _trip(Tripwire(**order["wire"]))
    from reconciler.cli.main import run

    code = run(order["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _trip(wire: Tripwire) -> None:
    """Lay the tripwire across the one place where requests go out."""
    from reconciler.live import http as live

    send, seen = live.HttpSession.send, 0
    told = os.open(wire.told, os.O_WRONLY) if wire.told else -1

    def tripping(*args: Any, **more: Any) -> Any:
        nonlocal seen
        here, seen = seen == wire.at, seen + 1
        if here and wire.when == "before":
            _stop(wire, told)
        answer = send(*args, **more)
        if here and wire.when == "after":
            _stop(wire, told)
        return answer

    live.HttpSession.send = tripping  # type: ignore[method-assign]  # the tripwire


def _stop(wire: Tripwire, told: int) -> None:
    if wire.signal:
        os.kill(os.getpid(), wire.signal)
        return
    os.write(told, b".")
    Path(wire.go).read_bytes()


if __name__ == "__main__":
    _serve()
