"""Ask git: where a repository is, what its objects are, which commit a name means, which one was applied last.

Git is the one other program that is started. It gets fixed arguments and no shell; names that a user chose go to its
stdin, so that git treats none as an option. It takes no lock, and `has_uncommitted_changes` alone reads the working
tree; `commit_files` alone writes.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import Final, TypeAlias

from reconciler.errors import RevisionError

FileFilter: TypeAlias = Callable[[PurePosixPath], bool]
"""Whether to read a file, by its path below the folder."""
log = logging.getLogger("reconciler.revisions")
APPLIED_TAGS: Final = "refs/tags/applied/"
"""Where a pipeline notes what it applied."""
FETCH_HISTORY: Final = (
    "this clone has only the newest commits: run `git fetch --unshallow` (in GitHub Actions, `fetch-depth: 0` "
    "for actions/checkout)"
)
"""How to get a revision that a shallow clone does not have."""
_OBJECT_LINE: Final = re.compile(rb"(?P<oid>[0-9a-f]{40,64}) (?P<kind>[a-z]+) (?P<size>[0-9]+)")
"""How `cat-file` describes an object that exists."""
_BROKEN_LINK_LINE: Final = re.compile(rb"(?P<kind>symlink|dangling|loop|notdir) (?P<size>[0-9]+)")
_OWN_VARIABLES: Final = ("WAPPFY_", "RECONCILER_")


@dataclass(frozen=True, slots=True)
class Git:
    """The git program, run in one folder of a repository."""

    program: str
    folder: Path

    def run(self, *arguments: str, stdin: bytes = b"", failure: str = "read the repository") -> bytes:
        """Return what git writes to stdout. Raises RevisionError with git's first line of stderr if it fails.

        `failure` is what git then cannot do, for the message.
        """
        command = [self.program, "--no-optional-locks", "--literal-pathspecs", *arguments]
        # Git can log its environment, so it does not get the API key; `GIT_…` stays as the user has it.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
        try:
            # The arguments are this program's own; see the module.
            done = subprocess.run(  # noqa: S603, PLW1510
                command, cwd=self.folder, input=stdin, capture_output=True, env=environment
            )
        except OSError as error:
            raise RevisionError(f"cannot run git in {self.folder}: {error.strerror}") from None
        messages = os.fsdecode(done.stderr).strip()
        if done.returncode:
            reason = messages.splitlines()[0] if messages else f"exit code {done.returncode}"
            raise RevisionError(f"git cannot {failure} at {self.folder}: {reason}", _failure_hint(messages))
        for line in messages.splitlines():
            log.warning("git: %s", line)
        return done.stdout


def _failure_hint(messages: str) -> str:
    if "safe.directory" in messages:
        return "the repository belongs to another user: run `git config --global --add safe.directory` with its path"
    return "use a path inside a git repository; two files or folders can be compared without one"


def locate_repository(path: Path) -> tuple[Git, str]:
    """Return the repository of a path, and the path from its top ("" for the top); the path need not exist.

    Raises RevisionError if git is not installed or the path is not in a repository.
    """
    program = shutil.which("git")
    if program is None:
        raise RevisionError("git is not installed, so revisions cannot be read", "install git")
    folder, rest = _relative_to_here(path) if os.environ.get("GIT_DIR") else _nearest_folder(path)
    git = Git(program, folder)
    # One line break ends the answer; others are part of a folder's name.
    prefix = os.fsdecode(git.run("rev-parse", "--show-prefix")).removesuffix("\n")
    return git, (prefix + rest).removesuffix("/")


def _nearest_folder(path: Path) -> tuple[Path, str]:
    """Return the folder itself or the closest one above that exists, and the rest of the path."""
    rest: list[str] = []
    while not os.path.isdir(path) and path != path.parent:
        rest.insert(0, path.name)
        path = path.parent
    return path, "/".join(rest)


def _relative_to_here(path: Path) -> tuple[Path, str]:
    """Return this folder and the path from it: git sets GIT_DIR for its hooks, and it may be relative to here."""
    rest = os.path.relpath(os.path.realpath(path.parent), os.path.realpath("."))
    inside = os.path.normpath(os.path.join(rest, path.name))
    if PurePath(inside).parts[:1] == (os.pardir,):
        message = f"{path} is outside the current folder, which GIT_DIR applies to"
        raise RevisionError(message, "unset GIT_DIR, or run this in the folder of that path")
    return Path(), "" if inside == os.curdir else inside


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object of a repository: hash, kind and size in bytes. Without a hash `kind` says why there is none.

    `linked`: reached through a symbolic link.
    """

    oid: str = ""
    kind: str = ""
    size: int = 0
    linked: bool = False


def resolve_objects(git: Git, names: Sequence[bytes], *, through_links: bool = False) -> list[GitObject]:
    """Return the object that each name means; `through_links` follows symbolic links within the revision.

    No name may contain a line break. Without an object the kind is `missing` or `ambiguous`, or where a link ends:
    `symlink` (outside the repository), `dangling`, `loop`, `notdir`.
    """
    if not names:
        return []
    links = ("--follow-symlinks",) if through_links else ()
    answer = git.run("cat-file", "--batch-check", *links, stdin=b"\n".join([*names, b""]))
    objects: list[GitObject] = []
    at = 0
    for _ in names:
        end = answer.index(b"\n", at)
        line, at = answer[at:end], end + 1
        if (found := _OBJECT_LINE.fullmatch(line)) is not None:
            objects.append(GitObject(found["oid"].decode(), found["kind"].decode(), int(found["size"])))
        elif (broken := _BROKEN_LINK_LINE.fullmatch(line)) is not None:
            # The target, or the name again, is on the lines after this one.
            at += int(broken["size"]) + 1
            objects.append(GitObject(kind=broken["kind"].decode()))
        else:
            objects.append(GitObject(kind=line.rpartition(b" ")[2].decode("ascii", "replace")))
    return objects


