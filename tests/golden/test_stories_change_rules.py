"""Rules about changes from end to end: what a plan would change refuses it, a saved plan included, `validate` not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stage import PHONE, Stage

pytest.importorskip("cel_expr_python")
ALICE, BOB, CAROL, STRANGER = (f"+1 202 555 01{n}" for n in (43, 44, 45, 66))
FILE = f"""\
people: {{alice: {{phone: {ALICE}, name: Alice Hart}}, bob: {BOB}, carol: {CAROL}}}
policy: {{max_removals: 100%}}
groups:
  kids-1: {{name: Kids, members: [alice, carol]}}
rules:
  - name: nobody-leaves
    each: change
    when: change.group.key.startsWith("kids-")
    require: change.action != "remove"
    message: "{{change.person.label}} would leave {{change.group.name}}"
"""


@pytest.fixture
def kids(guide: Stage) -> Stage:
    """A live group with one person too many."""
    guide.world.create_group("Kids", [ALICE, BOB, CAROL], owner=PHONE)
    guide.file(FILE)
    return guide


def findings(stage: Stage) -> list[dict[str, Any]]:
    document: dict[str, Any] = json.loads(stage.run("plan", "--format", "json", "--show-phones").out)
    found: list[dict[str, Any]] = document["findings"]
    return found


def test_a_forbidden_change_refuses_the_plan_and_the_apply_but_is_no_mistake_in_the_file(kids: Stage) -> None:
    assert kids.run("validate").code == 0
    planned = kids.run("plan", "--detailed-exitcode")
    assert planned.code == 1
    assert "bob would leave Kids" in planned.out
    applied = kids.run("apply", "--yes")
    assert applied.code == 1
    assert "refused before the first write" in applied.err
    assert kids.members("Kids") == {"12025550100", "12025550143", "12025550144", "12025550145"}
    (found,) = findings(kids)
    assert (found["rule"], found["group"], found["kind"]) == ("nobody-leaves", "kids-1", "broken")
    assert found["place"]["path"] == "groups.kids-1"


def test_the_override_lets_it_happen_once(kids: Stage) -> None:
    applied = kids.run("apply", "--yes", "--override-rule", "nobody-leaves", "--reason", "moved away")
    assert applied.code == 0, applied.err
    assert kids.members("Kids") == {"12025550100", "12025550143", "12025550145"}
    assert findings(kids) == []


def test_a_saved_plan_is_checked_again_when_it_is_applied(kids: Stage) -> None:
    assert kids.run("plan", "--out", "a.plan").code == 0
    refused = kids.run("apply", "a.plan", "--yes")
    assert refused.code == 1
    assert "bob would leave Kids" in refused.err


def test_somebody_who_is_not_in_the_file_is_shown_masked(kids: Stage) -> None:
    group = next(group for group in kids.world.groups() if group.name == "Kids")
    kids.world.remove_participant(group.id, BOB)
    kids.world.add_participant(group.id, STRANGER)
    planned = kids.run("plan")
    assert "+1 202 ••• ••66 would leave Kids" in planned.out
    assert STRANGER.replace(" ", "") not in planned.out.replace(" ", "")


def test_an_exemption_of_the_person_allows_the_change(kids: Stage) -> None:
    kids.file(FILE + "    exempt: [{person: bob, until: 2099-12-31, reason: moved away}]\n")
    assert [found["kind"] for found in findings(kids)] == ["exempt"]
    assert kids.run("apply", "--yes").code == 0


@pytest.mark.parametrize(
    ("group", "live", "actions"),
    [
        ("{name: Kids, members: [alice, bob, carol]}", True, []),
        ("{name: Kids, description: All kids, members: [alice, bob, carol]}", True, ["describe"]),
        ("{name: Children, previously: [Kids], members: [alice, bob, carol]}", True, ["rename"]),
        ("{name: Kids, state: left}", True, ["leave"]),
        ("{name: Kids, members: [alice, bob]}", False, ["create", "add alice", "add bob"]),
    ],
)
def test_each_change_has_its_action(group: str, live: bool, actions: list[str], guide: Stage) -> None:
    if live:
        guide.world.create_group("Kids", [ALICE, BOB, CAROL], owner=PHONE)
    text = FILE.partition("groups:")[0]
    rule = "rules: [{name: none, each: change, require: 'false', message: '{change.action} {change.person.alias}'}]\n"
    guide.file(f"{text}groups: {{kids-1: {group}}}\n{rule}")
    assert [found["message"].removesuffix(" none") for found in findings(guide)] == actions


def test_somebody_who_is_to_come_by_a_link_is_added(guide: Stage) -> None:
    guide.world.create_group("Kids", [ALICE], owner=PHONE)
    rule = "rules: [{name: none, each: change, require: 'false', message: '{change.action} {change.person.alias}'}]\n"
    members = "[alice, {person: bob, join: invite}]"
    guide.file(f"{FILE.partition('groups:')[0]}groups: {{kids-1: {{name: Kids, members: {members}}}}}\n{rule}")
    assert [found["message"] for found in findings(guide)] == ["add bob"]


def test_a_rule_about_changes_that_cannot_be_evaluated_is_in_a_plan_that_can_be_read(guide: Stage) -> None:
    rule = "rules: [{name: none, each: change, require: 'change.group.members[9] != \"\"'}]\n"
    guide.file(f"{FILE.partition('groups:')[0]}groups: {{kids-1: {{name: Kids, members: [alice]}}}}\n{rule}")
    guide.run("plan", "--out", "it.plan")
    shown = guide.run("show", "it.plan")
    assert (shown.code, "cannot be evaluated" in shown.out) == (0, True)
