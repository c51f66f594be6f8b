"""The audit step fails on findings, and never takes a lack of data for a lack of vulnerabilities."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit.py"
CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "rich", "version": "15.0.0", "vulns": [{"id": "X-1", "fix_versions": ["15.0.1"]}]}
UNKNOWN = {"name": "attrs", "skip_reason": "not found"}


def audited(tmp_path: Path, packages: list[dict[str, Any]] | None, said: str = "", code: int = 0) -> tuple[int, str]:
    """Run the step with an auditor that answers this; None: it writes no result."""
    auditor = tmp_path / "auditor"
    found = None if packages is None else json.dumps({"dependencies": packages})
    auditor.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"found = {found!r}\nplace = sys.argv[sys.argv.index('--output') + 1]\n"
        "found is not None and pathlib.Path(place).write_text(found)\n"
        f"sys.stderr.write({said!r})\nsys.exit({code})\n"
    )
    auditor.chmod(0o755)
    ran = subprocess.run([sys.executable, str(AUDIT), str(auditor)], capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout


@pytest.mark.parametrize(
    ("packages", "said", "code", "end", "words"),
    [
        ([CLEAN], "", 0, 0, "no known vulnerability in 1 pinned packages\n"),
        ([CLEAN, UNKNOWN], "", 0, 0, "1 pinned packages; no data on attrs"),
        ([CLEAN, BAD, UNKNOWN], "", 1, 1, "rich 15.0.0: X-1, mended in 15.0.1"),
        ([UNKNOWN], "No known vulnerabilities found", 0, 0, "skipped"),
        (None, "requests.exceptions.ConnectionError: no route", 1, 0, "skipped"),
        (None, "ERROR: line 3 of constraints.txt is no requirement", 1, 1, "the auditor failed: ERROR: line 3"),
        (None, "", 1, 1, "the auditor failed"),
    ],
)
def test_only_a_lack_of_data_is_skipped(
    tmp_path: Path, packages: list[dict[str, Any]] | None, said: str, code: int, end: int, words: str
) -> None:
    ended, told = audited(tmp_path, packages, said, code)
    assert (ended, words in told) == (end, True), told
