"""The process that forks the program, and the count of scenarios, written where a variable names a file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.faults.forked_process import Forks, forking_process
from tests.oracle.sampling import FULL, counts

STARTED = time.monotonic()


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """Start the program's forking process once for a module."""
    with forking_process() as process:
        yield process


def pytest_sessionfinish() -> None:
    """Add this process's counts to the file that RECONCILER_TORTURE_SUMMARY names."""
    place = os.environ.get("RECONCILER_TORTURE_SUMMARY")
    if not place or not counts:
        return
    path = Path(place)
    with FileLock(f"{place}.lock"):
        known: dict[str, Any] = {"scenarios": {}, "seconds": 0}
        if path.exists():
            known = json.loads(path.read_text(encoding="utf-8"))
        kinds = {*known["scenarios"], *counts}
        total = {kind: known["scenarios"].get(kind, 0) + counts[kind] for kind in sorted(kinds)}
        seconds = max(known["seconds"], round(time.monotonic() - STARTED))
        summary = {"full": FULL, "scenarios": total, "all": sum(total.values()), "seconds": seconds}
        path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
