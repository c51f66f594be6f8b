"""Read and write the world's tables and its logs. Every function takes an open transaction's connection.

Each logged effect stores the group as it was before the change, so stale answers read only the last few rows.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import asdict, astuple, replace
from typing import Any

from reconciler.sandbox.phones import canonical
from reconciler.sandbox.records import (
    Account,
    Call,
    Contact,
    Effect,
    Group,
    GroupSummary,
    Instance,
    InstanceStatus,
    InstanceType,
    Member,
    ShownAs,
    Spelling,
)

MAX_MEMBERS = 1024
"""WhatsApp's limit of participants in a group."""

_FIRST_GROUP_ID = 120363_400000_000000

# Accounts, instances, contacts, webhooks


def find_account(db: sqlite3.Connection, digits: str) -> Account | None:
    """Return the account that either spelling of a number reaches; None if the world does not have it yet."""
    row = db.execute("SELECT * FROM accounts WHERE digits = ?", (canonical(digits),)).fetchone()
    return _account(row) if row else None


def find_accounts(db: sqlite3.Connection, digits: Iterable[str]) -> dict[str, Account]:
    """Return the accounts of many canonical numbers, by number."""
    numbers = json.dumps(list(digits))
    rows = db.execute("SELECT * FROM accounts WHERE digits IN (SELECT value FROM json_each(?))", (numbers,))
    return {row["digits"]: _account(row) for row in rows}


def get_or_create_account(db: sqlite3.Connection, digits: str) -> Account:
    """Return the account of a number; create a missing one with this spelling in its JID."""
    account = find_account(db, digits)
    if account is None:
        account = Account(canonical(digits), digits)
        put_account(db, account)
    return account


def put_account(db: sqlite3.Connection, account: Account) -> None:
    """Insert or update an account; generate a stable LID if it needs one and has none."""
    lid = account.lid or (_generate_lid(account.digits) if account.shows is not ShownAs.PHONE else None)
    db.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(replace(account, lid=lid)))


def list_instance_ids(db: sqlite3.Connection) -> tuple[str, ...]:
    """Return the ids of all instances, sorted."""
    return tuple(row[0] for row in db.execute("SELECT id FROM instances ORDER BY id"))


def find_instance(db: sqlite3.Connection, instance_id: str) -> Instance | None:
    """Return an instance by its id."""
    row = db.execute("SELECT * FROM instances WHERE id = ?", (instance_id,)).fetchone()
    if row is None:
        return None
    return Instance(**{**row, "kind": InstanceType(row["kind"]), "status": InstanceStatus(row["status"])})


def put_instance(db: sqlite3.Connection, instance: Instance) -> None:
    """Insert or update an instance."""
    db.execute("INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?)", astuple(instance))


def list_contacts(db: sqlite3.Connection, instance_id: str) -> list[Contact]:
    """Return an instance's address book, sorted by number."""
    rows = db.execute("SELECT * FROM contacts WHERE instance_id = ? ORDER BY digits", (instance_id,))
    return [
        Contact(row["digits"], row["name"], row["short_name"], row["push_name"], bool(row["is_business"]))
        for row in rows
    ]


def count_strangers(db: sqlite3.Connection, instance: Instance, numbers: Collection[str]) -> int:
    """Return how many of these canonical numbers share no group with the instance and are no contact of it."""
    query = """
        SELECT COUNT(*) FROM json_each(?) AS wanted
        WHERE NOT EXISTS (SELECT 1 FROM contacts WHERE instance_id = ? AND digits = wanted.value)
        AND NOT EXISTS (
            SELECT 1 FROM members AS theirs JOIN members AS ours ON ours.group_id = theirs.group_id
            WHERE theirs.digits = wanted.value AND ours.digits = ?)
        """
    found: int = db.execute(query, (json.dumps(sorted(numbers)), instance.id, instance.phone)).fetchone()[0]
    return found


def put_contact(db: sqlite3.Connection, instance_id: str, contact: Contact) -> None:
    """Insert or replace an entry of an instance's address book."""
    db.execute("INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?, ?)", (instance_id, *astuple(contact)))


def put_webhook(db: sqlite3.Connection, body: dict[str, Any]) -> str:
    """Store a webhook subscription and return its id."""
    cursor = db.execute("INSERT INTO webhooks (body) VALUES (?)", (json.dumps(body),))
    return _webhook_id(cursor.lastrowid)


