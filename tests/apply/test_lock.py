"""One apply at a time per instance and machine, whoever runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.apply.lock import instance_lock
from reconciler.errors import LockHeld, ReconcilerError

PLACE = "http://127.0.0.1:1/api"


def test_the_second_is_told_who_holds_the_lock_and_the_lock_is_free_afterwards(tmp_path: Path) -> None:
    with (
        instance_lock(PLACE, "inst", tmp_path),
        pytest.raises(LockHeld, match=r"process \d+ of .+ in /"),
        instance_lock(PLACE, "inst", tmp_path),
    ):
        pass
    with instance_lock(PLACE, "inst", tmp_path), instance_lock(PLACE, "other", tmp_path):
        pass


def test_a_holder_who_has_not_said_who_they_are_holds_it_all_the_same(tmp_path: Path) -> None:
    with instance_lock(PLACE, "inst", tmp_path):
        (holder,) = tmp_path.glob("*.json")
        holder.write_text("{")
        with pytest.raises(LockHeld, match="an unknown process"), instance_lock(PLACE, "inst", tmp_path):
            pass


def test_the_folder_is_everybodys_and_no_link(tmp_path: Path) -> None:
    folder = tmp_path / "locks"
    with instance_lock(PLACE, "inst", folder):
        assert folder.stat().st_mode & 0o7777 == 0o777
        (lock,) = folder.glob("*.lock")
        assert lock.stat().st_mode & 0o777 == 0o666
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(ReconcilerError, match="cannot be used"), instance_lock(PLACE, "inst", tmp_path / "link"):
        pass


def test_nothing_in_the_folder_is_written_through_a_link(tmp_path: Path) -> None:
    folder, precious = tmp_path / "locks", tmp_path / "precious"
    precious.write_text("mine")
    with instance_lock(PLACE, "inst", folder):
        (holder,) = folder.glob("*.json")
    holder.symlink_to(precious)
    with instance_lock(PLACE, "inst", folder):
        assert precious.read_text() == "mine"


def _link(holder: Path) -> None:
    told = {"pid": 1, "user": "root", "since": "ever", "folder": "a file of somebody else's"}
    holder.with_name("precious").write_text(json.dumps(told))
    holder.symlink_to("precious")


def _long(holder: Path) -> None:
    told = {"pid": 1, "user": "root", "since": "ever", "folder": "x" * 10**6}
    holder.write_text(json.dumps(told))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(_link, id="a link"),
        pytest.param(os.mkfifo, id="a pipe that nobody writes to"),
        pytest.param(Path.mkdir, id="a folder"),
        pytest.param(_long, id="longer than any that says who it is"),
        pytest.param(lambda holder: holder.write_text("[" * 4000), id="deep"),
        pytest.param(lambda holder: holder.write_bytes(b"\xff"), id="no text"),
        pytest.param(lambda holder: holder.write_text("[]"), id="of another shape"),
    ],
)
def test_what_says_who_holds_the_lock_is_neither_followed_nor_waited_for_nor_believed(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    with instance_lock(PLACE, "inst", tmp_path):
        (holder,) = tmp_path.glob("*.json")
        holder.unlink()
        make(holder)
        with pytest.raises(LockHeld, match="an unknown process"), instance_lock(PLACE, "inst", tmp_path):
            pass
        holder.rmdir() if holder.is_dir() else holder.unlink()


def test_an_unknown_user_and_a_folder_that_is_gone_stop_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("getpass.getuser", nobody)
    with instance_lock(PLACE, "inst", tmp_path / "locks"):
        pass
