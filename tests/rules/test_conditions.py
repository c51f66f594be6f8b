"""What keeps and what breaks each ready-made rule, and at which line."""

from __future__ import annotations

import pytest

from reconciler.model.rules import FindingKind
from tests.rules.files import findings, line_of, loaded, problems

# Each rule with a file that keeps it, a file that breaks it, and the words at the place of what breaks it.
CASES = {
    "require-end": (
        "{use: require-end, teams: [externals], within: 30d}",
        "teams: {externals: [bob]}\ngroups: {a: {name: A, members: [alice, {person: bob, until: 2026-07-15}]}}",
        "teams: {externals: [bob]}\ngroups:\n  a:\n    name: A\n    members:\n    - alice\n    - bob\n",
        "- bob",
    ),
    "require-end within": (
        "{use: require-end, teams: [externals], within: 30d}",
        "teams: {externals: [{person: bob, until: 2026-07-15}]}\ngroups: {a: {name: A, teams: [externals]}}",
        "teams: {externals: [{person: bob, until: 2026-07-16}]}\ngroups: {a: {name: A, teams: [externals]}}",
        "{person: bob, until",
    ),
    "require-end of any day": (
        "{use: require-end, teams: [externals]}",
        "teams: {externals: [{person: bob, until: 2099-01-01}]}\ngroups: {a: {name: A, teams: [externals]}}",
        "teams: {all: {teams: [externals]}, externals: [bob]}\ngroups: {a: {name: A, teams: [all]}}",
        "bob]}\n",
    ),
    "require-end in some groups": (
        "{use: require-end, teams: [externals], groups: 'x-*'}",
        "teams: {externals: [bob]}\ngroups: {a: {name: A, members: [bob]}, x-b: {name: B, members: []}}",
        "teams: {externals: [bob]}\ngroups:\n  x-b: {name: B, members: [alice,\n   bob]}",
        "\n   bob]}",
    ),
    "separate": (
        "{use: separate, teams: [audit, board]}",
        "teams: {audit: [alice], board: [bob, {person: alice, until: 2026-06-14}]}",
        "teams:\n  audit: [alice]\n  board: [bob,\n    alice]",
        "\n    alice",
    ),
    "separate through a nested team": (
        "{use: separate, teams: [audit, board]}",
        "teams: {audit: [alice], board: {teams: [heads]}, heads: [bob]}",
        "teams:\n  audit: [alice]\n  board: {teams: [heads]}\n  heads: [+1 202 555 0143]",
        "+1 202 555 0143]",
    ),
    "together": (
        "{use: together, who: [trainees], in: [onboarding]}",
        "teams: {trainees: [alice], onboarding: [alice, bob]}",
        "teams:\n  trainees: [bob,\n   {person: alice, until: 2026-12-31}]\n  onboarding: [bob]",
        "{person: alice",
    ),
    "together in each": (
        "{use: together, who: [trainees], in: [onboarding, safety]}",
        "teams: {trainees: [alice], onboarding: [alice], safety: [alice]}",
        "teams:\n  trainees:\n  - alice\n  onboarding: [alice]\n  safety: [bob]",
        "- alice",
    ),
    "must-contain": (
        "{use: must-contain, team: safeguarding, groups: 'kids-*'}",
        "teams: {safeguarding: [alice]}\ngroups: {kids-1: {name: K, teams: [safeguarding]}, b: {name: B}}",
        "teams: {safeguarding: [alice, bob]}\ngroups:\n  kids-1: {name: K, members: [alice]}",
        "kids-1:",
    ),
    "must-contain where members are not managed": (
        "{use: must-contain, team: safeguarding, groups: ['kids-*']}",
        "teams: {safeguarding: [alice]}\ngroups: {kids-1: {name: K, state: left, id: 120363012345678901@g.us}, "
        "kids-2: {name: L, members: [alice]}}",
        "teams: {safeguarding: [alice]}\ngroups:\n  kids-1: {name: K}",
        "kids-1:",
    ),
    "at-least-admins": (
        "{use: at-least-admins, count: 2}",
        "groups: {a: {name: A, members: [alice, bob], admins: [alice, bob]}}",
        "groups:\n  a: {name: A, members: [alice, {person: bob, until: 2026-06-14}], admins: [alice, bob]}",
        "a: {name",
    ),
    "at-least-admins with the account": (
        "{use: at-least-admins, count: 2}",
        "groups: {a: {name: A, members: [alice], admins: [alice, +1 202 555 0100]}}",
        "groups:\n  a: {name: A, members: [alice]}",
        "a: {name",
    ),
    "at-least-admins of an additive group": (
        "{use: at-least-admins, count: 1}",
        "groups: {a: {name: A, membership: additive, members: [alice], admins: [bob]}}",
        "groups:\n  a: {name: A, membership: additive, members: [alice], admins: []}",
        "a: {name",
    ),
    "max-groups-per-person": (
        "{use: max-groups-per-person, count: 1, groups: [a, b]}",
        "groups: {a: {name: A, members: [alice]}, b: {name: B, members: [bob]}, c: {name: C, members: [alice]}}",
        "groups:\n  a: {name: A, members: [+44 20 7946 0101]}\n  b: {name: B, members: [+44 20 7946 0101]}",
        "+44 20 7946 0101]}\n  b",
    ),
    "naming": (
        "{use: naming, pattern: 'Class [0-9]{1,2}[a-f]'}",
        "groups: {a: {name: Class 10b}, b: {id: 120363012345678901@g.us}}",
        "groups:\n  a: {name: My Class 10b}",
        "a: {name",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_kept_or_broken_at_the_entry_that_breaks_it(name: str) -> None:
    rule, kept, broken, place = CASES[name]
    rules = f"\nrules:\n- {rule[:1]}name: it, {rule[1:]}\n"
    assert findings(kept + rules) == ()
    (found,) = findings(broken + rules)
    assert (found.rule, found.kind) == ("it", FindingKind.BROKEN)
    assert found.place is not None
    start = place.lstrip("\n")
    assert found.place.line == line_of(broken + rules, place) + len(place) - len(start)


NOTHING = {
    "no group matches": "{use: naming, pattern: A, groups: 'x-*'}",
    "nobody is in `t`": "{use: require-end, teams: [t]}",
    "nobody is in `u`, `t`": "{use: separate, teams: [u, t]}",
}


@pytest.mark.parametrize("words", NOTHING)
def test_a_rule_about_nothing_is_a_warning_at_its_name(words: str) -> None:
    text = f"teams: {{t: [], u: []}}\ngroups: {{a: {{name: A}}}}\nrules:\n- {{name: it, {NOTHING[words][1:]}"
    (found,) = findings(text)
    assert (found.kind, found.severity, found.message[: len(words)]) == (FindingKind.NOTHING_TO_CHECK, "warning", words)
    assert found.place is not None
    assert found.place.path == "rules[0].name"


def test_the_message_of_a_rule_follows_what_breaks_it() -> None:
    rules = "rules: [{name: it, use: separate, teams: [t, u], message: the board is audited}]"
    (found,) = findings(f"teams: {{t: [alice], u: [alice]}}\n{rules}")
    assert found.message == "`alice` is in both `t` and `u`: the board is audited"


def test_of_many_violations_the_first_are_listed_and_the_others_counted() -> None:
    groups = "\n".join(f"  g{number}: {{name: G{number}}}" for number in range(250))
    found = findings(f"groups:\n{groups}\nrules: [{{name: it, use: at-least-admins, count: 1}}]")
    assert len(found) == 201
    assert found[-1].message == "50 more places break this rule"
    assert found[-1].refuses


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(.*)*b"])
def test_no_pattern_of_names_takes_for_ever(pattern: str) -> None:
    (found,) = findings(
        f"groups: {{a: {{name: {'a' * 100}}}}}\nrules: [{{name: it, use: naming, pattern: '{pattern}'}}]"
    )
    assert found.kind is FindingKind.BROKEN


@pytest.mark.parametrize("pattern", ["(?=a)", "(a)\\1", "[", "a)|(b", "(a{1000}){1000}", "(?<!a)b"])
def test_a_pattern_that_is_not_valid_or_not_known_is_one_error_at_its_place(pattern: str) -> None:
    (problem,) = problems(f"groups: {{a: {{name: A}}}}\nrules: [{{name: it, use: naming, pattern: '{pattern}'}}]")
    assert problem.path == "rules[0].pattern"
    assert "is not a regular expression that can be used" in problem.message


def test_a_pattern_matches_the_whole_name_however_its_accents_are_spelled() -> None:
    rule = "rules: [{name: it, use: naming, pattern: 'Ca[fx]e\u0301( [0-9])?'}]"
    assert findings(f"groups: {{a: {{name: Caf\u00e9 7}}}}\n{rule}") == ()
    assert len(findings(f"groups: {{a: {{name: Caf\u00e9 77}}, b: {{name: My Caf\u00e9}}}}\n{rule}")) == 2


def test_a_file_has_at_most_500_rules() -> None:
    rules = [f"  - {{name: r{number}, use: at-least-admins, count: 1}}\n" for number in range(501)]
    assert loaded("rules:\n" + "".join(rules[:500])).rules[-1].name == "r499"
    (found,) = problems("rules:\n" + "".join(rules))
    assert (found.path, found.message) == ("rules[500]", "there are 501 rules; 500 are allowed")


def test_a_rule_named_like_a_number_is_one_mistake_and_the_tests_that_expect_it_none() -> None:
    rules = "rules: [{name: 2026, use: naming, pattern: A}]\ntests: [{name: t, expect: [2026]}]\n"
    (found,) = problems(rules)
    assert (found.path, found.hint) == (
        "rules[0].name",
        "a number alone may be a phone number: add a word, as in `rule-7`",
    )
    (found,) = problems(rules.replace("2026", "year").replace("A}", "'('}"))
    assert found.path == "rules[0].pattern"


def test_the_pattern_of_a_rule_is_shown_as_it_is() -> None:
    (found,) = problems("rules: [{name: r, use: naming, pattern: '(a{1000}){1000}'}]\n")
    assert "`(a{1000}){1000}`" in found.message
