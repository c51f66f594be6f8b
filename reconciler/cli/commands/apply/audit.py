"""The audit log, written line by line as an apply makes its calls, and the record of all calls for the report."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, local
from typing import TYPE_CHECKING, Any, TextIO

from reconciler.apply.executor import NO_REFUSALS
from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepResult
from reconciler.cli.logs import run_id
from reconciler.cli.spent import REFUSED
from reconciler.config.names import named_people_files
from reconciler.config.source_files import is_config_file
from reconciler.errors import UsageError
from reconciler.history.git import find_commit, is_dirty
from reconciler.model.live import CallRecord
from reconciler.model.person_ref import PersonRef
from reconciler.model.run_context import DIRTY, read_run_context
from reconciler.plan.model import Step

if TYPE_CHECKING:
    from reconciler.apply.ports import Progress


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What every line of the audit log has about its run.

    `actor` is who started it: in CI, or on this machine. `commit` is the checkout of the YAML, with
    `-dirty` if that has changes that are not committed, `plan` the SHA-256 of
    the saved plan. None where that is not known, or there is none.
    """

    run_id: str
    actor: str | None
    commit: str | None
    ci_run: str | None
    plan: str | None
    instance: str

    @classmethod
    def gather(cls, instance_id: str, path: Path, plan_digest: str | None) -> RunFacts:
        """Gather the facts of this run; `path` is the YAML, or the saved plan where that is gone."""
        context, found = read_run_context(os.environ), find_commit(path, "HEAD")
        commit = found.oid if found is not None else context.commit.text if context.commit else None
        if found is not None and is_dirty(path, is_config_file, named_people_files(path)):
            commit = f"{found.oid}{DIRTY}"
        return cls(
            run_id=run_id(),
            actor=context.actor.text if context.actor else _user(),
            commit=commit,
            ci_run=(context.run.url or context.run.text) if context.run else None,
            plan=plan_digest,
            instance=instance_id,
        )


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        return None


class Recorder:
    """Records every call of a run, and appends the writing ones to the audit log at once.

    When the log cannot be written any more, `error` says why, and the run is asked to stop.
    """

    def __init__(self, facts: RunFacts | None, audit_log: TextIO | None, stop: Event) -> None:
        self._facts = facts
        self._audit_log = audit_log
        self._thread = local()
        self._stop = stop
        self.error = ""
        self._lock = Lock()
        self._calls: list[CallRecord] = []

    def __call__(self, call: CallRecord) -> None:
        """Record one call; this is the transport's observer."""
        with self._lock:
            self._calls.append(call)
            if self._audit_log is not None and self._facts is not None and call.method != "GET":
                step: Step | None = getattr(self._thread, "step", None)
                self._append(self._audit_log, audit_entry(self._facts, step, call))

    def note_refusals(self, result: ApplyResult) -> None:
        """Append a line for each group in which people refused to be added: only the read-back shows them."""
        if self._audit_log is None or self._facts is None or self.error:
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        refused: dict[str, list[PersonRef]] = {}
        for outcome in result.people:
            if outcome.status is PersonStatus.NOT_ADDED and not _may_be_in(outcome):
                refused.setdefault(outcome.group, []).append(outcome.person)
        for group, people in sorted(refused.items()):
            what = {"group": group, "action": REFUSED, "people": [_person(one) for one in people]}
            self._append(self._audit_log, {**dataclasses.asdict(self._facts), **what, "at": at})

    def following(self, progress: Progress) -> Progress:
        """Return a progress that passes everything on and notes which step a thread runs."""
        return _FollowedProgress(self._thread, progress)

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


class _FollowedProgress:
    """Notes the step that a thread runs, because the calls of a step are made in its thread."""

    def __init__(self, thread: local, progress: Progress) -> None:
        self._thread = thread
        self._progress = progress

    def started(self, step: Step) -> None:
        """Note the step."""
        self._thread.step = step
        self._progress.started(step)

    def finished(self, result: StepResult) -> None:
        """Forget the step."""
        self._thread.step = None
        self._progress.finished(result)

    def reading_back(self, key: str) -> None:
        """Pass it on: reading back writes nothing."""
        self._progress.reading_back(key)


def audit_entry(facts: RunFacts, step: Step | None, call: CallRecord) -> dict[str, Any]:
    """Return a line of the audit log: who did what to which group and people, from which configuration, and how it
    ended."""
    sent = call.body.get("participants", ()) if isinstance(call.body, dict) else ()
    moved = [one for one in step.people if one.jid in sent] if step else []
    people = [_person(one) for one in moved]
    what = {"group": step.group if step else None, "action": step.action.value if step else None, "people": people}
    return {**dataclasses.asdict(facts), **what, **dataclasses.asdict(call)}


def _may_be_in(outcome: PersonOutcome) -> bool:
    return outcome.message is not None and outcome.message.code in NO_REFUSALS


def _person(person: PersonRef) -> dict[str, str | None]:
    return {"jid": person.jid, "label": person.label, "alias": person.alias, "name": person.name}


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