@dataclass(frozen=True, slots=True)
class Commit:
    """A revision: `ref` as the user named it, `oid` the commit's full hash."""

    ref: str
    oid: str


def find_commit(path: Path, ref: str) -> Commit | None:
    """Return the commit that `ref` means in the repository of `path`; None if there is none, or no repository."""
    try:
        git, _ = locate_repository(path)
        return resolve_commit(git, ref)
    except RevisionError:
        return None


def commit_day(path: Path, commit: Commit) -> date:
    """Return the day on which a commit was made, in UTC."""
    git, _ = locate_repository(path)
    seconds = git.run("show", "--no-patch", "--format=%ct", commit.oid)
    return datetime.fromtimestamp(int(seconds), UTC).date()


def has_uncommitted_changes(path: Path, wanted: FileFilter) -> bool:
    """Return whether a file, or a `wanted` file below a folder, differs from HEAD or is not in it.

    `wanted` gets the path below the folder, of a file its name. Files that git ignores do not count. Raises
    RevisionError without git or a repository.
    """
    git, inside = locate_repository(path)
    folder = PurePosixPath(inside if os.path.isdir(path) else os.path.dirname(inside))
    # A program that the repository's configuration names is not started.
    options = ("-z", "--porcelain", "--no-renames", "--untracked-files=all")
    entries = git.run("-c", "core.fsmonitor=false", "status", *options).split(b"\0")
    names = (PurePosixPath(os.fsdecode(entry[3:])) for entry in entries if entry)
    return any(name.is_relative_to(inside) and wanted(name.relative_to(folder)) for name in names)


def commit_files(path: Path, files: Iterable[Path], message: str) -> None:
    """Commit these files as they are on disk, and nothing else, in the repository of `path`.

    Raises RevisionError if that fails; the files stay as they are.
    """
    git, _ = locate_repository(path)
    names = [os.path.abspath(file) for file in files]
    command = ("commit", "--quiet", "--only", "--file=-", "--", *names)
    try:
        git.run(*command, stdin=message.encode("utf-8", "backslashreplace"), failure="commit")
    except RevisionError as error:
        hint = "the change is in the file; commit it, or undo it with `git restore`"
        raise RevisionError(error.message, hint) from None


def is_dirty(path: Path, wanted: FileFilter, others: Iterable[tuple[Path, FileFilter]] = ()) -> bool:
    """Return whether `wanted` files of PATH have changes that are not committed; not where that cannot be known.

    `others` are further files: a folder, and which files below it are wanted.
    """
    with suppress(RevisionError):
        return any(has_uncommitted_changes(*each) for each in ((path, wanted), *others))
    return False


def resolve_commit(git: Git, ref: str) -> Commit:
    """Return the commit that `ref` means. Raises RevisionError with a hint if there is none."""
    if not ref.strip() or "\n" in ref or "\0" in ref:
        raise RevisionError("a revision cannot be empty or contain line breaks", "name a commit, branch or tag")
    (found,) = resolve_objects(git, [os.fsencode(ref)])
    if found.kind == "ambiguous":
        raise RevisionError(f"{ref} is ambiguous: several hashes begin with it", "write more of the hash")
    if not found.oid:
        raise RevisionError(f"the repository at {git.folder} has no revision {ref}", _missing_hint(git))
    if found.kind not in ("commit", "tag"):
        raise RevisionError(f"{ref} is a {found.kind} in git, not a commit", "name a commit, branch or tag")
    if found.kind == "tag":
        (found,) = resolve_objects(git, [f"{found.oid}^{{commit}}".encode()])
        if found.kind != "commit":
            raise RevisionError(f"the tag {ref} is not on a commit", "name a commit, a branch, or the tag of a commit")
    return Commit(ref, found.oid)


def _missing_hint(git: Git) -> str:
    (head,) = resolve_objects(git, [b"HEAD"])
    if not head.oid:
        return "it has no commit yet"
    if is_shallow(git):
        return FETCH_HISTORY
    return "run `git fetch` to get what the remote has; a branch of the remote is called origin/NAME"


def is_shallow(git: Git) -> bool:
    """Return whether the clone lacks the older commits."""
    return git.run("rev-parse", "--is-shallow-repository").strip() == b"true"


def latest_applied_commit(path: Path) -> Commit:
    """Return the newest commit in the history of HEAD that has a tag `applied/…`; `ref` is that tag's name.

    Raises RevisionError where there is no such tag, no repository or no git; for a shallow clone, which may lack the
    tags, with the hint `FETCH_HISTORY`.
    """
    git, _ = locate_repository(path)
    resolve_commit(git, "HEAD")
    names = git.run("for-each-ref", "--merged=HEAD", "--format=%(refname)", APPLIED_TAGS).split()
    # A tag can name a tag, and for-each-ref itself looks through one only.
    commits = resolve_objects(git, [name + b"^{commit}" for name in names])
    # Of several tags on one commit the last one, in the order of their names.
    tags = {found.oid: os.fsdecode(name) for name, found in zip(names, commits, strict=True) if found.oid}
    if not tags:
        hint = FETCH_HISTORY if is_shallow(git) else ""
        raise RevisionError("no tag applied/… was found in the history of HEAD", hint)
    order = ("rev-list", "--topo-order", "--max-count=1", "--stdin")
    newest = git.run(*order, stdin="".join(f"{oid}\n" for oid in tags).encode()).decode().strip()
    return Commit(tags[newest].removeprefix("refs/tags/"), newest)
