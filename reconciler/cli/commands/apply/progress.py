"""How far an apply is: a bar on a terminal, one line a call elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from reconciler.apply.result import StepResult, StepStatus
from reconciler.cli.global_options import GlobalOptions
from reconciler.plan.model import Plan
from reconciler.plan.step import Action, Step
from reconciler.sanitize.escape import mask_and_escape

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from reconciler.apply.ports import Progress


log = logging.getLogger("reconciler.apply")


class LogProgress:
    """One log line a call, and one a group that is read back."""

    def started(self, step: Step) -> None:
        """Nothing: the line comes when the outcome is known."""

    def finished(self, result: StepResult) -> None:
        """Say how a call ended."""
        level = logging.INFO if result.status is StepStatus.DONE else logging.WARNING
        why = f": {result.message}" if result.message else ""
        log.log(level, "%s: %s … %s%s", result.step.group, describe_step(result.step), result.status, why)

    def reading_back(self, key: str) -> None:
        """Say that a group is read again."""
        log.info("%s: reading back", key)


class BarProgress:
    """A bar that counts calls and read-backs, with the step under way beside it."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def started(self, step: Step) -> None:
        """Show what is under way."""
        self._bar.update(self._task, doing=f"{mask_and_escape(step.group)}: {describe_step(step)}")

    def finished(self, result: StepResult) -> None:
        """Count it."""
        self._bar.advance(self._task)

    def reading_back(self, key: str) -> None:
        """Count a read-back."""
        self._bar.update(self._task, doing=f"{mask_and_escape(key)}: reading back")
        self._bar.advance(self._task)


class _Stderr:
    """stderr for the bar: what it takes no more, since its terminal is gone, goes nowhere, and the run goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def describe_step(step: Step) -> str:
    """A step in a few words, without any name."""
    count = len(step.people)
    people = f"{count} {'person' if count == 1 else 'people'}"
    match step.action:
        case Action.ADD | Action.REMOVE:
            return f"{step.action} {people}"
        case Action.CREATE:
            return f"create with {people}"
        case Action.PATCH:
            fields = [
                name for name, value in (("name", step.name), ("description", step.description)) if value is not None
            ]
            return f"patch {' and '.join(fields)}"
        case _:
            return str(step.action)


@contextmanager
def showing_progress(plan: Plan, settings: GlobalOptions) -> Iterator[Progress]:
    """Progress on stderr, in the way that fits where stderr goes."""
    stderr: TextIO | None = sys.stderr
    lines_anyway = settings.quiet or settings.verbose or settings.log_format == "json"
    if lines_anyway or stderr is None or not stderr.isatty():
        yield LogProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[doing]}", markup=False))
    total = plan.calls + sum(1 for group in plan.groups if group.steps)
    console = Console(file=cast("TextIO", _Stderr(stderr)), no_color=settings.no_color or None)
    with Progress(*columns, console=console, transient=True) as bar:
        yield BarProgress(bar, bar.add_task("apply", total=total, doing=""))
