"""The audit log, written line by line as an apply makes its calls, and the record of all calls for the report."""

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

from reconciler.errors import UsageError
from reconciler.model.live import CallRecord


class Recorder:
    """Records every call of a run, and appends the writing ones to the audit log at once.

    When the log cannot be written any more, `error` says why, and the run is asked to stop.
    """

    def __init__(self, instance_id: str, audit_log: TextIO | None, stop: Event) -> None:
        self._instance_id = instance_id
        self._audit_log = audit_log
        self._stop = stop
        self.error = ""
        self._lock = Lock()
        self._calls: list[CallRecord] = []

    def __call__(self, call: CallRecord) -> None:
        """Record one call; this is the transport's observer."""
        with self._lock:
            self._calls.append(call)
            if self._audit_log is not None and call.method != "GET":
                self._append(self._audit_log, {"instance": self._instance_id, **dataclasses.asdict(call)})

    def _append(self, audit_log: TextIO, entry: dict[str, Any]) -> None:
        try:
            audit_log.write(json.dumps(entry, ensure_ascii=True) + "\n")
            audit_log.flush()
        except OSError as error:
            self.error = f"the run was stopped: cannot write the audit log: {error.strerror}"
            self._stop.set()

    @property
    def wrote(self) -> bool:
        """Whether a call that writes was sent or tried."""
        return any(call.method != "GET" for call in self.calls)

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        """All calls so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._calls)


@contextmanager
def open_audit_log(path: Path | None) -> Iterator[TextIO | None]:
    """Open the audit log for appending, readable by its owner only. Raises UsageError when that fails."""
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise UsageError(f"cannot write the audit log {path}: {error.strerror}") from None
    file = os.fdopen(descriptor, "a", encoding="utf-8")
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()
