"""Question 6: how long people files take to read, beside Python's `csv` and `phonenumbers` on the same rows."""

from __future__ import annotations

import csv
import json
import sys
import time
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, spread, times
from benchmarks.numbers import number
from benchmarks.offline.work import peak
from benchmarks.sizes import Size
from benchmarks.timing import in_turn, ratio, run

PROSE = (
    "*Ours* is `load` of a file with one source: every row becomes a person in two teams, whose number, name, consent "
    "and last day are read and checked. *csv + phonenumbers* reads the same rows with Python's `csv`, and parses, "
    "checks and formats the number of each. Each runs in a process of its own, in turn; the time is that of the work, "
    "without Python's start and the imports; the memory is the process's highest (VmHWM).",
)
YAML = """\
version: 1
sources:
  - csv: roster.csv
    id: no
    phone: mobile
    name: "{first} {last}"
    teams: [class, {column: courses, split: ";"}]
    team_prefix: class-
    until: leaves
    consent: agreed
groups: {five-a: {name: Class 1, teams: [class-1]}}
"""
_FRENCH = ("199 00", "261 91", "353 01", "465 71", "536 49")
"""What French numbers for films begin with; four digits follow."""
_AMERICAN = 37_000


def phone(index: int) -> str:
    """Return the number of the person with this index, from 0; there are 87,000, and then they begin again."""
    index %= _AMERICAN + 10_000 * len(_FRENCH)
    if index < _AMERICAN:
        return number(index)
    prefix, last = divmod(index - _AMERICAN, 10_000)
    return f"+33 {_FRENCH[prefix]} {last // 100:02} {last % 100:02}"


def ask(size: Size, folder: Path) -> Answer:
    """Measure both ways of reading one file."""
    (folder / "groups.yaml").write_text(YAML, encoding="utf-8")
    with (folder / "roster.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("no", "first", "last", "mobile", "class", "courses", "leaves", "agreed"))
        for index in range(size.rows):
            name = ("Ann", f"Marsh {index}", phone(index))
            writer.writerow((index, *name, index % 480 + 1, f"art {index % 7}", "2030-07-31", "yes"))
    peaks: dict[str, int] = {}

    def timed(way: str) -> float:
        here = Path(__file__).parents[1]
        command = [sys.executable, "-m", "benchmarks.people_files", way]
        told = json.loads(run(command, folder=folder, environment={"PYTHONPATH": str(here)}).out)
        peaks[way] = told["peak"]
        return float(told["seconds"])

    taken = in_turn({way: partial(timed, way) for way in ("plain", "ours")}, size.rounds)
    names = {"plain": "csv + phonenumbers", "ours": "ours"}
    factor = ratio(taken["ours"], taken["plain"])
    rows = tuple(
        (
            names[way],
            seconds(median(found)),
            spread(found),
            times(ratio(found, taken["plain"])),
            f"{peaks[way] / 2**20:.0f} MB",
        )
        for way, found in taken.items()
    )
    return Answer(
        "people-files",
        f"6. People files: {size.rows:,} rows of CSV",
        PROSE,
        (Table(("work", "median", "range", "÷ csv + phonenumbers", "memory"), rows),),
        (
            Target("people files ÷ csv + phonenumbers, time", factor, 3.0),
            Target("people files, memory in MB", peaks["ours"] / 2**20, 300.0),
        ),
        Chart("People files", "s", tuple(Bar(names[way], median(each), way == "ours") for way, each in taken.items())),
    )


def read_plainly() -> int:
    """Read the rows, and check the number of each; how many are valid."""
    import phonenumbers

    valid = 0
    with Path("roster.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            parsed = phonenumbers.parse(row["mobile"])
            valid += phonenumbers.is_valid_number(parsed)
            phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return valid


def load_ours() -> int:
    """Load the configuration with the people file; how many people it has."""
    from reconciler.config.loader import load

    return len(load(Path("groups.yaml"), as_of=date(2026, 1, 1)).people)


def main(way: str) -> None:
    """Do the work of one way, and print what it took."""
    import phonenumbers

    # What both need once is not a part of the work.
    phonenumbers.is_valid_number(phonenumbers.parse(number(0)))
    begun = time.perf_counter()
    found = read_plainly() if way == "plain" else load_ours()
    json.dump({"seconds": time.perf_counter() - begun, "peak": peak(), "found": found}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
