"""What an apply keeps on disk: the audit log, line by line as calls are made, and the report at the end."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock
from typing import Any, TextIO

from reconciler.atomic_file import is_stream, resolve_link
from reconciler.errors import UsageError
from reconciler.model.live import CallRecord


class Recorder:
    """Keeps every call of a run, and appends the writing ones to the audit log at once.

    Where the log can no longer be written the run is asked to stop: `trouble` says why.
    """

    def __init__(self, instance_id: str, audit: TextIO | None, stop: Event) -> None:
        self._instance_id = instance_id
        self._audit = audit
        self._stop = stop
        self.trouble = ""
        self._lock = Lock()
        self._calls: list[CallRecord] = []

    def __call__(self, call: CallRecord) -> None:
        """Take one call; the transport's observer."""
        with self._lock:
            self._calls.append(call)
            if self._audit is not None and call.method != "GET":
                self._append(self._audit, {"instance": self._instance_id, **dataclasses.asdict(call)})

    def _append(self, audit: TextIO, line: dict[str, Any]) -> None:
        try:
            audit.write(json.dumps(line, ensure_ascii=True) + "\n")
            audit.flush()
        except OSError as error:
            self.trouble = f"the audit log can no longer be written ({error.strerror}), so the run was stopped"
            self._stop.set()

    @property
    def wrote(self) -> bool:
        """Whether a call that writes was sent, or tried."""
        return any(call.method != "GET" for call in self.calls)

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        """All calls so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._calls)


@contextmanager
def audit_file(path: Path | None) -> Iterator[TextIO | None]:
    """Open the audit log for appending, readable by its owner only. Raises UsageError when that cannot be."""
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise UsageError(f"the audit log {path} cannot be written: {error.strerror}") from None
    file = os.fdopen(descriptor, "a", encoding="utf-8")
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


def require_writable(path: Path | None) -> None:
    """Make sure, before anything is written to the API, that a report can be written to this place afterwards."""
    if path is None:
        return
    try:
        place = path if is_stream(path) else resolve_link(path).parent
    except OSError as error:
        raise UsageError(f"the report {path} cannot be written: {error.strerror}") from None
    if os.path.isdir(path) or (place != path and not os.path.isdir(place)) or not os.access(place, os.W_OK):
        raise UsageError(f"the report {path} cannot be written there")
