"""Run work in parallel threads while the main thread, which waits for them, keeps handling signals."""

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
"""How often a waiting main thread wakes up."""


@contextmanager
def thread_pool(count: int) -> Iterator[ThreadPoolExecutor]:
    """Open a pool with its threads already started, so that none can be refused while work is under way.

    Raises ReconcilerError if the machine refuses one.
    """
    all_started = Event()
    with ThreadPoolExecutor(count) as pool:
        try:
            for _ in range(count):
                pool.submit(all_started.wait)
        except RuntimeError:
            raise ReconcilerError(
                "this machine lets the program start no more threads",
                "lower --parallelism, or raise the limit on processes (`ulimit -u`, or a container's pids limit)",
            ) from None
        finally:
            all_started.set()
        yield pool


def as_completed(work: Collection[Future[T]]) -> Iterator[Future[T]]:
    """Yield each future once it is done, failed or cancelled.

    The main thread wakes up often, because Python runs a signal's handler only while the main thread runs.
    """
    done: SimpleQueue[Future[T]] = SimpleQueue()
    for future in work:
        future.add_done_callback(done.put)
    for _ in work:
        yield _next(done)


def _next(done: SimpleQueue[Future[T]]) -> Future[T]:
    while True:
        with suppress(Empty):
            return done.get(timeout=POLL_SECONDS)
