"""Which files make up a configuration, and their text."""

from __future__ import annotations

import codecs
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from reconciler.atomic_file import is_missing
from reconciler.config.document import SourceLocation
from reconciler.config.problem_collector import ProblemCollector
from reconciler.errors import ProblemKind

MAX_FILE_BYTES = 32 * 1024 * 1024
"""Bytes a file may have. A thousand groups of 250 people take four million."""


SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read: its path as the user gave it, its bytes, and its text without a byte order mark.

    `linked`: what was read stands elsewhere, behind a symbolic link.
    """

    file: str
    data: bytes
    text: str
    linked: bool = False

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


def is_config_file(path: PurePath) -> bool:
    """Whether a file, named from a folder, is one of that folder's YAML files."""
    return path.name.endswith(SUFFIXES) and not any(part.startswith(".") for part in path.parts)


def find_config_files(path: Path, findings: ProblemCollector) -> tuple[Path, ...]:
    """The YAML files of a path: itself, or all below a folder, sorted; names that begin with a dot are skipped."""
    if is_missing(path) and not os.path.islink(path):
        hint = "give the path of a YAML file or a folder"
        findings.error(ProblemKind.FILE, SourceLocation(str(path)), "there is no such file or folder", hint)
        return ()
    if not os.path.isdir(path):
        return (path,)
    found: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=lambda error: _unreadable(error, findings)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if is_config_file(PurePath(name))]
    for each in (each for each in found if os.path.exists(each) and not os.path.isfile(each)):
        # A pipe or a device would be waited for without end.
        message = "is no file, and all of a folder's YAML is read"
        findings.error(ProblemKind.FILE, SourceLocation(str(each)), message, "take it out of the folder")
    found = [each for each in found if os.path.isfile(each) or not os.path.exists(each)]
    if not found and not findings.failed:
        report_empty_folder(str(path), findings)
    return tuple(sorted(found))


def report_empty_folder(folder: str, findings: ProblemCollector) -> None:
    """Note that a folder has nothing to read."""
    findings.error(
        ProblemKind.FILE, SourceLocation(folder), "the folder has no YAML file", "files must end in .yaml or .yml"
    )


def linked_folders(path: Path) -> tuple[str, ...]:
    """The links to folders below a folder, sorted, which are not followed; names that begin with a dot are skipped."""
    links: list[str] = []
    for folder, folders, _ in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links += [str(below) for name in folders if os.path.islink(below := Path(folder, name))]
    return tuple(sorted(links))


def _unreadable(error: OSError, findings: ProblemCollector) -> None:
    reason = error.strerror or type(error).__name__
    findings.error(
        ProblemKind.FILE, SourceLocation(str(error.filename)), f"cannot be read: {reason}", "check its permissions"
    )


def read_file(path: Path, findings: ProblemCollector) -> SourceFile | None:
    """Read a file as UTF-8; None, and the reason among the findings, where that cannot be."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        _unreadable(error, findings)
        return None
    return decode_utf8(str(path), data, findings, linked=path.is_symlink())


def decode_utf8(file: str, data: bytes, findings: ProblemCollector, *, linked: bool = False) -> SourceFile | None:
    """The bytes of a file as UTF-8; None, and the reason among the findings, where they are too many or none."""
    if len(data) > MAX_FILE_BYTES:
        message = f"the file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB"
        findings.error(ProblemKind.FILE, SourceLocation(file), message, "split it into several files in one folder")
        return None
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        _no_utf8(file, error.object, error.start, findings)
        return None
    return SourceFile(file, data, text, linked)


def _no_utf8(file: str, data: bytes, start: int, findings: ProblemCollector) -> None:
    line_start = data.rfind(b"\n", 0, start) + 1
    mark = (data.count(b"\n", 0, start) + 1, len(data[line_start:start].decode()) + 1)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    hint = "it looks like UTF-16; save it as UTF-8" if wide else "save it as UTF-8"
    findings.error(
        ProblemKind.FILE, SourceLocation(file), f"the file is no UTF-8: byte 0x{data[start]:02X}", hint, mark=mark
    )


def config_files(path: Path) -> tuple[Path, ...]:
    """The YAML files that a path stands for, sorted; none where it cannot be read."""
    return find_config_files(path, ProblemCollector())
