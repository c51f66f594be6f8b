"""The `git` program: how it is called, and what becomes of its failures.

What a repository's objects are: asked of git by name, answered with hash, kind and size.

Which commit a name stands for.

Which revision was applied last, as far as tags tell."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from reconciler.errors import RevisionError

log = logging.getLogger("reconciler.revisions")


_OWN_VARIABLES = ("WAPPFY_", "RECONCILER_")


@dataclass(frozen=True, slots=True)
class Git:
    """The program, run in one folder of a repository.

    It gets a fixed list of arguments and no shell; names that others chose go in by stdin, so that none is taken for
    an option. `GIT_…` variables are left as the user has them; this program's own are kept from it, the API key above
    all, since git can be told to write down its environment. Nothing that is run here takes a lock or reads the
    working tree.
    """

    program: str
    folder: Path

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What it writes to stdout. Raises RevisionError with git's own words where it fails."""
        command = [self.program, "--no-optional-locks", "--literal-pathspecs", *arguments]
        try:
            # The arguments are this program's own; see the class.
            done = subprocess.run(  # noqa: S603, PLW1510
                command, cwd=self.folder, input=stdin, capture_output=True, env=_environment()
            )
        except OSError as error:
            raise RevisionError(f"git cannot be run in {self.folder}: {error.strerror}") from None
        said = os.fsdecode(done.stderr).strip()
        if done.returncode:
            told = said.splitlines()[0] if said else f"it ended with {done.returncode}"
            raise RevisionError(f"git cannot read the repository at {self.folder}: {told}", _hint(said))
        for line in said.splitlines():
            log.warning("git: %s", line)
        return done.stdout


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}


def _hint(said: str) -> str:
    if "safe.directory" in said:
        return "the repository belongs to another user: run `git config --global --add safe.directory` with its path"
    return "revisions need a path inside a git repository; two files or folders can be compared without one"


def locate_repository(path: Path) -> tuple[Git, str]:
    """The repository a path is in, and the path from its top (`""` for the top itself), whether or not it exists.

    Raises RevisionError where git is not installed or the path is in no repository.
    """
    program = shutil.which("git")
    if program is None:
        raise RevisionError("git is not installed, and revisions are read through it", "install git")
    folder, rest = _from_here(path) if os.environ.get("GIT_DIR") else _nearest_folder(path)
    git = Git(program, folder)
    # One line break ends the answer; others are part of a folder's name.
    prefix = os.fsdecode(git.run("rev-parse", "--show-prefix")).removesuffix("\n")
    return git, (prefix + rest).removesuffix("/")


def _nearest_folder(path: Path) -> tuple[Path, str]:
    """The folder itself or the closest one above that exists, and the rest of the path."""
    rest: list[str] = []
    while not os.path.isdir(path) and path != path.parent:
        rest.insert(0, path.name)
        path = path.parent
    return path, "/".join(rest)


def _from_here(path: Path) -> tuple[Path, str]:
    """This folder, and the path from it: what GIT_DIR says may hold only from here (git sets it for its hooks)."""
    rest = os.path.relpath(os.path.realpath(path.parent), os.path.realpath("."))
    inside = os.path.normpath(os.path.join(rest, path.name))
    if PurePath(inside).parts[:1] == (os.pardir,):
        raise RevisionError(f"{path} is outside this folder, which GIT_DIR is set for", "unset GIT_DIR, or go there")
    return Path(), "" if inside == os.curdir else inside


OBJECT = re.compile(rb"(?P<oid>[0-9a-f]{40,64}) (?P<kind>[a-z]+) (?P<size>[0-9]+)")
"""How git tells of an object that is there."""


_ASTRAY = re.compile(rb"(?P<how>symlink|dangling|loop|notdir) (?P<size>[0-9]+)")


@dataclass(frozen=True, slots=True)
class GitObject:
    """What git says of an object: its hash, kind and size in bytes; or without a hash, as `kind`, how it was not found.

    `linked`: it was found through a symbolic link.
    """

    oid: str = ""
    kind: str = ""
    size: int = 0
    linked: bool = False


