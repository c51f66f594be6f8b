"""Read what files were in the last days, from git's objects: who was in a roster, and until which day."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from reconciler.errors import RevisionError
from reconciler.history.git import FETCH_HISTORY, Git, is_shallow, locate_repository, resolve_objects
from reconciler.history.snapshot import read_blobs
from reconciler.sources.model import FileVersion

_COMMIT: Final = re.compile(rb"\n?(?P<oid>[0-9a-f]{40,64})")
_ENTRY: Final = re.compile(rb"\n?:[0-7]{6} [0-7]{6} (?P<old>[0-9a-f]{40,64}) (?P<new>[0-9a-f]{40,64}) [A-Z][0-9]*")
_TREE_ENTRY: Final = re.compile(rb"(?P<mode>[0-7]{6}) [a-z]+ (?P<oid>[0-9a-f]{40,64})\t(?P<path>[^\0]+)\0")
_REGULAR: Final = b"100"
_SECONDS_OF_DAY: Final = 24 * 60 * 60
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class _Change:
    """What one commit did to a file: its blob before and after, "" where the file was not there."""

    day: date
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class GitFileHistory:
    """The history of the files below a folder: up to a commit, else up to the working tree.

    Of a merge only the first parent counts: a change is of the day on which it came to this branch. A commit is never
    of a day before the commits that it follows, nor after today, whatever its date says. A file that was renamed
    begins with a new history.
    """

    folder: Path
    commit: str = ""

    def versions(
        self, place: str, wanted: Callable[[str], bool], current: Mapping[str, bytes], *, since: date, today: date
    ) -> Mapping[str, tuple[FileVersion, ...]]:
        """Return the versions of each file that changed since a day, as `FileHistory` says."""
        git, inside = locate_repository(self.folder)
        (head,) = resolve_objects(git, [os.fsencode(self.commit or "HEAD")])
        if not head.oid:
            raise RevisionError("the repository has no commit yet", "commit the files")
        days = _commit_days(git, head.oid, today)
        if is_shallow(git) and min(days.values()) >= since:
            raise RevisionError(f"the clone's history does not reach back to {since}", FETCH_HISTORY)
        prefix = f"{inside}/" if inside else ""
        changes = _changes(git, days, prefix + place, since)
        committed = _committed(git, head.oid, prefix + place)
        found: dict[str, list[tuple[date, str | None]]] = {}
        for path in sorted({*changes, *committed, *(prefix + below for below in current)}):
            below = path.removeprefix(prefix)
            if not wanted(below):
                continue
            if below in current and path not in committed:
                raise RevisionError(
                    f"{below} is not a file of the last commit", "commit the file itself, not a link to it"
                )
            found[below] = _days(changes.get(path, []), committed.get(path, ""), since)
            if not self.commit and _blob_id(current.get(below), head.oid) != committed.get(path, ""):
                found[below].insert(0, (today, None))
        changed = {below: days for below, days in found.items() if len(days) > 1}
        data = read_blobs(git, sorted({oid for days in changed.values() for _, oid in days if oid}))
        return {
            below: tuple(FileVersion(day, current.get(below) if oid is None else data.get(oid)) for day, oid in days)
            for below, days in changed.items()
        }


def history_of(path: Path) -> GitFileHistory:
    """Return the history of the files of a configuration, a file or a folder in the working tree."""
    return GitFileHistory(path if os.path.isdir(path) else path.parent)


def _days(changes: Sequence[_Change], committed: str, since: date) -> list[tuple[date, str | None]]:
    """Return the days on which a file changed, the newest first, with its blob since then; the last is of `since`."""
    first = changes[-1].old if changes else committed
    return [*((change.day, change.new) for change in changes), (since, first)]


def _commit_days(git: Git, commit: str, today: date) -> dict[bytes, date]:
    """Return the day of each commit up to one, the oldest first: its committer's, or a later one before it.

    A clock that was wrong, or a date that somebody wrote, must not hide the commits around it.
    """
    lines = git.run("log", "--first-parent", "--format=%H %ct", commit).splitlines()
    days: dict[bytes, date] = {}
    latest = 1
    for line in reversed(lines):
        oid, seconds = line.split()
        latest = max(latest, min(_EPOCH + int(seconds) // _SECONDS_OF_DAY, today.toordinal()))
        days[oid] = date.fromordinal(latest)
    return days


def _changes(git: Git, days: Mapping[bytes, date], place: str, since: date) -> dict[str, list[_Change]]:
    """Return what the commits since a day did to the files at a place, by path from the top, the newest first.

    `days` has the commits up to the last one, the oldest first.
    """
    *_, newest = days
    before = [oid for oid, day in days.items() if day < since]
    order = ("log", "-m", "--first-parent", "--no-renames", "--raw", "--no-abbrev", "-z", "--format=%H")
    commits = [newest.decode(), *(f"^{oid.decode()}" for oid in before[-1:])]
    tokens = git.run(*order, *commits, "--", _from_here(git, place)).split(b"\0")
    changes: dict[str, list[_Change]] = {}
    day = since
    rest = iter(tokens)
    for token in rest:
        if (begun := _COMMIT.fullmatch(token)) is not None:
            day = days[begun["oid"]]
        elif (entry := _ENTRY.fullmatch(token)) is not None:
            change = _Change(day, _oid(entry["old"]), _oid(entry["new"]))
            changes.setdefault(os.fsdecode(next(rest)), []).append(change)
    return changes


def _committed(git: Git, commit: str, place: str) -> dict[str, str]:
    """Return the blobs of the files at a place, by path from the top; those of links count for nothing."""
    place_arguments = ("--", place) if place else ()
    listing = git.run("ls-tree", "-r", "-z", "--full-tree", commit, *place_arguments)
    return {os.fsdecode(entry["path"]): entry["oid"].decode() for entry in _regular_files(listing)}


def _regular_files(listing: bytes) -> Iterator[re.Match[bytes]]:
    return (entry for entry in _TREE_ENTRY.finditer(listing) if entry["mode"].startswith(_REGULAR))


def _from_here(git: Git, place: str) -> str:
    """Return a path from the top of the repository as one from git's folder."""
    here = os.fsdecode(git.run("rev-parse", "--show-prefix")).removesuffix("\n")
    return os.path.relpath(f"/{place}", f"/{here}")


def _oid(hexadecimal: bytes) -> str:
    return hexadecimal.decode() if hexadecimal.strip(b"0") else ""


def _blob_id(data: bytes | None, like: str) -> str:
    """Return the hash by which git knows these bytes, of the length that this repository uses."""
    if data is None:
        return ""
    hashed = hashlib.sha1(usedforsecurity=False) if len(like) == 40 else hashlib.sha256()
    hashed.update(b"blob %d\0" % len(data) + data)
    return hashed.hexdigest()
