"""What an audit log shows of the last 24 hours, which counts against the budget, and who refused lately."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from reconciler.errors import UsageError
from reconciler.model.identity import Identity, identity_of_jid
from reconciler.plan.budget import REFUSED_DAYS
from reconciler.plan.selection import Spent

REFUSED: Final = "refused"
"""The `action` of a line about people who refused to be added. Such a line is about no call."""
_DAY: Final = timedelta(days=1)
_log = logging.getLogger("reconciler.apply")


def require_audit_log(audit_log: Path | None) -> None:
    """Raise UsageError for --retry-refused without the file that shows who refused."""
    if audit_log is None:
        raise UsageError(
            "--retry-refused needs --audit-log, which shows who refused", "add --audit-log, or remove --retry-refused"
        )


def read_log(file: Path) -> str:
    """Return the text of an audit log or a report; raise UsageError if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None


def read_spent_before(audit_log: Path, instance_id: str, *, retry_refused: bool) -> Spent:
    """Return what counts against the budget of a plan made now; warn where there is no such file."""
    if not audit_log.exists():
        logging.getLogger("reconciler.plan").warning(
            "%s does not exist, so nothing counts against the budget", audit_log
        )
    return read_spent(audit_log, instance_id, now=datetime.now(UTC), retry_refused=retry_refused)


def read_spent(path: Path, instance_id: str, *, now: datetime, retry_refused: bool) -> Spent:
    """Return what this instance did, as the log at `path` shows it; nothing where there is no file yet.

    A call that was refused for what it asked (a 4xx) did nothing; one whose outcome is unknown counts. Raises
    UsageError when the file cannot be read.
    """
    adds = groups = removals = 0
    last_create: datetime | None = None
    refused: dict[Identity, date] = {}
    for at, line in _lines(path, instance_id):
        action, people = line.get("action"), line.get("people")
        count = len(people) if isinstance(people, list) else 0
        if action == REFUSED and now - at < timedelta(days=REFUSED_DAYS) and not retry_refused:
            for identity in _identities(people):
                refused[identity] = max(at.date(), refused.get(identity, at.date()))
        if now - at >= _DAY or _did_nothing(line.get("status")):
            continue
        if action == "create" and _is_create_call(line):
            groups += 1
            last_create = at if last_create is None else max(last_create, at)
        adds += count if action in ("create", "add") else 0
        removals += count if action == "remove" else 0
    since = None if last_create is None else max(0.0, (now - last_create).total_seconds())
    return Spent(adds=adds, groups=groups, removals=removals, since_create=since, refused=refused)


def _lines(path: Path, instance_id: str) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Yield the lines about this instance, with their time; warn of those that cannot be read."""
    if not os.path.isfile(path):  # there is none yet, or it is a pipe
        return
    unreadable: list[int] = []
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, text in enumerate(file, 1):
                try:
                    line = json.loads(text)
                    at = datetime.fromisoformat(line["at"]).astimezone(UTC)
                except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                    unreadable.append(number)
                    continue
                if line.get("instance") == instance_id:
                    yield at, line
    except OSError as error:
        raise UsageError(f"cannot read the audit log {path}: {error.strerror}") from None
    if unreadable:
        where = ", ".join(map(str, unreadable[:5])) + (", …" if len(unreadable) > 5 else "")
        _log.warning("%s: these lines are not of an audit log and do not count against the budget: %s", path, where)


def _identities(people: Any) -> Iterator[Identity]:
    for person in people if isinstance(people, list) else ():
        jid = person.get("jid") if isinstance(person, dict) else None
        identity = identity_of_jid(jid) if isinstance(jid, str) else None
        if identity is not None:
            yield identity


def _is_create_call(line: dict[str, Any]) -> bool:
    """Whether the call made the group, and did not add more people to it."""
    path = line.get("path")
    return isinstance(path, str) and path.endswith("/groups")


def _did_nothing(status: Any) -> bool:
    return isinstance(status, int) and 400 <= status < 500
