"""Where results go: stdout, or a file that is whole or not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from reconciler.cli.formats import Look
from reconciler.cli.options import Settings
from reconciler.errors import UsageError
from reconciler.files import write_whole

T = TypeVar("T")


def show(text: str, output: Path | None = None, *, private: bool = False) -> None:
    """Write a result to stdout or to a file."""
    if output is None:
        click.echo(text.rstrip("\n"), color=True)
        return
    write_file(output, text.rstrip("\n") + "\n", private=private)


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
    return sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
