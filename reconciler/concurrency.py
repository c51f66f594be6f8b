"""Work side by side in threads, while the main thread, which waits for it, goes on hearing signals."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Event
from typing import TypeVar

from reconciler.errors import ReconcilerError

T = TypeVar("T")


POLL_SECONDS = 0.1
"""Seconds after which whoever waits wakes for a moment."""


NO_THREAD_MESSAGE = "this machine lets the program start no more threads"


MORE_THREADS_HINT = "lower --parallelism, or raise the limit on processes (`ulimit -u`, or a container's limit on pids)"


@contextmanager
def thread_pool(count: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of so many threads that run already, so that none has to be had when work is under way.

    Raises ReconcilerError where the machine does not give so many.
    """
    all_asked_for = Event()
    with ThreadPoolExecutor(count) as pool:
        try:
            for _ in range(count):
                pool.submit(all_asked_for.wait)
        except RuntimeError:
            raise ReconcilerError(NO_THREAD_MESSAGE, MORE_THREADS_HINT) from None
        finally:
            all_asked_for.set()
        yield pool


def as_completed(work: Collection[Future[T]]) -> Iterator[Future[T]]:
    """Each piece of work once it has ended, in whatever way.

    Python handles a signal that another thread received only when the main thread runs again: so it wakes often.
    """
    ended: SimpleQueue[Future[T]] = SimpleQueue()
    for piece in work:
        piece.add_done_callback(ended.put)
    for _ in work:
        yield _next_of(ended)


def _next_of(ended: SimpleQueue[Future[T]]) -> Future[T]:
    while True:
        with suppress(Empty):
            return ended.get(timeout=POLL_SECONDS)
