"""Question 2: how close a run comes to the time that the rate limit itself dictates, and whether it is ever refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from statistics import median

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, spread, times
from benchmarks.files import drawn, shifted, yaml_of
from benchmarks.served import PROGRAM, Served, fill, serving
from benchmarks.sizes import Size
from benchmarks.timing import run

PEOPLE = 500

PROSE = (
    "The embedded server in a process of its own lets {limit} calls through every {window:g} s, and answers 429 after "
    "that. A window begins at the whole second in which its first call comes, and ends when the `X-RateLimit-Reset` of "
    "its answers says. So the n-th call of a run can be let in no earlier than "
    "`⌊t₁⌋ + window × (⌈n / limit⌉ − 1)`, where t₁ is when the server got the first one. The time that the limit "
    "dictates is that of the last call, counted from t₁: between eight and ten seconds for 600 calls, by where in its "
    "second the first one falls.",
    "*Took* is counted from the same t₁ to the end of the process, so that the last window's calls, the read-backs, "
    "the report and the exit are in it; *started* is what lies before it: Python, the imports, the file.",
)


@dataclass(frozen=True, slots=True)
class Paced:
    """One run: seconds that the limit dictates, that it took from its first call, and of the whole process."""

    dictated: float
    took: float
    whole: float
    calls: int
    refused: int

    @property
    def ratio(self) -> float:
        """What it took ÷ what the limit dictates."""
        return self.took / self.dictated


def ask(size: Size, folder: Path) -> Answer:
    """Measure an apply and a plan against the limited server."""
    applied, planned = [], []
    for _ in range(size.rounds):
        with serving(folder, rate_limit=size.limit, window=size.window) as served:
            applied.append(_apply(size, folder, served))
        with serving(folder, rate_limit=size.limit, window=size.window) as served:
            planned.append(_plan(size, folder, served))
    ways = {
        f"apply, {applied[0].calls} calls": applied,
        f"plan of {size.paced_reads} groups, {planned[0].calls} calls": planned,
    }
    targets = [
        *(Target(f"{name}: took ÷ dictated", median(p.ratio for p in runs), 1.05) for name, runs in ways.items()),
        Target("answers 429 in all of these runs", sum(p.refused for p in (*applied, *planned)), 0),
    ]
    bars = [
        Bar(f"{name.partition(',')[0]}: {which}", value, which == "took")
        for name, runs in ways.items()
        for which, value in (
            ("dictated", median(p.dictated for p in runs)),
            ("took", median(p.took for p in runs)),
        )
    ]
    return Answer(
        "pacing",
        f"2. Pacing: {size.limit} calls per {size.window:g} s",
        tuple(part.format(limit=size.limit, window=size.window) for part in PROSE),
        (
            Table(
                ("run", "dictated", "took", "took ÷ dictated", "its range", "started", "answers 429"),
                tuple(_row(name, runs) for name, runs in ways.items()),
            ),
        ),
        tuple(targets),
        Chart("Pacing", "s", tuple(bars)),
    )


def _row(name: str, runs: Sequence[Paced]) -> tuple[str, ...]:
    ratios = [p.ratio for p in runs]
    return (
        name,
        spread([p.dictated for p in runs]),
        spread([p.took for p in runs]),
        times(median(ratios)),
        f"{min(ratios):.3f} – {max(ratios):.3f}",
        seconds(median(p.whole - p.took for p in runs)),
        str(sum(p.refused for p in runs)),
    )


def _apply(size: Size, folder: Path, served: Served) -> Paced:
    """Two come and two go in each group: a read, an add, a remove and a read-back each, and the first also a patch."""
    wanted = drawn(size.paced_groups, 10, PEOPLE)
    fill(served.world, shifted(wanted, PEOPLE))
    text = yaml_of(wanted, PEOPLE)
    for key in list(wanted)[:2]:
        text = text.replace(f"All about {key}\n", f"Everything about {key}\n")
    (folder / "groups.yaml").write_text(text, encoding="utf-8")
    return _timed(["apply", "--yes", "--max-removals", "50%"], size, folder, served)


def _plan(size: Size, folder: Path, served: Served) -> Paced:
    """A list, and a read of each group; nothing has changed."""
    wanted = drawn(size.paced_reads, 10, PEOPLE)
    fill(served.world, wanted)
    (folder / "groups.yaml").write_text(yaml_of(wanted, PEOPLE), encoding="utf-8")
    return _timed(["plan"], size, folder, served)


def _timed(arguments: Sequence[str], size: Size, folder: Path, served: Served) -> Paced:
    ran = run([PROGRAM, *arguments, "groups.yaml"], folder=folder, environment=served.environment)
    calls = served.world.calls()
    dictated = dictated_by_limit([call.time for call in calls], size.limit, size.window)
    refused = sum(call.status == 429 for call in calls)
    return Paced(dictated, ran.ended - calls[0].time, ran.seconds, len(calls) - refused, refused)


def dictated_by_limit(sent: Sequence[float], limit: int, window: float) -> float:
    """Seconds after the first of these calls before which the limit cannot let the last one in; see PROSE."""
    first = min(sent)
    return max(0.0, floor(first) + window * (ceil(len(sent) / limit) - 1) - first)
