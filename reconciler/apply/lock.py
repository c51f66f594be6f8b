"""One apply at a time per instance on one machine; the second is told who holds the lock."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors import LockHeld, ReconcilerError


@contextmanager
def instance_lock(place: str, instance_id: str, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock of one instance at one API (`place` is its base URL, or the sandbox's state file).

    The operating system frees it when the process ends, in whatever way; a lock file that is left lying about
    stops nobody. `folder` is where lock files live, the user's state directory unless given.
    Raises LockHeld, naming the process that has it.
    """
    from filelock import FileLock, Timeout

    path = (folder or _folder()) / f"{hashlib.sha256(f'{place} {instance_id}'.encode()).hexdigest()[:24]}.lock"
    holder = path.with_suffix(".json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(path, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout:
        raise LockHeld(
            f"another apply for the instance {instance_id} is running on this machine: {_told(holder)}",
            "wait until it has ended, then plan again",
        ) from None
    except OSError as error:
        raise ReconcilerError(f"the lock file {path} cannot be used: {error}", "make its folder writable") from error
    try:
        _tell(holder)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("wappfy-reconciler") / "locks"


def _tell(holder: Path) -> None:
    holder.write_text(
        json.dumps(
            {
                "pid": os.getpid(),
                "user": _user(),
                "folder": str(Path.cwd()),
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        ),
        encoding="utf-8",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _told(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {told['pid']} of {told['user']}, since {told['since']}, started in {told['folder']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not said who it is"