def list_webhooks(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return all webhook subscriptions, in order of creation."""
    return list(webhooks_by_id(db).values())


def webhooks_by_id(db: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Return all webhook subscriptions by id, in order of creation."""
    rows = db.execute("SELECT seq, body FROM webhooks ORDER BY seq")
    return {_webhook_id(row["seq"]): json.loads(row["body"]) for row in rows}


def _webhook_id(seq: int | None) -> str:
    return f"wh_{seq:08d}"


def _account(row: sqlite3.Row) -> Account:
    digits, jid_digits, lid, shows, refuses_adds, exists, spelling = row
    return Account(digits, jid_digits, lid, ShownAs(shows), bool(refuses_adds), bool(exists), Spelling(spelling))


def _generate_lid(digits: str) -> str:
    number = int(hashlib.sha256(digits.encode()).hexdigest()[:12], 16) % 10**14
    return f"{number:014d}@lid"


# Groups and memberships


def find_group(db: sqlite3.Connection, group_id: str) -> Group | None:
    """Return a group with its members in the order in which they joined."""
    query = "SELECT id, name, description, owner, created_at, invite_code FROM groups WHERE id = ?"
    row = db.execute(query, (group_id,)).fetchone()
    if row is None:
        return None
    rows = db.execute("SELECT digits, is_admin, is_owner FROM members WHERE group_id = ? ORDER BY seq", (group_id,))
    members = (Member(digits, bool(is_admin), bool(is_owner)) for digits, is_admin, is_owner in rows)
    return Group(**row, members=tuple(members))


def find_group_by_invite(db: sqlite3.Connection, code: str) -> Group | None:
    """Return the group of a bare invite code."""
    row = db.execute("SELECT id FROM groups WHERE invite_code = ?", (code,)).fetchone()
    return find_group(db, row["id"]) if row else None


def list_group_ids(db: sqlite3.Connection) -> list[str]:
    """Return every group's id, sorted by creation, then id."""
    return [row["id"] for row in db.execute("SELECT id FROM groups ORDER BY created_at, id")]


def list_summaries(db: sqlite3.Connection, digits: str) -> list[GroupSummary]:
    """Return summaries of the groups an account is in, sorted by creation, then id."""
    rows = db.execute(
        "SELECT id, name, created_at, (SELECT count(*) FROM members WHERE group_id = groups.id) FROM groups "
        "WHERE id IN (SELECT group_id FROM members WHERE digits = ?) ORDER BY created_at, id",
        (digits,),
    )
    return [GroupSummary(*row) for row in rows]


def insert_group(db: sqlite3.Connection, group: Group) -> None:
    """Insert a new group with its members; raise sqlite3.IntegrityError if its id or invite code is in use."""
    db.execute(
        "INSERT INTO groups (id, name, description, owner, created_at, invite_code) VALUES (?, ?, ?, ?, ?, ?)",
        (group.id, group.name, group.description, group.owner, group.created_at, group.invite_code),
    )
    put_members(db, group.id, group.members)


def put_members(db: sqlite3.Connection, group_id: str, members: Iterable[Member]) -> None:
    """Add members to a group, or update the rights of existing ones."""
    db.executemany(
        "INSERT INTO members (group_id, digits, is_admin, is_owner) VALUES (?, ?, ?, ?) ON CONFLICT (group_id, digits) "
        "DO UPDATE SET is_admin = excluded.is_admin, is_owner = excluded.is_owner",
        [(group_id, *astuple(member)) for member in members],
    )


def delete_members(db: sqlite3.Connection, group_id: str, digits: Iterable[str]) -> None:
    """Remove accounts from a group."""
    db.executemany("DELETE FROM members WHERE group_id = ? AND digits = ?", [(group_id, each) for each in digits])


def set_group_text(db: sqlite3.Connection, group_id: str, name: str, description: str) -> None:
    """Set the name and the description of a group."""
    db.execute("UPDATE groups SET name = ?, description = ? WHERE id = ?", (name, description, group_id))


def delete_group(db: sqlite3.Connection, group_id: str) -> None:
    """Delete a group for everybody; the API has no call for this."""
    db.execute("DELETE FROM groups WHERE id = ?", (group_id,))


def next_group_id(db: sqlite3.Connection) -> str:
    """Return an id that no group has had. Ids increase, and the same history always leads to the same id."""
    while True:
        db.execute("UPDATE last_group SET number = number + 1")
        number = db.execute("SELECT number FROM last_group").fetchone()[0]
        group_id = f"{_FIRST_GROUP_ID + number}@g.us"
        if find_group(db, group_id) is None:
            return group_id


def invite_code_for(group_id: str) -> str:
    """Return a code of letters and digits that looks like WhatsApp's and is always the same for a group."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(group_id.encode()).digest()).decode()
    return "".join(each for each in digest if each.isalnum())[:22]


# Logs of calls and effects


def log_call(db: sqlite3.Connection, time: float, method: str, path: str, body: str) -> int:
    """Log a received request and return its sequence number."""
    cursor = db.execute("INSERT INTO calls (time, method, path, body) VALUES (?, ?, ?, ?)", (time, method, path, body))
    return int(cursor.lastrowid or 0)


def set_call_status(db: sqlite3.Connection, seq: int, status: int | str) -> None:
    """Log the response to a request: its HTTP status, or "dropped"."""
    db.execute("UPDATE calls SET status = ? WHERE seq = ?", (status, seq))


def list_calls(db: sqlite3.Connection) -> list[Call]:
    """Return every request since the logs were cleared, in order."""
    return [Call(*row) for row in db.execute("SELECT seq, time, method, path, status, body FROM calls ORDER BY seq")]


def log_effect(db: sqlite3.Connection, effect: Effect, before: Group | None) -> None:
    """Log a change with the group as it was before; the database assigns `seq`."""
    _, *fields, people, detail = astuple(effect)
    earlier = json.dumps(asdict(before)) if before else None
    db.execute(
        "INSERT INTO effects (call, method, path, kind, group_id, people, detail, earlier) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*fields, json.dumps(people), json.dumps(detail), earlier),
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
    return before[group_id] if group_id in before else find_group(db, group_id)


def summaries_at(db: sqlite3.Connection, digits: str, effects_ago: int) -> list[GroupSummary]:
    """Return summaries of the groups an account was in some effects ago; 0 is now."""
    before = _groups_before(db, effects_ago)
    summaries = [summary for summary in list_summaries(db, digits) if summary.id not in before]
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
