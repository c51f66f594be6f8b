"""A real git repository in a folder of the test's own, with nobody's configuration in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}


class Repository:
    """A repository whose commits are one second apart."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            monkeypatch.delenv(name)
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        # Git before 2.32 does not know GIT_CONFIG_GLOBAL.
        for home in ("HOME", "XDG_CONFIG_HOME"):
            monkeypatch.setenv(home, str(folder / ".git" / "home"))
        self.folder = folder
        self._second = 0
        folder.mkdir(exist_ok=True)
        self.git("-c", "init.defaultBranch=main", "init", "-q")

    def on(self, moment: datetime) -> None:
        """Let the next commit be of this moment."""
        self._second = int(moment.timestamp()) - 1_700_000_001

    def git(self, *arguments: str) -> str:
        """What git says; an error fails the test."""
        when = {"GIT_AUTHOR_DATE": f"{1_700_000_000 + self._second} +0000"}
        when["GIT_COMMITTER_DATE"] = when["GIT_AUTHOR_DATE"]
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **when}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Put texts into the working tree; None deletes."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Mapping[str, str | bytes | None] | None = None) -> str:
        """Commit everything there is, these files included; the commit's hash."""
        self.write(files or {})
        self._second += 1
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return self.git("rev-parse", "HEAD")
