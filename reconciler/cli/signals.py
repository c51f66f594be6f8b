"""SIGINT and SIGTERM: they end the program at once, but let an apply finish the calls it has started."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from time import monotonic, sleep
from types import FrameType

from reconciler.cli.error_output import print_line, print_message
from reconciler.errors import ExitCode

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 1.0
"""How long an interrupted program may take to end before another signal ends it in the middle of that."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class SignalEvent(Event):
    """An event that a signal handler may set.

    It has no lock: the handler runs in the middle of whatever the main thread does, and would wait forever for a lock
    that this thread holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_set = False

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Set it; this is safe in a signal handler."""
        self._is_set = True

    def clear(self) -> None:
        """Undo `set`."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or for `timeout` seconds; return whether it is set."""
        end = None if timeout is None else monotonic() + timeout
        while not self._is_set:
            rest = POLL_SECONDS if end is None else min(POLL_SECONDS, end - monotonic())
            if rest <= 0:
                break
            sleep(rest)
        return self._is_set


class StopFlag:
    """Whether a signal asked the run to stop; waits and calls look at `event`.

    `outer` is the flag that handles signals once this one no longer does.
    """

    def __init__(self, outer: StopFlag | None = None) -> None:
        self.event = SignalEvent()
        self._deferred = False
        self._first: float | None = None
        self._outer = outer

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: set the flag, and end the program unless signals are deferred.

        Only the first signal raises KeyboardInterrupt: another one would break off what releases locks and ends
        threads. If that takes too long, a further signal ends the process as it is.
        """
        first, now = self._first, monotonic()
        if first is None:
            self._note(now, self._deferred)
            if not self._deferred:
                raise KeyboardInterrupt
            print_line("interrupted: waiting for the calls in progress; no new ones start", "warning")
        elif not self._deferred and now - first > PATIENCE_SECONDS:
            print_message("interrupted; no live group was changed", "Interrupted")
            os._exit(ExitCode.INTERRUPTED)

    def _note(self, first: float, deferred: bool) -> None:
        """Note the first signal, also in the outer flag: it must not raise on the next one."""
        self._first, self._deferred = first, deferred
        self.event.set()
        if self._outer is not None:
            self._outer._note(first, deferred)

    def defer(self) -> None:
        """Defer signals from now on: calls write, so the run must end with an account of what was changed."""
        self._deferred = True


@contextmanager
def on_signal(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call a function on SIGINT and SIGTERM, and restore the former handlers at the end; only the main thread can."""
    if current_thread() is not main_thread():
        yield
        return
    previous = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, former in previous.items():
            signal.signal(number, former)


@contextmanager
def handle_signals() -> Iterator[StopFlag]:
    """Handle SIGINT and SIGTERM with a stop flag."""
    outer = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    stop = StopFlag(outer if isinstance(outer, StopFlag) else None)
    with on_signal(stop.handle):
        yield stop


def ignore_signals() -> None:
    """Ignore SIGINT and SIGTERM from now on: the process ends with the exit code that it has."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
