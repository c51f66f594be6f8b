"""Real membership history as worlds and files: what a tool of this kind meets from month to month."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.calls.wanted import File, Wanted
from benchmarks.numbers import OWN, digits
from reconciler.sandbox import World

DATA = Path(__file__).parents[1] / "data"
MOST_MEMBERS = 1023
"""Beside the instance, of the 1,024 that a group can have."""


@dataclass(frozen=True, slots=True)
class Month:
    """One snapshot: its ISO date, and its groups by key. A group that is there no more is to be left."""

    date: str
    groups: Mapping[str, Wanted]


def months(year: str) -> Iterator[Month]:
    """The snapshots of a year, oldest first; from the second on with the groups that went, to be left."""
    phones = {alias: digits(phone) for alias, phone in _json("people.json").items()}
    before: Mapping[str, Wanted] = {}
    with gzip.open(DATA / f"{year}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            snapshot = json.loads(line)
            groups = _groups(snapshot["groups"], phones)
            gone = {k: Wanted(k, g.name, left=True) for k, g in before.items() if k not in groups and not g.left}
            before = {**groups, **gone}
            yield Month(snapshot["date"], before)


def file_of(month: Month) -> File:
    """The month as a file, with everybody under their pseudonym."""
    return File(tuple(month.groups.values()), {digits(phone): alias for alias, phone in _json("people.json").items()})


def begin(world: World, month: Month) -> None:
    """Make the month's groups by hand."""
    with world.transaction():
        for group in month.groups.values():
            world.create_group(group.name or "", group.members or (), owner=OWN, description=group.description or "")


def _groups(snapshot: Mapping[str, Any], phones: Mapping[str, str]) -> dict[str, Wanted]:
    """Two teams of one name go by their keys, since a name has to tell which group is meant."""
    names = Counter(group["name"].strip() for group in snapshot.values())
    return {
        key: Wanted(
            key,
            name=group["name"].strip() if names[group["name"].strip()] == 1 else key,
            description=group["description"].strip() or None,
            members=frozenset(phones[alias] for alias in group["members"][:MOST_MEMBERS]),
        )
        for key, group in snapshot.items()
    }


def _json(name: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return loaded
