"""Where results go: stdout, or a file that is whole or not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO, TypeVar

import click

from reconciler.cli.failing import told
from reconciler.cli.formats import Look
from reconciler.cli.options import Settings
from reconciler.cli.remarks import say
from reconciler.errors import NotShown, UsageError
from reconciler.files import write_whole

T = TypeVar("T")


def show(text: str, output: Path | None = None, *, private: bool = False) -> None:
    """Write a result to stdout or to a file.

    Raises NotShown where stdout does not take it, BrokenPipeError where whoever read it has gone, UsageError where the
    file cannot be written.
    """
    if output is not None:
        write_file(output, text.rstrip("\n") + "\n", private=private)
        return
    require_stdout()
    try:
        click.echo(text.rstrip("\n"), color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotShown(
            f"the result could not be shown: stdout cannot be written: {error.strerror}", "send it elsewhere"
        ) from error


def show_done(text: str, done: str) -> None:
    """Show what was written already, where failing would say that nothing was.

    A reader that has gone wants no more; of what is lost without being read, `done` says on stderr that it was done.
    """
    try:
        show(text)
    except BrokenPipeError:
        return
    except NotShown as error:
        say(f"{told(error)}\n  {done}")


def require_stdout() -> None:
    """Raises NotShown where there is no stdout to show anything on (`>&-`)."""
    if not _open_streams(sys.stdout):
        raise NotShown("the result could not be shown: stdout is closed", "send it elsewhere; /dev/null will do")


def let_go() -> None:
    """Have nothing left in stdout and stderr: what they do not take goes nowhere.

    Else Python fails over it once more at its end, and ends with an exit code of its own (120).
    """
    for stream in _open_streams(sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError), open(os.devnull, "w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _open_streams(*streams: TextIO | None) -> list[TextIO]:
    """Those that there are: Python has None for one that was closed when it started."""
    return [stream for stream in streams if stream is not None]


def tell(
    render: Callable[[T, Look], str],
    result: T,
    settings: Settings,
    output: Path | None,
    *,
    show_phones: bool,
    drift: bool = False,
) -> None:
    """Write a result in its format; a file has no colours, and with full numbers it is for its owner only."""
    look = Look(show_phones, colored(settings.no_color) and output is None, drift)
    show(render(result, look), output, private=show_phones)


def write_file(path: Path, text: str, *, private: bool) -> None:
    """Write a file in one piece; `private` ones can be read by their owner only.

    Raises UsageError when the place cannot be written.
    """
    try:
        write_whole(path, text.encode("utf-8", "backslashreplace"), private=private)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def colored(no_color: bool) -> bool:
    """Whether stdout gets colours: only a terminal, and not where NO_COLOR or --no-color says otherwise."""
    terminal = any(stream.isatty() for stream in _open_streams(sys.stdout))
    return terminal and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
