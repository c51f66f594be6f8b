"""The world's SQLite file: its tables, and transactions that several threads and processes can share."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.sandbox.records import SandboxError

_SCHEMA_VERSION = 1
_SQLITE_MAGIC = b"SQLite format 3\0"

_TABLES = """
CREATE TABLE accounts (
    digits TEXT PRIMARY KEY, jid_digits TEXT NOT NULL, lid TEXT, shows TEXT NOT NULL,
    refuses_adds INTEGER NOT NULL, known INTEGER NOT NULL, spelling TEXT NOT NULL);
CREATE TABLE instances (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
    phone TEXT NOT NULL REFERENCES accounts);
CREATE TABLE groups (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL,
    owner TEXT, created_at INTEGER NOT NULL, invite_code TEXT NOT NULL UNIQUE);
CREATE TABLE members (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    digits TEXT NOT NULL REFERENCES accounts, is_admin INTEGER NOT NULL, is_owner INTEGER NOT NULL,
    UNIQUE (group_id, digits));
CREATE INDEX members_by_account ON members (digits);
CREATE TABLE contacts (
    instance_id TEXT NOT NULL REFERENCES instances, digits TEXT NOT NULL REFERENCES accounts, name TEXT,
    short_name TEXT NOT NULL, push_name TEXT NOT NULL, is_business INTEGER NOT NULL,
    PRIMARY KEY (instance_id, digits));
CREATE TABLE last_group (number INTEGER NOT NULL);
INSERT INTO last_group VALUES (0);
CREATE TABLE webhooks (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    status, body TEXT NOT NULL);
CREATE TABLE effects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, call INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    kind TEXT NOT NULL, group_id TEXT NOT NULL, people TEXT NOT NULL, detail TEXT NOT NULL, earlier TEXT);
"""


class Database:
    """One connection with one lock: every access is a transaction, and a nested transaction joins the outer one."""

    def __init__(self, path: Path | None) -> None:
        """Open the database at `path`, or one in memory; create missing folders, the file and its tables.

        Raises SandboxError if the file cannot be used.
        """
        try:
            self._connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise SandboxError(f"cannot open the sandbox state {path}: {error}") from error
        self._lock = threading.RLock()
        self._depth = 0

    def close(self) -> None:
        """Close the connection; closing it twice is fine."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all changes inside together; after an exception, roll all of them back."""
        with self._lock:
            if self._depth == 0:
                # Take the write lock now: two processes that both read first could not both write afterwards.
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                self._end("ROLLBACK")
                raise
            self._end("COMMIT")

    def _end(self, statement: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._connection.execute(statement)


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The file holds phone numbers, so only its owner may read it, whatever the umask allows.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(
        str(path) if path else ":memory:", timeout=10.0, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # A power cut may lose the last changes; in return, no request waits for the disk.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    elif version != _SCHEMA_VERSION:
        connection.execute("ROLLBACK")
        raise SandboxError(f"another version created the sandbox state {path}; delete it with `sandbox reset`")
    connection.execute("COMMIT")


def reset(path: Path) -> None:
    """Delete a sandbox's state: its file and SQLite's companion files. A missing file is fine.

    Raises SandboxError without deleting anything if the file is not a sandbox state, and if a file cannot be deleted.
    Companion files without a state beside them stay as well.
    """
    file = path
    try:
        # A broken link exists too.
        if not (path.is_symlink() or path.exists()):
            return
        if not _may_be_state(path):
            raise SandboxError(f"{path} is not a sandbox state; nothing was deleted")
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            file = path.with_name(name)
            file.unlink(missing_ok=True)
    except OSError as error:
        raise SandboxError(f"cannot delete {file}: {error.strerror}") from error


def _may_be_state(path: Path) -> bool:
    """Return whether a file starts like SQLite's files, or is empty, as a database is that was just created."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE_MAGIC)) in (b"", _SQLITE_MAGIC)
