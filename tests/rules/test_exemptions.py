"""Exemptions: who may break a rule until when, and what becomes of those that ended or that nothing needs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reconciler.model.rules import FindingKind, Severity
from reconciler.rules import evaluate
from tests.rules.files import findings, loaded

FILE = """\
teams: {externals: [bob, carol]}
groups:
  a: {name: A, members: [bob, carol]}
  b: {name: B, members: [bob]}
rules:
- name: it
  use: require-end
  teams: [externals]
  exempt:
"""
END, REASON = date(2026, 12, 31), "board decision"


def kinds(*exemptions: str, day: date = date(2026, 6, 15)) -> list[tuple[str, str, str, str]]:
    """What is found with these exemptions: kind and severity, group and last digits of the person."""
    exempt = "".join(f"  - {{{one}, until: {END}, reason: {REASON}}}\n" for one in exemptions)
    return [
        (one.kind.value, one.severity.value, one.group or "", (one.person or "")[-4:])
        for one in findings(FILE + (exempt or "  - {person: dave, until: 2099-01-01, reason: none}\n"), day)
    ]


BOB_A, CAROL_A, BOB_B = ("a", "0144"), ("a", "0145"), ("b", "0144")


@pytest.mark.parametrize(
    ("exemption", "covered"),
    [("group: a", {BOB_A, CAROL_A}), ("person: bob", {BOB_A, BOB_B}), ("group: b, person: bob", {BOB_B})],
)
def test_an_exemption_covers_a_group_a_person_or_one_in_the_other(
    exemption: str, covered: set[tuple[str, str]]
) -> None:
    expected = {("exempt" if where in covered else "broken", "error", *where) for where in (BOB_A, CAROL_A, BOB_B)}
    assert set(kinds(exemption)) == expected


def test_an_exemption_holds_to_the_end_of_its_last_day_and_is_an_error_from_the_next_one_on() -> None:
    assert ("exempt", "error", *BOB_B) in kinds("person: bob", day=END)
    found = kinds("person: bob", day=date(2027, 1, 1))
    assert ("broken", "error", *BOB_B) in found
    assert ("exemption-ended", "error", "", "") in found


def test_an_exemption_that_nothing_needs_is_a_warning_at_its_line() -> None:
    text = FILE + "  - {person: dave, until: 2099-01-01, reason: none}\n"
    (found,) = (one for one in findings(text) if one.kind is FindingKind.EXEMPTION_UNUSED)
    assert (found.severity, found.refuses) == (Severity.WARNING, False)
    assert found.place is not None
    assert found.place.path == "rules[0].exempt[0]"
    assert found.message.startswith("the exemption of `dave` is not needed")


@pytest.mark.parametrize("severity", Severity)
def test_only_a_broken_rule_with_the_severity_error_refuses(severity: Severity) -> None:
    rule = f"rules: [{{name: it, use: naming, pattern: B, severity: {severity.value}}}]"
    (found,) = findings(f"groups: {{a: {{name: A}}}}\n{rule}")
    assert found.refuses is (severity is Severity.ERROR)


def test_every_exemption_that_is_used_is_listed_and_many_places_of_one_are_counted() -> None:
    people = "".join(f"  p{number}: +1 202 555 {1000 + number}\n" for number in range(250))
    names = ", ".join(f"p{number}" for number in range(250))
    text = (
        f"{people}groups:\n  a: {{name: A, members: [{names}]}}\n  b: {{name: B, members: [alice]}}\n"
        "teams: {everybody: [alice, " + names + "]}\n"
        "rules:\n- name: it\n  use: require-end\n  teams: [everybody]\n  exempt:\n"
        "  - {group: a, until: 2099-01-01, reason: one}\n  - {group: b, until: 2099-01-01, reason: two}\n"
    )
    found = findings(text)
    assert {one.kind for one in found} == {FindingKind.EXEMPT}
    assert {one.exemption.reason for one in found if one.exemption} == {"one", "two"}
    assert len(found) == 22
    assert "230 more places break this rule" in {one.message for one in found}


def test_what_is_exempt_on_one_of_two_days_is_broken_and_found_once() -> None:
    text = FILE + f"  - {{person: bob, until: {END}, reason: {REASON}}}\n"
    desired = loaded(text, END)
    found = evaluate(desired, END + timedelta(days=1), lambda _: "US")
    kinds_of = [(one.kind.value, one.group or "", (one.person or "")[-4:]) for one in found]
    assert sorted(kinds_of) == sorted(
        [*(("broken", *where) for where in (BOB_A, CAROL_A, BOB_B)), ("exemption-ended", "", "")]
    )
