"""Which scenarios run: all of them with RECONCILER_TORTURE=full, else a sample that is always the same."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from zlib import crc32

FULL = os.environ.get("RECONCILER_TORTURE") == "full"

counts: Counter[str] = Counter()
"""How many scenarios of each kind this process ran."""


def runs(scenario: str, one_in: int) -> bool:
    """Whether this scenario is run: in the sample one of `one_in` is."""
    return FULL or crc32(scenario.encode()) % one_in == 0


def every(kind: str, scenarios: Mapping[str, Callable[[], list[str]]], one_in: int) -> None:
    """Run the chosen scenarios; fails with what they broke, a line each."""
    broken = []
    for name, scenario in scenarios.items():
        if runs(name, one_in):
            counts[kind] += 1
            broken += [f"{name}: {text}" for text in scenario()]
    assert not broken, "\n" + "\n".join(broken)
