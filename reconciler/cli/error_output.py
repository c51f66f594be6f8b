"""Messages for what went wrong: expected errors as sentences, unexpected ones as a log file to send."""

from __future__ import annotations

import errno
import os
import platform
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from reconciler import __version__
from reconciler.errors import ReconcilerError
from reconciler.sanitize.escape import mask_and_escape
from reconciler.sanitize.mask import mask_text, mask_user_input

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


_keys: set[str] = set()


def format_error(error: ReconcilerError) -> str:
    """An expected error as text for a terminal: what happened, and below it what to do; masked and escaped."""
    lines = [*error.summary().splitlines(), *(f"  {line}" for line in error.hint.splitlines())]
    return "\n".join(mask_and_escape(line) for line in lines)


def write_crash_log(error: BaseException, arguments: Sequence[str]) -> str:
    """Write the details of a bug to a log file and say where it is. A full disk is none."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"what this was to write could not be written: {error.strerror}"
    trace = "".join(traceback.format_exception(error))
    text = "\n".join(
        [
            f"reconciler {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"arguments: {[mask_user_input(_without_key(argument)) for argument in arguments]}",
            f"at: {datetime.now(UTC).isoformat(timespec='seconds')}",
            "",
            mask_text(_without_key(trace)),
        ]
    )
    name = type(error).__name__
    try:
        path = _write(text)
    except OSError as trouble:
        return f"an unexpected {name}, and its log could not be written ({trouble}); please report it"
    return f"an unexpected {name}: this is a bug. The details are in {path}; please send that file with a report"


def register_secret(key: str) -> None:
    """Have this key, wherever it came from, in no log of this process."""
    _keys.add(key)


def _without_key(text: str) -> str:
    """To be asked before numbers are masked: a key with digits in it would not be known afterwards."""
    for key in {*_keys, os.environ.get("WAPPFY_API_KEY", "").strip()} - {""}:
        text = text.replace(key, "***")
    return text


def _write(text: str) -> Path:
    from platformdirs import user_log_path

    folder = user_log_path("wappfy-reconciler")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path
