"""The YAML of the benchmarks' worlds, written as a user writes it: aliases on top, a list of aliases in each group."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import islice

from benchmarks.numbers import OWN, number

INSTANCE = "inst_bench"


def alias(index: int) -> str:
    """The alias of the person with this index."""
    return f"p{index:05}"


def drawn(groups: int, members: int, people: int, seed: int = 1) -> dict[str, list[int]]:
    """Groups by key, each with so many different people drawn from all."""
    chance = random.Random(seed)  # noqa: S311 - the same draw each time is what is wanted
    return {f"group-{n:04}": sorted(chance.sample(range(people), members)) for n in range(groups)}


def shifted(groups: Mapping[str, Sequence[int]], people: int, seed: int = 2) -> dict[str, list[int]]:
    """The same groups after two of the first members of each left and two others came; a tiny group loses none."""
    chance = random.Random(seed)  # noqa: S311 - the same draw each time is what is wanted
    found = {}
    for key, members in groups.items():
        kept = list(members[2:]) if len(members) >= 8 else list(members)
        there = set(members)
        others = (n for n in chance.sample(range(people), len(members) + 2) if n not in there)
        found[key] = sorted([*kept, *islice(others, 2)])
    return found


def yaml_of(groups: Mapping[str, Sequence[int]], people: int) -> str:
    """A whole file: so many people, and these groups with a name, a description and members."""
    lines = ["version: 1", f"instance: {{id: {INSTANCE}, phone: {OWN}}}", "people:"]
    lines += [f"  {alias(n)}: {number(n)}" for n in range(people)]
    lines.append("groups:")
    for key, members in groups.items():
        lines += [f"  {key}:", f"    name: {name_of(key)}", f"    description: {about(key)}", "    members:"]
        lines += [f"      - {alias(member)}" for member in members]
    return "\n".join(lines) + "\n"


def name_of(key: str) -> str:
    """The name of the live group that a key stands for."""
    return key.replace("-", " ").title()


def about(key: str) -> str:
    """The description of the live group that a key stands for."""
    return f"All about {key}"
