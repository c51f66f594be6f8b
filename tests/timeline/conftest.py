"""Repositories that one `git fast-import` makes, however many commits they have."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from tests.repository import Repository


def seconds(day: str | date) -> int:
    """Ten in the morning (UTC) of a day."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return int(datetime.combine(day, time(10), UTC).timestamp())


@dataclass
class FastRepository:
    """Collects commits of `main`; `make` writes all of them at once, and the newest into the working tree."""

    folder: Path
    lines: list[bytes] = field(default_factory=list)
    marks: int = 0

    def commit(
        self,
        when: int,
        files: Mapping[str, str | None],
        *,
        message: str = "A change",
        author: str = "Ann",
        renames: Mapping[str, str] | None = None,
        branch: str = "main",
        merge: int | None = None,
        start: int | None = None,
    ) -> int:
        """Add a commit; `files` are written, or deleted for None. Its mark."""
        self.marks += 1
        data, who = message.encode(), f"{author} <{author.lower()}@example.org> {when} +0000"
        head = f"commit refs/heads/{branch}\nmark :{self.marks}\nauthor {who}\ncommitter {who}\ndata {len(data)}\n"
        self.lines.append(head.encode() + data + b"\n")
        if start is not None:
            self.lines.append(f"from :{start}\n".encode())
        if merge is not None:
            self.lines.append(f"merge :{merge}\n".encode())
        self.lines += [f"R {old} {new}\n".encode() for old, new in (renames or {}).items()]
        for name, text in files.items():
            if text is None:
                self.lines.append(f"D {name}\n".encode())
            else:
                self.lines.append(f"M 644 inline {name}\ndata {len(text.encode())}\n".encode() + text.encode() + b"\n")
        return self.marks

    def make(self) -> None:
        """Write the commits."""
        git("fast-import", "--quiet", "--force", folder=self.folder, stdin=b"".join(self.lines))
        git("reset", "-q", "--hard", "main", folder=self.folder)


def git(*arguments: str, folder: Path, stdin: bytes = b"") -> bytes:
    """What git writes; an error fails the test."""
    return subprocess.run(["git", *arguments], cwd=folder, input=stdin, capture_output=True, check=True).stdout


def yaml_of(people: Mapping[str, str], groups: Mapping[str, Sequence[str] | str], rest: str = "") -> str:
    """A file: aliases with their numbers, groups with their members in YAML, or with all of their fields."""
    lines = ["version: 1", "instance: {id: inst_x, phone: +1 202 555 0100}", "people:"]
    lines += [f"  {alias}: {number}" for alias, number in people.items()]
    lines += [rest] if rest else []
    lines.append("groups:")
    for key, fields in groups.items():
        text = fields if isinstance(fields, str) else f"name: {key.title()}, members: [{', '.join(fields)}]"
        lines.append(f"  {key}: {{{text}}}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastRepository:
    """An empty repository, which is the working folder."""
    made = Repository(tmp_path / "repository", monkeypatch)
    monkeypatch.chdir(made.folder)
    return FastRepository(made.folder)
