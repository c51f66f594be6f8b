"""The tests and the demo give the same results on every machine, whatever is set there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.apply import lock
from reconciler.sandbox import Settings
from tests.repository import Repository
from tests.stage import stage_with

ROOT = Path(__file__).parents[1]
SETTINGS = {
    "WAPPFY_INSTANCE_ID": "inst_mine",
    "RECONCILER_SHOW_PHONES": "true",
    "RECONCILER_SHARD": "1/3",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "REQUESTS_CA_BUNDLE": "/nowhere",
    "GIT_DIR": "/nowhere",
}


def stdout_of(*command: str, environment: Mapping[str, str]) -> str:
    """Run a program in the checkout, require exit code 0, and return its stdout."""
    process = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def test_a_test_repository_ignores_the_user_s_git_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (".gitconfig", "git/config"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("[mine]\n\tname = kept\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    repository = Repository(tmp_path / "repository", monkeypatch)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")  # git before 2.32 does not know it
    assert "mine." not in repository.git("config", "--list")


def test_tests_ignore_variables_that_are_set_for_the_program() -> None:
    story = "tests/golden/test_stories.py::test_groups_are_created_from_nothing"
    options = ("-q", "-p", "no:cacheprovider")
    served = "tests/sandbox/test_server.py::test_a_server_on_localhost_keeps_the_name_in_its_url"
    assert "3 passed" in stdout_of(sys.executable, "-m", "pytest", *options, story, served, environment=SETTINGS)


def test_the_demo_ignores_variables_that_are_set_for_the_program() -> None:
    program = {"RECONCILER": str(Path(sys.executable).with_name("reconciler"))}
    printed = stdout_of("sh", "examples/demo.sh", environment=program)
    assert printed.count("No drift") == 1
    assert stdout_of("sh", "examples/demo.sh", environment={**program, **SETTINGS}) == printed


def test_an_apply_in_a_test_uses_a_lock_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(lock.FOLDER.glob("*.lock"))
    with stage_with(Settings(), tmp_path, monkeypatch, capsys) as stage:
        stage.file("groups:\n  a: {name: A, members: [+1 202 555 0143]}\n")
        assert stage.run("apply", "--yes").code == 0
    assert tmp_path.parent in lock.FOLDER.parents
    assert len(set(lock.FOLDER.glob("*.lock")) - before) == 1
