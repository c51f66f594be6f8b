"""Question 4: how long the program takes to start, beside Python that does nothing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from statistics import median

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, spread, times
from benchmarks.sizes import Size
from benchmarks.timing import in_turn, ratio, run

EXAMPLE = Path(__file__).parents[1] / "examples" / "groups.yaml"
PROGRAM = Path(sys.executable).with_name("reconciler")
PROSE = (
    "Whole processes, from their start to their end, in turn. `validate` reads, checks and resolves "
    "`examples/groups.yaml`: beside Python itself that is the YAML reader, the schema's validator and the phone "
    "numbers' metadata.",
)


def ask(size: Size, folder: Path) -> Answer:
    """Measure the starts."""
    example = shutil.copy(EXAMPLE, folder / "groups.yaml")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "reconciler --version": [PROGRAM, "--version"],
        "reconciler --help": [PROGRAM, "--help"],
        "reconciler validate": [PROGRAM, "validate", example],
    }
    ways = {name: lambda command=command: run(command, folder=folder).seconds for name, command in commands.items()}
    in_turn(ways, 1)  # the first run of each only fills the system's file cache
    taken = in_turn(ways, size.starts)
    nothing = taken["python -c pass"]
    rows = tuple((n, seconds(median(t)), spread(t), times(ratio(t, nothing))) for n, t in taken.items())
    return Answer(
        "start",
        "4. Start",
        PROSE,
        (Table(("command", "median", "range", "÷ python -c pass"), rows),),
        (
            Target("`--version` ÷ `python -c pass`", ratio(taken["reconciler --version"], nothing), 4.0),
            Target("`validate` of the example ÷ `python -c pass`", ratio(taken["reconciler validate"], nothing), 15.0),
        ),
        Chart("Start", "s", tuple(Bar(n, median(t), n.startswith("reconciler")) for n, t in taken.items())),
    )
