"""Lines on stderr: text, or with `--log-format json` one JSON object a line.

Every message goes to stderr through this module, so that a collector can parse every line. Only the question for a
confirmation, which needs a terminal, is text in both formats.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from threading import RLock, local
from typing import Any, Final, TextIO

from reconciler.sanitize.escape import json_ascii, mask_and_escape
from reconciler.sanitize.mask import mask_text

ROOM_FOR_INTERRUPT: Final = 2
"""Columns that a line which is rewritten leaves free, since a terminal adds `^C` to it: it would break over the end."""
RUN_ID_VARIABLE: Final = "RECONCILER_RUN_ID"
FIELDS: Final = {
    "time": "When the line was written: UTC, ISO 8601.",
    "level": "`debug`, `info`, `warning` or `error`.",
    "message": "What happened, for people; its words may change.",
    "run_id": "The same in every line of one process: `RECONCILER_RUN_ID`, else random.",
    "command": "The command: `plan`, `sandbox serve`.",
    "group": "The key of the group.",
    "action": "The step: `create`, `join`, `patch`, `add`, `remove`, `leave`; or `read`, `read back`, `retry`, `wait`, "
    "`pin`.",
    "status": "How a step ended: `done`, `failed`, `unknown`, `skipped`, `not run`; of `pin`: `skipped`.",
    "counts": "Numbers by name: `people` of a step; `read` and `groups` while reading; `seconds_to_wait`.",
    "code": "The code of the message, of the API's error or the kind of the problem; it never changes.",
    "error": "The kind of an error: `ConfigError`, `Refused`, `Unauthorized`, `UsageError`, …",
    "hint": "What to do.",
    "file": "The file of a problem in the configuration.",
    "line": "Its line, from 1.",
    "column": "Its column, from 1.",
    "path": "Its place in the document: `groups.board.members[2]`.",
    "refusals": "Why a plan is refused: a list with `group` (or null) and `code`.",
    "call": "The API call: `method`, `path`, `attempt`, `status`, `code`, `error`, `request_id`, `seconds`.",
}
"""Every field of a JSON line, in its order, with its meaning. A line has the fields that apply."""

_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}")
_OWN: Final = frozenset({"time", "level", "run_id", "command"})
"""Fields without text of others: a run id with many digits is not masked as a phone number."""


@dataclass(slots=True)
class _Stderr:
    """How this run writes to stderr."""

    json: bool = False
    run_id: str = ""
    command: str = ""
    status_shown: bool = False


_stderr = _Stderr()
_lock = RLock()
_thread = local()
MIN_SECRET_LENGTH: Final = 4
"""Characters of the shortest API key that is removed. To remove a shorter text would garble what a run writes."""
_secrets: set[str] = set()


def start_run(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Choose the format of stderr, before the command line is parsed: an error in it is a line, too."""
    chosen = environ.get(RUN_ID_VARIABLE, "")
    _stderr.json = _log_format(arguments, environ) == "json"
    _stderr.run_id = chosen if _RUN_ID.fullmatch(chosen) else os.urandom(8).hex()
    _stderr.command = ""
    _secrets.clear()
    register_secret(environ.get("WAPPFY_API_KEY", ""))


def _log_format(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the value of the last --log-format, else of its variable, in small letters and without judging it."""
    chosen = environ.get("RECONCILER_LOG_FORMAT", "")
    for argument, following in pairwise([*arguments, ""]):
        if argument == "--":
            break
        name, _, value = argument.partition("=")
        if name == "--log-format":
            chosen = value or following
    return chosen.lower()


def run_id() -> str:
    """Return the id of this run."""
    return _stderr.run_id


def enter_command(name: str) -> None:
    """Name the command in every line from now on."""
    _stderr.command = name


def enter_group(key: str) -> None:
    """Name the group in the lines about API calls of this thread from now on; "" for none."""
    _thread.group = key


def is_json() -> bool:
    """Return whether stderr has JSON lines."""
    return _stderr.json


def register_secret(key: str) -> None:
    """Keep this API key out of whatever this run writes, unless it is too short to be one."""
    if len(key.strip()) >= MIN_SECRET_LENGTH:
        _secrets.add(key.strip())


def remove_secrets(text: str) -> str:
    """Remove the keys. Call it before numbers are masked: masking would change a key that has digits in it."""
    for key in _secrets:
        text = text.replace(key, "***")
    return text


def write_text(text: str) -> None:
    """Write text lines; ignore a stderr that fails or is closed, because there is nowhere to report that.

    A stream raises RuntimeError in a signal handler that interrupts a line.
    """
    stderr: TextIO | None = sys.stderr
    if stderr is None:
        return
    with suppress(OSError, RuntimeError), _lock:
        clear_status()
        stderr.write(f"{text}\n")
        stderr.flush()


def write_json(level: str, message: str, **fields: Any) -> None:
    """Write a JSON line with these fields; a field that is None or "" is left out."""
    write_text(_json_line(level, message, fields, datetime.now(UTC)))


def _json_line(level: str, message: str, fields: Mapping[str, Any], at: datetime) -> str:
    own = {"time": at.isoformat(timespec="milliseconds"), "level": level, "message": message}
    values = {**own, "run_id": _stderr.run_id, "command": _stderr.command, **fields}
    line = {name: values[name] for name in FIELDS if values.get(name) not in (None, "")}
    return json_ascii({name: value if name in _OWN else _safe(value) for name, value in line.items()})


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(remove_secrets(str(value)))
    if isinstance(value, Mapping):
        return {str(name): _safe(item) for name, item in value.items()}
    return [_safe(item) for item in value] if isinstance(value, list | tuple) else value


def show_status(text: str) -> None:
    """Show a line on a terminal that the next one replaces."""
    with suppress(OSError, RuntimeError), _lock:
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()
        _stderr.status_shown = True


def clear_status() -> None:
    """Erase the line of `show_status`."""
    with suppress(OSError, RuntimeError), _lock:
        if _stderr.status_shown:
            _stderr.status_shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class _Handler(logging.Handler):
    """Writes log records to the current stderr, which a progress bar replaces for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a line."""
        message = record.getMessage()
        if not _stderr.json:
            write_text(mask_and_escape(remove_secrets(message)))
            return
        fields = {name: getattr(record, name) for name in FIELDS if name != "message" and hasattr(record, name)}
        if "call" in fields or fields.get("action") == "wait":
            fields.setdefault("group", getattr(_thread, "group", ""))
        write_text(_json_line(record.levelname.lower(), message, fields, datetime.fromtimestamp(record.created, UTC)))


def set_up_logging(*, quiet: bool, verbose: bool) -> None:
    """Send logs to stderr: `quiet` logs errors only, `verbose` every API call; the default is progress."""
    handler = _Handler()
    for name in ("reconciler", "py.warnings"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
    level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO
    logging.getLogger("reconciler").setLevel(level)
    logging.captureWarnings(_stderr.json)
