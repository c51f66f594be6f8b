"""A forge for the length of a test: a bare `origin`, its pull requests, comments and issues, and what runners get."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler import __version__

REPOSITORY = "club/groups"
GIT_ENV = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.com",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.com",
}
_REFUSING = """#!/bin/sh
if grep -qsx "$1" refused; then echo "$1: declined by a rule" >&2; exit 1; fi
"""
_PIP = """#!/bin/bash
# Installs this project and nothing else: the version that is there, or a folder that holds it.
[ "$1" = install ] || exit 1
while [ $# -gt 1 ]; do
  if [ "$1" = --constraint ] && [ ! -e "$2" ]; then echo "pip: $2 is not there" >&2; exit 1; fi
  shift
done
spec="${{@: -1}}"
if [ "$spec" = "wappfy-reconciler=={version}" ] || grep -qs '^name = "wappfy-reconciler"' "$spec/pyproject.toml"
then ln -sf "{program}" "$(dirname "$0")/reconciler"
else echo "pip: no such package: $spec" >&2; exit 1
fi
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git as Alice; what it prints."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **GIT_ENV}
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout.strip()


@dataclass
class Event:
    """Why a workflow runs: the `github` context's part that differs, and whether the run is trusted."""

    name: str
    ref: str
    ref_name: str
    sha: str
    payload: dict[str, Any] = field(default_factory=dict)
    trusted: bool = True


class Forge:
    """The repository, what stands around it, and Alice's clone of it."""

    def __init__(self, root: Path, secrets: dict[str, str], env: dict[str, str], programs: Path) -> None:
        self.root, self.secrets, self.env, self.programs = root, secrets, env, programs / "path"
        self.program = programs / "reconciler"
        """What `pip` installs."""
        self.origin, self.clone = root / "origin.git", root / "alice"
        self.store_path = root / "forge.json"
        self.broken: set[str] = set()
        """Names of steps, and actions, that fail from now on."""
        root.mkdir()
        self.store: dict[str, Any] = {
            "last": 100,
            "comments": [],
            "issues": [],
            "pulls": [],
            "pulls_forbidden": False,
            "issues_disabled": False,
            "calls": [],
        }
        self._make()

    def _make(self) -> None:
        self.clone.mkdir(parents=True)
        git(self.root, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        git(self.origin, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(self.origin, "config", "receive.advertisePushOptions", "true")
        _program(self.origin / "hooks" / "update", _REFUSING)
        git(self.clone, "init", "--quiet", "--initial-branch=main")
        git(self.clone, "remote", "add", "origin", self.url)

    @property
    def url(self) -> str:
        """Where the origin is; as a URL, so that shallow clones are shallow."""
        return f"file://{self.origin}"

    @property
    def store(self) -> dict[str, Any]:
        """Comments, issues and pull requests as they are now."""
        stored: dict[str, Any] = json.loads(self.store_path.read_text())
        return stored

    @store.setter
    def store(self, value: dict[str, Any]) -> None:
        self.store_path.write_text(json.dumps(value))

    def put(self, **changes: Any) -> None:
        """Change the store by hand."""
        self.store = {**self.store, **changes}

    def bodies(self, kind: str = "comments", **wanted: Any) -> list[str]:
        """The texts of all comments, issues or pull requests of that kind."""
        return [i["body"] for i in self.store[kind] if all(i[name] == value for name, value in wanted.items())]

    def refuse(self, *refs: str) -> None:
        """From now on whatever is pushed to these refs is refused; main's own take no direct commits any more."""
        (self.origin / "refused").write_text("".join(f"{ref}\n" for ref in refs))

    def commit(self, files: Mapping[str, str | None], branch: str = "main") -> str:
        """Commit files (None: remove) on a branch and push it; the revision."""
        known = git(self.clone, "branch", "--list", branch)
        git(self.clone, "checkout", "--quiet", *([] if known else ["-b"]), branch, *(["--"] if known else []))
        if git(self.clone, "ls-remote", "origin", f"refs/heads/{branch}"):
            git(self.clone, "pull", "--quiet", "--rebase", "origin", branch)
        for name, text in files.items():
            path = self.clone / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--message", "change")
        git(self.clone, "push", "--quiet", "origin", branch)
        return self.tip(branch)

    def tip(self, name: str = "main") -> str:
        """The revision of a branch or a tag of the origin."""
        return git(self.origin, "rev-parse", name)

    def heads(self) -> list[str]:
        """The names of the origin's branches."""
        return git(self.origin, "branch", "--format=%(refname:short)").split()

    def file(self, name: str, revision: str = "main") -> str:
        """A file of the origin."""
        return git(self.origin, "show", f"{revision}:{name}")

    def pushed(self, name: str = "push") -> Event:
        """What the push of main (or another reason to run on it) starts."""
        return Event(name, "refs/heads/main", "main", self.tip())

    def pull_request(
        self, files: dict[str, str | None], *, branch: str = "change", title: str = "A change", fork: bool = False
    ) -> Event:
        """Commit files on a branch (main with them, where it is new), and open or update the pull request for it."""
        git(self.clone, "checkout", "--quiet", "main")
        git(self.clone, "pull", "--quiet", "--rebase", "origin", "main")
        head = self.commit(files, branch)
        git(self.clone, "checkout", "--quiet", "--detach", "main")
        git(self.clone, "merge", "--quiet", "--no-ff", "--no-edit", head)
        merged = git(self.clone, "rev-parse", "HEAD")
        git(self.clone, "push", "--quiet", "--force", "origin", f"{merged}:refs/pull/7/merge")
        git(self.clone, "checkout", "--quiet", "main")
        repository = {"full_name": "stranger/groups" if fork else REPOSITORY}
        payload = {
            "number": 7,
            "title": title,
            "head": {"sha": head, "ref": branch, "repo": repository},
            "base": {"sha": self.tip(), "ref": "main"},
        }
        event = Event("pull_request", "refs/pull/7/merge", "7/merge", merged, {"pull_request": payload})
        event.trusted = not fork
        return event

    def merge(self, branch: str = "change") -> Event:
        """Merge a branch into main and push it, and what that starts."""
        git(self.clone, "checkout", "--quiet", "main")
        git(self.clone, "pull", "--quiet", "--rebase", "origin", "main")
        git(self.clone, "merge", "--quiet", "--no-ff", "--no-edit", branch)
        git(self.clone, "push", "--quiet", "origin", "main")
        return self.pushed()


def python_in(folder: Path, program: Path) -> None:
    """What actions/setup-python leaves behind, as far as it is asked for: a `pip`, which installs this program."""
    folder.mkdir(parents=True, exist_ok=True)
    _program(folder / "pip", _PIP.format(version=__version__, program=program))


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
