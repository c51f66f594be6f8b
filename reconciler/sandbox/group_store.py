"""Groups and memberships in the database. Every function takes the connection of an open transaction."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterable

from reconciler.sandbox.records import Group, GroupSummary, Member

MAX_MEMBERS = 1024
"""WhatsApp's own limit of participants in a group."""

_FIRST_ID = 120363_400000_000000


def group(db: sqlite3.Connection, group_id: str) -> Group | None:
    """A group with its members in the order in which they came."""
    row = db.execute("SELECT * FROM groups WHERE id = ?", (group_id,)).fetchone()
    if row is None:
        return None
    rows = db.execute("SELECT * FROM members WHERE group_id = ? ORDER BY seq", (group_id,))
    members = tuple(Member(each["digits"], bool(each["is_admin"]), bool(each["is_owner"])) for each in rows)
    return Group(
        row["id"], row["name"], row["description"], row["owner"], row["created_at"], row["invite_code"], members
    )


def group_ids(db: sqlite3.Connection) -> list[str]:
    """Every group's id, in a stable order: by creation, then id."""
    return [row["id"] for row in db.execute("SELECT id FROM groups ORDER BY created_at, id")]


def heads(db: sqlite3.Connection, digits: str) -> list[GroupSummary]:
    """The groups an account is in, as a list shows them; by creation, then id."""
    rows = db.execute(
        "SELECT id, name, created_at, (SELECT count(*) FROM members WHERE group_id = groups.id) AS size FROM groups "
        "WHERE id IN (SELECT group_id FROM members WHERE digits = ?) ORDER BY created_at, id",
        (digits,),
    )
    return [GroupSummary(row["id"], row["name"], row["created_at"], row["size"]) for row in rows]


def id_of_invite(db: sqlite3.Connection, code: str) -> str | None:
    """The group a bare invite code leads to."""
    row = db.execute("SELECT id FROM groups WHERE invite_code = ?", (code,)).fetchone()
    return str(row["id"]) if row else None


def put_group(db: sqlite3.Connection, made: Group) -> None:
    """Insert a new group with its members; raises sqlite3.IntegrityError where its id or invite code is taken."""
    db.execute(
        "INSERT INTO groups (id, name, description, owner, created_at, invite_code) VALUES (?, ?, ?, ?, ?, ?)",
        (made.id, made.name, made.description, made.owner, made.created_at, made.invite_code),
    )
    put_members(db, made.id, made.members)


def put_members(db: sqlite3.Connection, group_id: str, members: Iterable[Member]) -> None:
    """Add accounts to a group, or change what they may do in it."""
    db.executemany(
        "INSERT INTO members (group_id, digits, is_admin, is_owner) VALUES (?, ?, ?, ?) ON CONFLICT (group_id, digits) "
        "DO UPDATE SET is_admin = excluded.is_admin, is_owner = excluded.is_owner",
        [(group_id, member.digits, member.is_admin, member.is_owner) for member in members],
    )


def drop_members(db: sqlite3.Connection, group_id: str, digits: Iterable[str]) -> None:
    """Take accounts out of a group."""
    db.executemany("DELETE FROM members WHERE group_id = ? AND digits = ?", [(group_id, each) for each in digits])


def set_text(db: sqlite3.Connection, group_id: str, name: str, description: str) -> None:
    """Give a group its name and description."""
    db.execute("UPDATE groups SET name = ?, description = ? WHERE id = ?", (name, description, group_id))


def drop_group(db: sqlite3.Connection, group_id: str) -> None:
    """Delete a group for everybody, as only people can do by hand."""
    db.execute("DELETE FROM groups WHERE id = ?", (group_id,))


def next_id(db: sqlite3.Connection) -> str:
    """An id no group has had: the same history of the world always gives the same one, and later ones are greater."""
    while True:
        db.execute("UPDATE last_group SET number = number + 1")
        number = db.execute("SELECT number FROM last_group").fetchone()[0]
        made = f"{_FIRST_ID + number}@g.us"
        if group(db, made) is None:
            return made


def invite_code_for(group_id: str) -> str:
    """A code of letters and digits that looks like WhatsApp's, always the same for one group."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(group_id.encode()).digest()).decode()
    return "".join(each for each in digest if each.isalnum())[:22]
