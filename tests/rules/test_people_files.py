"""Rules over people from files: consent, and the row that breaks a rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.model.rules import Finding, FindingKind
from tests.rules.files import PEOPLE, TODAY

ROSTER = "no,mobile,class,agreed\n7,+1 404 555 0148,5a,yes\n8,+1 404 555 0149,5a,yes\n9,+1 303 555 0145,5a,no\n"
SOURCE = "sources: [{csv: roster.csv, id: no, phone: mobile, teams: [class, class], consent: agreed}]\n"
Check = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """What breaks the rules of a file beside a roster."""
    monkeypatch.chdir(tmp_path)

    def check(text: str, source: str = SOURCE) -> tuple[Finding, ...]:
        Path("roster.csv").write_text(ROSTER, encoding="utf-8")
        Path("groups.yaml").write_text(f"{PEOPLE}{source}{text}", encoding="utf-8")
        return load(Path("groups.yaml"), as_of=TODAY, check_rules=TODAY).findings

    return check


CONSENT = "rules: [{name: it, use: require-consent}]\n"


def test_somebody_who_did_not_agree_is_in_no_group_through_another_list(check: Check) -> None:
    assert check(f"groups: {{a: {{name: A, teams: [5a], members: [alice]}}}}\n{CONSENT}") == ()
    (found,) = check(f"groups: {{a: {{name: A, teams: [5a], members: [alice, carol]}}}}\n{CONSENT}")
    assert found.message == "`carol` is in `a`, but row 4 of roster.csv says that they did not agree"
    assert found.place is not None
    assert (found.place.path, found.group) == ("groups.a.members[1]", "a")


def test_consent_where_no_source_asks_for_it_is_a_rule_about_nothing(check: Check) -> None:
    (found,) = check(f"groups: {{}}\n{CONSENT}", SOURCE.replace(", consent: agreed", ""))
    assert (found.kind, found.message) == (FindingKind.NOTHING_TO_CHECK, "no entry of `sources` has `consent`")


def test_a_member_from_a_file_breaks_a_rule_at_their_row(check: Check) -> None:
    rules = "rules: [{name: it, use: require-end, teams: [5a]}, {name: two, use: separate, teams: [all, 5a]}]\n"
    found = check(f"teams: {{all: [alice], t: {{teams: [5a]}}}}\ngroups: {{a: {{name: A, teams: [t]}}}}\n{rules}")
    assert [str(one.place) for one in found] == ["roster.csv:2", "roster.csv:3"]
    assert [one.place and one.place.path for one in found] == ["row 2, column mobile", "row 3, column mobile"]
