"""Do one piece of work after the other in a child process, so that one that takes too long can be ended.

Nothing else ends an expression: while the library evaluates one, Python does not run.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Any, Final, TypeVar

from reconciler.errors import ReconcilerError

T = TypeVar("T")
_PATIENCE: Final = 30
"""How many times as long as a piece may compute the parent waits for it: other programs need the processor, too."""


class Ended(Exception):
    """A piece of work computed for too long, or the process ended in it."""


def limited(pieces: Sequence[Callable[[], T]], seconds: float) -> Iterator[T | Ended]:
    """Yield the result of each piece of work, which must be possible to pickle, or why there is none.

    Each piece may compute for so many `seconds`. Raises ReconcilerError if the machine refuses a process.
    """
    begin = 0
    while begin < len(pieces):
        with _child(pieces[begin:], seconds) as (process, receiver):
            for _ in pieces[begin:]:
                begin += 1
                try:
                    result: T = _received(receiver, seconds * _PATIENCE)
                except EOFError:
                    yield _ended(process, seconds)
                    break
                yield result


def _received(receiver: Connection, seconds: float) -> Any:
    if not receiver.poll(seconds):
        raise EOFError
    return receiver.recv()


def _ended(process: ForkProcess, seconds: float) -> Ended:
    process.join(0.1)
    if process.exitcode in (None, -signal.SIGPROF):
        return Ended(f"it takes more than {seconds:g} seconds, and was stopped")
    return Ended(f"the process that evaluated it ended with {process.exitcode}")


@contextmanager
def _child(pieces: Sequence[Callable[[], T]], seconds: float) -> Iterator[tuple[ForkProcess, Connection]]:
    """Start a process that does the pieces and sends their results; end it afterwards."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(pieces, seconds, sender), daemon=True)
    try:
        process.start()
    except OSError:
        hint = "raise the limit on processes (`ulimit -u`, or a container's pids limit)"
        raise ReconcilerError("this machine lets the program start no more processes", hint) from None
    sender.close()
    try:
        yield process, receiver
    finally:
        process.kill()
        process.join()
        receiver.close()


def _work(pieces: Iterable[Callable[[], object]], seconds: float, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to both; the parent ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process when the timer below runs out
    gc.disable()  # the process ends soon, and what it has does not become garbage
    code = 1
    try:
        for piece in pieces:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            sender.send(piece())
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's is to be flushed or cleaned up here
