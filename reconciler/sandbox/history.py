"""The logs of calls and effects, and the world as it was some effects ago (for stale answers).

Each effect keeps the group as it was before, so that going back takes no more than the last few rows.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

import reconciler.sandbox.group_store as groups
from reconciler.sandbox.records import Call, Effect, Group, GroupSummary, Member


def log_call(db: sqlite3.Connection, time: float, method: str, path: str, body: str) -> int:
    """Note a request that came in; returns its sequence number."""
    cursor = db.execute("INSERT INTO calls (time, method, path, body) VALUES (?, ?, ?, ?)", (time, method, path, body))
    return int(cursor.lastrowid or 0)


def end_call(db: sqlite3.Connection, seq: int, status: int | str) -> None:
    """Note how a request was answered: an HTTP status, or "dropped"."""
    db.execute("UPDATE calls SET status = ? WHERE seq = ?", (status, seq))


def calls(db: sqlite3.Connection) -> list[Call]:
    """Every request since the logs were cleared, in order."""
    rows = db.execute("SELECT * FROM calls ORDER BY seq")
    return [Call(row["seq"], row["time"], row["method"], row["path"], row["status"], row["body"]) for row in rows]


def log_effect(db: sqlite3.Connection, effect: Effect, earlier: Group | None) -> None:
    """Note a change that took effect (its `seq` is given here) with the group as it was before."""
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
            json.dumps(asdict(earlier)) if earlier else None,
        ),
    )


def effects(db: sqlite3.Connection) -> list[Effect]:
    """Every change through the API since the logs were cleared, in order."""
    rows = db.execute("SELECT * FROM effects ORDER BY seq")
    return [
        Effect(
            row["seq"],
            row["call"],
            row["method"],
            row["path"],
            row["kind"],
            row["group_id"],
            tuple(json.loads(row["people"])),
            json.loads(row["detail"]),
        )
        for row in rows
    ]


def clear(db: sqlite3.Connection) -> None:
    """Forget both logs; numbering starts again at 1."""
    db.execute("DELETE FROM calls")
    db.execute("DELETE FROM effects")
    db.execute("DELETE FROM sqlite_sequence WHERE name IN ('calls', 'effects')")


def group_then(db: sqlite3.Connection, group_id: str, ago: int) -> Group | None:
    """A group as it was `ago` effects ago; 0 is now."""
    earlier = _changed_since(db, ago)
    return earlier[group_id] if group_id in earlier else groups.group(db, group_id)


def heads_then(db: sqlite3.Connection, digits: str, ago: int) -> list[GroupSummary]:
    """The list of the groups an account was in `ago` effects ago; 0 is now."""
    earlier = _changed_since(db, ago)
    seen = [head for head in groups.heads(db, digits) if head.id not in earlier]
    for group in earlier.values():
        if group is not None and group.member(digits):
            seen.append(GroupSummary(group.id, group.name, group.created_at, len(group.members)))
    return sorted(seen, key=lambda head: (head.created_at, head.id))


def _changed_since(db: sqlite3.Connection, ago: int) -> dict[str, Group | None]:
    rows = db.execute("SELECT group_id, earlier FROM effects WHERE kind <> 'message' ORDER BY seq DESC LIMIT ?", (ago,))
    # The oldest row of a group comes last and wins: it tells how the group was before all of them.
    return {row["group_id"]: _group(row["earlier"]) for row in rows}


def _group(text: str | None) -> Group | None:
    if text is None:
        return None
    fields = json.loads(text)
    members = tuple(Member(**member) for member in fields.pop("members"))
    return Group(**fields, members=members)
