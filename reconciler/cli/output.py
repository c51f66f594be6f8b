"""Words on stderr. Where it takes none there is nowhere else to say so, and no reason to fail.

Which files a command writes and which it reads: no file is two of them.

Where results go: stdout, or a file that is whole or not there."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO, TypeVar

import click

from reconciler.atomic_file import write_atomic
from reconciler.cli.error_output import format_error
from reconciler.cli.formats import RenderOptions
from reconciler.cli.global_options import GlobalOptions
from reconciler.errors import OutputError, UsageError


def print_message(message: str) -> None:
    """A message of this program."""
    print_line(f"reconciler: {message}")


def print_line(text: str) -> None:
    """A line as it stands.

    RuntimeError is how a stream answers the handler of a signal that came in the middle of a line.
    """
    with suppress(OSError, RuntimeError):
        click.echo(text, err=True)


def require_distinct_files(written: Mapping[str, Path | None], read: Iterable[Path | None]) -> None:
    """Make sure that each option in `written` names a file of its own, and none that is read.

    A folder that is read stands for the YAML files in it. Raises UsageError.
    """
    options: dict[str | tuple[int, int], str] = {}
    for option, path in written.items():
        if path is None or (file := _file(path)) is None:
            continue
        if file in options:
            raise UsageError(f"{options[file]} and {option} name the same file, {path}", "give each a file of its own")
        options[file] = option
    for path in _files(read) if options else ():
        if (file := _file(path)) in options:
            raise UsageError(f"{options[file]} would be written over {path}, which is read", "name another file")


def _files(paths: Iterable[Path | None]) -> Iterable[Path]:
    for path in paths:
        if path is not None and os.path.isdir(path):
            from reconciler.config.source_files import config_files

            yield from config_files(path)
        elif path is not None and os.path.exists(path):
            yield path


def _file(path: Path) -> str | tuple[int, int] | None:
    """What a file is known by, whichever links lead to it; None for a terminal, pipe or device: these hold nothing."""
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


T = TypeVar("T")


def write(text: str, output: Path | None = None, *, private: bool = False) -> None:
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
        raise OutputError(
            f"the result could not be shown: stdout cannot be written: {error.strerror}", "send it elsewhere"
        ) from error


def write_after_success(text: str, done: str) -> None:
    """Show what was written already, where failing would say that nothing was.

    A reader that has gone wants no more; of what is lost without being read, `done` says on stderr that it was done.
    """
    try:
        write(text)
    except BrokenPipeError:
        return
    except OutputError as error:
        print_message(f"{format_error(error)}\n  {done}")


def require_stdout() -> None:
    """Raises NotShown where there is no stdout to show anything on (`>&-`)."""
    if not _open_streams(sys.stdout):
        raise OutputError("the result could not be shown: stdout is closed", "send it elsewhere; /dev/null will do")


def flush_all() -> None:
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


def render_to_stdout(
    render: Callable[[T, RenderOptions], str],
    result: T,
    settings: GlobalOptions,
    output: Path | None,
    *,
    show_phones: bool,
    drift: bool = False,
) -> None:
    """Write a result in its format; a file has no colours, and with full numbers it is for its owner only."""
    look = RenderOptions(show_phones, use_color(settings.no_color) and output is None, drift)
    write(render(result, look), output, private=show_phones)


def write_file(path: Path, text: str, *, private: bool) -> None:
    """Write a file in one piece; `private` ones can be read by their owner only.

    Raises UsageError when the place cannot be written.
    """
    try:
        write_atomic(path, text.encode("utf-8", "backslashreplace"), private=private)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def use_color(no_color: bool) -> bool:
    """Whether stdout gets colours: only a terminal, and not where NO_COLOR or --no-color says otherwise."""
    terminal = any(stream.isatty() for stream in _open_streams(sys.stdout))
    return terminal and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
