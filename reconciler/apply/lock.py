"""One apply at a time per instance on one machine; the second is told who holds the lock."""

from __future__ import annotations

import errno
import getpass
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors import LockHeld, ReconcilerError

FOLDER = Path("/tmp/wappfy-reconciler-locks")  # noqa: S108 - one place for all users of the machine, on purpose
"""Where lock files live. Not in a home: two users of one machine must not apply to one instance at once.

The folder is everybody's and not sticky, since the kernel keeps users from opening each other's files in sticky ones.
Nothing in it is followed if it is a link, and nothing in it is believed but the lock itself.
"""

LONGEST = 32_768
"""Bytes that are read of what the holder says: a folder's path has 4,096 at most, each written as six at worst."""


@contextmanager
def instance_lock(place: str, instance_id: str, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock of one instance at one API (`place` is one text for its base URL, or the sandbox's state file).

    The operating system frees it when the process ends, in whatever way; a lock file that is left lying about
    stops nobody. Raises LockHeld, naming the process that has it.
    """
    from filelock import FileLock, Timeout

    folder = folder or FOLDER
    path = folder / f"{hashlib.sha256(f'{place} {instance_id}'.encode()).hexdigest()[:24]}.lock"
    holder = path.with_suffix(".json")
    try:
        _share(folder)
        lock = FileLock(path, timeout=0, mode=0o666)
        lock.acquire()
    except Timeout:
        raise LockHeld(
            f"another apply for the instance {instance_id} is running on this machine: {_told(holder)}",
            "wait until it has ended, then plan again",
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReconcilerError(f"the lock file {path} cannot be used: {reason}", "make it writable") from error
    try:
        # Who holds it is a courtesy; the lock holds without it.
        with suppress(OSError):
            _tell(holder)
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _share(folder: Path) -> None:
    """Make the folder everybody's; a link in its place is refused."""
    with suppress(FileExistsError):
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise NotADirectoryError(20, "it is no folder, or a link to one")


def _tell(holder: Path) -> None:
    told = {
        "pid": os.getpid(),
        "user": _user(),
        "folder": str(Path.cwd()),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    holder.unlink(missing_ok=True)
    with os.fdopen(os.open(holder, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
        file.write(json.dumps(told))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _told(holder: Path) -> str:
    try:
        told = json.loads(_read(holder))
        return f"process {told['pid']} of {told['user']}, since {told['since']}, started in {told['folder']}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "it has not said who it is"


def _read(holder: Path) -> bytes:
    """What stands in the file, as far as anybody could have to say. Whoever put it there may not have us wait."""
    descriptor = os.open(holder, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        return os.read(descriptor, LONGEST)
    finally:
        os.close(descriptor)
