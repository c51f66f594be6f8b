"""Whether a file is there, and writing files so that each is whole or not there at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def is_gone(path: Path) -> bool:
    """Whether there surely is nothing at a path, also behind a link; what may not be looked at may be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


def followed(path: Path) -> Path:
    """Where a path leads, all links followed; there need be nothing. Raises OSError for links that lead in a circle."""
    target = Path(os.path.realpath(path))
    if os.path.islink(target):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace a file's content in one piece; a symbolic link stays and its target is replaced.

    `private` makes it readable by its owner only; else an existing file keeps its mode and a new one gets the
    usual. What is no regular file (a terminal, a pipe) is written to as it is. Raises OSError.
    """
    target = followed(path)
    there = target.stat() if target.exists() else None
    if there is not None and not stat.S_ISREG(there.st_mode):
        with target.open("wb") as stream:
            stream.write(data)
        return
    import tempfile

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
