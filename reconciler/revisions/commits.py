"""Which commit a name stands for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import RevisionError
from reconciler.revisions.objects import Found, look_up
from reconciler.revisions.program import Git, place_of

_SHORT = 9
DEEPEN = (
    "this clone has only the newest commits: run `git fetch --unshallow` (in GitHub Actions, `fetch-depth: 0` "
    "for actions/checkout)"
)
"""What to do about a revision that a shallow clone does not have."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A revision: `ref` as it was asked for, `oid` the commit's full hash."""

    ref: str
    oid: str

    @property
    def short(self) -> str:
        """The beginning of the hash, enough to find it by."""
        return self.oid[:_SHORT]


def find_commit(path: Path, ref: str) -> Commit | None:
    """The commit that `ref` names in the repository of `path`; None where there is no such name or no repository."""
    try:
        git, _ = place_of(path)
        return commit_of(git, ref)
    except RevisionError:
        return None


def commit_of(git: Git, ref: str) -> Commit:
    """The commit that `ref` names. Raises RevisionError, saying what to do, where it names none."""
    named = _named(git, ref)
    if named.kind not in ("commit", "tag"):
        raise RevisionError(f"{ref} is a {named.kind} in git, no revision", "name a commit, a branch or a tag")
    if named.kind == "tag":
        (named,) = look_up(git, [f"{named.oid}^{{commit}}".encode()])
        if named.kind != "commit":
            raise RevisionError(f"the tag {ref} names no commit", "name a commit, a branch or a tag of one")
    return Commit(ref, named.oid)


def is_shallow(git: Git) -> bool:
    """Whether the history was cut when it was fetched."""
    return git.run("rev-parse", "--is-shallow-repository").strip() == b"true"


def _named(git: Git, ref: str) -> Found:
    if not ref.strip() or "\n" in ref or "\0" in ref:
        raise RevisionError("an empty text or one with line breaks names no revision", "name a commit, branch or tag")
    (found,) = look_up(git, [os.fsencode(ref)])
    if found.kind == "ambiguous":
        raise RevisionError(f"{ref} is the beginning of several hashes", "give more of it")
    if not found.oid:
        raise RevisionError(f"there is no revision {ref} in the repository at {git.folder}", _why_missing(git))
    return found


def _why_missing(git: Git) -> str:
    (head,) = look_up(git, [b"HEAD"])
    if not head.oid:
        return "it has no commit yet"
    if is_shallow(git):
        return DEEPEN
    return "`git fetch` gets what the remote has; a branch of the remote is called origin/NAME"
