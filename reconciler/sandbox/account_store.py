"""Accounts, contacts and instances in the database. Every function takes the connection of an open transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from reconciler.sandbox.phones import canonical
from reconciler.sandbox.records import Account, Contact, Instance, Kind, ShownAs, Spelling, Status


def account(db: sqlite3.Connection, digits: str) -> Account | None:
    """The account that either spelling of a number reaches, if the world has met it."""
    row = db.execute("SELECT * FROM accounts WHERE digits = ?", (canonical(digits),)).fetchone()
    return _account(row) if row else None


def accounts(db: sqlite3.Connection, digits: Iterable[str]) -> dict[str, Account]:
    """The accounts of many canonical numbers at once."""
    wanted = json.dumps(list(digits))
    rows = db.execute("SELECT * FROM accounts WHERE digits IN (SELECT value FROM json_each(?))", (wanted,))
    return {row["digits"]: _account(row) for row in rows}


def meet(db: sqlite3.Connection, digits: str) -> Account:
    """The account of a number; one nobody has met yet comes to life under the spelling given."""
    known = account(db, digits)
    if known is None:
        known = Account(canonical(digits), digits)
        put_account(db, known)
    return known


def put_account(db: sqlite3.Connection, person: Account) -> None:
    """Add an account, or change one; somebody shown by a LID gets a stable one where none is given."""
    lid = person.lid or (_made_up_lid(person.digits) if person.shows is not ShownAs.PHONE else None)
    db.execute(
        "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digits) DO UPDATE SET "
        "jid_digits = excluded.jid_digits, lid = excluded.lid, shows = excluded.shows, "
        "refuses_adds = excluded.refuses_adds, known = excluded.known, spelling = excluded.spelling",
        (
            person.digits,
            person.jid_digits,
            lid,
            person.shows,
            person.refuses_adds,
            person.exists,
            person.spelling,
        ),
    )


def instance_ids(db: sqlite3.Connection) -> tuple[str, ...]:
    """The ids of all instances, sorted."""
    return tuple(row[0] for row in db.execute("SELECT id FROM instances ORDER BY id"))


def instance(db: sqlite3.Connection, instance_id: str) -> Instance | None:
    """An instance by its id."""
    row = db.execute("SELECT * FROM instances WHERE id = ?", (instance_id,)).fetchone()
    if row is None:
        return None
    return Instance(row["id"], row["name"], Kind(row["kind"]), Status(row["status"]), row["phone"])


def put_instance(db: sqlite3.Connection, made: Instance) -> None:
    """Add an instance, or change one."""
    db.execute(
        "INSERT INTO instances VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "name = excluded.name, kind = excluded.kind, status = excluded.status, phone = excluded.phone",
        (made.id, made.name, made.kind, made.status, made.phone),
    )


def contacts(db: sqlite3.Connection, instance_id: str) -> list[Contact]:
    """An instance's address book, by number."""
    rows = db.execute("SELECT * FROM contacts WHERE instance_id = ? ORDER BY digits", (instance_id,))
    return [
        Contact(row["digits"], row["name"], row["short_name"], row["push_name"], bool(row["is_business"]))
        for row in rows
    ]


def put_contact(db: sqlite3.Connection, instance_id: str, entry: Contact) -> None:
    """Add an entry to an instance's address book, or change one."""
    db.execute(
        "INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?, ?)",
        (instance_id, entry.digits, entry.name, entry.short_name, entry.push_name, entry.is_business),
    )


def put_webhook(db: sqlite3.Connection, body: dict[str, Any]) -> str:
    """Store a subscription (nothing is ever delivered) and return its id."""
    cursor = db.execute("INSERT INTO webhooks (body) VALUES (?)", (json.dumps(body),))
    return f"wh_{cursor.lastrowid:08d}"


def webhooks(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """All subscriptions as they were asked for."""
    return [json.loads(row["body"]) for row in db.execute("SELECT body FROM webhooks ORDER BY seq")]


def _account(row: sqlite3.Row) -> Account:
    return Account(
        row["digits"],
        row["jid_digits"],
        row["lid"],
        ShownAs(row["shows"]),
        bool(row["refuses_adds"]),
        bool(row["known"]),
        Spelling(row["spelling"]),
    )


def _made_up_lid(digits: str) -> str:
    number = int(hashlib.sha256(digits.encode()).hexdigest()[:12], 16) % 10**14
    return f"{number:014d}@lid"
