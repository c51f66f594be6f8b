"""Progress on stderr: of the groups that are read, and of the calls of an apply.

On a terminal it is one line, or a bar, that is rewritten; elsewhere it is log lines.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, TextIO

from reconciler.apply.result import StepResult, StepStatus
from reconciler.cli.color import use_color
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.logs import (
    ROOM_FOR_INTERRUPT,
    clear_status,
    enter_group,
    is_json,
    show_status,
)
from reconciler.model.text import plural
from reconciler.plan.model import Action, Plan, Step

if TYPE_CHECKING:
    from reconciler.apply.ports import Progress

log = logging.getLogger("reconciler.apply")
read_log = logging.getLogger("reconciler.read")
SecondsToWait = Callable[[], float]
"""Returns how many seconds the rate limit lets nobody call."""

LOG_SECONDS: Final = 10.0
"""How often the progress of reading is logged; a shorter reading logs nothing."""

STATUS_FIRST_SECONDS: Final = 1.0
STATUS_SECONDS: Final = 0.25
"""How often the line on a terminal is rewritten, and when it appears."""


class ReadingProgress:
    """How many groups are read, or `numbers` checked, and when the next call may be sent."""

    def __init__(self, seconds_to_wait: SecondsToWait, *, numbers: bool = False) -> None:
        self._seconds_to_wait = seconds_to_wait
        self._words = "numbers checked" if numbers else "groups read"
        self._done = 0
        self._total = 0

    def __call__(self, done: int, total: int) -> None:
        """Receive how many groups are read, of how many."""
        self._done, self._total = done, total

    def counts(self) -> dict[str, int]:
        """Return the numbers of the progress."""
        return {"read": self._done, "groups": self._total, "seconds_to_wait": ceil(self._seconds_to_wait())}

    def __str__(self) -> str:
        done = f"{self._done} of {self._total} {self._words}" if self._total else "reading the list of groups"
        return ", ".join(filter(None, (done, next_call(self._seconds_to_wait))))

    def log(self) -> None:
        """Write the progress as a log line."""
        read_log.info("%s", self, extra={"action": "read", "counts": self.counts()})

    def show(self) -> None:
        """Write the progress over the last one on a terminal."""
        show_status(str(self)[: shutil.get_terminal_size().columns - 1 - ROOM_FOR_INTERRUPT])


class LogProgress:
    """A log line for each call and for each group that is read back.

    Why nobody is added any more is one warning; the lines of the further steps come with `--verbose` alone.
    """

    def __init__(self) -> None:
        self._told_stop = False

    def started(self, step: Step) -> None:
        """Note the group for the lines of its calls; the step's own line comes with the outcome."""
        enter_group(step.group)

    def finished(self, result: StepResult) -> None:
        """Log the outcome of a call."""
        step = result.step
        level = logging.INFO if result.status is StepStatus.DONE else logging.WARNING
        if result.is_held:
            level = logging.DEBUG if self._told_stop else logging.WARNING
            self._told_stop = True
        reason = f": {result.message.to_text()}" if result.message else ""
        fields = {
            "group": step.group,
            "action": step.action.value,
            "status": result.status.value,
            "counts": {"people": len(step.people)},
            "code": result.message.code if result.message else None,
        }
        # What the call did is known only when the group is read back.
        status = "accepted" if result.status is StepStatus.DONE else result.status
        log.log(level, "%s: %s … %s%s", step.group, describe_step(step), status, reason, extra=fields)
        enter_group("")

    def reading_back(self, key: str) -> None:
        """Log that a group is read back, and note the group for the lines of its calls."""
        enter_group(key)
        log.info("%s: reading back", key, extra={"group": key, "action": "read back"})


def next_call(seconds_to_wait: SecondsToWait) -> str:
    """Return `next call in 31 s`; nothing while calls are sent."""
    seconds = ceil(seconds_to_wait())
    return f"next call in {seconds} s" if seconds > 1 else ""


def describe_step(step: Step) -> str:
    """Return a step in a few words, without any name."""
    people = plural(len(step.people), "person", "people")
    match step.action:
        case Action.ADD | Action.REMOVE:
            return f"{step.action} {people}"
        case Action.CREATE:
            return f"create with {people}"
        case Action.PATCH:
            return f"patch {' and '.join(step.texts)}"
        case _:
            return str(step.action)


@contextmanager
def show_reading(
    global_options: GlobalOptions, seconds_to_wait: SecondsToWait, *, numbers: bool = False
) -> Iterator[ReadingProgress]:
    """Show how many groups are read, or `numbers` checked: on a terminal after a second, elsewhere every ten."""
    progress = ReadingProgress(seconds_to_wait, numbers=numbers)
    if global_options.quiet:
        yield progress
    elif _on_terminal(global_options):
        with _without_wait_logs(), _repeated(progress.show, STATUS_FIRST_SECONDS, STATUS_SECONDS):
            yield progress
    else:
        with _repeated(progress.log, LOG_SECONDS, LOG_SECONDS):
            yield progress


@contextmanager
def show_progress(plan: Plan, global_options: GlobalOptions, seconds_to_wait: SecondsToWait) -> Iterator[Progress]:
    """Show the progress of an apply on stderr, as a bar where stderr is a terminal and logs do not go there too."""
    if not _on_terminal(global_options):
        yield LogProgress()
        return
    from reconciler.cli.progress_bar import progress_bar

    total = plan.calls + sum(bool(group.steps) for group in plan.groups)
    no_color = not use_color(global_options.color, sys.stderr)
    bar = progress_bar(total, describe_step, lambda: next_call(seconds_to_wait), no_color=no_color)
    with _without_wait_logs(), bar as progress:
        yield progress


def _on_terminal(global_options: GlobalOptions) -> bool:
    """Whether stderr is a terminal that can rewrite a line, and no log lines go there."""
    stderr: TextIO | None = sys.stderr
    log_lines = global_options.quiet or global_options.verbose or is_json()
    return not log_lines and stderr is not None and stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def _repeated(action: Callable[[], None], first: float, interval: float) -> Iterator[None]:
    """Do something again and again beside the block, for the first time after `first` seconds."""
    ended = Event()

    def run() -> None:
        seconds = first
        while not ended.wait(seconds):
            action()
            seconds = interval

    thread = Thread(target=run, name="progress", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # this machine refuses another thread, and progress is not worth an error
        yield
        return
    try:
        yield
    finally:
        ended.set()
        thread.join()
        clear_status()


@contextmanager
def _without_wait_logs() -> Iterator[None]:
    """Log no waits while the line or the bar shows them."""
    logger = logging.getLogger("reconciler.live")
    logger.addFilter(_is_not_wait)
    try:
        yield
    finally:
        logger.removeFilter(_is_not_wait)


def _is_not_wait(record: logging.LogRecord) -> bool:
    return getattr(record, "action", "") != "wait"
