"""Do one piece of work after the other in a child process, so that one that takes too long can be ended.

Nothing else ends an expression: while the library evaluates one, Python does not run.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

T = TypeVar("T")
_PATIENCE: Final = 30
"""How many times as long as a piece may compute the parent waits for it: other programs need the processor, too."""


MAX_MEMORY: Final = 1 << 30
"""Bytes that the child process may take beside those of its start; only Linux tells how many these are."""
_NO_MEMORY: Final = 3


class Ended(Exception):
    """A piece of work computed for too long, or the process ended in it."""


def limited(pieces: Sequence[Callable[[], T]], seconds: float, total: float) -> Iterator[T | Ended]:
    """Yield the result of each piece of work, which must be possible to pickle, or why there is none.

    Each piece may compute for so many `seconds`, and all together for `total` seconds. Raises ReconcilerError if the
    machine refuses a process.
    """
    begin, left = 0, total
    while begin < len(pieces) and left > 0:
        with _child(pieces[begin:], seconds, left) as (process, receiver):
            while begin < len(pieces) and left > 0:
                begin += 1
                try:
                    result, used = _received(receiver, seconds * _PATIENCE)
                except EOFError:
                    yield _ended(process, seconds if seconds < left else total)
                    left -= seconds  # at most: nobody knows how long it computed
                    break
                left -= used
                yield result
    for _ in pieces[begin:]:
        yield Ended(f"the rules before it took {total:g} seconds together, which is all that rules may take")


def _received(receiver: Connection, seconds: float) -> Any:
    if not receiver.poll(seconds):
        raise EOFError
    return receiver.recv()


def _ended(process: ForkProcess, seconds: float) -> Ended:
    process.join(0.1)
    if process.exitcode in (_NO_MEMORY, -signal.SIGABRT):
        return Ended(f"it needs more than {MAX_MEMORY >> 20:,} MiB of memory, and was stopped")
    if process.exitcode in (None, -signal.SIGPROF):
        return Ended(f"it takes more than {seconds:g} seconds, and was stopped")
    return Ended(f"the process that evaluated it ended with {process.exitcode}")


@contextmanager
def _child(pieces: Sequence[Callable[[], T]], seconds: float, left: float) -> Iterator[tuple[ForkProcess, Connection]]:
    """Start a process that does the pieces and sends their results; end it afterwards."""
    from multiprocessing import get_context

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(pieces, seconds, left, sender), daemon=True)
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


def _work(pieces: Iterable[Callable[[], object]], seconds: float, left: float, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to both; the parent ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process when the timer below runs out
    gc.disable()  # the process ends soon, and what it has does not become garbage
    code = 1
    try:
        _limit_memory()
        for piece in pieces:
            if left <= 0:
                break
            begin = process_time()
            signal.setitimer(signal.ITIMER_PROF, min(seconds, left))
            result = piece()
            used = process_time() - begin
            left -= used
            sender.send((result, used))
        code = 0
    except MemoryError:
        code = _NO_MEMORY
    finally:
        os._exit(code)  # nothing of the parent's is to be flushed or cleaned up here


def _limit_memory() -> None:
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a library that finds no memory writes a line of its own, and aborts
    limit, (_, hard) = pages * resource.getpagesize() + MAX_MEMORY, resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
