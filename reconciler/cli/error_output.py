"""Errors and other messages on stderr: expected errors as sentences, unexpected ones as a log file to send."""

from __future__ import annotations

import errno
import os
import platform
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from reconciler import __version__
from reconciler.cli.logs import is_json, remove_secrets, write_json, write_text
from reconciler.errors import ApiError, ConfigError, Problem, ReconcilerError, Refused
from reconciler.sanitize.escape import mask_and_escape
from reconciler.sanitize.mask import mask_text, mask_user_input

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def print_line(text: str, level: str = "info") -> None:
    """Print lines that nobody has to act on."""
    if is_json():
        write_json(level, text)
    else:
        write_text(text)


def print_message(message: str, error: str = "", level: str = "error") -> None:
    """Print a message of this program, as it is; `error` is the kind of what went wrong."""
    if is_json():
        write_json(level, message, error=error)
    else:
        write_text(f"reconciler: {message}")


def print_error(error: ReconcilerError, note: str = "") -> None:
    """Print an expected error, masked and escaped: what happened and, below it, what to do, and a note."""
    if is_json():
        _write_error(error, note)
        return
    lines = [*error.summary().splitlines(), *(f"  {line}" for line in error.hint.splitlines())]
    text = "\n".join(map(_shown, lines))
    write_text(f"reconciler: {text}\n  {note}" if note else f"reconciler: {text}")


def _shown(line: str) -> str:
    """Return a line for a terminal; the key goes first, because masking would change one that has digits in it."""
    return mask_and_escape(remove_secrets(line))


def print_problems(problems: Sequence[Problem]) -> None:
    """Print the warnings about a configuration that can be used."""
    if is_json():
        _write_problems(problems)
        return
    from reconciler.report.problems import render_problems

    write_text(render_problems(problems).rstrip("\n"))


def print_usage_error(error: click.ClickException) -> None:
    """Print what is wrong with the command line, masked, below the usage of the command."""
    context = getattr(error, "ctx", None)
    help_hint = "" if context is None else f"Try '{context.command_path} --help' for help."
    if is_json():
        write_json("error", error.format_message(), error="UsageError", hint=help_hint)
        return
    if context is not None:
        write_text(f"{context.get_usage()}\n{help_hint}\n")
    write_text(f"reconciler: {mask_text(remove_secrets(error.format_message()))}")


def print_missing_command(error: click.ClickException) -> None:
    """Print the help of a program or group that was called without a command."""
    if is_json():
        write_json("error", "no command is given", error="UsageError", hint="--help lists the commands")
    else:
        write_text(error.format_message())


def print_crash(error: BaseException, arguments: Sequence[str]) -> None:
    """Write the details of a bug to a log file, and print a message that names it; a full disk is not a bug."""
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        print_message(f"cannot write the output: {error.strerror}", "OutputError")
        return
    try:
        path = _write_log(error, arguments)
    except OSError as log_error:
        outcome = f"Its log could not be written ({log_error}). Please report it."
    else:
        outcome = f"Please report it and attach the log: {path}"
    print_message(f"unexpected {type(error).__name__}: this is a bug. {outcome}", type(error).__name__)


def _write_error(error: ReconcilerError, note: str) -> None:
    """Write an expected error as a JSON line; each problem in a configuration is a line of its own before it."""
    if isinstance(error, ConfigError):
        _write_problems(error.problems)
    fields: dict[str, Any] = {"error": type(error).__name__, "hint": "\n".join(filter(None, (error.hint, note)))}
    message = error.message if isinstance(error, ConfigError) else error.summary()
    if isinstance(error, ApiError):
        method, _, path = error.endpoint.partition(" ")
        call = {"method": method, "path": path, "status": error.status, "code": error.code}
        fields |= {"code": error.code, "call": {**call, "request_id": error.request_id}}
    if isinstance(error, Refused):
        fields["refusals"] = [{"group": group, "code": code} for group, code in error.reasons] or None
    write_json("error", message, **fields)


def _write_problems(problems: Sequence[Problem]) -> None:
    for problem in sorted(problems):
        place = {"file": problem.file, "line": problem.line or None, "column": problem.column or None}
        kind = "ConfigError" if problem.severity == "error" else ""
        write_json(
            problem.severity,
            problem.message,
            code=problem.kind.value,
            error=kind,
            hint=problem.hint,
            path=problem.path,
            **place,
        )


def _log_folder() -> Path:
    """Return the user's folder for logs, or a new one for temporary files: a container's user may have no home."""
    import tempfile

    from platformdirs import user_log_path

    try:
        folder = user_log_path("wappfy-reconciler")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):
        return Path(tempfile.mkdtemp(prefix="wappfy-reconciler-"))
    return folder


def _write_log(error: BaseException, arguments: Sequence[str]) -> Path:
    trace = "".join(traceback.format_exception(error))
    now = datetime.now(UTC)
    lines = [
        f"reconciler {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"arguments: {[mask_user_input(remove_secrets(argument)) for argument in arguments]}",
        f"at: {now.isoformat(timespec='seconds')}",
        "",
        mask_text(remove_secrets(trace)),
    ]
    path = _log_folder() / f"crash-{now:%Y%m%dT%H%M%S%f}.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("\n".join(lines))
    return path
