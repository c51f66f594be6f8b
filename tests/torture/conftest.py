"""The marker of all torture tests, and the count of scenarios for whoever wants to state it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.torture.sampling import FULL, counted

HERE = Path(__file__).parent
STARTED = time.monotonic()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "torture: simulates everything that can go wrong; RECONCILER_TORTURE=full")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("torture")


def pytest_sessionfinish() -> None:
    """Add this process's counts to the file that RECONCILER_TORTURE_SUMMARY names."""
    place = os.environ.get("RECONCILER_TORTURE_SUMMARY")
    if not place or not counted:
        return
    path = Path(place)
    with FileLock(f"{place}.lock"):
        known: dict[str, Any] = {"scenarios": {}, "seconds": 0}
        if path.exists():
            known = json.loads(path.read_text(encoding="utf-8"))
        kinds = {*known["scenarios"], *counted}
        total = {kind: known["scenarios"].get(kind, 0) + counted[kind] for kind in sorted(kinds)}
        seconds = max(known["seconds"], round(time.monotonic() - STARTED))
        told = {"full": FULL, "scenarios": total, "all": sum(total.values()), "seconds": seconds}
        path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
