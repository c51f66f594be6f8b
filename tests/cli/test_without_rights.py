"""Every command reports paths that the user has no rights to read or write."""

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
    """Make root respect the modes of files (Linux: without CAP_DAC_OVERRIDE and _READ_SEARCH)."""
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
    """Return a stage with a folder `closed` that the user may not enter; it has YAML and a saved plan.

    It also has a folder `half`, with a folder that can be listed and not entered, and a saved plan of `closed`.
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
    ("command", "message"),
    [
        ("validate closed", f"closed: {UNREADABLE}"),
        ("validate closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        ("validate closed/sub/groups.yaml", f"closed/sub/groups.yaml: {UNREADABLE}"),
        ("validate --format github closed/groups.yaml", f"::{UNREADABLE}"),
        ("validate half", f"half/sub/groups.yaml: {UNREADABLE}"),
        ("plan closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        ("plan --changed-since HEAD closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        ("plan --out closed/p.json", "cannot write closed/p.json: Permission denied"),
        ("apply closed/p.json", f"closed/p.json: {UNREADABLE}"),
        ("apply --yes --report closed/sub/report.json", "cannot write the report closed/sub/report.json"),
        ("apply p.json", "cannot read closed/groups.yaml, a source of the plan: Permission denied"),
        ("show closed/p.json", "cannot read the plan file closed/p.json: Permission denied"),
        ("pin closed/groups.yaml", f"closed/groups.yaml: {UNREADABLE}"),
        (
            "import --instance-id inst_story --output closed/live.yaml",
            "cannot write closed/live.yaml: Permission denied",
        ),
        ("init closed", "cannot write closed/groups.yaml: Permission denied"),
        ("init closed/new", "cannot write closed/new/groups.yaml: Permission denied"),
        ("sandbox reset --state closed/state", "cannot delete closed/state: Permission denied"),
        ("sandbox shake --state closed/state", "sandbox: cannot open the sandbox state closed/state"),
    ],
)
def test_a_path_without_access_rights_is_reported_and_not_a_bug(closed: Stage, command: str, message: str) -> None:
    ran = closed.run(*command.split())
    assert message in ran.out + ran.err
    assert "bug" not in ran.err
    assert ran.code == 1


@contextmanager
def _asking_as_nobody() -> Iterator[None]:
    """Make os.access answer root like a user without rights."""
    if os.geteuid() != 0:
        yield
        return
    before = os.getuid()
    os.setreuid(65534, -1)
    try:
        yield
    finally:
        os.setreuid(before, 0)


def test_a_report_may_go_to_a_device_in_a_read_only_folder(stage: Stage) -> None:
    stage.file(FILE)
    with _asking_as_nobody():
        ran = stage.run("apply", "--yes", "--report", "/dev/null")
    assert ran.code == 0, ran.err


def test_a_report_to_a_pipe_without_access_rights_is_refused_before_any_call(stage: Stage) -> None:
    stage.file(FILE)
    stage.folder.chmod(0o755)
    os.mkfifo("shut")
    os.chmod("shut", 0o444)
    with _asking_as_nobody():
        ran = stage.run("apply", "--yes", "--report", "shut")
    assert (ran.code, stage.calls()) == (1, [])
    assert "cannot write the report shut" in ran.err


def test_revisions_of_an_unreadable_path_are_found_from_the_nearest_readable_folder(
    closed: Stage,
) -> None:
    ran = closed.run("diff", "HEAD^0", "HEAD", "closed/groups.yaml")
    assert "nor a revision of closed/groups.yaml" in ran.err
    assert ran.code == 1


def test_a_working_folder_without_access_rights_is_reported_and_not_a_bug(
    closed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (closed.folder / "closed").chmod(0o700)
    monkeypatch.chdir(closed.folder / "closed")
    (closed.folder / "closed").chmod(0)
    ran = closed.run("diff", "HEAD^0", "HEAD")
    assert "cannot run git in .: Permission denied" in ran.err
    assert ran.code == 1
