"""Write files so that each is complete or missing, and check what a path leads to."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def is_missing(path: Path) -> bool:
    """Return whether there is certainly nothing at a path or behind its link; what cannot be examined may exist."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


def resolve_link(path: Path) -> Path:
    """Return the path with all links resolved, whether or not it exists. Raises OSError for a loop of links."""
    target = Path(os.path.realpath(path))
    if os.path.islink(target):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def is_stream(path: Path) -> bool:
    """Return whether a path leads to a terminal, pipe or device, which is written to and not replaced."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def write_atomic(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace a file in one piece; a symbolic link stays, and its target is replaced. Raises OSError.

    Only its owner can read a `private` file; otherwise an existing file keeps its mode, and a new one gets the usual.
    A stream (a terminal, a pipe) is written to directly.
    """
    # When /dev/stdout is a pipe, its links lead to a name that cannot be opened.
    if is_stream(path):
        with path.open("wb") as stream:
            stream.write(data)
        return
    target = resolve_link(path)
    temporary = _write_temporary(target, data, private=private)
    try:
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Replace several files as `write_atomic` does, all of them or none. Raises OSError with the path of one.

    The new texts are complete beside the files before the first one is replaced. If replacing fails in the middle,
    those that are replaced get their old content again.
    """
    temporaries: dict[Path, str] = {}
    replaced: dict[Path, bytes] = {}
    path = Path()
    try:
        for path, data in contents.items():
            target = resolve_link(path)
            temporaries[target] = _write_temporary(target, data)
        for path, temporary in temporaries.items():
            old = path.read_bytes()
            os.replace(temporary, path)
            replaced[path] = old
    except BaseException as error:
        for temporary in temporaries.values():
            with suppress(OSError):
                os.unlink(temporary)
        for done, old in replaced.items():
            write_atomic(done, old)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _write_temporary(target: Path, data: bytes, *, private: bool = False) -> str:
    """Write a complete file beside the one that it is to replace, and return its path."""
    import tempfile

    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if not private:
            os.chmod(temporary, mode)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
