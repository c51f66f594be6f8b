"""Do one piece of work after the other in a child process, so that one that takes too long can be ended.

Nothing else ends an expression: while the library evaluates one, Python does not run.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


class Ended(Exception):
    """A piece of work took too long, or the process ended in it."""


def limited(pieces: Sequence[Callable[[], T]], seconds: float) -> Iterator[T | Ended]:
    """Yield the result of each piece of work, which must be possible to pickle, or why there is none."""
    begin = 0
    while begin < len(pieces):
        with _child(pieces[begin:]) as receiver:
            for _ in pieces[begin:]:
                result = _receive(receiver, seconds)
                begin += 1
                yield result
                if isinstance(result, Ended):
                    break


def _receive(receiver: Connection, seconds: float) -> T | Ended:
    try:
        if not receiver.poll(seconds):
            return Ended(f"it takes more than {seconds:g} seconds, and was stopped")
        result: T = receiver.recv()
    except EOFError:
        return Ended("it ended the process that evaluated it")
    return result


@contextmanager
def _child(pieces: Sequence[Callable[[], T]]) -> Iterator[Connection]:
    """Start a process that does the pieces and sends their results; end it afterwards."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(pieces, sender), daemon=True)
    process.start()
    sender.close()
    try:
        yield receiver
    finally:
        process.kill()
        process.join()
        receiver.close()


def _work(pieces: Iterable[Callable[[], object]], sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to both; the parent ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        for piece in pieces:
            sender.send(piece())
    finally:
        os._exit(0)  # nothing of the parent's is to be flushed or cleaned up here
