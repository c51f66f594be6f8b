"""The world's SQLite file: opening, tables, transactions that several threads and processes may share."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.sandbox.errors import SandboxError

_VERSION = 1
_SQLITE = b"SQLite format 3\0"

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
    """One connection, one lock: every access is a transaction, and a transaction inside another joins it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._depth = 0

    @classmethod
    def open(cls, path: Path | None) -> Database:
        """The database at `path`, made with its tables where missing; None keeps it in memory.

        Raises SandboxError where the file cannot be used.
        """
        try:
            connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise SandboxError(f"the sandbox's state in {path} cannot be opened: {error}") from error
        return cls(connection)

    def close(self) -> None:
        """Close the connection; closing twice does no harm."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens at once or, after an exception, not at all."""
        with self._lock:
            if self._depth == 0:
                # Taking the write lock at once: two processes that both read first could not both go on to write.
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                self._end("ROLLBACK")
                raise
            self._end("COMMIT")

    def _end(self, how: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._connection.execute(how)


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The file holds phone numbers: nobody else's business, whatever the umask says.
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
    # A power cut may cost a sandbox its last moments; in exchange a request takes no disk flush.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    elif version != _VERSION:
        connection.execute("ROLLBACK")
        raise SandboxError(f"the sandbox's state in {path} was made by another version; forget it with `sandbox reset`")
    connection.execute("COMMIT")


def reset(path: Path) -> None:
    """Forget a sandbox's whole state: delete its file and SQLite's companions. A missing file is fine.

    Raises SandboxError where the file is something else, which is left alone, or one cannot be deleted. What merely
    bears a companion's name, without a state beside it, is left alone too.
    """
    at = path
    try:
        if not _is_there(path):
            return
        if not _may_be_state(path):
            raise SandboxError(f"{path} is no state of the sandbox, and is left as it is")
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            at = path.with_name(name)
            at.unlink(missing_ok=True)
    except OSError as error:
        raise SandboxError(f"{at} cannot be deleted: {error.strerror}") from error


def _is_there(path: Path) -> bool:
    """Whether there is anything of this name, a link that leads nowhere too. Raises OSError where nobody may look."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _may_be_state(path: Path) -> bool:
    """Whether it begins as SQLite's files do, or is empty, as one is that was just made."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) in (b"", _SQLITE)
