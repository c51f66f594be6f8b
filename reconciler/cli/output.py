"""Where results go: to stdout, or to a file that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO, TypeVar

import click

from reconciler.atomic_file import write_atomic
from reconciler.cli.color import use_color
from reconciler.cli.error_output import print_error, print_message
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.logs import remove_secrets
from reconciler.errors import OutputError, ReconcilerError, UsageError
from reconciler.model.run_context import DIRTY, RunContext, read_run_context
from reconciler.report.options import RenderOptions
from reconciler.sanitize.escape import escape_controls

T = TypeVar("T")
_WRITTEN = "reconciler.output.written"


def write(text: str, output: Path | None = None, *, private: bool = False, with_key: bool = False) -> None:
    """Write a result to stdout or to a file, without the API key: somebody may have pasted it into the configuration.

    `with_key` is for texts that show the public key of the embedded server.

    Raises OutputError when stdout cannot be written, BrokenPipeError when its reader has gone, UsageError when the
    file cannot be written.
    """
    text = text if with_key else remove_secrets(text)
    if output is not None:
        write_file(output, text.rstrip("\n") + "\n", private=private)
        return
    require_stdout()
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_WRITTEN] = True
    try:
        click.echo(text.rstrip("\n"), color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write the result to stdout: {error.strerror}", "redirect stdout") from error


def write_error_document(error: ReconcilerError, context: click.Context) -> None:
    """Write the document of an error to stdout, for a command that was to print JSON there and has printed nothing.

    The error itself goes to stderr as always, whether this succeeds or not.
    """
    to_stdout = context.params.get("format_") == "json" and context.params.get("output") is None
    if not to_stdout or _WRITTEN in context.meta:
        return
    from reconciler.report.problems import error_document
    from reconciler.sanitize.escape import json_text

    with suppress(OutputError, OSError):
        write(json_text(error_document(error)))


def write_after_success(text: str, note: str = "") -> bool:
    """Write the result of work that is done: an error is a message with `note` below it. Return whether that worked.

    A reader that has gone needs no result, so that is no failure.
    """
    try:
        write(text)
    except BrokenPipeError:
        return True
    except OutputError as error:
        print_error(error, note)
        return False
    return True


def write_rendered(
    render: Callable[[T, RenderOptions], str],
    result: T,
    global_options: GlobalOptions,
    output: Path | None,
    *,
    show_phones: bool,
    drift: bool = False,
    summary: bool = False,
) -> None:
    """Write a result in its format; a file has no colours and no width, one with full phone numbers is private."""
    stream = _stdout() if output is None else None
    options = replace(render_options(global_options, stream, show_phones=show_phones), drift=drift, summary=summary)
    write(render(result, options), output, private=show_phones)
    if output is not None and not global_options.quiet:
        print_message(f"wrote {escape_controls(str(output))}", level="info")


def render_options(global_options: GlobalOptions, stream: TextIO | None, *, show_phones: bool) -> RenderOptions:
    """Return how to render for a stream; None, a closed one or a file, has no colours and no width."""
    return RenderOptions(
        show_phones=show_phones,
        color=stream is not None and use_color(global_options.color, stream),
        width=_width(stream),
        run=_run_context(),
    )


def _run_context() -> RunContext:
    """Return the CI run, with the mark of its commit if PATH has changes that are not committed."""
    from reconciler.config.names import named_people_files
    from reconciler.config.source_files import is_config_file
    from reconciler.history.git import is_dirty

    context, click_context = read_run_context(os.environ), click.get_current_context(silent=True)
    path = click_context.params.get("path") if click_context is not None else None
    if context.commit is None or not isinstance(path, Path):
        return context
    if not is_dirty(path, is_config_file, named_people_files(path)):
        return context
    return replace(context, commit=replace(context.commit, text=f"{context.commit.text}{DIRTY}"))


def write_file(path: Path, text: str, *, private: bool) -> None:
    """Write a file in one piece; only its owner can read a `private` one. Raises UsageError when that fails."""
    try:
        write_atomic(path, text.encode("utf-8", "backslashreplace"), private=private)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _width(stream: TextIO | None) -> int | None:
    """Return how many columns a terminal has; None for anything else."""
    if stream is None or not stream.isatty():
        return None
    return shutil.get_terminal_size(fallback=(0, 0)).columns or None


def require_stdout() -> None:
    """Raise OutputError when stdout is closed (`>&-`)."""
    if _stdout() is None:
        raise OutputError("cannot write the result: stdout is closed", "redirect stdout, for example to /dev/null")


def flush_all() -> None:
    """Flush stdout and stderr; discard what cannot be written, so that Python does not exit with 120."""
    streams: tuple[TextIO | None, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            with suppress(OSError), open(os.devnull, "w", encoding="utf-8") as devnull:
                os.dup2(devnull.fileno(), stream.fileno())


def _stdout() -> TextIO | None:
    """Return stdout; Python has None for a stream that was closed when it started."""
    return sys.stdout


def require_distinct_files(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
    """Raise UsageError when two options of `outputs` name one file, or one of them a file of `inputs`.

    A folder among the inputs stands for the YAML files in it.
    """
    options: dict[str | tuple[int, int], str] = {}
    for option, path in outputs.items():
        if path is None or (file := _file_id(path)) is None:
            continue
        if file in options:
            raise UsageError(f"{options[file]} and {option} name the same file, {path}", "give each its own file")
        options[file] = option
    for path in _files(inputs) if options else ():
        if (file := _file_id(path)) in options:
            raise UsageError(f"{options[file]} would overwrite {path}, which is an input", "name another file")


def _files(paths: Iterable[Path | None]) -> Iterable[Path]:
    for path in paths:
        if path is not None and os.path.isdir(path):
            from reconciler.config.source_files import config_files

            yield from config_files(path)
        elif path is not None and os.path.exists(path):
            yield path


def _file_id(path: Path) -> str | tuple[int, int] | None:
    """Return what identifies a file through all its links; None for a terminal, pipe or device, which can be shared."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
