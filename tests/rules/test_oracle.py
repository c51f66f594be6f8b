"""Rules over random files come to what a slow reading of the same file comes to, one person and one group at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.config import FileContent, load_contents
from tests.rules.files import TODAY

NUMBERS = {f"p{index}": f"+1202555010{index}" for index in range(5)}
TEAMS = ["t", "u", "v"]
GROUPS = ["a", "b", "x-c"]
Case = dict[str, Any]
Found = set[tuple[str, str | None, str | None]]

days = st.none() | st.integers(-2, 4).map(lambda offset: (TODAY + timedelta(days=offset)).isoformat())
members = st.lists(st.tuples(st.sampled_from(sorted(NUMBERS)), days), max_size=4, unique_by=lambda one: one[0])
team_names = st.lists(st.sampled_from(TEAMS), max_size=2, unique=True)
patterns = st.sampled_from([[], ["a"], ["x-*"], ["?", "x-*"]])


def listed(people: list[tuple[str, str | None]]) -> list[Any]:
    """A list of members as a file has it."""
    return [{"person": alias} | ({"until": until} if until else {}) for alias, until in people]


@st.composite
def groups(draw: st.DrawFn) -> dict[str, Any]:
    found = {}
    for key in GROUPS:
        group: dict[str, Any] = {"name": draw(st.sampled_from([f"Class {key}", f"Other {key}"]))}
        group |= {"members": listed(draw(members)), "teams": draw(team_names)} if draw(st.booleans()) else {}
        group |= {"admins": draw(st.lists(st.sampled_from(sorted(NUMBERS)), max_size=3, unique=True))}
        found[key] = group | ({"membership": "additive"} if draw(st.booleans()) else {})
    return found


@st.composite
def rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    two = st.lists(st.sampled_from(TEAMS), min_size=2, max_size=3, unique=True)
    some = st.lists(st.sampled_from(TEAMS), min_size=1, max_size=2, unique=True)
    found: list[dict[str, Any]] = [
        {"use": "require-end", "teams": draw(some), "within": f"{draw(st.integers(0, 3))}d", "groups": draw(patterns)},
        {"use": "require-end", "teams": draw(some)},
        {"use": "separate", "teams": draw(two)},
        {"use": "together", "who": draw(some), "in": draw(some)},
        {"use": "must-contain", "team": draw(st.sampled_from(TEAMS)), "groups": draw(patterns) or ["*"]},
        {"use": "at-least-admins", "count": draw(st.integers(1, 3)), "groups": draw(patterns)},
        {"use": "max-groups-per-person", "count": draw(st.integers(1, 2)), "groups": draw(patterns)},
        {"use": "naming", "pattern": "Class .+", "groups": draw(patterns)},
    ]
    for index, rule in enumerate(found):
        rule["name"] = f"r{index}"
        if rule.get("groups") == []:
            del rule["groups"]
    return found


def in_team(case: Case, name: str) -> dict[str, str | None]:
    """Who is in a team today, each with their last day."""
    return {alias: until for alias, until in case["teams"][name] if until is None or until >= TODAY.isoformat()}


def in_group(case: Case, key: str) -> dict[str, str | None]:
    """Who is in a group today, each with the later of their last days."""
    group = case["groups"][key]
    found: dict[str, str | None] = {}
    entries = [(one["person"], one.get("until")) for one in group.get("members", [])]
    entries += [entry for name in group.get("teams", []) for entry in case["teams"][name]]
    for alias, until in entries:
        ends = [until, found[alias]] if alias in found else [until]
        found[alias] = None if None in ends else max(map(str, ends))
    return {alias: until for alias, until in found.items() if until is None or until >= TODAY.isoformat()}


def is_about(rule: dict[str, Any], key: str) -> bool:
    return any(
        pattern in ("*", key) or (pattern == "?" and len(key) == 1) or pattern == key[:2] + "*"
        for pattern in rule.get("groups", ["*"])
    )


def broken_in_group(case: Case, rule: dict[str, Any], key: str) -> Iterator[str | None]:
    """What breaks a rule in a group: its people, or None for the group itself."""
    group, people = case["groups"][key], in_group(case, key)
    is_managed = "members" in group
    match rule["use"]:
        case "require-end":
            yield from (alias for alias, until in people.items() if lacks_end(case, rule, alias, until))
        case "must-contain":
            missing = [alias for alias in in_team(case, rule["team"]) if alias not in people]
            yield from missing if is_managed else [None for _ in missing[:1]]
        case "at-least-admins":
            counts = not is_managed or group.get("membership") == "additive"
            if sum(alias in people or counts for alias in group["admins"]) < rule["count"]:
                yield None
        case "naming" if not group["name"].startswith("Class "):
            yield None


def lacks_end(case: Case, rule: dict[str, Any], alias: str, until: str | None) -> bool:
    if not any(alias in in_team(case, name) for name in rule["teams"]):
        return False
    return until is None or ("within" in rule and (date.fromisoformat(until) - TODAY).days > int(rule["within"][:-1]))


def is_breaking(case: Case, rule: dict[str, Any], alias: str) -> bool:
    """Whether a person breaks a rule wherever they are."""
    match rule["use"]:
        case "separate":
            return sum(alias in in_team(case, name) for name in rule["teams"]) > 1
        case "together" if any(alias in in_team(case, name) for name in rule["who"]):
            return not all(alias in in_team(case, name) for name in rule["in"])
        case "max-groups-per-person":
            groups = [key for key in GROUPS if is_about(rule, key) and alias in in_group(case, key)]
            return len(groups) > int(rule["count"])
    return False


def broken(case: Case, rule: dict[str, Any]) -> Iterator[tuple[str | None, str | None]]:
    """What breaks a rule: a group, a person, or a person in a group."""
    for key in (key for key in GROUPS if is_about(rule, key)):
        yield from ((key, alias) for alias in broken_in_group(case, rule, key))
    yield from ((None, alias) for alias in NUMBERS if is_breaking(case, rule, alias))


@given(
    st.fixed_dictionaries(
        {"teams": st.fixed_dictionaries(dict.fromkeys(TEAMS, members)), "groups": groups(), "rules": rules()}
    )
)
def test_what_breaks_a_rule_is_what_a_slow_reading_finds(case: Case) -> None:
    teams = {name: listed(people) for name, people in case["teams"].items()}
    document = {"version": 1, "people": NUMBERS, **case, "teams": teams}
    file = FileContent("a.yaml", json.dumps(document).encode())
    desired = load_contents([file], as_of=TODAY, folder=None, name="a.yaml", check_rules=TODAY)
    aliases = {number: alias for alias, number in NUMBERS.items()}
    found = {(one.rule, one.group, aliases.get(one.person or "")) for one in desired.findings if one.kind == "broken"}
    assert found == {(rule["name"], *where) for rule in case["rules"] for where in broken(case, rule)}
    assert all(one.place is not None and one.place.line for one in desired.findings)
