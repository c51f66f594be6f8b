"""Question 6: how long it takes to tell the history of a file from git, commit by commit.

The commits are made of the real membership history that is in `data/`: one for each person who joined or left a group.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from statistics import median

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, spread
from benchmarks.calls.replay import Month, file_of, months
from benchmarks.calls.wanted import Wanted
from benchmarks.files import INSTANCE
from benchmarks.numbers import OWN
from benchmarks.sizes import Size
from benchmarks.timing import run

PROSE = (
    "Each commit puts one person into a group of one file, or takes one out, as happened in `data/2026.jsonl.gz`; when "
    "that history is used up, it goes backwards. Timed is `reconciler history --format csv` as a whole process, git "
    "included.",
)
_BEGIN = 1_700_000_000
_SECONDS_BETWEEN = 6 * 3600


def ask(size: Size, folder: Path) -> Answer:
    """Tell a short and a long history."""
    rows, bars, taken = [], [], {}
    for commits in size.commits:
        repository = folder / str(commits)
        groups = make_repository(repository, commits, size.history_groups)
        taken[commits] = [_told(repository) for _ in range(size.rounds)]
        rows.append((f"{commits:,} commits", str(groups), seconds(median(taken[commits])), spread(taken[commits])))
        bars.append(Bar(f"{commits:,} commits", median(taken[commits]), ours=True))
    few, many = size.commits
    return Answer(
        "history",
        "6. How long does the history of a file take?",
        PROSE,
        (Table(("history", "groups", "median", "lowest – highest"), tuple(rows)),),
        (
            Target(f"seconds for {few:,} commits", median(taken[few]), 1.5),
            Target(f"seconds for {many:,} commits", median(taken[many]), 10.0),
        ),
        Chart("The history of one file", "s", tuple(bars)),
    )


def _told(repository: Path) -> float:
    return run([sys.executable, "-m", "reconciler", "history", "--format", "csv"], folder=repository).seconds


def make_repository(folder: Path, commits: int, groups: int) -> int:
    """Make a repository with so many commits of a file of at most so many groups; how many it has."""
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=folder, check=True)
    program = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE)
    assert program.stdin is not None  # noqa: S101
    there = 0
    for number, (there, text) in enumerate(islice(_versions(groups), commits)):  # noqa: B007
        head = f"commit refs/heads/main\ncommitter Ann <ann@example.org> {_BEGIN + number * _SECONDS_BETWEEN} +0000\n"
        data = text.encode()
        head += f"data 8\nA change\nM 644 inline groups.yaml\ndata {len(data)}\n"
        program.stdin.write(head.encode() + data + b"\n")
    program.stdin.close()
    if program.wait():
        raise RuntimeError("git fast-import failed")
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=folder, check=True)
    return there


def _versions(most: int) -> Iterator[tuple[int, str]]:
    """Yield the file after each change, and how many groups it has."""
    known = list(months("2026"))
    keys = sorted(key for key, group in known[0].groups.items() if group.members)[:most]
    aliases = file_of(known[0]).aliases
    now = {key: set(known[0].groups[key].members or ()) for key in keys}
    entries = {key: _entry(known[0].groups[key], now[key], aliases) for key in keys}
    head = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {OWN}}}\npeople:\n"
    head += "".join(f"  {alias}: +{phone}\n" for phone, alias in aliases.items()) + "groups:\n"
    yield len(keys), head + "".join(entries.values())
    while True:
        for month in chain(known[1:], reversed(known[:-1])):
            for key, phone, joins in _moves(now, month):
                (now[key].add if joins else now[key].discard)(phone)
                entries[key] = _entry(known[0].groups[key], now[key], aliases)
                yield len(keys), head + "".join(entries.values())


def _moves(now: Mapping[str, set[str]], month: Month) -> Iterator[tuple[str, str, bool]]:
    """Yield who joins and who leaves which group until the month; a group that is gone then stays as it is."""
    for key, members in now.items():
        wanted = set(month.groups[key].members or ()) if key in month.groups else members
        # A full group has no room for somebody who comes before somebody else goes.
        yield from ((key, phone, False) for phone in sorted(members - wanted))
        yield from ((key, phone, True) for phone in sorted(wanted - members))


def _entry(group: Wanted, members: set[str], aliases: Mapping[str, str]) -> str:
    people = "".join(f"\n      - {aliases[phone]}" for phone in sorted(members))
    name = (group.name or group.key).replace("'", "''")
    return f"  {group.key}:\n    name: '{name}'\n    members:{people or ' []'}\n"
