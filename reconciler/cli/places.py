"""Which files a command writes and which it reads: no file is two of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.errors import UsageError


def require_apart(written: Mapping[str, Path | None], read: Iterable[Path | None]) -> None:
    """Make sure that each option in `written` names a file of its own, and none that is read.

    A folder that is read stands for the YAML files in it. Raises UsageError.
    """
    options: dict[str | tuple[int, int], str] = {}
    for option, path in written.items():
        if path is None or (file := _file(path)) is None:
            continue
        if file in options:
            raise UsageError(f"{options[file]} and {option} name the same file, {path}", "give each a file of its own")
        options[file] = option
    for path in _files(read) if options else ():
        if (file := _file(path)) in options:
            raise UsageError(f"{options[file]} would be written over {path}, which is read", "name another file")


def _files(paths: Iterable[Path | None]) -> Iterable[Path]:
    for path in paths:
        if path is not None and os.path.isdir(path):
            from reconciler.config.given import files_of

            yield from files_of(path)
        elif path is not None and os.path.exists(path):
            yield path


def _file(path: Path) -> str | tuple[int, int] | None:
    """What a file is known by, whichever links lead to it; None for a terminal, pipe or device: these hold nothing."""
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
