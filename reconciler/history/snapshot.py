"""The files of a path as a revision has them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from reconciler.history.git import OBJECT, Commit, Git, GitObject, locate_repository, resolve_commit, resolve_objects

_ENTRY = re.compile(rb"(?P<mode>[0-9]{6}) (?P<kind>[a-z]+) (?P<oid>[0-9a-f]{40,64})\t(?P<name>.+)", re.DOTALL)


_LINK, _SUBMODULE = b"120000", b"160000"


_LFS = b"version https://git-lfs.github.com/spec/"


_WHY_ASTRAY = {
    "symlink": "is a symbolic link that leads out of the repository",
    "dangling": "is a symbolic link to nothing in that revision",
    "loop": "is a symbolic link that leads to itself",
    "notdir": "is a symbolic link through something that is no folder",
    "missing": "is not in the repository's objects",
}


Wanted = Callable[[PurePosixPath], bool]
"""Whether a file below a folder, named from that folder, is to be read."""


@dataclass(frozen=True, slots=True)
class RevisionFile:
    """A file of a revision. `path` is spelled as the path asked for is; `error` says why there is no `data`.

    `linked`: it was found through a symbolic link.
    """

    path: str
    data: bytes = b""
    error: str = ""
    hint: str = ""
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """A path as a revision has it: its files by path; None where it is not there. A folder can be without files."""

    commit: Commit
    files: tuple[RevisionFile, ...] | None
    is_folder: bool = False


def read_revision(path: Path, ref: str, *, wanted: Wanted, largest: int) -> Revision:
    """A file at a revision, or all `wanted` files below a folder; none of them may have more than `largest` bytes.

    Raises RevisionError where there is no git, no repository or no such revision. A file that cannot be had (a link
    out of the repository, a submodule's, one kept in Git LFS) is among the files with its `trouble`.
    """
    git, inside = locate_repository(path)
    commit = resolve_commit(git, ref)
    if "\n" in inside:
        trouble = RevisionFile(str(path), error="has a line break in its path, which git cannot be asked for")
        return Revision(commit, (trouble,))
    place = os.fsencode(f"{commit.oid}:{inside}")
    (found,) = resolve_objects(git, [place], through_links=True)
    if found.kind == "missing":
        return Revision(commit, None)
    if found.kind != "tree":
        return Revision(commit, tuple(_contents(git, [(str(path), found)], largest)))
    entries = [(str(path / os.fsdecode(name)), found) for name, found in _below(git, found, place, wanted)]
    return Revision(commit, tuple(_contents(git, entries, largest)), is_folder=True)


def _below(git: Git, tree: GitObject, place: bytes, wanted: Wanted) -> Iterator[tuple[bytes, GitObject]]:
    """The wanted files of a folder, sorted by path; links are followed, those to folders passed over."""
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", tree.oid)
    matches = [_ENTRY.fullmatch(line) for line in listed.split(b"\0") if line]
    entries = [entry for entry in matches if entry is not None and _is_wanted(entry, wanted)]
    plain = [entry for entry in entries if entry["mode"] not in (_LINK, _SUBMODULE)]
    links = [entry["name"] for entry in entries if entry["mode"] == _LINK]
    askable = [name for name in links if b"\n" not in name]
    start = place if place.endswith(b":") else place + b"/"
    followed = resolve_objects(git, [start + name for name in askable], through_links=True)
    found = {name: replace(each, linked=True) for name, each in zip(askable, followed, strict=True)}
    found |= {name: GitObject(kind="notdir") for name in links if b"\n" in name}
    found |= {entry["name"]: GitObject(kind="submodule") for entry in entries if entry["mode"] == _SUBMODULE}
    known = resolve_objects(git, [entry["oid"] for entry in plain])
    found |= dict(zip((entry["name"] for entry in plain), known, strict=True))
    yield from sorted((name, each) for name, each in found.items() if each.kind != "tree")


def _is_wanted(entry: re.Match[bytes], wanted: Wanted) -> bool:
    path = PurePosixPath(os.fsdecode(entry["name"]))
    # Any file may be in a submodule: one that would be walked through counts as wanted.
    return wanted(path / "any.yaml" if entry["mode"] == _SUBMODULE else path)


def _contents(git: Git, entries: Sequence[tuple[str, GitObject]], largest: int) -> Iterator[RevisionFile]:
    """The files with their bytes, all read by one call."""
    fit = [found.oid for _, found in entries if found.kind == "blob" and found.size <= largest]
    data = _blobs(git, fit)
    for path, found in entries:
        if found.oid in data:
            yield replace(_lfs_told(path, data[found.oid]), linked=found.linked)
        else:
            yield RevisionFile(path, b"", *_why_not(found, largest))


def _why_not(found: GitObject, largest: int) -> tuple[str, str]:
    if found.kind == "blob":
        return f"is larger than {largest // 1024 // 1024} MB", "split it into several files in one folder"
    if found.kind in ("submodule", "commit"):
        return "is a submodule, whose files are not in this repository", "keep the YAML in one repository"
    return _WHY_ASTRAY.get(found.kind, f"is a {found.kind}"), "revisions hold only what is in the repository"


def _blobs(git: Git, oids: Sequence[str]) -> dict[str, bytes]:
    if not oids:
        return {}
    answer = git.run("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
    blobs: dict[str, bytes] = {}
    at = 0
    for oid in oids:
        end = answer.index(b"\n", at)
        header = OBJECT.fullmatch(answer[at:end])
        size = int(header["size"]) if header is not None else 0
        blobs[oid] = answer[end + 1 : end + 1 + size]
        # A line break follows the bytes.
        at = end + size + 2 if header is not None else end + 1
    return blobs


def _lfs_told(path: str, data: bytes) -> RevisionFile:
    if data.startswith(_LFS):
        hint = "take the YAML out of Git LFS (`.gitattributes`), which is made for large files"
        return RevisionFile(path, b"", "is kept in Git LFS, so the repository has only a pointer to it", hint)
    return RevisionFile(path, data)
