"""A misbehaving machine: full disks, old locales, links and devices in place of files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.atomic_file import write_atomic
from reconciler.errors import UsageError
from tests.stage import Stage

FILE = """
people: {alice: +1 202 555 0143, bob: +1 202 555 0144}
groups: {alpha: {name: Alpha, members: [alice, bob]}, beta: {name: Beta, members: []}}
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_audit_log_that_fails_stops_the_run_and_keeps_the_report(stage: Stage) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this machine has no /dev/full")
    stage.file(FILE)
    ran = stage.run(
        "apply", "--yes", "--parallelism", "1", "--audit-log", "/dev/full", "--report", "report.json", "--rate", "6000"
    )
    assert ran.code == 3
    assert "audit log" in ran.err
    assert len(stage.world.effects()) == 1
    assert "not run" in ran.out
    assert "Run `reconciler apply` again to apply the rest" in ran.out
    assert (stage.folder / "report.json").exists()


def test_an_audit_log_that_fails_at_the_last_call_leaves_nothing_to_do(stage: Stage) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this machine has no /dev/full")
    stage.file("groups: {alpha: {name: Alpha}}")
    ran = stage.run("apply", "--yes", "--audit-log", "/dev/full")
    assert ran.code == 3
    assert "audit log" in ran.err
    assert "to apply the rest" not in ran.out
    assert "The run stopped before it verified its changes. Run `reconciler plan`" in ran.out


def test_a_report_that_cannot_be_written_does_not_hide_the_result(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.file(FILE)

    def full(*_: object, **__: object) -> None:
        raise UsageError("cannot write report.json: No space left on device")

    monkeypatch.setattr("reconciler.cli.commands.apply.run.write_file", full)
    ran = stage.run("apply", "--yes", "--report", "report.json")
    assert ran.code == 3
    assert "Applied: 2 groups created" in ran.out
    assert "No space left" in ran.err


def test_unrelated_environment_variables_are_ignored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_VERSION", "0.1.0")
    monkeypatch.setenv("RECONCILER_HELP", "x")
    stage.file(FILE)
    assert stage.run("plan").code == 0


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "0", "x"])
@pytest.mark.parametrize("option", ["--rate", "--timeout"])
def test_a_number_option_needs_a_positive_number(stage: Stage, option: str, value: str) -> None:
    stage.file(FILE)
    ran = stage.run("plan", option, value)
    assert (ran.code, "is not a positive number" in ran.err) == (1, True)


def test_an_old_locale_shows_escapes_and_does_not_fail(stage: Stage) -> None:
    stage.file(FILE)
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "apply", "--yes"], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"Applied: 2 groups created" in done.stdout


def test_apply_with_json_shows_the_plan_before_it_asks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    ran = stage.run("apply", "--format", "json")
    assert ran.code == 1
    assert json.loads(ran.out)["error"]["message"] == "not confirmed: nothing was changed"
    assert "2 to create" in ran.err


def test_a_saved_plan_finds_its_yaml_from_any_folder(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stage.file(FILE)
    assert stage.run("plan", "--out", "today.plan").code == 0
    path.write_text(path.read_text() + "policy: {max_removals: 3}\n")
    (stage.folder / "sub").mkdir()
    monkeypatch.chdir(stage.folder / "sub")
    refused = stage.run("apply", "../today.plan", "--yes")
    assert (refused.code, "groups.yaml" in refused.err) == (1, True)
    path.unlink()
    applied = stage.run("apply", "../today.plan", "--yes")
    assert applied.code == 0
    assert "cannot check whether the YAML changed" in applied.err


def test_a_plan_of_a_folder_is_stale_when_a_file_is_added_or_removed(stage: Stage) -> None:
    folder = stage.folder / "groups"
    folder.mkdir()
    stage.file(FILE, "groups/one.yaml")
    assert stage.run("plan", "groups", "--out", "today.plan").code == 0
    (folder / "two.yaml").write_text("groups: {gamma: {name: Gamma}}\n")
    assert stage.run("apply", "today.plan", "--yes").code == 1
    (folder / "two.yaml").unlink()
    assert stage.run("apply", "today.plan", "--yes").code == 0


@pytest.mark.parametrize("leads_to", ["link", "other", "nowhere/report.json"])
def test_a_link_to_an_unwritable_report_is_refused_before_the_first_write(stage: Stage, leads_to: str) -> None:
    stage.file(FILE)
    (stage.folder / "link").symlink_to(leads_to)
    (stage.folder / "other").symlink_to("link")
    applied = stage.run("apply", "--yes", "--report", "link")
    assert (applied.code, "cannot write the report link" in applied.err) == (1, True), applied.err
    assert stage.world.effects() == ()
    saved = stage.run("plan", "--out", "link")
    assert (saved.code, "cannot write link" in saved.err) == (1, True), saved.err


def test_a_report_is_written_to_the_target_of_its_link(stage: Stage) -> None:
    stage.file(FILE)
    (stage.folder / "reports").mkdir()
    (stage.folder / "link").symlink_to("reports/today.json")
    assert stage.run("apply", "--yes", "--report", "link").code == 0
    assert (stage.folder / "link").is_symlink()
    assert (stage.folder / "reports" / "today.json").exists()


def test_writing_keeps_links_modes_and_devices(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"new", 0o640)
    write_atomic(target, b"secret", private=True)
    assert target.stat().st_mode & 0o777 == 0o600
    write_atomic(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()
    (tmp_path / "loop").symlink_to("loop")
    for lost in ("loop", "loop/x"):
        with pytest.raises(OSError, match="Too many levels"):
            write_atomic(tmp_path / lost, b"x")
    assert (tmp_path / "loop").is_symlink()
    with pytest.raises(OSError, match="No such file"):
        write_atomic(tmp_path / "no" / "folder", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomic(tmp_path / "folder", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "loop", "target"]
