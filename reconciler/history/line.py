"""Read what every commit of one line of history has at a path: first parents only, renames of the path followed.

A line is read by one `git log` for each name that the path had. The files of a revision come from the next newer one
and what the commit changed, so that no tree is listed twice, and each blob is read once.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from reconciler.history.git import FileFilter, Git, is_shallow, locate_repository, resolve_commit, resolve_objects
from reconciler.history.snapshot import RevisionFile, file_of, read_blobs, read_path

_COMMIT: Final = re.compile(rb"\n?\x01(?P<oid>[0-9a-f]{40,64})")
_FIELDS: Final = "%x01%H%x00%P%x00%ct%x00%aN%x00%B%x00"
_CHANGE: Final = re.compile(rb"\n?:(?P<old_mode>[0-7]{6}) [0-7]{6} (?P<old_oid>[0-9a-f]+) [0-9a-f]+ [A-Z][0-9]*")
PLAIN_FILES: Final = frozenset({b"100644", b"100755", b"100664"})
_BATCH: Final = 50
"""Revisions whose blobs are read by one call: a thousand of them at once would fill the memory."""
_PLAIN_LOG: Final = ("-c", "log.showSignature=false", "log", "--no-notes", "--encoding=UTF-8")
_LOG: Final = (
    *("-c", "log.showRoot=true", "-c", "log.follow=false", *_PLAIN_LOG, "--first-parent", "-m", "-z", "--raw", "-r"),
    *("--no-abbrev", "--no-renames", "--no-ext-diff", "--no-color", "--no-relative"),
    f"--format=tformat:{_FIELDS}",
)

Entry: TypeAlias = tuple[bytes, str]
"""Mode and hash of a file."""


@dataclass(frozen=True, slots=True)
class LineCommit:
    """A commit: its full hash, when it was made (seconds since 1970), its author, and its whole message.

    `merged_author` made the newest of the commits that a merge brought in; "" where it is no merge.
    """

    oid: str
    parents: tuple[str, ...]
    seconds: int
    author: str
    message: str
    merged_author: str = ""


@dataclass(frozen=True, slots=True)
class LineRevision:
    """A commit that changed the path: what the path was called in it, and its files; none where it has no such path."""

    commit: LineCommit
    inside: str
    is_folder: bool
    files: Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Line:
    """The revisions of a path in one line of history, the oldest first.

    `truncated`: a shallow clone does not have the commits before them.
    """

    git: Git
    path: Path
    tip: str
    is_folder: bool
    revisions: tuple[LineRevision, ...]
    truncated: bool

    def place_of(self, file: str) -> str:
        """Return the path in the repository of a file, by its path below the folder; of a single file, by its name."""
        inside = self.revisions[-1].inside
        return "/".join(filter(None, (inside, file))) if self.is_folder else inside


def read_line(path: Path, ref: str, *, wanted: FileFilter) -> Line:
    """Return the commits from `ref` back that changed a file, or `wanted` files below a folder.

    Raises RevisionError without git, a repository or such a revision.
    """
    git, inside = locate_repository(path)
    git = replace(git, folder=git.folder / os.fsdecode(git.run("rev-parse", "--show-cdup")).strip("\n"))
    tip = resolve_commit(git, ref)
    (found,) = resolve_objects(git, [os.fsencode(f"{tip.oid}:{inside}")])
    is_folder = found.kind == "tree" or (found.kind == "missing" and os.path.isdir(path))
    revisions: list[LineRevision] = []
    start: tuple[str, str, bool] | None = (tip.oid, inside, is_folder)
    while start is not None:
        revisions, start = _follow(git, start, revisions, wanted)
    commits = with_merged_authors(git, [each.commit for each in revisions])
    revisions = [replace(each, commit=commit) for each, commit in zip(revisions, commits, strict=True)][::-1]
    truncated = bool(revisions) and not revisions[0].commit.parents and is_shallow(git)
    return Line(git, path, tip.oid, is_folder, tuple(revisions), truncated)


def cut_line(line: Line, ref: str) -> Line | None:
    """Return a line up to the commit `ref`; None where that is not among the first parents of its tip."""
    oid = resolve_commit(line.git, ref).oid
    oids = line.git.run("rev-list", "--first-parent", line.tip).decode().split()
    if oid not in oids:
        return None
    older = set(oids[oids.index(oid) :])
    revisions = tuple(each for each in line.revisions if each.commit.oid in older)
    return replace(line, tip=oid, revisions=revisions)


def _follow(
    git: Git, start: tuple[str, str, bool], newer: list[LineRevision], wanted: FileFilter
) -> tuple[list[LineRevision], tuple[str, str, bool] | None]:
    """Return `newer` and the older revisions under one name of the path, and where it goes on under another one."""
    oid, inside, is_folder = start
    revisions = list(newer)

    def is_ours(path: str) -> bool:
        return wanted(PurePosixPath(_below(path, inside))) if is_folder else path == inside

    for commit, files, earlier in read_changes(git, oid, inside, is_ours):
        revisions.append(LineRevision(commit, inside, is_folder, files))
        if not earlier and commit.parents:
            renamed = _find_earlier_name(git, commit, inside, is_folder)
            if renamed is not None:
                return revisions, (commit.parents[0], *renamed)
    return revisions, None


def read_changes(
    git: Git, oid: str, place: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[LineCommit, Mapping[str, Entry], Mapping[str, Entry]]]:
    """Yield each commit that changed a `wanted` file at a place, the newest first, with the files after and before it.

    Files and place go by their paths from the top of the repository; the place "" is the top itself.
    """
    files = _list_files(git, oid, place, wanted)
    for commit, changes in _log(git, oid, place):
        if ours := {path: old for path, old in changes if wanted(path)}:
            earlier = {path: entry for path, entry in (files | ours).items() if entry is not None}
            yield commit, files, earlier
            files = earlier


def _below(path: str, inside: str) -> str:
    return path.removeprefix(f"{inside}/") if inside else path


def _list_files(git: Git, oid: str, inside: str, wanted: Callable[[str], bool]) -> dict[str, Entry]:
    listing = git.run("ls-tree", "-r", "-z", "--full-tree", "--", oid, *([inside] if inside else []))
    files: dict[str, Entry] = {}
    for line in filter(None, listing.split(b"\0")):
        facts, _, name = line.partition(b"\t")
        mode, _, found = facts.split(b" ")
        if wanted(path := os.fsdecode(name)):
            files[path] = (mode, found.decode())
    return files


def _log(git: Git, oid: str, inside: str) -> Iterator[tuple[LineCommit, list[tuple[str, Entry | None]]]]:
    """Yield the commits that touch a path, the newest first, each with what it changed as that was before."""
    tokens = git.run(*_LOG, oid, "--", *([inside] if inside else [])).split(b"\0")
    at, end = 0, len(tokens)
    while at < end:
        found = _COMMIT.fullmatch(tokens[at])
        if found is None:
            at += 1  # an empty token ends the message
            continue
        parents, seconds, author, message = (token.decode(errors="replace") for token in tokens[at + 1 : at + 5])
        commit = LineCommit(found["oid"].decode(), tuple(parents.split()), int(seconds), author, message)
        at += 5
        changes = []
        while at < end and _COMMIT.fullmatch(tokens[at]) is None:
            change = _CHANGE.fullmatch(tokens[at])
            if change is None:
                at += 1
                continue
            oid_before = change["old_oid"].decode()
            changes.append(
                (os.fsdecode(tokens[at + 1]), (change["old_mode"], oid_before) if oid_before.strip("0") else None)
            )
            at += 2
        yield commit, changes


def _find_earlier_name(git: Git, commit: LineCommit, inside: str, is_folder: bool) -> tuple[str, bool] | None:
    """Return what a path that this commit added was called before, and whether that was a folder."""
    options = ("-r", "-z", "-M", "--no-ext-diff", "--diff-filter=R", "--raw", "--no-relative")
    tokens = git.run("diff-tree", *options, commit.parents[0], commit.oid).split(b"\0")
    names = [(os.fsdecode(old), os.fsdecode(new)) for old, new in zip(tokens[1::3], tokens[2::3], strict=False)]
    if not inside:
        return None
    if not is_folder:
        return next(((old, False) for old, new in names if new == inside), None)
    folders: Counter[tuple[str, bool]] = Counter()
    for old, new in names:
        below = _below(new, inside)
        if below == new:
            continue
        # A folder that was moved as a whole, or else one file that became a folder of several.
        moved = old.endswith(f"/{below}")
        folders[(old.removesuffix(f"/{below}"), True) if moved else (old, False)] += 1
    return max(folders, key=lambda each: (folders[each], each[1])) if folders else None


def with_merged_authors(git: Git, commits: Sequence[LineCommit]) -> list[LineCommit]:
    """Add who made what a merge brought in: the merge itself has the name of the person who pressed the button."""
    merged = [each.parents[1] for each in commits if len(each.parents) > 1]
    if not merged:
        return list(commits)
    options = ("--no-walk=unsorted", "--ignore-missing", "-z", "--format=tformat:%H%x00%aN", "--stdin")
    wanted = "".join(f"{oid}\n" for oid in merged).encode()
    tokens = git.run(*_PLAIN_LOG, *options, stdin=wanted).decode(errors="replace").split("\0")
    authors = dict(zip(tokens[::2], tokens[1::2], strict=False))
    return [
        replace(each, merged_author=authors.get(each.parents[1], "")) if len(each.parents) > 1 else each
        for each in commits
    ]


def read_files(
    line: Line, *, wanted: FileFilter, max_bytes: int
) -> Iterator[tuple[LineRevision, tuple[RevisionFile, ...]]]:
    """Yield each revision with its files, each of at most `max_bytes`; no files where it does not have the path."""
    known: dict[tuple[str, str], RevisionFile] = {}
    for start in range(0, len(line.revisions), _BATCH):
        group = line.revisions[start : start + _BATCH]
        places = {(name, oid): each.inside for each in group for name, (_, oid) in each.files.items()}
        known = {place: known[place] for place in places.keys() & known.keys()}
        missing = places.keys() - known.keys()
        oids = list({oid for _, oid in missing})
        objects = dict(zip(oids, resolve_objects(line.git, [oid.encode() for oid in oids]), strict=True))
        small = [oid for oid, each in objects.items() if each.kind == "blob" and each.size <= max_bytes]
        data = read_blobs(line.git, small)
        for name, oid in missing:
            path = _name(line.path, name, places[name, oid])
            known[name, oid] = file_of(path, objects[oid], data, max_bytes)
        for revision in group:
            yield revision, _files_of(line, revision, known, wanted, max_bytes)


def _files_of(
    line: Line,
    revision: LineRevision,
    known: Mapping[tuple[str, str], RevisionFile],
    wanted: FileFilter,
    max_bytes: int,
) -> tuple[RevisionFile, ...]:
    if all(mode in PLAIN_FILES for mode, _ in revision.files.values()):
        return tuple(known[name, oid] for name, (_, oid) in sorted(revision.files.items()))
    # Links and submodules: only the whole tree shows where they lead.
    oid, inside = revision.commit.oid, revision.inside
    found, _ = read_path(line.git, oid, inside, line.path, wanted=wanted, max_bytes=max_bytes)
    return found or ()


def _name(path: Path, file: str, inside: str) -> str:
    return str(path) if file == inside else str(path / _below(file, inside))


def commit_seconds(git: Git, ref: str) -> int:
    """Return the date of a commit in seconds since 1970. Raises RevisionError where there is no such commit."""
    commit = resolve_commit(git, ref)
    return int(git.run(*_PLAIN_LOG, "--no-walk", "--format=%ct", commit.oid))


def read_messages(git: Git, oid: str, word: str) -> list[str]:
    """Return the messages that have a word, of the commits from `oid` back along the first parents, newest first."""
    options = (
        "--first-parent",
        "--regexp-ignore-case",
        "--fixed-strings",
        f"--grep={word}",
        "-z",
        "--format=tformat:%B",
    )
    return git.run(*_PLAIN_LOG, *options, oid).decode(errors="replace").split("\0")
