"""A machine without free threads: a limit on processes, or on the pids of a container."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.stage import PHONE, Stage

FILE = """
people: {alice: +1 202 555 0143}
groups:
  alpha: {name: Alpha, members: [alice]}
  beta: {name: Beta, description: About, members: [alice]}
  gamma: {name: Gamma, members: [alice]}
"""

STARVED = """
import sys, threading
first, last = int(sys.argv.pop(1)), int(sys.argv.pop(1))
start, starts = threading.Thread.start, 0
def starved(thread):
    global starts
    starts += 1
    if first <= starts <= last:
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = starved
from reconciler.cli.main import main
main()
"""

EVER = 1_000
"""More threads than a run starts: the progress of reading is one, the pools for reads and writes have two each."""


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(1, 1, 0), (2, 2, 1), (3, 3, 1), (4, 4, 1), (5, 5, 1), (1, EVER, 1), (4, EVER, 1), (5, EVER, 1), (6, EVER, 0)],
)
def test_an_apply_without_free_threads_writes_nothing(stage: Stage, first: int, last: int, code: int) -> None:
    stage.world.create_group("Beta", [], owner=PHONE)
    stage.world.create_group("Gamma", [], owner=PHONE)
    stage.file(FILE)
    command = [sys.executable, "-c", STARVED, str(first), str(last), "--parallelism", "2"]
    command += ["apply", "--yes"]
    ran = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ran.returncode == code, ran.stderr
    assert ("no more threads" in ran.stderr) == (code == 1)
    assert bool(stage.world.effects()) == (code == 0)
    assert "unexpected" not in ran.stderr
