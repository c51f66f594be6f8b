"""Question 7: how long it takes to check fifty rules over a quarter of a million memberships."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, spread
from benchmarks.files import alias, drawn, yaml_of
from benchmarks.sizes import Size

if TYPE_CHECKING:
    from reconciler.model.desired import Desired

DAY = date(2026, 1, 1)
RULES = 50
TEAMS = 20
READY_MADE, IN_CEL = f"{RULES} ready-made rules", f"{RULES} rules in CEL"
_MEMBER = re.compile(r"^      - (p\d+)$", re.MULTILINE)
_REASONS = ("contractor", "guest", "intern")
PROSE = (
    "The file is loaded once. Then all rules are checked, which every plan does between the load and the first call. "
    "The rules are of all seven kinds, and over teams of 1% of the people each. Many are broken: no group has an "
    "admin, and few of the people who need an end have one. Those in CEL are about members, people and groups in turn, "
    "with and without `when`; a fifth of the members has a last day and a reason. They are evaluated in a process of "
    "their own, whose time counts.",
)


def ask(size: Size, folder: Path) -> Answer:
    """Time the check of all rules of both kinds."""
    from reconciler.config import load

    rows, medians = [], []
    for name, rule in ((READY_MADE, _rule), (IN_CEL, _expression)):
        file = folder / "rules.yaml"
        file.write_text(_file(size, rule), encoding="utf-8")
        taken, found = _timed(load(file, as_of=DAY), size.rounds)
        medians.append(median(taken))
        rows.append((name, seconds(median(taken)), spread(taken), f"{found:,}"))
    return Answer(
        "rules",
        f"7. Rules: {RULES} of them over {size.groups:,} groups × {size.members} members",
        PROSE,
        (Table(("work", "median", "range", "findings"), tuple(rows)),),
        (
            Target(f"{READY_MADE}, seconds", medians[0], 0.5),
            Target(f"{IN_CEL}, seconds", medians[1], 3.0),
        ),
        Chart("Rules", "s", (Bar(READY_MADE, medians[0], ours=True), Bar(IN_CEL, medians[1], ours=True))),
    )


def _timed(desired: Desired, rounds: int) -> tuple[list[float], int]:
    """The seconds of each check, and how many findings there are."""
    from reconciler.config.phone_numbers import country_code
    from reconciler.rules import evaluate

    taken, found = [], 0
    for _ in range(rounds):
        begun = time.perf_counter()
        found = len(evaluate(desired, DAY, country_code))
        taken.append(time.perf_counter() - begun)
    return taken, found


def _file(size: Size, rule: Callable[[int], str]) -> str:
    chance = random.Random(3)  # noqa: S311 - the same draw each time is what is wanted
    share = max(2, size.people // 100)
    teams = [sorted(chance.sample(range(size.people), share)) for _ in range(TEAMS)]
    lines = ["teams:"]
    for number, people in enumerate(teams):
        entries = [f"{{person: {alias(one)}, until: 2026-12-31}}" for one in people]
        lines.append(f"  team-{number}: [{', '.join(entries)}]")
    lines.append("rules:")
    lines += [f"  - {{name: rule-{number}, {rule(number)}}}" for number in range(RULES)]
    groups = yaml_of(drawn(size.groups, size.members, size.people), size.people)
    return _MEMBER.sub(lambda match: _with_terms(match[1], chance), groups) + "\n".join(lines) + "\n"


def _with_terms(alias: str, chance: random.Random) -> str:
    """Every fifth member has a last day within a year and a reason."""
    if chance.random() >= 0.2:
        return f"      - {alias}"
    until = DAY + timedelta(days=chance.randrange(1, 365))
    return f"      - {{person: {alias}, until: {until}, reason: {chance.choice(_REASONS)}}}"


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


def _expression(number: int) -> str:
    """The keys of a rule in CEL: of eight kinds in turn."""
    team, next_team, some = f'"team-{number % TEAMS}"', f'"team-{(number + 1) % TEAMS}"', number % 10
    return (
        "each: member, when: 'member.reason == \"contractor\"', "
        f"require: 'has(member.until) && member.until <= today + duration(\"{9000 + number}h\")'",
        f"each: member, when: 'group.key.startsWith(\"group-00{some}\")', require: 'person.teams.size() <= {number}'",
        f"each: member, require: '!group.key.startsWith(\"kids-{number}\") || has(member.until)'",
        f'each: member, require: \'person.country in ["US", "X{some}"]\'',
        f"each: person, require: '!({team} in person.teams && {next_team} in person.teams && \"x\" in person.teams)'",
        f"each: person, require: 'person.groups.size() <= {100 + number}'",
        f"each: group, require: 'group.size <= {number + 1000} && group.name.matches(\"^Group [0-9]+$\")'",
        f"each: group, require: 'file.teams[{team}].size() > 0 || group.admins.size() > {number}'",
    )[number % 8]
