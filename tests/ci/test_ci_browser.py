"""The step that installs a browser: only where it can and must, and never a reason to fail."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

STEP = Path(__file__).parents[2] / ".ci" / "browser"
SKIPPED = "so the tests of the HTML report in a browser are skipped"


@pytest.mark.parametrize(
    ("there", "user", "apt", "called", "told"),
    [
        (("chromium",), 0, "exit 1", [], ""),
        (("google-chrome",), 1000, "exit 1", [], ""),
        ((), 1000, "exit 0", [], f"browser: no Chromium is installed, and only root can install one, {SKIPPED}\n"),
        ((), 0, None, [], f"browser: no Chromium is installed, and there is no apt-get, {SKIPPED}\n"),
        ((), 0, "exit 0", ["-qq update", "-qq install --yes --no-install-recommends chromium"], ""),
        ((), 0, "exit 1", ["-qq update"], f"browser: Chromium could not be installed, {SKIPPED}\n"),
    ],
)
def test_a_browser_is_installed_only_where_it_can_be_and_its_lack_is_told(
    tmp_path: Path, there: tuple[str, ...], user: int, apt: str | None, called: list[str], told: str
) -> None:
    programs = {"id": f"echo {user}", **dict.fromkeys(there, "exit 0")}
    if apt is not None:
        programs["apt-get"] = f'echo "$@" >> "{tmp_path}/calls"; {apt}'
    (tmp_path / "bin").mkdir()
    for name, does in programs.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
    (tmp_path / "bin" / "timeout").symlink_to(shutil.which("timeout") or "")
    shell = shutil.which("sh") or ""
    ran = subprocess.run(
        [shell, str(STEP)],
        env={**os.environ, "PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    calls = tmp_path / "calls"
    assert (ran.returncode, ran.stderr) == (0, told)
    assert (calls.read_text().splitlines() if calls.exists() else []) == called
