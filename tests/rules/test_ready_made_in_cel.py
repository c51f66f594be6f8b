"""Each ready-made rule, written in CEL, finds the same on random files."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import FileContent, load_contents
from tests.rules.files import TODAY
from tests.rules.test_oracle import NUMBERS, TEAMS, Case, groups, listed, members, rules

pytest.importorskip("cel_expr_python")
PATTERNS = {"a": "a", "x-*": "x-.*", "?": ".", "*": ".*"}


def in_cel(rule: dict[str, Any]) -> dict[str, Any]:
    """A ready-made rule as an expression, under its name and a `c`."""
    teams = json.dumps(rule.get("teams", rule.get("who", [])))
    pattern = f"^(?:{'|'.join(PATTERNS[pattern] for pattern in rule.get('groups', ['*']))})$"
    of_groups = f'group.key.matches("{pattern}")'
    in_teams = f"person.teams.exists(t, t in {teams})"
    match rule["use"]:
        case "require-end":
            latest = timedelta(days=int(rule.get("within", "100000d")[:-1]))
            ends = f'has(member.until) && member.until <= today + duration("{int(latest.total_seconds())}s")'
            found = {"each": "member", "when": f"{of_groups} && {in_teams}", "require": ends}
        case "separate":
            found = {"each": "person", "require": f"person.teams.filter(t, t in {teams}).size() <= 1"}
        case "together":
            required = f"{json.dumps(rule['in'])}.all(t, t in person.teams)"
            found = {"each": "person", "when": in_teams, "require": required}
        case "must-contain":
            required = f'file.teams["{rule["team"]}"].all(p, p in group.members)'
            found = {"each": "group", "when": of_groups, "require": required}
        case "at-least-admins":
            found = {"each": "group", "when": of_groups, "require": f"size(group.admins) >= {rule['count']}"}
        case "max-groups-per-person":
            counted = f'person.groups.filter(g, g.matches("{pattern}")).size() <= {rule["count"]}'
            found = {"each": "person", "require": counted}
        case _:
            matches = f'group.name.matches("^(?:{rule["pattern"]})$")'
            found = {"each": "group", "when": f'{of_groups} && group.name != ""', "require": matches}
    return {"name": f"{rule['name']}c", **found}


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"teams": st.fixed_dictionaries(dict.fromkeys(TEAMS, members)), "groups": groups(), "rules": rules()}
    )
)
def test_a_ready_made_rule_and_its_twin_in_cel_find_the_same(case: Case) -> None:
    teams = {name: listed(people) for name, people in case["teams"].items()}
    both = [*case["rules"], *map(in_cel, case["rules"])]
    document = {"version": 1, "people": NUMBERS, **case, "teams": teams, "rules": both}
    file = FileContent("a.yaml", json.dumps(document).encode())
    desired = load_contents([file], as_of=TODAY, folder=None, name="a.yaml", check_rules=TODAY)
    broken = {(one.rule, one.group, one.person) for one in desired.findings if one.kind == "broken"}
    assert not [one for one in desired.findings if one.kind == "not-evaluated"]
    for rule in case["rules"]:
        name = rule["name"]
        # The ready-made rule names everybody who is missing, the expression only the group.
        own = {(group, None if rule["use"] == "must-contain" else who) for of, group, who in broken if of == name}
        assert {(group, who) for of, group, who in broken if of == f"{name}c"} == own, rule
