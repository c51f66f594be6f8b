"""Reads never write, whatever the server answers them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS
from tests.torture import invariants, lies
from tests.torture.arena import arena
from tests.torture.sampling import every
from tests.torture.test_fault_matrix import DIALECTS, FAULTS, LIES, OUTAGES, Making

ONE_IN = 40
MOST_CALLS = 9

READS: dict[str, list[str]] = {
    "plan": ["plan"],
    "plan saved": ["plan", "--out", "saved.plan"],
    "drift": ["drift"],
    "import": ["import", "--output", "imported.yaml"],
    "pin": ["pin"],
    "dry run": ["apply", "--dry-run", "--yes"],
    "who": ["who", "ann"],
    "invite": ["invite", "delta"],
}
MAKINGS: dict[str, Making] = {
    **FAULTS,
    **OUTAGES,
    **{name: partial(lies.lie, told) for name, told in LIES.items()},
}


def reading(arguments: list[str], making: Making, index: int, dialect: str, folder: Path) -> list[str]:
    with arena(dialect, folder) as place:
        before = place.world.snapshot()
        place.server.set_faults([making(index)])
        ran = place.run(*arguments)
        broken = [f"wrote: {call.method} {call.path}" for call in ran.writes]
        broken += [f"took effect: {effect.kind}" for effect in ran.effects]
        broken += [] if place.world.snapshot() == before else ["the world is another"]
        return [*broken, *invariants.always(ran)]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", [name for name in READS if READS[name][0] in COMMANDS])
def test_a_command_that_reads_never_writes_in_any_fault(name: str, dialect: str, tmp_path: Path) -> None:
    scenarios = {
        f"{name}, {fault}, call {index}, {dialect}": partial(
            reading, READS[name], making, index, dialect, tmp_path / f"{number}-{index}"
        )
        for number, (fault, making) in enumerate(MAKINGS.items())
        for index in range(MOST_CALLS if dialect == "guide" else 3)
    }
    every("reads", scenarios, ONE_IN)
