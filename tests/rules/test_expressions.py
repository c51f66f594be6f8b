"""Rules that are expressions: what breaks them, at which line and in which words, and when they cannot be evaluated."""

from __future__ import annotations

import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.model.rules import FindingKind, Severity
from reconciler.rules import expressions
from tests.rules.files import PEOPLE, TODAY, findings, line_of, problems

pytest.importorskip("cel_expr_python")
GROUPS = """\
teams:
  externals: [{person: bob, until: 2026-12-31}, carol]
groups:
  sales: {name: Sales, teams: [externals], members: [alice]}
  staff: {name: Staff, members: [alice, {person: dave, reason: "contractor, §4"}], admins: [alice]}
rules:
"""


def rule(*lines: str) -> str:
    return GROUPS + "  - name: checked\n" + "".join(f"    {line}\n" for line in lines)


def test_a_member_who_breaks_a_rule_is_found_at_the_entry() -> None:
    text = rule("each: member", "when: '\"externals\" in member.through'", "require: has(member.until)")
    (found,) = findings(text)
    assert (found.group, found.severity, found.kind) == ("sales", Severity.ERROR, FindingKind.BROKEN)
    assert found.message == "`carol` in `sales` does not meet `has(member.until)`"
    assert found.place is not None
    assert (found.place.line, found.place.path) == (line_of(text, "externals: ["), "teams.externals[1]")


def test_a_group_and_a_person_that_break_a_rule_are_found_at_their_keys() -> None:
    text = rule("each: group", "require: group.admins.size() > 0")
    (found,) = findings(text)
    assert found.group == "sales"
    assert found.place is not None
    assert found.place.line == line_of(text, "sales: {")
    text = rule("each: person", "require: person.groups.size() < 2")
    (found,) = findings(text)
    assert (found.group, found.person) == (None, "+12025550143")
    assert found.place is not None
    assert found.place.path == "people.alice"


def test_a_message_has_the_values_of_its_variables() -> None:
    text = rule(
        "each: member",
        "when: group.key == 'sales'",
        "require: 'false'",
        "message: '{person.label}|{group.size}|{member.until}|{member.through}|{today}|{{x}}'",
    )
    assert [found.message for found in findings(text)] == [
        "alice|3|none|none|2026-06-15|{x}",
        "bob|3|2026-12-31|externals|2026-06-15|{x}",
        "carol|3|none|externals|2026-06-15|{x}",
    ]


def test_values_of_people_and_groups_are_those_of_the_file() -> None:
    values = [
        "group.members == ['alice', 'dave'] && group.admins == ['alice'] && group.membership == 'exact'",
        "person.alias != 'dave' || member.reason == 'contractor, §4'",
        "person.country == 'US' && 'staff' in person.groups && !('externals' in person.teams)",
        "member.person.alias == person.alias && file.groups == ['sales', 'staff']",
        "file.teams['externals'] == ['bob', 'carol'] && file.people.size() == 4",
        "today == timestamp('2026-06-15T00:00:00Z')",
    ]
    text = "".join(
        f'  - {{name: r{index}, each: member, when: group.key == "staff", require: "{value}"}}\n'
        for index, value in enumerate(values)
    )
    assert [found.message for found in findings(GROUPS + text)] == []