def resolve_objects(git: Git, names: Sequence[bytes], *, through_links: bool = False) -> list[GitObject]:
    """What each name stands for; `through_links` follows symbolic links as far as the revision goes.

    No name may have a line break. What is not found is of the kind `missing` or `ambiguous`, or says how a link leads
    astray: `symlink` (out of the repository), `dangling`, `loop`, `notdir`.
    """
    if not names:
        return []
    links = ("--follow-symlinks",) if through_links else ()
    answer = git.run("cat-file", "--batch-check", *links, stdin=b"\n".join([*names, b""]))
    found: list[GitObject] = []
    at = 0
    for _ in names:
        end = answer.index(b"\n", at)
        line, at = answer[at:end], end + 1
        if (there := OBJECT.fullmatch(line)) is not None:
            found.append(GitObject(there["oid"].decode(), there["kind"].decode(), int(there["size"])))
        elif (astray := _ASTRAY.fullmatch(line)) is not None:
            # The target, or the name again, stands on the lines after this one.
            at += int(astray["size"]) + 1
            found.append(GitObject(kind=astray["how"].decode()))
        else:
            found.append(GitObject(kind=line.rpartition(b" ")[2].decode("ascii", "replace")))
    return found


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
        git, _ = locate_repository(path)
        return resolve_commit(git, ref)
    except RevisionError:
        return None


def resolve_commit(git: Git, ref: str) -> Commit:
    """The commit that `ref` names. Raises RevisionError, saying what to do, where it names none."""
    named = _named(git, ref)
    if named.kind not in ("commit", "tag"):
        raise RevisionError(f"{ref} is a {named.kind} in git, no revision", "name a commit, a branch or a tag")
    if named.kind == "tag":
        (named,) = resolve_objects(git, [f"{named.oid}^{{commit}}".encode()])
        if named.kind != "commit":
            raise RevisionError(f"the tag {ref} names no commit", "name a commit, a branch or a tag of one")
    return Commit(ref, named.oid)


def is_shallow(git: Git) -> bool:
    """Whether the history was cut when it was fetched."""
    return git.run("rev-parse", "--is-shallow-repository").strip() == b"true"


def _named(git: Git, ref: str) -> GitObject:
    if not ref.strip() or "\n" in ref or "\0" in ref:
        raise RevisionError("an empty text or one with line breaks names no revision", "name a commit, branch or tag")
    (found,) = resolve_objects(git, [os.fsencode(ref)])
    if found.kind == "ambiguous":
        raise RevisionError(f"{ref} is the beginning of several hashes", "give more of it")
    if not found.oid:
        raise RevisionError(f"there is no revision {ref} in the repository at {git.folder}", _why_missing(git))
    return found


def _why_missing(git: Git) -> str:
    (head,) = resolve_objects(git, [b"HEAD"])
    if not head.oid:
        return "it has no commit yet"
    if is_shallow(git):
        return DEEPEN
    return "`git fetch` gets what the remote has; a branch of the remote is called origin/NAME"


TAGS = "refs/tags/applied/"
"""Where a pipeline notes what it applied."""


def latest_applied_commit(path: Path) -> Commit | None:
    """The newest commit that HEAD descends from and that a tag `applied/…` names; `ref` is that tag's name.

    None where there is no such tag, no repository, or no git: then nothing was noted. A clone that may have such tags
    further back than it goes is warned of.
    """
    try:
        git, _ = locate_repository(path)
        names = git.run("for-each-ref", "--merged=HEAD", "--format=%(refname)", TAGS).split()
        # A tag can name a tag, and for-each-ref itself looks through one only.
        commits = resolve_objects(git, [name + b"^{commit}" for name in names])
        # The last of several tags of one commit, in the order of their names.
        tags = {found.oid: os.fsdecode(name) for name, found in zip(names, commits, strict=True) if found.oid}
        if not tags:
            if is_shallow(git):
                log.warning("no tag applied/… was found, so no difference says whose doing it is; %s", DEEPEN)
            return None
        order = ("rev-list", "--topo-order", "--max-count=1", "--stdin")
        newest = git.run(*order, stdin="".join(f"{oid}\n" for oid in tags).encode()).decode().strip()
        return Commit(tags[newest].removeprefix("refs/tags/"), newest)
    except RevisionError as error:
        log.debug("no tag was looked for: %s", error)
        return None
