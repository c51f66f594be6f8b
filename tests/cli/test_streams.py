"""A full or closed stdout or stderr: a lost result is reported, and the exit code still says what was changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.stage import PHONE, Ran, Stage

FILE = """
people: {alice: +1 202 555 0143, bob: +1 202 555 0144}
groups: {alpha: {name: Alpha, members: [alice, bob]}, beta: {name: Beta, members: []}}
"""
FULL = ">/dev/full"
CLOSED = ">&-"

pytestmark = pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this machine has no /dev/full")


def in_shell(stage: Stage, command: str, stdout: int = subprocess.PIPE) -> Ran:
    """Run `reconciler …` with the streams that the shell makes, buffered as usual."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command_line = ["sh", "-c", f'exec "{sys.executable}" -m reconciler {command}']
    done = subprocess.run(
        command_line, cwd=stage.folder, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def run_into_closed_pipe(stage: Stage, command: str) -> Ran:
    """Run the command with a stdout whose reader has gone (`| true`)."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return in_shell(stage, command, writer)
    finally:
        os.close(writer)


@pytest.mark.parametrize("streams", [FULL, f"{FULL} 2>/dev/full", f"{FULL} 2>&-"])
def test_a_result_lost_after_writing_exits_with_3_and_keeps_the_report(stage: Stage, streams: str) -> None:
    stage.file(FILE)
    ran = in_shell(stage, f"apply --yes --format json --report report.json {streams}")
    assert ran.code == 3
    assert len(stage.world.groups()) == 2
    assert json.loads((stage.folder / "report.json").read_text(encoding="utf-8"))["converged"] is True
    if streams == FULL:
        assert "cannot write the result to stdout: No space left on device" in ran.err
        assert "the calls were sent" in ran.err
        assert "bug" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (f"apply --yes {FULL}", "stdout: No space left on device"),
        (f"apply --yes {CLOSED}", "stdout is closed"),
        (f"apply --yes --format json {CLOSED}", "stdout is closed"),
    ],
)
def test_a_plan_that_cannot_be_shown_is_not_applied(stage: Stage, arguments: str, message: str) -> None:
    stage.file(FILE)
    ran = in_shell(stage, arguments)
    assert (ran.code, len(stage.world.effects())) == (1, 0)
    assert message in ran.err


def test_an_apply_without_changes_that_cannot_write_its_result_exits_with_1(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("apply", "--yes").code == 0
    ran = in_shell(stage, f"apply --yes --format json {FULL}")
    assert ran.code == 1
    assert "No space left on device" in ran.err


def test_an_apply_without_changes_that_cannot_write_its_report_exits_with_1(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("apply", "--yes").code == 0
    stage.calls()
    ran = stage.run("apply", "--yes", "--report", "/dev/full")
    assert (ran.code, "cannot write /dev/full" in ran.err) == (1, True)
    assert all(call.startswith("GET ") for call in stage.calls())


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("plan --format json --output /dev/stdout", "made_by"),
        ("plan --format json --output /dev/fd/3 3>&1 >/dev/null", "made_by"),
        ("plan --out /dev/fd/3 3>&1 >/dev/null", "made_by"),
        ("apply --yes --report /dev/fd/3 3>&1 >/dev/null", "converged"),
    ],
)
def test_a_result_may_go_to_a_pipe_under_dev(stage: Stage, command: str, key: str) -> None:
    stage.file(FILE)
    script = f'{{ "{sys.executable}" -m reconciler {command}; echo $? >code; }} | cat'
    done = subprocess.run(["sh", "-c", script], cwd=stage.folder, capture_output=True, text=True)
    assert (stage.folder / "code").read_text() == "0\n", done.stderr
    assert key in json.loads(done.stdout)


def create_unpinned_groups(stage: Stage) -> str:
    """Create two live groups and their file; return the id of the second."""
    stage.world.create_group("Alpha", [], owner=PHONE)
    stage.file(FILE)
    return stage.world.create_group("Beta", [], owner=PHONE)


def test_pinned_ids_that_cannot_be_printed_are_in_the_file(stage: Stage) -> None:
    beta = create_unpinned_groups(stage)
    ran = in_shell(stage, f"pin {FULL}")
    assert f"id: {beta}" in (stage.folder / "groups.yaml").read_text()
    assert ran.code == 0
    assert "stdout: No space left on device" in ran.err
    assert "the ids were written to groups.yaml" in ran.err


def test_a_closed_pipe_does_not_fail_pin(stage: Stage) -> None:
    beta = create_unpinned_groups(stage)
    ran = run_into_closed_pipe(stage, "pin")
    assert (ran.code, ran.err) == (0, "")
    assert f"id: {beta}" in (stage.folder / "groups.yaml").read_text()


@pytest.mark.parametrize("command", [f"pin {CLOSED}", f"pin --dry-run {FULL}"])
def test_a_pin_that_writes_nothing_and_cannot_print_is_an_error(stage: Stage, command: str) -> None:
    create_unpinned_groups(stage)
    before = (stage.folder / "groups.yaml").read_bytes()
    ran = in_shell(stage, command)
    assert (ran.code, "cannot write the result" in ran.err) == (1, True)
    assert (stage.folder / "groups.yaml").read_bytes() == before


@pytest.mark.parametrize("stream", [FULL, CLOSED])
def test_init_without_stdout_writes_all_files_or_none(stage: Stage, stream: str) -> None:
    ran = in_shell(stage, f"init new {stream}")
    written = (stage.folder / "new" / "groups.yaml").exists()
    assert (ran.code, written) == ((0, True) if stream == FULL else (1, False))
    assert ("the files were written" in ran.err) is written


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_a_closed_or_full_stderr_changes_no_outcome(stage: Stage, stderr: str) -> None:
    stage.file(FILE.replace("name: Beta", "name: ' Beta '"))
    assert "warning" in stage.run("plan").err
    ran = in_shell(stage, f"apply --yes {stderr}")
    assert ran.code == 0
    assert "Applied: 2 groups created" in ran.out
    (stage.folder / "live.yaml").touch()
    assert in_shell(stage, f"--instance-id inst_story import --output live.yaml {stderr}").code == 0


@pytest.mark.parametrize("stdin", ["<&-", "</dev/null"])
def test_apply_without_stdin_needs_yes(stage: Stage, stdin: str) -> None:
    stage.file(FILE)
    ran = in_shell(stage, f"apply {stdin}")
    assert (ran.code, "stdin is not a terminal" in ran.err) == (1, True), ran.err
    assert stage.world.effects() == ()


def test_a_closed_pipe_does_not_fail_apply(stage: Stage) -> None:
    stage.file(FILE)
    ran = run_into_closed_pipe(stage, "apply --yes --format json --quiet")
    assert (ran.code, ran.err) == (0, "")
    assert len(stage.world.groups()) == 2


@pytest.mark.parametrize(
    "command",
    [
        "plan",
        "drift",
        "validate",
        "who alice",
        "--instance-id inst_story import",
        "schema",
        "--help",
        "plan --help",
        "--version",
    ],
)
def test_a_full_disk_behind_stdout_is_reported_and_not_a_bug(stage: Stage, command: str) -> None:
    stage.file(FILE)
    ran = in_shell(stage, f"{command} {FULL}")
    assert ran.code == 1
    assert "No space left on device" in ran.err
    assert "bug" not in ran.err
    assert "Traceback" not in ran.err
    assert not list((stage.folder / "state").rglob("crash-*"))


@pytest.mark.parametrize(
    "command", ["plan", "drift", "validate", "who alice", "--instance-id inst_story import", "schema"]
)
def test_a_closed_stdout_is_reported_as_an_error(stage: Stage, command: str) -> None:
    stage.file(FILE)
    ran = in_shell(stage, f"{command} {CLOSED}")
    assert (ran.code, "stdout is closed" in ran.err) == (1, True)


def test_a_file_for_the_result_needs_no_stdout(stage: Stage) -> None:
    stage.file(FILE)
    assert in_shell(stage, f"plan --output plan.txt {CLOSED}").code == 0
    assert "Plan: 2 to create" in (stage.folder / "plan.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("rest", [FULL, CLOSED, "--output no/such/folder/x"])
def test_a_notice_is_sent_when_the_drift_cannot_be_written(stage: Stage, rest: str) -> None:
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    stage.file(FILE)
    stage.world.clear_logs()
    ran = in_shell(stage, f"drift --notify alpha {rest}")
    assert [effect.kind for effect in stage.world.effects()] == ["message"]
    assert ran.code == 1
    assert "cannot write" in ran.err


def test_a_notice_is_sent_when_the_reader_of_stdout_has_gone(stage: Stage) -> None:
    stage.world.create_group("Alpha", ["+1 202 555 0143"], owner=PHONE)
    stage.file(FILE)
    stage.world.clear_logs()
    ran = run_into_closed_pipe(stage, "drift --notify alpha")
    assert (ran.code, ran.err) == (1, "Sent the notification to alpha.\n")
    assert [effect.kind for effect in stage.world.effects()] == ["message"]
