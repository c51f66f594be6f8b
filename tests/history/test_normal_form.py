"""Every field of a configuration is compared: `diff` names its change, and `--changed-since` plans what it affects.

Each table has one change of every field. A field that is added to the model fails here until it has a line, too.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import pytest

from reconciler.errors import Problem, ProblemKind
from reconciler.history import normal_form
from reconciler.history.changed_since import select_changed
from reconciler.history.compare_configs import compare_configs
from reconciler.history.config_diff import ConfigVersion
from reconciler.history.normal_form import compare_settings, groups_equal
from reconciler.model.desired import (
    UNMANAGED,
    Budget,
    CheckNumbers,
    Desired,
    DesiredGroup,
    InputFile,
    Limit,
    Lookalikes,
    Member,
    Membership,
    PeopleFile,
    Person,
    Policy,
    RowsWithoutPhone,
    State,
)
from reconciler.model.restrictions import Restrictions, Rule
from reconciler.model.rules import Exemption, Finding, Separate, Severity
from reconciler.model.rules import Rule as RuleOfFile
from reconciler.report.config_diff import render_config_diff
from reconciler.report.options import RenderOptions
from tests.builders import ALICE, BETA_ID, BOB, CAROL, ERIN, desired, group, member, person

DAY = date(2026, 12, 31)
GROUP = group(members=[ALICE, BOB], admins=[ALICE])


def diff_text(old: Desired, new: Desired) -> str:
    compared = compare_configs(old, new, ConfigVersion("old"), ConfigVersion("new"))
    return render_config_diff(compared, RenderOptions(show_phones=True))


def full_plan_reasons(old: Desired, new: Desired) -> tuple[str, ...]:
    return select_changed(old, new, (), "main", "f" * 40).full_plan_reasons


def changes_group(old: Desired, new: Desired) -> bool:
    """Whether `--changed-since` plans the only group, and for its own sake."""
    since = select_changed(old, new, (), "main", "f" * 40)
    return not since.unchanged and not since.full_plan_reasons


# The changed group, and the word by which `diff` must name the change.
GROUP_CHANGES = {
    "id": (replace(GROUP, id=BETA_ID), "id"),
    "name": (replace(GROUP, name="Beta"), "name"),
    "previously": (replace(GROUP, previously=("Alfa",)), "previously"),
    "description": (replace(GROUP, description=""), "description"),
    "members": (replace(GROUP, members=group(members=[ALICE]).members), "- bob"),
    "expired": (
        replace(GROUP, members=group(members=[ALICE]).members, expired=(member(BOB, DAY),)),
        "- bob (until 2026-12-31)",
    ),
    "absent": (replace(GROUP, absent=group(absent=[CAROL]).absent), "absent"),
    "excepted": (replace(GROUP, excepted={CAROL.identity: member(CAROL)}), "except"),
    "admins": (replace(GROUP, admins=UNMANAGED), "admins"),
    "membership": (replace(GROUP, membership=Membership.ADDITIVE), "membership"),
    "invite": (replace(GROUP, invite="AbCdEfGh"), "invite"),
    "state": (replace(GROUP, state=State.LEFT), "state"),
    "lookalikes": (replace(GROUP, lookalikes=Lookalikes.ALLOW), "lookalikes"),
    "priority": (replace(GROUP, priority=5), "priority"),
    "max_removals": (replace(GROUP, max_removals=Limit("here", count=2)), "max_removals"),
}


@pytest.mark.parametrize("field", [field.name for field in fields(DesiredGroup) if field.name != "key"])
def test_each_field_of_a_group_is_compared(field: str) -> None:
    changed, word = GROUP_CHANGES[field]
    assert getattr(changed, field) != getattr(GROUP, field)
    for old, new in ((GROUP, changed), (changed, GROUP)):
        assert changes_group(desired(old), desired(new))
        assert not groups_equal(old, new)
    assert f" {word}" in diff_text(desired(GROUP), desired(changed))


MEMBER_CHANGES = {
    "until": (member(BOB, DAY), "until 2026-12-31"),
    "reason": (member(BOB, reason="contractor"), "contractor"),
    "by_invite": (member(BOB, by_invite=True), "by invite"),
    "left": (replace(member(BOB), left=True), "not added where not live"),
}


@pytest.mark.parametrize("field", [field.name for field in fields(Member) if field.name not in {"person", "teams"}])
def test_each_term_of_a_membership_is_compared(field: str) -> None:
    changed, words = MEMBER_CHANGES[field]
    new = replace(GROUP, members=group(members=[ALICE, changed]).members)

    assert changes_group(desired(GROUP), desired(new))
    assert f"bob: no end → {words}" in diff_text(desired(GROUP), desired(new))


# The changed policy, and whether a change can matter to the plan of every group.
POLICY_CHANGES = {
    "protected": (Policy(protected=frozenset({ALICE.identity})), True),
    "ignored": (Policy(ignored=frozenset({ALICE.identity})), True),
    "max_removals": (Policy(max_removals=Limit("here", count=2)), True),
    "max_source_loss": (Policy(max_source_loss=Limit("here", count=2)), True),
    "writes_per_minute": (Policy(writes_per_minute=5), False),
    "allowed_countries": (Policy(allowed_countries=frozenset({"US"})), False),
    "max_members": (Policy(max_members=5), False),
    "budget": (Policy(budget=Budget(adds_per_day=40)), True),
    "check_numbers": (Policy(check_numbers=CheckNumbers.ALL), True),
    "rows_without_phone": (Policy(rows_without_phone=RowsWithoutPhone.ERROR), False),
}


@pytest.mark.parametrize("field", [field.name for field in fields(Policy)])
def test_each_field_of_the_policy_is_compared(field: str) -> None:
    policy, affects_plans = POLICY_CHANGES[field]
    old, new = desired(GROUP), replace(desired(GROUP), policy=policy)

    name = "budget.adds_per_day" if field == "budget" else field
    assert f" policy.{name} " in diff_text(old, new)
    assert full_plan_reasons(old, new) == ((f"`policy.{name}` changed",) if affects_plans else ())


AUDITED = RuleOfFile(name="audited", condition=Separate(("audit", "board")))
BROKEN = Finding(rule="audited", severity=Severity.ERROR, message="alice is in both")
# The changed configuration, the word in `diff`, the setting in `--changed-since` ("": none).
BASE = desired(GROUP)
DESIRED_CHANGES = {
    "groups": (desired(replace(GROUP, name="Beta")), "name", ""),
    "people": (replace(BASE, people={ALICE.identity: replace(ALICE, lid="7@lid")}), "people.lid", "people.lid"),
    "instance_id": (replace(BASE, instance_id="inst_other"), "instance.id", "instance.id"),
    "account_since": (replace(BASE, account_since=DAY), "instance.since", "instance.since"),
    "account": (replace(BASE, account=ERIN), "instance.phone", "instance.phone"),
    "policy": (
        replace(BASE, policy=Policy(protected=frozenset({BOB.identity}))),
        "policy.protected",
        "policy.protected",
    ),
    "region": (replace(BASE, region="US"), "region", ""),
    "restrictions": (replace(BASE, restrictions=Restrictions((Rule("a", people=True),))), "restrictions", ""),
    "warnings": (replace(BASE, warnings=(Problem("f", 1, 1, "p", "odd", kind=ProblemKind.COUNTRY),)), "odd", ""),
    # What they say shows elsewhere, or not at all: both sides are of one day, and files are only where keys are.
    "as_of": (replace(BASE, as_of=DAY), "", ""),
    "sources": (replace(BASE, sources=(InputFile("f", "0"),)), "", ""),
    "people_files": (
        replace(BASE, people_files=(PeopleFile(path="f", name="f", format="csv", entry="f:2", people={}),)),
        "",
        "",
    ),
    "origins": (replace(BASE, origins={"groups": {"alpha": "f"}}), "", ""),
    # A changed rule is a change, and no reason to plan every group.
    "rules": (replace(BASE, rules=(AUDITED,)), "rules[audited]", ""),
    "rules_checked": (replace(BASE, rules_checked=DAY), "", ""),
    "findings": (replace(BASE, findings=(BROKEN,)), "", ""),
    # Tests change nothing in a group.
    "tests": (replace(BASE, tests=("one admin",)), "", ""),
    "failed_tests": (replace(BASE, failed_tests=(Problem("f", 1, 1, "p", "failed", kind=ProblemKind.TEST),)), "", ""),
    # A team shows in the groups that have it.
    "teams": (replace(BASE, teams={"board": {ALICE.identity: member(ALICE)}}), "", ""),
    "account_place": (replace(BASE, account_place="f:2"), "", ""),
    "group_places": (replace(BASE, group_places={"alpha": "f:3"}), "", ""),
}


@pytest.mark.parametrize("field", [field.name for field in fields(Desired)])
def test_each_field_of_the_configuration_is_compared(field: str) -> None:
    changed, word, setting = DESIRED_CHANGES[field]
    text = diff_text(BASE, changed)

    assert f" {word}" in text if word else text.startswith("No differences")
    assert full_plan_reasons(BASE, changed) == ((f"`{setting}` changed",) if setting else ())


# The changed rule, and what `diff` says of it.
RULE_CHANGES = {
    "name": (
        replace(AUDITED, name="other"),
        "rules[other]  (not set) → separate; teams: audit, board; severity: error",
    ),
    "condition": (replace(AUDITED, condition=Separate(("audit", "it"))), "→ separate; teams: audit, it;"),
    "message": (replace(AUDITED, message="by law"), "; message: by law; severity: error"),
    "severity": (replace(AUDITED, severity=Severity.AUDIT), "; severity: audit"),
    "groups": (replace(AUDITED, groups=("a-*", "b")), "; severity: error; groups: a-*, b"),
    "exempt": (
        replace(AUDITED, exempt=(Exemption(DAY, "until spring", "alpha", ALICE.identity),)),
        f"rules[audited].exempt  (not set) → alice in alpha until {DAY} (until spring)",
    ),
}


@pytest.mark.parametrize("field", [field.name for field in fields(RuleOfFile)])
def test_each_field_of_a_rule_is_compared_and_no_reason_to_plan_every_group(field: str) -> None:
    changed, words = RULE_CHANGES[field]
    old, new = replace(BASE, rules=(AUDITED,)), replace(BASE, rules=(changed,))
    assert words in diff_text(old, new)
    assert full_plan_reasons(old, new) == ()


def aliased(**changes: object) -> Desired:
    """The base, with one of its people changed."""
    return replace(BASE, people={**BASE.people, BOB.identity: replace(BOB, **changes)})  # type: ignore[arg-type]


# Whether the field decides who somebody is in a live group.
PERSON_CHANGES = {
    "identity": (replace(BASE, people={CAROL.identity: replace(CAROL, alias="bob")}), "bob: refers to", False),
    "lid": (aliased(lid="7@lid"), "people.lid", True),
    "alias": (replace(BASE, people={CAROL.identity: replace(CAROL, alias="bob")}), "bob: refers to", False),
    "other_aliases": (
        replace(BASE, people={CAROL.identity: replace(CAROL, other_aliases=("bob",))}),
        "bob: refers to",
        False,
    ),
    # Spelling: an address of the same account, a name for people.
    "jid": (aliased(jid="1@s.whatsapp.net"), "", False),
    "name": (aliased(name="Bob"), "", False),
}


@pytest.mark.parametrize("field", [field.name for field in fields(Person)])
def test_each_field_of_a_person_is_compared_or_only_spells_a_name(field: str) -> None:
    changed, words, affects_plans = PERSON_CHANGES[field]
    text = diff_text(BASE, changed)

    assert f" {words}" in text if words else text.startswith("No differences")
    assert bool(full_plan_reasons(BASE, changed)) is affects_plans


@dataclass(frozen=True, kw_only=True)
class NewGroup(DesiredGroup):
    """A group as a later version may have it."""

    colour: str = "red"
    moderators: object = None


@dataclass(frozen=True)
class NewMember(Member):
    """A membership as a later version may have it."""

    badge: str = ""


@dataclass(frozen=True)
class NewPolicy(Policy):
    """A policy as a later version may have it."""

    quiet_hours: str | None = None


def test_a_field_that_is_new_to_the_model_needs_no_line_of_code_to_be_seen() -> None:
    old, new = (desired(NewGroup(key="alpha", colour=colour)) for colour in ("red", "blue"))
    assert changes_group(old, new)
    assert "~ colour       red → blue" in diff_text(old, new)

    old, new = (desired(NewGroup(key="alpha", moderators=people)) for people in ({}, {BOB.identity: BOB}))
    assert changes_group(old, new)
    assert "~ moderators   + bob" in diff_text(old, new)

    old, new = (desired(replace(GROUP, members={BOB.identity: NewMember(BOB, badge=badge)})) for badge in ("", "gold"))
    assert changes_group(old, new)
    assert "badge: gold" in diff_text(old, new)


def test_a_setting_that_is_new_to_the_model_is_seen_and_plans_all_groups() -> None:
    old, new = (replace(BASE, policy=NewPolicy(quiet_hours=hours)) for hours in (None, "22-6"))
    assert full_plan_reasons(old, new) == ("`policy.quiet_hours` changed",)
    assert "~ policy.quiet_hours  (not set) → 22-6" in diff_text(old, new)


def test_a_field_of_a_person_is_compared_unless_it_is_named_as_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    spelling = {"identity", "jid", "alias", "other_aliases"}
    monkeypatch.setitem(normal_form._NOT_COMPARED, Person, frozenset(spelling))

    new = aliased(name="Bob")
    assert full_plan_reasons(BASE, new) == ("`people.name` changed",)
    assert "~ people.name  + Bob" in diff_text(BASE, new)


def test_a_value_that_nobody_knows_how_to_compare_fails_loudly() -> None:
    with pytest.raises(TypeError, match="cannot be compared: object"):
        groups_equal(NewGroup(key="alpha"), NewGroup(key="alpha", moderators=object()))


def test_order_spelling_teams_and_line_numbers_are_no_difference() -> None:
    al = Member(person("12025550143", "al"), teams=("board",))
    old = group(members=[ALICE, BOB], max_removals=Limit("groups.yaml:3", count=2))
    new = group(members=[BOB, al], max_removals=Limit("groups.yaml:99", count=2))

    assert old != new
    assert groups_equal(old, new)


def test_versions_that_share_almost_nothing_are_compared_item_by_item() -> None:
    old, new = (
        replace(BASE, people={ALICE.identity: replace(ALICE, alias=first, other_aliases=tuple(others))})
        for first, *others in (["__a", "b", "c", "d"], ["e", "f", "__g"])
    )

    assert [(delta.field, delta.item, delta.old, delta.new) for delta in compare_settings(old, new)] == [
        ("aliases", "__a", ALICE.identity, None),
        ("aliases", "__g", None, ALICE.identity),
        *(("aliases", name, ALICE.identity, None) for name in "bcd"),
        *(("aliases", name, None, ALICE.identity) for name in "ef"),
    ]
    assert compare_settings(BASE, BASE) == ()
