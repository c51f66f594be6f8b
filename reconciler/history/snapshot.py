"""Read the files of a path as a revision has them, from git's objects and never from the working tree."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.history.git import (
    Commit,
    FileFilter,
    Git,
    GitObject,
    locate_repository,
    resolve_commit,
    resolve_objects,
)

_TREE_ENTRY: Final = re.compile(rb"(?P<mode>[0-9]{6}) [a-z]+ (?P<oid>[0-9a-f]{40,64})\t(?P<name>[^\0]+)\0")
_LINK, _SUBMODULE = b"120000", b"160000"
_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_LFS_ERROR: Final = (
    "is in Git LFS, so the repository has only a pointer to it",
    "take it out of Git LFS (`.gitattributes`), which is made for large files",
)
_ERRORS: Final = {
    "symlink": "is a symbolic link that leads out of the repository",
    "dangling": "is a symbolic link to nothing in that revision",
    "loop": "is a symbolic link that leads to itself",
    "notdir": "is a symbolic link through something that is not a folder",
    "missing": "is missing from the repository's objects",
}


@dataclass(frozen=True, slots=True)
class RevisionFile:
    """A file of a revision. `path` is spelled like the requested path; `error` says why there is no `data`.

    `linked`: reached through a symbolic link.
    """

    path: str
    data: bytes = b""
    error: str = ""
    hint: str = ""
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """The files of a path at a commit, sorted; None where that commit does not have the path."""

    commit: Commit
    files: tuple[RevisionFile, ...] | None
    is_folder: bool = False


def read_revision(path: Path, ref: str, *, wanted: FileFilter, max_bytes: int) -> Revision:
    """Read a file at a revision, or all `wanted` files below a folder, each of at most `max_bytes`.

    Raises RevisionError without git, a repository or such a revision. A file that cannot be read (a link out of the
    repository, a submodule, a file in Git LFS) is among the files with its `error`.
    """
    git, inside = locate_repository(path)
    commit = resolve_commit(git, ref)
    files, is_folder = read_path(git, commit.oid, inside, path, wanted=wanted, max_bytes=max_bytes)
    return Revision(commit, files, is_folder)


def read_path(
    git: Git, oid: str, inside: str, path: Path, *, wanted: FileFilter, max_bytes: int
) -> tuple[tuple[RevisionFile, ...] | None, bool]:
    """Return the files of a path at a commit, and whether it is a folder; None where the commit does not have it.

    `inside` is the path in the repository, `path` how the names of the files begin.
    """
    if "\n" in inside:
        return (RevisionFile(str(path), error="has a line break in its path, which git cannot take"),), False
    name = os.fsencode(f"{oid}:{inside}")
    (found,) = resolve_objects(git, [name], through_links=True)
    if found.kind == "missing":
        return None, False
    if found.kind != "tree":
        return tuple(_read_files(git, [(str(path), found)], max_bytes)), False
    entries = [(str(path / os.fsdecode(below)), each) for below, each in _list_folder(git, found, name, wanted)]
    return tuple(_read_files(git, entries, max_bytes)), True


def _list_folder(git: Git, tree: GitObject, name: bytes, wanted: FileFilter) -> list[tuple[bytes, GitObject]]:
    """Return the wanted files below a folder, sorted by path; links to files are followed, those to folders skipped."""
    listing = git.run("ls-tree", "-r", "-z", "--full-tree", tree.oid)
    entries = [entry for entry in _TREE_ENTRY.finditer(listing) if _is_wanted(entry, wanted)]
    start = name if name.endswith(b":") else name + b"/"
    # Where a link leads, git only tells by its path, which cannot have a line break.
    names = {
        entry["name"]: start + entry["name"] if entry["mode"] == _LINK else entry["oid"]
        for entry in entries
        if entry["mode"] != _SUBMODULE and not (entry["mode"] == _LINK and b"\n" in entry["name"])
    }
    objects = dict(zip(names, resolve_objects(git, list(names.values()), through_links=True), strict=True))
    files = []
    for entry in sorted(entries, key=lambda entry: entry["name"]):
        unreadable = GitObject(kind="submodule" if entry["mode"] == _SUBMODULE else "notdir")
        found = replace(objects.get(entry["name"], unreadable), linked=entry["mode"] == _LINK)
        if found.kind != "tree":
            files.append((entry["name"], found))
    return files


def _is_wanted(entry: re.Match[bytes], wanted: FileFilter) -> bool:
    path = PurePosixPath(os.fsdecode(entry["name"]))
    # Any file may be in a submodule: one that would be searched counts as wanted.
    return wanted(path / "any.yaml" if entry["mode"] == _SUBMODULE else path)


def _read_files(git: Git, entries: Sequence[tuple[str, GitObject]], max_bytes: int) -> Iterator[RevisionFile]:
    """Return the files with their bytes, all read by one call."""
    data = read_blobs(git, [each.oid for _, each in entries if each.kind == "blob" and each.size <= max_bytes])
    return (file_of(path, each, data, max_bytes) for path, each in entries)


def file_of(path: str, each: GitObject, data: Mapping[str, bytes], max_bytes: int) -> RevisionFile:
    """Return a file; `data` has the bytes of the blobs that could be read."""
    if each.oid not in data:
        return RevisionFile(path, b"", *_error_and_hint(each, max_bytes))
    if data[each.oid].startswith(_LFS_POINTER):
        return RevisionFile(path, b"", *_LFS_ERROR, each.linked)
    return RevisionFile(path, data[each.oid], linked=each.linked)


def _error_and_hint(each: GitObject, max_bytes: int) -> tuple[str, str]:
    if each.kind == "blob":
        return f"is larger than {max_bytes // 1024 // 1024} MB", "split it into several files in one folder"
    if each.kind in ("submodule", "commit"):
        return "is a submodule, whose files are not in this repository", "keep the YAML in one repository"
    return _ERRORS.get(each.kind, f"is a {each.kind}"), "a revision has only the files in the repository"


def read_blobs(git: Git, oids: Sequence[str]) -> dict[str, bytes]:
    """Return the bytes of blobs by their hash, all read by one call."""
    if not oids:
        return {}
    answer = git.run("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
    blobs: dict[str, bytes] = {}
    at = 0
    for oid in oids:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[-1])
        # A line break follows the bytes.
        blobs[oid], at = answer[end + 1 : end + 1 + size], end + size + 2
    return blobs
