"""Errors and other messages on stderr: expected errors as sentences, unexpected ones as a log file to send."""

from __future__ import annotations

import errno
import os
import platform
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from reconciler import __version__
from reconciler.errors import ReconcilerError
from reconciler.sanitize.escape import mask_and_escape
from reconciler.sanitize.mask import mask_text, mask_user_input

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_secrets: set[str] = set()


def print_line(text: str) -> None:
    """Print a line; ignore a stderr that fails, because there is nowhere to report that.

    A stream raises RuntimeError in a signal handler that interrupts a line.
    """
    with suppress(OSError, RuntimeError):
        click.echo(text, err=True)


def print_message(message: str) -> None:
    """Print a message of this program."""
    print_line(f"reconciler: {message}")


def print_error(error: ReconcilerError, note: str = "") -> None:
    """Print an expected error, masked and escaped: what happened and, below it, what to do, and a note."""
    lines = [*error.summary().splitlines(), *(f"  {line}" for line in error.hint.splitlines())]
    text = "\n".join(mask_and_escape(line) for line in lines)
    print_message(f"{text}\n  {note}" if note else text)


def print_usage_error(error: click.ClickException) -> None:
    """Print what is wrong with the command line, masked, below the usage of the command."""
    context = getattr(error, "ctx", None)
    if context is not None:
        print_line(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
    print_message(mask_text(error.format_message()))


def print_crash(error: BaseException, arguments: Sequence[str]) -> None:
    """Write the details of a bug to a log file, and print a message that names it; a full disk is not a bug."""
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        print_message(f"cannot write the output: {error.strerror}")
        return
    try:
        path = _write_log(error, arguments)
    except OSError as log_error:
        outcome = f"Its log could not be written ({log_error}). Please report it."
    else:
        outcome = f"Please report it and attach the log: {path}"
    print_message(f"unexpected {type(error).__name__}: this is a bug. {outcome}")


def register_secret(key: str) -> None:
    """Keep this API key out of every log of this process."""
    _secrets.add(key)


def _without_secrets(text: str) -> str:
    """Remove the keys. Call it before numbers are masked: masking would change a key that has digits in it."""
    for key in {*_secrets, os.environ.get("WAPPFY_API_KEY", "").strip()} - {""}:
        text = text.replace(key, "***")
    return text


def _write_log(error: BaseException, arguments: Sequence[str]) -> Path:
    from platformdirs import user_log_path

    trace = "".join(traceback.format_exception(error))
    now = datetime.now(UTC)
    lines = [
        f"reconciler {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"arguments: {[mask_user_input(_without_secrets(argument)) for argument in arguments]}",
        f"at: {now.isoformat(timespec='seconds')}",
        "",
        mask_text(_without_secrets(trace)),
    ]
    folder = user_log_path("wappfy-reconciler")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"crash-{now:%Y%m%dT%H%M%S%f}.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("\n".join(lines))
    return path
