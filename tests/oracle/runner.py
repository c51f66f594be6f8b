"""Runs the real program in this process against the embedded server, with trouble on the way and no waiting."""

from __future__ import annotations

import io
import json
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, main_thread
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.cli.signals import StopFlag
from reconciler.live.http import HttpSession
from reconciler.live.throttle import Throttle
from reconciler.sandbox import Dialect, Fault, FaultKind, Server, Settings, World
from tests.oracle.identity import INSTANCE, PHONE
from tests.oracle.run import Run
from tests.stage import point_program_at

FALSE_LISTS = {FaultKind.STALE_LIST, FaultKind.PARTIAL_LIST}
FALSE_GROUPS = {FaultKind.STALE_GROUP, FaultKind.PARTIAL_GROUP, FaultKind.WRONG_COUNT}


class Killed(BaseException):
    """The process is dead: nothing after this reaches anybody."""


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in one run: faults, and an end at the `at`-th call ("kill before", "kill after", "interrupt
    before", "interrupt after": before or after the call took effect).
    """

    faults: tuple[Fault, ...] = ()
    end: str = ""
    at: int = 0
    connected: bool = True

    @property
    def false_lists(self) -> bool:
        """Whether a list may be false, in a way that nobody can see."""
        return any(fault.kind in FALSE_LISTS for fault in self.faults)

    @property
    def false_reads(self) -> bool:
        """Whether the answer to any read may be false."""
        return self.false_lists or any(fault.kind in FALSE_GROUPS for fault in self.faults)

    @property
    def silent(self) -> bool:
        """Whether a call may have to run into its timeout."""
        return any(fault.kind == FaultKind.SILENCE for fault in self.faults)


CALM = Trouble()


@dataclass
class Clock:
    """A clock that jumps over every wait, so that the program waits as long as it should and the test does not."""

    ahead: float = 0.0

    def now(self) -> float:
        """Return the seconds, as `time.monotonic` does."""
        return time.monotonic() + self.ahead

    def skip(self, seconds: float) -> None:
        """Stand in for a wait."""
        self.ahead += seconds

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let the rate limit and the waits between attempts run on this clock."""
        patch.setattr(Throttle.__init__, "__defaults__", (self.now, time.time, self.skip))


@dataclass
class Runner:
    """One world, one server, one folder. `signal_handled` is set when the program has handled a signal."""

    world: World
    server: Server
    folder: Path
    signal_handled: Event = field(default_factory=Event)

    def run(self, *arguments: str, trouble: Trouble = CALM, amid: bool = False) -> Run:
        """Run the program as the shell would, in trouble; afterwards the server's logs are those of this run alone.

        `amid` another run, which is paused: the logs go on, and the result has this run's calls alone.
        """
        if not amid:
            self.world.clear_logs()
        earlier = len(self.world.calls())
        (self.folder / "report.json").unlink(missing_ok=True)
        self.server.set_faults(trouble.faults)
        self.world.set_instance_status(INSTANCE, "connected" if trouble.connected else "disconnected")
        out, err = io.StringIO(), io.StringIO()
        with ExitStack() as stack:
            interrupted = stack.enter_context(self._ending(trouble))
            stack.enter_context(redirect_stdout(out))
            stack.enter_context(redirect_stderr(err))
            try:
                code: int | None = run(list(arguments))
            except Killed:
                code = None
        self.server.set_faults(())
        self.world.set_instance_status(INSTANCE, "connected")
        own = range(earlier + 1, len(self.world.calls()) + 1)
        return self.observe(arguments, code, out.getvalue(), err.getvalue(), seqs=own, interrupted=interrupted.is_set())

    def observe(
        self,
        arguments: tuple[str, ...],
        code: int | None,
        out: str,
        err: str,
        *,
        folder: Path | None = None,
        seqs: Collection[int] | None = None,
        interrupted: bool = False,
    ) -> Run:
        """Return what a run left behind in the folder it ran in; `seqs` are the numbers of its calls (None: all)."""
        path = (folder or self.folder) / "report.json"
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        effects = tuple(effect for effect in self.world.effects() if seqs is None or effect.call in seqs)
        calls = tuple(call for call in self.world.calls() if seqs is None or call.seq in seqs)
        whole = self.server.settings.dialect is Dialect.REFERENCE
        return Run(arguments, code, out, err, calls, effects, report, interrupted, whole)

    def files(self) -> str:
        """Return the text of every file that the program has left in its folders."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.rglob("*") if path.is_file())

    @contextmanager
    def _ending(self, trouble: Trouble) -> Iterator[Event]:
        """Kill or interrupt the process at the chosen call; the event says whether it was interrupted."""
        interrupted = Event()
        how, _, when = trouble.end.partition(" ")
        if how == "kill":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(HttpSession, "send", _dying(HttpSession.send, trouble.at, before=when == "before"))
                yield interrupted
            return
        if how != "interrupt":
            yield interrupted
            return
        hook = self._interrupting(trouble.at, interrupted)
        if when == "before":
            self.server.on_call = hook
        else:
            self.server.after_call = hook
        try:
            yield interrupted
        finally:
            self.server.on_call = self.server.after_call = None

    def _interrupting(self, at: int, interrupted: Event) -> Callable[[int, str, str], None]:
        def hook(seq: int, _method: str, _path: str) -> None:
            # A call that the program gave up may be handled after its end, when nobody listens for signals.
            listening = getattr(signal.getsignal(signal.SIGINT), "__func__", None) is StopFlag.handle
            if seq == at and listening:
                self.signal_handled.clear()
                interrupted.set()
                signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
                # The answer waits until the program has handled the signal, so that it cannot end before. If the signal
                # comes just before the main thread begins to wait for a lock, Python handles it only after that wait.
                if not self.signal_handled.wait(5):
                    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
                assert self.signal_handled.wait(20)

        return hook


def _dying(send: Callable[..., Any], at: int, *, before: bool) -> Callable[..., Any]:
    """Return the `HttpSession.send` of a process that is killed at its `at`-th call."""
    lock = Lock()
    count = 0
    dead = False

    def sending(wire: HttpSession, *arguments: Any, **options: Any) -> Any:
        nonlocal count, dead
        with lock:
            count += 1
            mine = count == at
            dead = dead or (mine and before)
            if dead:
                raise Killed
        answer = send(wire, *arguments, **options)
        with lock:
            dead = dead or mine
            if dead:
                raise Killed
        return answer

    return sending


@contextmanager
def start_runner(settings: Settings, folder: Path) -> Iterator[Runner]:
    """Start a server that behaves as `settings` say over a new world, and point the program in `folder` at it."""
    with World.open() as world, Server(world, settings) as server, pytest.MonkeyPatch.context() as patch:
        world.ensure_instance(INSTANCE, PHONE)
        runner = Runner(world, server, folder)
        handle = StopFlag.handle

        def handle_and_tell(stop: StopFlag, number: int, frame: Any) -> None:
            runner.signal_handled.set()
            handle(stop, number, frame)

        patch.setattr(StopFlag, "handle", handle_and_tell)
        Clock().install(patch)
        point_program_at(server, folder, patch)
        yield runner
