"""Lock an instance, so that one apply at a time runs for it on one machine; lock YAML files while they are written."""

from __future__ import annotations

import errno
import getpass
import hashlib
import json
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from reconciler.errors import LockHeld, ReconcilerError

log = logging.getLogger("reconciler.apply")
FOLDER = Path("/tmp/wappfy-reconciler-locks")  # noqa: S108 - one place for all users of the machine, on purpose
"""Where lock files live. Not in a home: two users of one machine must not apply to one instance at once.

Everybody can write to the folder, and it is not sticky, because the kernel keeps users from opening each other's files
in sticky ones. So no link in it is followed, and nothing in it is trusted but the lock itself.
"""
POLL_SECONDS = 0.2
MAX_HOLDER_BYTES = 32_768
"""Bytes that are read about the holder: a folder's path has 4,096 at most, and JSON writes each as six at worst."""


@contextmanager
def instance_lock(place: str, instance_id: str, folder: Path | None = None, *, timeout: float = 0.0) -> Iterator[None]:
    """Hold the lock of one instance at one API (`place` is its base URL, or the sandbox's state file).

    Wait for it up to `timeout` seconds. The operating system frees it when the process ends, in whatever way; a lock
    file that remains does not stop anybody. Raise LockHeld, with the process that holds it.
    """
    from filelock import FileLock, Timeout

    folder = folder or FOLDER
    path = folder / f"{hashlib.sha256(f'{place} {instance_id}'.encode()).hexdigest()[:24]}.lock"
    holder = path.with_suffix(".json")
    try:
        _share(folder)
        lock = FileLock(path, timeout=0, mode=0o666)
        try:
            lock.acquire()
        except Timeout:
            if timeout <= 0:
                raise
            fields = {"action": "wait", "counts": {"seconds_to_wait": ceil(timeout)}}
            log.info("waiting up to %g s for another apply: %s", timeout, _describe_holder(holder), extra=fields)
            lock.acquire(timeout=timeout, poll_interval=POLL_SECONDS)
    except Timeout:
        raise LockHeld(
            f"another apply for the instance {instance_id} is running on this machine: {_describe_holder(holder)}",
            "wait until it has ended, then run `reconciler plan` again; --lock-timeout waits for it",
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReconcilerError(f"the lock file {path} cannot be used: {reason}", "make it writable") from error
    try:
        # Who holds the lock is only for the message; the lock works without it.
        with suppress(OSError):
            _write_holder(holder)
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def files_lock(path: Path, folder: Path | None = None, *, timeout: float = 10.0) -> Iterator[None]:
    """Hold the lock of the YAML files in the folder of a path, or in that folder, while they are compared and written.

    Wait for it up to `timeout` seconds; then raise ReconcilerError.
    """
    from filelock import FileLock, Timeout

    folder = folder or FOLDER
    place = path.resolve() if path.is_dir() else path.resolve().parent
    lock_file = folder / f"files-{hashlib.sha256(os.fsencode(place)).hexdigest()[:24]}.lock"
    try:
        _share(folder)
        lock = FileLock(lock_file, timeout=timeout, mode=0o666)
        lock.acquire(poll_interval=POLL_SECONDS / 10)
    except Timeout:
        message = f"another command is writing the files in {place}, so nothing was written"
        raise ReconcilerError(message, "run the command again") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReconcilerError(f"the lock file {lock_file} cannot be used: {reason}", "make it writable") from error
    try:
        yield
    finally:
        lock.release()


def _share(folder: Path) -> None:
    """Create the folder for everybody; raise where a link is in its place."""
    with suppress(FileExistsError):
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise NotADirectoryError(20, "it is not a folder, or a link to one")


def _write_holder(holder: Path) -> None:
    process = {
        "pid": os.getpid(),
        "user": _user(),
        "folder": str(Path.cwd()),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    holder.unlink(missing_ok=True)
    with os.fdopen(os.open(holder, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
        file.write(json.dumps(process))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _describe_holder(holder: Path) -> str:
    try:
        process = json.loads(_read(holder))
        return f"process {process['pid']} of {process['user']}, since {process['since']}, in {process['folder']}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "an unknown process"


def _read(holder: Path) -> bytes:
    """Return the first bytes of the file. Never block: another user may have replaced it with a FIFO."""
    descriptor = os.open(holder, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        return os.read(descriptor, MAX_HOLDER_BYTES)
    finally:
        os.close(descriptor)