@pytest.mark.parametrize(
    ("require", "words"),
    [
        ("member.until > today", "`require` cannot be evaluated for `alice` in `sales`: there is no `member.until`"),
        ("1 / (group.size - 3) < 9", "`require` cannot be evaluated for `alice` in `sales`: divide by zero"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_an_error_whatever_its_severity(require: str, words: str) -> None:
    text = rule("each: member", f"require: {require}", "severity: audit")
    (found,) = findings(text)
    assert (found.kind, found.severity, found.refuses) == (FindingKind.NOT_EVALUATED, Severity.ERROR, True)
    assert words in found.message
    assert found.place is not None
    assert found.place.line == line_of(text, "require: ")


def test_a_rule_that_takes_too_long_is_stopped_and_the_others_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "MAX_SECONDS", 0.05)
    digits = "[0,1,2,3,4,5,6,7,8,9]"
    heavy = "'y'.matches('((((x{9}){9}){9}){1})' + string(a + b + c)) || true"
    slow = f"{digits}.all(a, {digits}.all(b, {digits}.all(c, {heavy})))"
    text = rule("each: group", f'require: "{slow}"') + "  - {name: after, each: group, require: group.size > 2}\n"
    slow_one, after = findings(text)
    assert (slow_one.rule, slow_one.kind) == ("checked", FindingKind.NOT_EVALUATED)
    assert slow_one.message == "it takes more than 0.05 seconds, and was stopped"
    assert (after.rule, after.group) == ("after", "staff")


def test_an_exemption_allows_what_an_expression_forbids() -> None:
    text = rule(
        "each: group",
        "require: group.admins.size() > 0",
        "exempt: [{group: sales, until: 2026-12-31, reason: a new board}]",
    )
    assert [found.kind for found in findings(text)] == [FindingKind.EXEMPT]


@pytest.mark.parametrize(
    ("lines", "at", "message"),
    [
        (("each: member", "require: member.untl > today"), "member.untl", "there is no `member.untl`"),
        (
            ("each: member", "require: |", "  has(member.until) &&", "    group.size > 'x'"),
            "> 'x'",
            "does not take a number and a text",
        ),
        (
            ("each: member", "require: >-", "  has(member.until) &&", "  group.size > 'x'"),
            "> 'x'",
            "does not take a number and a text",
        ),
        (("each: group", 'require: "group.key == \\"a\\" && group.siz > 1"'), "group.siz ", "there is no `group.siz`"),
        (("each: group", "require: 'group.key == ''a'' && group.siz > 1'"), "group.siz ", "there is no `group.siz`"),
        (("each: group", "require: 'true'", "message: 'see {group.nam}'"), "{group.nam}", "there is no `group.nam`"),
        (("each: group", "require: 'true'", "message: 'see {group.key'"), "{group.key", "has no partner"),
        (("each: group", "require: 'true'", "message: 'see {file.teams}'"), "{file.teams", "is not a text"),
    ],
)
def test_a_mistake_is_at_its_line_and_column_of_the_file(lines: tuple[str, ...], at: str, message: str) -> None:
    text = rule(*lines)
    (found,) = problems(text)
    assert message in found.message
    line = line_of(text, at)
    assert (found.line, found.column) == (line, f"{PEOPLE}{text}".splitlines()[line - 1].index(at) + 1)


def test_a_rule_needs_each_and_a_ready_made_one_takes_no_expression() -> None:
    (found,) = problems(GROUPS + "  - {name: a, require: 'true'}\n")
    assert "`require` needs `each`" in found.message
    (found,) = problems(GROUPS + "  - {name: a, use: naming, pattern: x, when: 'true'}\n")
    assert "`naming` has no key `when`" in found.message
    (found,) = problems(GROUPS + "  - {name: a}\n")
    assert found.message == "needs `use` or `require`"


def test_without_the_library_an_expression_is_an_error_and_a_ready_made_rule_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python.cel", None)
    expressions.compiled.cache_clear()
    from reconciler.rules import cel

    cel._environment.cache_clear()
    (found,) = problems(rule("each: group", "require: group.size > 2"))
    assert "CEL is not installed" in found.message
    assert found.hint == "pip install 'cel-expr-python>=0.1.3,<0.2'"
    assert any(one.startswith("cel-expr-python") and "extra" in one for one in requires("wappfy-reconciler") or [])
    assert len(findings(GROUPS + "  - {name: a, use: at-least-admins, count: 1}\n")) == 1


def test_the_source_of_a_person_is_the_file_that_has_them(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("no,mobile\n7,+1 404 555 0146\n", encoding="utf-8")
    file = tmp_path / "groups.yaml"
    file.write_text(
        "version: 1\npeople: {alice: +1 202 555 0143}\nsources: [{csv: roster.csv, id: no, phone: mobile}]\n"
        "rules: [{name: a, each: person, require: person.source == '', message: '{person.source}'}]\n",
        encoding="utf-8",
    )
    assert [found.message for found in load(file, as_of=TODAY, check_rules=TODAY).findings] == ["roster.csv"]


def test_an_expression_about_nothing_is_a_warning() -> None:
    (found,) = findings("rules: [{name: r, each: member, require: 'false'}]\n")
    assert (found.kind, found.severity) == (FindingKind.NOTHING_TO_CHECK, Severity.WARNING)


def test_somebody_who_is_only_an_admin_is_a_person() -> None:
    text = "groups: {a: {name: A, members: [alice], admins: [+1 505 555 0177]}}\n"
    (found,) = findings(text + "rules: [{name: r, each: person, require: person.alias != ''}]\n")
    assert found.person == "+15055550177"


def test_an_expression_whose_when_is_never_true_is_a_warning() -> None:
    (found,) = findings(rule("each: member", "when: group.key == 'none'", "require: 'false'"))
    assert (found.kind, found.message) == (FindingKind.NOTHING_TO_CHECK, "`when` is never true")


def test_a_group_to_leave_is_seen_by_rules_about_groups_alone() -> None:
    text = "groups: {a: {name: A, members: [alice]}, b: {name: B, state: left}}\nrules:\n"
    text += "  - {name: g, each: group, require: group.state == 'present'}\n"
    text += "  - {name: m, each: member, require: group.state == 'present'}\n"
    assert [(one.rule, one.group) for one in findings(text)] == [("g", "b")]


def test_texts_are_the_same_however_their_accents_are_typed() -> None:
    text = 'groups: {a: {name: "Jose\u0301", members: [alice]}}\nrules: [{name: r, each: group, require: X}]\n'
    for written in ("Jos\u00e9", "Jose\u0301"):
        assert findings(text.replace("X", f"group.name == '{written}'")) == ()
