"""The `git` program: how it is called, and what becomes of its failures."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
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


def place_of(path: Path) -> tuple[Git, str]:
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
