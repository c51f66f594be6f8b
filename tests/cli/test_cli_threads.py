"""A machine that gives the program no more threads: a limit on processes, or a container's on pids."""

from __future__ import annotations

import json
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
import reconciler.live.transport
reconciler.live.transport.wait_before_next = lambda *_, **__: 0.0
from reconciler.cli.main import main
main()
"""

EVER = 1_000
"""More threads than a run starts: reads take the first seven, the pool for the writes two, each call one."""


@pytest.mark.parametrize(
    ("first", "last"), [(2, 2), (8, 8), (13, 13), (1, EVER), (8, EVER), (11, EVER), (12, EVER), (15, EVER)]
)
def test_a_run_that_gets_no_more_threads_is_told_to_its_end(stage: Stage, first: int, last: int) -> None:
    stage.world.create_group("Beta", [], owner=PHONE)
    stage.world.create_group("Gamma", [], owner=PHONE)
    stage.file(FILE)
    command = [sys.executable, "-c", STARVED, str(first), str(last), "--parallelism", "2"]
    command += ["apply", "--yes", "--report", "report.json"]
    ran = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "unexpected" not in ran.stderr
    if ran.returncode == 1:
        assert stage.world.effects() == ()
        assert "threads" in ran.stderr
        return
    report = json.loads((stage.folder / "report.json").read_text())
    told = [step["status"] for step in report["steps"]]
    assert ran.returncode == (0 if report["converged"] else 3)
    assert len(stage.world.effects()) <= told.count("done") + told.count("unknown")
