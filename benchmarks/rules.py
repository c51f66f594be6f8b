"""Question 7: how long it takes to check fifty rules over a quarter of a million memberships."""

from __future__ import annotations

import random
import time
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, spread
from benchmarks.files import alias, drawn, yaml_of
from benchmarks.sizes import Size

DAY = date(2026, 1, 1)
RULES = 50
TEAMS = 20
PROSE = (
    "The file is loaded once. Then all rules are checked, which every plan does between the load and the first call. "
    "The rules are of all seven kinds, and over teams of 1% of the people each. Many are broken: no group has an "
    "admin, and few of the people who need an end have one.",
)


def ask(size: Size, folder: Path) -> Answer:
    """Time the check of all rules."""
    from reconciler.config import load
    from reconciler.rules import evaluate

    file = folder / "rules.yaml"
    file.write_text(_file(size), encoding="utf-8")
    desired, taken = load(file, as_of=DAY), []
    found: tuple[object, ...] = ()
    for _ in range(size.rounds):
        begun = time.perf_counter()
        found = evaluate(desired, DAY)
        taken.append(time.perf_counter() - begun)
    row = (f"{RULES} ready-made rules", seconds(median(taken)), spread(taken), f"{len(found):,}")
    return Answer(
        "rules",
        f"7. Rules: {RULES} of them over {size.groups:,} groups × {size.members} members",
        PROSE,
        (Table(("work", "median", "range", "findings"), (row,)),),
        (Target(f"{RULES} ready-made rules, seconds", median(taken), 0.5),),
        Chart("Rules", "s", (Bar(f"{RULES} ready-made rules", median(taken), ours=True),)),
    )


def _file(size: Size) -> str:
    chance = random.Random(3)  # noqa: S311 - the same draw each time is what is wanted
    share = max(2, size.people // 100)
    teams = [sorted(chance.sample(range(size.people), share)) for _ in range(TEAMS)]
    lines = ["teams:"]
    for number, people in enumerate(teams):
        entries = [f"{{person: {alias(one)}, until: 2026-12-31}}" for one in people]
        lines.append(f"  team-{number}: [{', '.join(entries)}]")
    lines.append("rules:")
    lines += [f"  - {{name: rule-{number}, {_rule(number)}}}" for number in range(RULES)]
    return yaml_of(drawn(size.groups, size.members, size.people), size.people) + "\n".join(lines) + "\n"


def _rule(number: int) -> str:
    """The keys of a rule: of seven kinds in turn, every other one over half of the groups."""
    one, other = number % TEAMS, (number + 1) % TEAMS
    groups = ", groups: 'group-0*'" if number % 2 else ""
    most = 10_000 if number % 10 else 1
    return (
        f"use: require-end, teams: [team-{one}], within: 400d{groups}",
        f"use: separate, teams: [team-{one}, team-{other}]",
        f"use: together, who: [team-{one}], in: [team-{one}]",
        f"use: must-contain, team: team-{one}, groups: group-0000",
        f"use: at-least-admins, count: 1{groups}, severity: audit",
        f"use: max-groups-per-person, count: {most}{groups}",
        f"use: naming, pattern: 'Group [0-9]+'{groups}",
    )[number % 7]
