"""The logs of calls and effects, and the groups as they were some effects ago (for stale answers).

Each effect stores the group as it was before the change, so going back reads only the last few rows.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

import reconciler.sandbox.store as store
from reconciler.sandbox.records import Call, Effect, Group, GroupSummary, Member


def log_call(db: sqlite3.Connection, time: float, method: str, path: str, body: str) -> int:
    """Log a received request and return its sequence number."""
    cursor = db.execute("INSERT INTO calls (time, method, path, body) VALUES (?, ?, ?, ?)", (time, method, path, body))
    return int(cursor.lastrowid or 0)


def set_call_status(db: sqlite3.Connection, seq: int, status: int | str) -> None:
    """Log the response to a request: its HTTP status, or "dropped"."""
    db.execute("UPDATE calls SET status = ? WHERE seq = ?", (status, seq))


def list_calls(db: sqlite3.Connection) -> list[Call]:
    """Return every request since the logs were cleared, in order."""
    rows = db.execute("SELECT seq, time, method, path, status, body FROM calls ORDER BY seq")
    return [Call(*row) for row in rows]


def log_effect(db: sqlite3.Connection, effect: Effect, before: Group | None) -> None:
    """Log a change with the group as it was before; the database assigns `seq`."""
    db.execute(
        "INSERT INTO effects (call, method, path, kind, group_id, people, detail, earlier) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            effect.call,
            effect.method,
            effect.path,
            effect.kind,
            effect.group_id,
            json.dumps(effect.people),
            json.dumps(effect.detail),
            json.dumps(asdict(before)) if before else None,
        ),
    )


def list_effects(db: sqlite3.Connection) -> list[Effect]:
    """Return every change made through the API since the logs were cleared, in order."""
    rows = db.execute("SELECT seq, call, method, path, kind, group_id, people, detail FROM effects ORDER BY seq")
    decoded = [{**row, "people": tuple(json.loads(row["people"])), "detail": json.loads(row["detail"])} for row in rows]
    return [Effect(**fields) for fields in decoded]


def clear_logs(db: sqlite3.Connection) -> None:
    """Delete both logs; numbering restarts at 1."""
    db.execute("DELETE FROM calls")
    db.execute("DELETE FROM effects")
    db.execute("DELETE FROM sqlite_sequence WHERE name IN ('calls', 'effects')")


def group_at(db: sqlite3.Connection, group_id: str, effects_ago: int) -> Group | None:
    """Return a group as it was some effects ago; 0 is now."""
    before = _groups_before(db, effects_ago)
    return before[group_id] if group_id in before else store.find_group(db, group_id)


def summaries_at(db: sqlite3.Connection, digits: str, effects_ago: int) -> list[GroupSummary]:
    """Return summaries of the groups an account was in some effects ago; 0 is now."""
    before = _groups_before(db, effects_ago)
    summaries = [summary for summary in store.list_summaries(db, digits) if summary.id not in before]
    for group in before.values():
        if group is not None and group.member(digits):
            summaries.append(GroupSummary(group.id, group.name, group.created_at, len(group.members)))
    return sorted(summaries, key=lambda summary: (summary.created_at, summary.id))


def _groups_before(db: sqlite3.Connection, effects_ago: int) -> dict[str, Group | None]:
    """Return the groups changed by the last effects, as they were before; None if a group did not exist yet."""
    query = "SELECT group_id, earlier FROM effects WHERE kind <> 'message' ORDER BY seq DESC LIMIT ?"
    # A group's oldest row comes last and wins: it holds the group as it was before all of these effects.
    return {row["group_id"]: _group(row["earlier"]) for row in db.execute(query, (effects_ago,))}


def _group(text: str | None) -> Group | None:
    if text is None:
        return None
    fields = json.loads(text)
    members = tuple(Member(**member) for member in fields.pop("members"))
    return Group(**fields, members=members)
