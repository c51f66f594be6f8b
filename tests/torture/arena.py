"""One scenario's place: a world, a server, a folder, and the program run in this process without losing time.

Waiting is done on a clock that jumps: the program waits as long as it should, and nobody else does.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.live.throttle import Throttle
from reconciler.sandbox import Server, Settings, World
from reconciler.sandbox.records import Call, Effect
from tests.torture import reference
from tests.torture.lies import lying


class JumpingPacer(Throttle):
    """A pacer whose clock jumps over every wait that it decides on."""

    def __init__(self, rate: float | None, writes_per_minute: int | None, stop: Any) -> None:
        self._jumped = 0.0
        super().__init__(rate, writes_per_minute, stop, self._clock_of_its_own, time.time, self._jump)

    def _clock_of_its_own(self) -> float:
        return time.monotonic() + self._jumped

    def _jump(self, seconds: float) -> None:
        self._jumped += seconds


@dataclass(frozen=True)
class Ran:
    """One run of the program and what the server saw of it; `report` is an apply's, None where none was written."""

    code: int
    out: str
    err: str
    report: dict[str, Any] | None
    calls: tuple[Call, ...]
    effects: tuple[Effect, ...]

    @property
    def writes(self) -> list[Call]:
        """The calls that are no reads."""
        return [call for call in self.calls if call.method != "GET"]


class Arena:
    """A world, its server and a folder with the file."""

    def __init__(self, world: World, server: Server, folder: Path) -> None:
        self.world = world
        self.server = server
        self.folder = folder

    def run(self, *arguments: str, timeout: float = 10.0, amid: bool = False, side_by_side: int = 1) -> Ran:
        """Run the program; the logs of calls and effects are those of this run alone afterwards.

        `amid` another run, which stands still: the logs go on, and what is returned is this run's alone.
        """
        if not amid:
            self.world.clear_logs()
        before = len(self.world.calls())
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--parallelism", str(side_by_side), "--timeout", str(timeout), *arguments])
        after = range(before + 1, len(self.world.calls()) + 1)
        return self.seen(code, out.getvalue(), err.getvalue(), seqs=after)

    def apply(self, timeout: float = 10.0, *, amid: bool = False, side_by_side: int = 1) -> Ran:
        """Apply the file, asking nothing, with a report."""
        (self.folder / "report.json").unlink(missing_ok=True)
        arguments = ("apply", "--yes", "--report", "report.json")
        return self.run(*arguments, timeout=timeout, amid=amid, side_by_side=side_by_side)

    def plan(self) -> Ran:
        """Plan as a pipeline does: exit code 2 when anything is pending."""
        (self.folder / "report.json").unlink(missing_ok=True)
        return self.run("plan", "--detailed-exitcode", "--format", "json")

    def all_handled(self) -> None:
        """Wait until the server is done with every call, also with those that nobody waits for any more."""
        handled = Event()
        self.server.after_call = lambda *_: handled.set()
        while any(call.status is None for call in self.world.calls()):
            assert handled.wait(10)
            handled.clear()
        self.server.after_call = None

    def seen(
        self, code: int, out: str, err: str, *, folder: Path | None = None, seqs: Collection[int] | None = None
    ) -> Ran:
        """What a run left behind, in whatever folder it ran; `seqs` are the numbers of its calls (None: all)."""
        path = (folder or self.folder) / "report.json"
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        calls = tuple(call for call in self.world.calls() if seqs is None or call.seq in seqs)
        effects = tuple(effect for effect in self.world.effects() if seqs is None or effect.call in seqs)
        return Ran(code, out, err, report, calls, effects)


@contextmanager
def arena(dialect: str, folder: Path, file: str = reference.FILE) -> Iterator[Arena]:
    """The reference world behind a fresh server, the file in a folder of its own, the environment set to both."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "groups.yaml").write_text(file, encoding="utf-8")
    settings = Settings(dialect, rate_limit=None)
    with World.open() as world, Server(world, settings) as server, pytest.MonkeyPatch.context() as patch:
        reference.fill(world)
        patch.chdir(folder)
        patch.setenv("WAPPFY_API_KEY", server.key)
        patch.setenv("WAPPFY_BASE_URL", server.url)
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setattr("reconciler.live.throttle.Throttle", JumpingPacer)
        patch.setattr("reconciler.sandbox.middleware.apply_fault", lying)
        yield Arena(world, server, folder)
