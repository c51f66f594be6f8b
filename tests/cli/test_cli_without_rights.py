"""What this user may not look at is told in a sentence, whichever command comes upon it."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stage import Stage

FILE = "people: {alice: +1 202 555 0143}\ngroups: {alpha: {name: Alpha, members: [alice]}}\n"
_VERSION_3 = 0x20080522
_OVER_ALL_MODES = 1 << 1 | 1 << 2


@contextmanager
def _held_to_modes() -> Iterator[None]:
    """Root is held to the modes of files, as everybody else is (Linux: without CAP_DAC_OVERRIDE and _READ_SEARCH)."""
    if os.geteuid() != 0 or sys.platform != "linux":
        yield
        return
    libc, header, before = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    effective, *rest = before
    assert libc.capset(header, (ctypes.c_uint32 * 6)(effective & ~_OVER_ALL_MODES, *rest)) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


@pytest.fixture
def closed(stage: Stage) -> Iterator[Stage]:
    """A stage with a folder `closed`, in which there is YAML and a saved plan, and into which this user may not look.

    Beside it a folder `half`, one of whose folders may be listed and not entered, and a saved plan of YAML in `closed`.
    """
    stage.file(FILE)
    for folder in ("closed", "half/sub"):
        (stage.folder / folder).mkdir(parents=True)
        shutil.copy(stage.folder / "groups.yaml", stage.folder / folder)
    (stage.folder / "half/sub/link").symlink_to(".")
    assert stage.run("plan", "--out", "closed/p.json").code == 0
    assert stage.run("plan", "closed/groups.yaml", "--out", "p.json").code == 0
    (stage.folder / "closed").chmod(0)
    (stage.folder / "half/sub").chmod(0o444)
    try:
        with _held_to_modes():
            yield stage
    finally:
        (stage.folder / "closed").chmod(0o700)
        (stage.folder / "half/sub").chmod(0o700)


UNREADABLE = "cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("validate closed", f"closed: {UNREADABLE}"),
        ("validate closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        ("validate closed/sub/groups.yaml", f"closed/sub/groups.yaml: {UNREADABLE}"),
        ("validate --format github closed/groups.yaml", f"::{UNREADABLE}"),
        ("validate half", f"half/sub/groups.yaml: {UNREADABLE}"),
        ("plan closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        ("plan --changed-since HEAD closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        ("plan --out closed/p.json", "closed/p.json cannot be written: Permission denied"),
        ("apply closed/p.json", f"closed/p.json: {UNREADABLE}"),
        ("apply --yes --report closed/sub/report.json", "the report closed/sub/report.json cannot be written"),
        ("apply p.json", f"closed/groups.yaml, which the plan was made from, {UNREADABLE}"),
        ("show closed/p.json", f"closed/p.json {UNREADABLE}"),
        ("pin closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        (
            "import --instance-id inst_story --output closed/live.yaml",
            "closed/live.yaml cannot be written: Permission denied",
        ),
        ("init closed", "closed/groups.yaml cannot be written: Permission denied"),
        ("init closed/new", "closed/new/groups.yaml cannot be written: Permission denied"),
        ("sandbox reset --state closed/state", "cannot delete closed/state: Permission denied"),
        ("sandbox shake --state closed/state", "sandbox: cannot open the sandbox state closed/state"),
    ],
)
def test_a_place_that_may_not_be_looked_into_is_told_and_is_no_bug(closed: Stage, command: str, said: str) -> None:
    ran = closed.run(*command.split())
    assert said in ran.out + ran.err
    assert "bug" not in ran.err
    assert ran.code == 1


@contextmanager
def _asking_as_nobody() -> Iterator[None]:
    """Root's questions of what it may do are answered as to a user without rights, as everybody else's are."""
    if os.geteuid() != 0:
        yield
        return
    before = os.getuid()
    os.setreuid(65534, -1)
    try:
        yield
    finally:
        os.setreuid(before, 0)


def test_a_report_may_go_to_a_device_in_a_folder_that_may_not_be_written(stage: Stage) -> None:
    stage.file(FILE)
    with _asking_as_nobody():
        ran = stage.run("apply", "--yes", "--report", "/dev/null")
    assert ran.code == 0, ran.err


def test_a_report_to_a_pipe_that_may_not_be_written_is_refused_before_any_call(stage: Stage) -> None:
    stage.file(FILE)
    stage.folder.chmod(0o755)
    os.mkfifo("shut")
    os.chmod("shut", 0o444)
    with _asking_as_nobody():
        ran = stage.run("apply", "--yes", "--report", "shut")
    assert (ran.code, stage.calls()) == (1, [])
    assert "the report shut cannot be written there" in ran.err


def test_revisions_of_a_place_that_may_not_be_looked_into_are_looked_for_from_the_nearest_that_may(
    closed: Stage,
) -> None:
    ran = closed.run("diff", "HEAD^0", "HEAD", "closed/groups.yaml")
    assert "no revision of closed/groups.yaml can be had" in ran.err
    assert ran.code == 1


def test_a_working_folder_that_may_not_be_looked_into_is_told_and_is_no_bug(
    closed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (closed.folder / "closed").chmod(0o700)
    monkeypatch.chdir(closed.folder / "closed")
    (closed.folder / "closed").chmod(0)
    ran = closed.run("diff", "HEAD^0", "HEAD")
    assert "git cannot be run in .: Permission denied" in ran.err
    assert ran.code == 1
