"""Runs the real program in this process against the embedded server, with trouble on the way and no waiting."""

from __future__ import annotations

import io
import json
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, main_thread
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.cli.signals import StopFlag
from reconciler.live.http import HttpSession
from reconciler.live.throttle import Throttle
from reconciler.sandbox import Fault, FaultKind, Server, Settings, World
from reconciler.sandbox.records import Call, Effect
from tests.torture_model.cast import INSTANCE, KEY, PHONE

LIES_ABOUT_LISTS = {FaultKind.STALE_LIST, FaultKind.PARTIAL_LIST}
LIES_ABOUT_GROUPS = {FaultKind.STALE_GROUP, FaultKind.PARTIAL_GROUP, FaultKind.WRONG_COUNT}


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
    def lies_about_lists(self) -> bool:
        """Whether a list may say what is not so, in a way nobody can see."""
        return any(fault.kind in LIES_ABOUT_LISTS for fault in self.faults)

    @property
    def lies(self) -> bool:
        """Whether any read may say what is not so."""
        return self.lies_about_lists or any(fault.kind in LIES_ABOUT_GROUPS for fault in self.faults)

    @property
    def silent(self) -> bool:
        """Whether a call may have to run into its timeout."""
        return any(fault.kind == FaultKind.SILENCE for fault in self.faults)


CALM = Trouble()


@dataclass(frozen=True)
class Ran:
    """One run of the program, and what the server knows of it. `code` is None when it was killed."""

    arguments: tuple[str, ...]
    code: int | None
    out: str
    err: str
    calls: tuple[Call, ...]
    effects: tuple[Effect, ...]
    report: dict[str, Any] | None
    interrupted: bool

    @property
    def writes(self) -> list[Call]:
        """The calls that may change something."""
        return [call for call in self.calls if call.method != "GET"]

    def __str__(self) -> str:
        calls = "\n".join(f"  {call.method} {call.path} -> {call.status} {call.body}" for call in self.calls)
        return f"{self.arguments} -> {self.code}\n{self.out}\n{self.err}\n{calls}"


@dataclass
class Clock:
    """A clock that jumps instead of waiting."""

    ahead: float = 0.0

    def now(self) -> float:
        """Seconds, as `time.monotonic` tells them."""
        return time.monotonic() + self.ahead

    def skip(self, seconds: float) -> None:
        """What stands for every wait between two attempts."""
        self.ahead += seconds


@dataclass
class Rig:
    """One world, one server, one folder."""

    world: World
    server: Server
    folder: Path
    heard: Event

    def run(self, *arguments: str, trouble: Trouble = CALM) -> Ran:
        """Run the program as the shell would, in trouble."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        self.world.clear_logs()
        self.server.set_faults(trouble.faults)
        self.world.set_instance_status(INSTANCE, "connected" if trouble.connected else "disconnected")
        out, err = io.StringIO(), io.StringIO()
        timeout = ("--timeout", "0.2") if trouble.silent else ()
        with ExitStack() as stack:
            interrupted = stack.enter_context(self._ending(trouble))
            stack.enter_context(redirect_stdout(out))
            stack.enter_context(redirect_stderr(err))
            try:
                code: int | None = run([*timeout, *arguments])
            except Killed:
                code = None
        self.server.set_faults(())
        self.world.set_instance_status(INSTANCE, "connected")
        told = json.loads(report.read_text()) if report.exists() else None
        effects = self.world.effects()
        return Ran(
            arguments, code, out.getvalue(), err.getvalue(), self.world.calls(), effects, told, interrupted.is_set()
        )

    @contextmanager
    def _ending(self, trouble: Trouble) -> Iterator[Event]:
        """Let the process die, or be interrupted, at the chosen call; the event tells whether it was interrupted."""
        interrupted = Event()
        how, _, when = trouble.end.partition(" ")
        if how == "kill":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(HttpSession, "send", _dying(HttpSession.send, trouble.at, before=when == "before"))
                yield interrupted
            return
        if how == "interrupt":
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
        def hook(seq: int, method: str, path: str) -> None:
            # A call that the program gave up may be handled after its end, when nobody listens for signals.
            listening = getattr(signal.getsignal(signal.SIGINT), "__func__", None) is StopFlag.handle
            if seq == at and listening:
                self.heard.clear()
                interrupted.set()
                signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
                # The answer waits until the program has heard the signal, so that it cannot end before. One that comes
                # just before the main thread begins to wait for a lock is heard by Python only after that wait.
                if not self.heard.wait(5):
                    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
                assert self.heard.wait(20)

        return hook

    def files(self) -> str:
        """The text of every file the program has left in its folders."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.rglob("*") if path.is_file())


def _dying(send: Callable[..., Any], at: int, *, before: bool) -> Callable[..., Any]:
    """`Wire.send` of a process that is killed at its `at`-th call."""
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
def rig_with(settings: Settings) -> Iterator[Rig]:
    """A rig whose server behaves as `settings` say; the environment points the program at it."""
    heard = Event()
    asked = StopFlag.handle

    def asked_and_heard(stop: StopFlag, number: int, frame: Any) -> None:
        heard.set()
        asked(stop, number, frame)

    clock = Clock()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(StopFlag, "handle", asked_and_heard)
        patch.setattr(Throttle.__init__, "__defaults__", (clock.now, time.time, clock.skip))
        world = stack.enter_context(World.open())
        world.ensure_instance(INSTANCE, PHONE)
        server = stack.enter_context(Server(world, settings))
        patch.setenv("WAPPFY_API_KEY", KEY)
        patch.setenv("WAPPFY_BASE_URL", server.url)
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.chdir(folder)
        yield Rig(world, server, folder, heard)


def addresses(call: Call) -> list[str]:
    """The digits of the people a call names."""
    told = json.loads(call.body) if call.body else {}
    jids: Sequence[str] = told.get("participants", ())
    return [jid.partition("@")[0] for jid in jids]
