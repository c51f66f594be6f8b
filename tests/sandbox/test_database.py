"""The state file: which files the sandbox opens, and which `reset` deletes."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxError, World, reset


def test_a_file_that_is_not_a_sandbox_state_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be read as one")
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    (tmp_path / "file").write_text("")
    for name, words in (("text.db", "cannot open"), ("newer.db", "sandbox reset"), ("file/world.db", "cannot")):
        with pytest.raises(SandboxError, match=words):
            World.open(tmp_path / name)


def test_reset_deletes_states_of_any_version_and_nothing_else(tmp_path: Path) -> None:
    other, pipe, empty, link = (tmp_path / name for name in ("other.yaml", "pipe", "empty.db", "link.db"))
    other.write_text("version: 1\n")
    os.mkfifo(pipe)
    empty.touch()
    link.symlink_to(tmp_path / "gone")
    with sqlite3.connect(tmp_path / "newer.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    for path in (other, pipe, link, tmp_path):
        with pytest.raises(SandboxError, match="is not a sandbox state; nothing was deleted"):
            reset(path)
    for path in (empty, tmp_path / "newer.db"):
        reset(path)
    assert sorted(tmp_path.iterdir()) == [link, other, pipe]
    assert other.read_text() == "version: 1\n"


@pytest.mark.parametrize("beside", ["nothing", "a file", "a link to nowhere"])
def test_reset_keeps_companion_files_without_a_state(tmp_path: Path, beside: str) -> None:
    path = tmp_path / "world.db"
    companions = [tmp_path / "world.db-shm", tmp_path / "world.db-wal"]
    for each in companions:
        each.write_text("somebody's own")
    if beside == "nothing":
        reset(path)
    else:
        path.write_text("version: 1\n") if beside == "a file" else path.symlink_to("gone")
        with pytest.raises(SandboxError, match="is not a sandbox state; nothing was deleted"):
            reset(path)
    assert [each.read_text() for each in companions] == ["somebody's own"] * 2
    path.unlink(missing_ok=True)
    path.touch()
    reset(path)
    assert list(tmp_path.iterdir()) == []
