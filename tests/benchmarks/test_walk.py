"""A command enters few files, and a phone number passes through few: the figures that ARCHITECTURE.md promises."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.docs.pages import ROOT


@pytest.mark.parametrize(
    ("arguments", "most"),
    [(("plan",), 65), (("apply", "--value", "+1 202 555 0143"), 25)],
)
def test_a_walk_through_the_program_enters_few_files(arguments: tuple[str, ...], most: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.walk", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    match = re.search(r"^(\d+) files, \d+ functions", done.stdout, re.MULTILINE)
    assert match is not None
    assert 10 < int(match[1]) <= most, done.stderr
