"""Read the files that the YAML of a line names, such as people files, as each commit has them."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from reconciler.history.git import GitObject, resolve_objects
from reconciler.history.line import (
    PLAIN_FILES,
    Entry,
    Line,
    LineCommit,
    read_changes,
    with_merged_authors,
)
from reconciler.history.snapshot import RevisionFile, file_of, read_blobs

_BATCH: Final = 50
"""Versions whose files are read by one call."""
_LINK: Final = b"120000"

Search: TypeAlias = tuple[str, str]
"""A folder, by its path from the top of the repository, and the pattern of the files below it."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """The files that a search finds: from each of these commits, by its place in the line, up to the next one."""

    positions: tuple[int, ...]
    commits: tuple[LineCommit, ...]
    files: tuple[Mapping[str, Entry], ...]

    def at(self, position: int) -> int:
        """Return the index of the version at a commit; -1 before the first one."""
        return bisect_right(self.positions, position) - 1


@dataclass(slots=True)
class NamedFiles:
    """The files that the versions of a line name, each of at most `max_bytes`.

    `fits` decides whether a pattern means a path below the folder; `fixed_part` returns what it has before wildcards.
    """

    line: Line
    fits: Callable[[str, PurePosixPath], bool]
    fixed_part: Callable[[str], str]
    max_bytes: int
    _positions: dict[str, int] = field(default_factory=dict)
    _found: dict[Search, _Versions] = field(default_factory=dict)
    _read: dict[Search, dict[str, RevisionFile]] = field(default_factory=dict)

    def read(self, oid: str, search: Search) -> dict[str, RevisionFile]:
        """Return the files as a commit has them, by their paths below the folder; those are their names, too."""
        versions = self._versions(search)
        index = versions.at(self._position(oid))
        entries = versions.files[index] if index >= 0 else {}
        files = {}
        for path, (mode, blob) in entries.items():
            below = PurePosixPath(path).relative_to(search[0]).as_posix()
            found = self._plain(search, index, blob) if mode in PLAIN_FILES else self._odd(oid, path, mode)
            if found is not None:
                files[below] = replace(found, path=below)
        return files

    def commits_between(self, first: str, last: str | None, searches: Iterable[Search]) -> list[LineCommit]:
        """Return the commits after one and before another that change a file of these searches, the oldest first.

        None for the last one: up to the tip of the line.
        """
        found: dict[int, LineCommit] = {}
        for search in searches:
            versions = self._versions(search)
            start = versions.at(self._position(first)) + 1
            end = None if last is None else versions.at(self._position(last) - 1) + 1
            found |= zip(versions.positions[start:end], versions.commits[start:end], strict=True)
        return [found[position] for position in sorted(found)]

    def _position(self, oid: str) -> int:
        if not self._positions:
            oids = self.line.git.run("rev-list", "--first-parent", "--reverse", self.line.tip).decode().split()
            self._positions = {each: position for position, each in enumerate(oids)}
        return self._positions[oid]

    def _versions(self, search: Search) -> _Versions:
        if search not in self._found:
            folder, pattern = search

            def is_wanted(path: str) -> bool:
                below = PurePosixPath(path)
                return below.is_relative_to(folder) and self.fits(pattern, below.relative_to(folder))

            place = "/".join(filter(None, (folder, self.fixed_part(pattern))))
            changes = list(read_changes(self.line.git, self.line.tip, place, is_wanted))[::-1]
            commits = with_merged_authors(self.line.git, [commit for commit, _, _ in changes])
            positions = tuple(self._position(commit.oid) for commit in commits)
            self._found[search] = _Versions(positions, tuple(commits), tuple(files for _, files, _ in changes))
        return self._found[search]

    def _plain(self, search: Search, index: int, blob: str) -> RevisionFile:
        known = self._read.setdefault(search, {})
        if blob not in known:
            following = self._found[search].files[index : index + _BATCH]
            oids = list({oid for files in following for mode, oid in files.values() if mode in PLAIN_FILES})
            # What one version has is kept until the next one is read, so that equal bytes are one object.
            self._read[search] = known = {oid: known[oid] for oid in oids if oid in known}
            missing = [oid for oid in oids if oid not in known]
            objects = resolve_objects(self.line.git, [oid.encode() for oid in missing])
            small = [each.oid for each in objects if each.kind == "blob" and each.size <= self.max_bytes]
            data = read_blobs(self.line.git, small)
            known |= {oid: file_of("", each, data, self.max_bytes) for oid, each in zip(missing, objects, strict=True)}
        return known[blob]

    def _odd(self, oid: str, path: str, mode: bytes) -> RevisionFile | None:
        """Return what a link leads to, or why a submodule cannot be read; None for a link to a folder."""
        found = GitObject(kind="notdir" if mode == _LINK else "submodule")
        if mode == _LINK and "\n" not in path:
            (found,) = resolve_objects(self.line.git, [os.fsencode(f"{oid}:{path}")], through_links=True)
        if found.kind == "tree":
            return None
        is_small = found.kind == "blob" and found.size <= self.max_bytes
        data = read_blobs(self.line.git, [found.oid] if is_small else [])
        return file_of("", replace(found, linked=mode == _LINK), data, self.max_bytes)
