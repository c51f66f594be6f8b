"""The bar of an apply on a terminal. It imports rich, so it is imported only where a bar is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID
from rich.text import Text

from reconciler.apply.result import StepResult
from reconciler.cli.logs import ROOM_FOR_INTERRUPT
from reconciler.plan.model import Step
from reconciler.sanitize.escape import mask_and_escape

_MAX_BAR: Final = 40


class BarProgress:
    """A bar that counts calls and read-backs, with the current step beside it."""

    def __init__(self, bar: Progress, task: TaskID, describe: Callable[[Step], str]) -> None:
        self._bar = bar
        self._task = task
        self._describe = describe

    def started(self, step: Step) -> None:
        """Show the step."""
        self._bar.update(self._task, current=f"{mask_and_escape(step.group)}: {self._describe(step)}")

    def finished(self, result: StepResult) -> None:
        """Count the step."""
        self._bar.advance(self._task)

    def reading_back(self, key: str) -> None:
        """Show and count a read-back."""
        self._bar.update(self._task, current=f"{mask_and_escape(key)}: reading back")
        self._bar.advance(self._task)


class StatusColumn(ProgressColumn):
    """How many calls are done, the time, why the bar does not move, and the step: as much as one line holds.

    A second line would make the bar jump, and so would the `^C` that a terminal adds to a full one.
    """

    def __init__(self, wait: Callable[[], str], console: Console) -> None:
        super().__init__()
        self._wait = wait
        self._console = console

    def render(self, task: Task) -> Text:
        """Return the status, cut where the line ends."""
        done = f"{task.completed:.0f}/{task.total or 0:.0f}"
        elapsed = str(timedelta(seconds=int(task.elapsed or 0)))
        rest = " ".join(filter(None, [self._wait(), task.fields["current"]]))
        text = Text.assemble((done, "progress.download"), " ", (elapsed, "progress.elapsed"), " ", rest, no_wrap=True)
        text.truncate(
            max(self._console.width - bar_width(self._console) - 1 - ROOM_FOR_INTERRUPT, 0), overflow="ellipsis"
        )
        return text


def bar_width(console: Console) -> int:
    """Return how many columns the bar itself takes: a quarter of a narrow terminal."""
    return min(_MAX_BAR, console.width // 4)


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


@contextmanager
def progress_bar(
    total: int, describe: Callable[[Step], str], wait: Callable[[], str], *, no_color: bool
) -> Iterator[BarProgress]:
    """Show a bar on stderr, and take it away at the end.

    `describe` returns a step in words, `wait` how long no call may be sent, in words; "" while calls are sent.
    """
    console = Console(file=cast("TextIO", LenientStream(sys.stderr)), no_color=no_color or None)
    columns = (BarColumn(bar_width(console)), StatusColumn(wait, console))
    with Progress(*columns, console=console, transient=True) as bar:
        yield BarProgress(bar, bar.add_task("apply", total=total, current=""), describe)
