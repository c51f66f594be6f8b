"""Read the files of a ZIP archive that somebody else made: it may be damaged, huge, or made to do harm."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final

from reconciler.sources.model import RowProblem, UnreadableFile

_MAX_ENTRIES: Final = 1_000
MAX_UNPACKED: Final = 200 * 1024 * 1024
"""Bytes that the files of one archive may have together."""
_ENCRYPTED: Final = 0x1
_FOLDER_OF_MACOS: Final = "__MACOSX"


def read_archive(data: bytes, wanted: Collection[str]) -> Mapping[str, bytes]:
    """Return the bytes of those wanted files that the archive has, by their names; they may all be in one folder.

    Raise UnreadableFile for one that is damaged, encrypted or too large, or that has paths which lead out of it.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = _wanted_entries(archive.infolist(), wanted)
            return _read(archive, entries)
    except UnreadableFile:
        raise
    except Exception:  # zipfile raises whatever a damaged part leads to
        raise _refused("the file is no ZIP archive, or a damaged one") from None


def _wanted_entries(entries: Collection[zipfile.ZipInfo], wanted: Collection[str]) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > _MAX_ENTRIES:
        raise _refused(f"the archive has more than {_MAX_ENTRIES:,} files", "export only the roster")
    found: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
            raise _refused("the archive has a path that leads out of it", "do not use it; export it again")
        if entry.is_dir() or path.parts[:1] == (_FOLDER_OF_MACOS,) or path.name not in wanted:
            continue
        if path.name in found:
            raise _refused(f"the archive has {path.name} twice", "export one school year of one school system")
        found[path.name] = entry
        folders.add(path.parent)
    if len(folders) > 1:
        raise _refused("the files are in several folders of the archive", "put them all into one folder")
    return found


def _read(archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> dict[str, bytes]:
    if any(entry.flag_bits & _ENCRYPTED for entry in entries.values()):
        raise _refused("the archive is encrypted", "export it without a password")
    # An archive can lie about a size, but no more bytes than that are unpacked.
    if sum(entry.file_size for entry in entries.values()) > MAX_UNPACKED:
        megabytes = MAX_UNPACKED // (1024 * 1024)
        raise _refused(f"the files of the archive have more than {megabytes} MB", "export only the roster")
    return {name: archive.read(entry) for name, entry in entries.items()}


def _refused(message: str, hint: str = "export it again") -> UnreadableFile:
    return UnreadableFile(RowProblem(message=message, hint=hint))
