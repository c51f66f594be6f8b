"""Logs on stderr, as text or JSON lines; the progress of an apply, as a bar on a terminal, else as logs."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO, cast

from reconciler.apply.result import StepResult, StepStatus
from reconciler.cli.color import use_color
from reconciler.cli.global_options import GlobalOptions
from reconciler.plan.model import Action, Plan, Step
from reconciler.sanitize.escape import mask_and_escape
from reconciler.sanitize.mask import mask_text

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from reconciler.apply.ports import Progress

log = logging.getLogger("reconciler.apply")


class TextFormatter(logging.Formatter):
    """The masked message as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return mask_and_escape(record.getMessage())


class JsonFormatter(logging.Formatter):
    """A JSON object a line, with the API call where the record is of one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask_text(record.getMessage()),
        }
        call = {
            name: mask_text(value) if isinstance(value, str) else value
            for name, value in getattr(record, "call", {}).items()
        }
        return json.dumps({**line, "call": call} if call else line)


class StderrHandler(logging.Handler):
    """Writes to the current stderr, which a progress bar replaces for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; do nothing where stderr was closed when the program started (`2>&-`)."""
        stderr: TextIO | None = sys.stderr
        if stderr is None:
            return
        try:
            stderr.write(self.format(record) + "\n")
            stderr.flush()
        except OSError:
            self.handleError(record)


def set_up_logging(global_options: GlobalOptions) -> None:
    """Send logs to stderr: -q logs errors only, -v every API call; the default is progress."""
    handler = StderrHandler()
    handler.setFormatter(JsonFormatter() if global_options.log_format == "json" else TextFormatter())
    logger = logging.getLogger("reconciler")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(
        logging.ERROR if global_options.quiet else logging.DEBUG if global_options.verbose else logging.INFO
    )


class LogProgress:
    """A log line for each call and for each group that is read back."""

    def started(self, step: Step) -> None:
        """Do nothing: the line comes with the outcome."""

    def finished(self, result: StepResult) -> None:
        """Log the outcome of a call."""
        level = logging.INFO if result.status is StepStatus.DONE else logging.WARNING
        reason = f": {result.message.to_text()}" if result.message else ""
        # What the call did is known only when the group is read back.
        status = "accepted" if result.status is StepStatus.DONE else result.status
        log.log(level, "%s: %s … %s%s", result.step.group, describe_step(result.step), status, reason)

    def reading_back(self, key: str) -> None:
        """Log that a group is read back."""
        log.info("%s: reading back", key)


class BarProgress:
    """A bar that counts calls and read-backs, with the current step beside it."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def started(self, step: Step) -> None:
        """Show the step."""
        self._bar.update(self._task, current=f"{mask_and_escape(step.group)}: {describe_step(step)}")

    def finished(self, result: StepResult) -> None:
        """Count the step."""
        self._bar.advance(self._task)

    def reading_back(self, key: str) -> None:
        """Show and count a read-back."""
        self._bar.update(self._task, current=f"{mask_and_escape(key)}: reading back")
        self._bar.advance(self._task)


class LenientStream:
    """stderr for the bar; it discards what cannot be written, so that a run outlives its terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write what the stream takes."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what the stream takes."""
        with suppress(OSError):
            self._stream.flush()


def describe_step(step: Step) -> str:
    """Return a step in a few words, without any name."""
    count = len(step.people)
    people = f"{count} {'person' if count == 1 else 'people'}"
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
def show_progress(plan: Plan, global_options: GlobalOptions) -> Iterator[Progress]:
    """Show progress on stderr, as a bar where stderr is a terminal and logs do not go there too."""
    stderr: TextIO | None = sys.stderr
    log_lines = global_options.quiet or global_options.verbose or global_options.log_format == "json"
    if log_lines or stderr is None or not stderr.isatty():
        yield LogProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    step = TextColumn("{task.fields[current]}", markup=False)
    total = plan.calls + plan.read_backs
    console = Console(file=cast("TextIO", LenientStream(stderr)), no_color=not use_color(global_options.color, stderr))
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), step)
    with Progress(*columns, console=console, transient=True) as bar:
        yield BarProgress(bar, bar.add_task("apply", total=total, current=""))
