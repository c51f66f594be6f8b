"""Exemptions: who may break a rule until when, and what becomes of those that ended or that nothing needs."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.model.rules import FindingKind, Severity
from tests.rules.files import findings

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
