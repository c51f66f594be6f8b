"""Runs the offline work and the plain YAML reading in turn and compares them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, spread, times
from benchmarks.files import drawn, shifted, yaml_of
from benchmarks.sizes import Size
from benchmarks.timing import ratio, run

PROSE = (
    "*Ours* is everything that a plan does between the file and the API: load, validate, resolve, diff, plan, against "
    "live groups in which two members of each went and two others came. *PyYAML alone* is "
    "`yaml.load(file, CSafeLoader)` of the same file, which makes lists and dictionaries of it and checks nothing. "
    "Each runs in a process of its own, in turn; the time is that of the work, without Python's start and the imports; "
    "the memory is the process's highest (VmHWM), in ours with all live groups in it. Both files have the same "
    "people, whose numbers are a fixed part of the work: a group more costs less than the one before.",
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What the rounds of one way took: seconds of each round, the parts of the last one, bytes of each round."""

    seconds: list[float]
    parts: dict[str, float]
    peaks: list[int]


def ask(size: Size, folder: Path) -> Answer:
    """Measure the work at both sizes."""
    small, large = _measured(size, (size.groups, size.many_groups), folder)
    (plain, ours), (_, ours_large) = small, large
    growth = ratio(ours_large.seconds, ours.seconds) / (size.many_groups / size.groups)
    by_memory = median(ours.peaks) / median(plain.peaks)
    targets = (
        Target("offline work ÷ PyYAML's C loader alone, time", ratio(ours.seconds, plain.seconds), 2.0),
        Target("offline work ÷ PyYAML's C loader alone, memory", by_memory, 6.0),
        Target(f"time a group, {size.many_groups:,} groups ÷ {size.groups:,} groups", growth, 1.1),
    )
    names = [f"{n:,} × {size.members}" for n in (size.groups, size.many_groups)]
    bars = [
        Bar(f"{name}: {who}", median(taken.seconds), who == "ours")
        for name, pair in zip(names, (small, large), strict=True)
        for who, taken in zip(("PyYAML alone", "ours"), pair, strict=True)
    ]
    rows = [
        row
        for name, pair in zip(names, (small, large), strict=True)
        for row in (_row(f"{name}, PyYAML alone", pair[0], pair[0]), _row(f"{name}, ours", pair[1], pair[0]))
    ]
    parts = tuple((part, seconds(taken)) for part, taken in ours.parts.items())
    return Answer(
        "offline",
        f"3. Offline work: {size.groups:,} groups × {size.members} members, drawn from {size.people:,} people",
        PROSE,
        (
            Table(("work", "median", "range", "÷ PyYAML", "memory", "÷ PyYAML"), tuple(rows)),
            Table(("part of ours", "time"), parts, f"One run of {names[0]}, part by part"),
        ),
        targets,
        Chart("Offline work", "s", tuple(bars)),
    )


def _row(name: str, taken: Taken, plain: Taken) -> tuple[str, ...]:
    return (
        name,
        seconds(median(taken.seconds)),
        spread(taken.seconds),
        times(ratio(taken.seconds, plain.seconds)),
        f"{median(taken.peaks) / 2**20:.0f} MB",
        times(median(taken.peaks) / median(plain.peaks)),
    )


def _measured(size: Size, sizes: Sequence[int], folder: Path) -> list[tuple[Taken, Taken]]:
    """Plain reading and ours, of files with so many groups each; every round has all of them."""
    for groups in sizes:
        wanted = drawn(groups, size.members, size.people)
        (folder / f"{groups}.yaml").write_text(yaml_of(wanted, size.people), encoding="utf-8")
        (folder / f"{groups}.json").write_text(json.dumps(shifted(wanted, size.people)), encoding="utf-8")
    found = [(Taken([], {}, []), Taken([], {}, [])) for _ in sizes]
    for _ in range(size.rounds):
        for groups, (plain, ours) in zip(sizes, found, strict=True):
            file, live = folder / f"{groups}.yaml", folder / f"{groups}.json"
            _add(plain, ["yaml", file], folder)
            _add(ours, ["plan", file, live], folder)
    return found


def _add(taken: Taken, arguments: list[str | Path], folder: Path) -> None:
    here = Path(__file__).parents[2]
    command = [sys.executable, "-m", "benchmarks.offline.work", *arguments]
    told = json.loads(run(command, folder=folder, environment={"PYTHONPATH": str(here)}).out)
    taken.seconds.append(sum(told["parts"].values()))
    taken.parts.update(told["parts"])
    taken.peaks.append(told["peak"])
