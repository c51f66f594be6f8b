"""Ctrl-C and SIGTERM: outside an apply they end the program, inside they let the calls in flight finish."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

from reconciler.cli.output import print_line

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Whether the run was asked to stop. `event` is what waits and calls look at."""

    def __init__(self) -> None:
        self.event = Event()
        self._writing = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signal handler: note it, and end at once unless calls that write are under way."""
        first = not self.event.is_set()
        self.event.set()
        if not self._writing:
            raise KeyboardInterrupt
        if first:
            print_line("interrupted: finishing the calls under way, starting no other")

    def deferring(self) -> None:
        """From here on calls write: a signal only asks to stop, and nobody may say that nothing was changed."""
        self._writing = True


@contextmanager
def handle_signals() -> Iterator[StopFlag]:
    """Turn SIGINT and SIGTERM into a Stop; the handlers of before come back afterwards."""
    stop = StopFlag()
    if current_thread() is not main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
