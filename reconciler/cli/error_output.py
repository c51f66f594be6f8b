"""Error messages: expected errors as sentences, unexpected ones as a log file to send."""

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

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_secrets: set[str] = set()


def format_error(error: ReconcilerError) -> str:
    """Return an expected error as masked and escaped text: what happened and, below it, what to do."""
    lines = [*error.summary().splitlines(), *(f"  {line}" for line in error.hint.splitlines())]
    return "\n".join(mask_and_escape(line) for line in lines)


def write_crash_log(error: BaseException, arguments: Sequence[str]) -> str:
    """Write the details of a bug to a log file and return the message that names it; a full disk is not a bug."""
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return f"cannot write the output: {error.strerror}"
    trace = "".join(traceback.format_exception(error))
    text = "\n".join(
        [
            f"reconciler {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"arguments: {[mask_user_input(_without_secrets(argument)) for argument in arguments]}",
            f"at: {datetime.now(UTC).isoformat(timespec='seconds')}",
            "",
            mask_text(_without_secrets(trace)),
        ]
    )
    name = type(error).__name__
    try:
        path = _write_log(text)
    except OSError as log_error:
        return f"unexpected {name}: this is a bug. Its log could not be written ({log_error}). Please report it."
    return f"unexpected {name}: this is a bug. Please report it and attach the log: {path}"


def register_secret(key: str) -> None:
    """Keep this API key out of every log of this process."""
    _secrets.add(key)


def _without_secrets(text: str) -> str:
    """Remove the keys. Call it before numbers are masked: masking would change a key that has digits in it."""
    for key in {*_secrets, os.environ.get("WAPPFY_API_KEY", "").strip()} - {""}:
        text = text.replace(key, "***")
    return text


def _write_log(text: str) -> Path:
    from platformdirs import user_log_path

    folder = user_log_path("wappfy-reconciler")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path
