"""SIGINT and SIGTERM: they end the program at once, but let an apply finish the calls it has started."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

from reconciler.cli.error_output import print_line


class StopFlag:
    """Whether a signal asked the run to stop; waits and calls look at `event`."""

    def __init__(self) -> None:
        self.event = Event()
        self._deferred = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: set the flag, and end the program unless signals are deferred."""
        first = not self.event.is_set()
        self.event.set()
        if not self._deferred:
            raise KeyboardInterrupt
        if first:
            print_line("interrupted: waiting for the calls in progress; no new ones start")

    def defer(self) -> None:
        """Defer signals from now on: calls write, so the run must end with an account of what was changed."""
        self._deferred = True


@contextmanager
def on_signal(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call a function on SIGINT and SIGTERM, and restore the former handlers at the end; only the main thread can."""
    if current_thread() is not main_thread():
        yield
        return
    previous = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in previous.items():
            signal.signal(number, former)


@contextmanager
def handle_signals() -> Iterator[StopFlag]:
    """Handle SIGINT and SIGTERM with a stop flag."""
    stop = StopFlag()
    with on_signal(stop.handle):
        yield stop
