"""Reads never write, whatever the server answers them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS
from tests.faults.catalogue import FALSE_ANSWERS, FAULTS, OUTAGES, MakeFault
from tests.faults.scenario import DIALECTS, reference_scenario
from tests.oracle.checks import read_only
from tests.oracle.runner import Trouble
from tests.oracle.sampling import every

ONE_IN = 40
MOST_CALLS = 9

READS: dict[str, list[str]] = {
    "plan": ["plan"],
    "plan saved": ["plan", "--out", "saved.plan"],
    "drift": ["drift"],
    "import": ["import", "--output", "imported.yaml"],
    "pin": ["pin"],
    "pin people": ["pin", "--people"],
    "dry run": ["apply", "--dry-run", "--yes"],
    "who": ["who", "ann"],
    "invite": ["invite", "delta"],
    "doctor": ["doctor", "--numbers", "--capture", "capture.json"],
}


def read(arguments: list[str], fault: MakeFault, index: int, dialect: str, folder: Path) -> list[str]:
    with reference_scenario(dialect, folder) as place:
        run = place.read(*arguments, trouble=Trouble((fault(index),)))
        return [*read_only(run), *([] if place.facts() == place.start.before else ["the world is another"])]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", [name for name in READS if READS[name][0] in COMMANDS])
def test_a_command_that_reads_never_writes_in_any_fault(name: str, dialect: str, tmp_path: Path) -> None:
    scenarios = {
        f"{name}, {fault}, call {index}, {dialect}": partial(
            read, READS[name], make, index, dialect, tmp_path / f"{number}-{index}"
        )
        for number, (fault, make) in enumerate({**FAULTS, **OUTAGES, **FALSE_ANSWERS}.items())
        for index in range(MOST_CALLS if dialect == "guide" else 3)
    }
    every("reads", scenarios, ONE_IN)
