"""Whether a file is there, and writing files so that each is whole or not there at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def is_missing(path: Path) -> bool:
    """Whether there surely is nothing at a path, also behind a link; what may not be looked at may be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


def resolve_link(path: Path) -> Path:
    """Where a path leads, all links followed; there need be nothing. Raises OSError for links that lead in a circle."""
    target = Path(os.path.realpath(path))
    if os.path.islink(target):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def is_stream(path: Path) -> bool:
    """Whether what a path leads to is written to as it stands, and not replaced: a terminal, a pipe, a device."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def write_atomic(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace a file's content in one piece; a symbolic link stays and its target is replaced.

    `private` makes it readable by its owner only; else an existing file keeps its mode and a new one gets the
    usual. What is no regular file (a terminal, a pipe) is written to as it is. Raises OSError.
    """
    # Where /dev/stdout is a pipe, its links lead to a name that nobody can open.
    if is_stream(path):
        with path.open("wb") as stream:
            stream.write(data)
        return
    import tempfile

    target = resolve_link(path)
    there = target.stat() if target.exists() else None
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if not private:
            os.chmod(temporary, stat.S_IMODE(there.st_mode) if there is not None else 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
