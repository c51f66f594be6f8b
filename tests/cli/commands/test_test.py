"""`test`: which tests of the rules fail, at their lines; the exit code; the formats."""

from __future__ import annotations

import json

import pytest

from tests.stage import Stage

FILE = """\
people: {ana: +1 202 555 0143}
rules:
  - {name: two-admins, use: at-least-admins, count: 2, groups: board-*}
  - {name: few-groups, use: max-groups-per-person, count: 1, severity: audit}
groups:
  office: {name: Office, members: [ana]}
tests:
"""
ONE_ADMIN = """\
  - name: one admin
    people: {ben: +1 202 555 0144}
    groups: {board-1: {name: Board, members: [ben], admins: [ben]}}
    expect: EXPECTED
"""


def test_tests_that_break_what_they_expect_pass(stage: Stage) -> None:
    stage.file(FILE + ONE_ADMIN.replace("EXPECTED", "[two-admins]"))
    ran = stage.run("test")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "groups.yaml: 1 test passed\n"


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("[]", "`two-admins` is expected to hold: `board-1` has 1 admin, but needs at least 2"),
        ("[two-admins, few-groups]", "`few-groups` is expected to be broken, and holds"),
    ],
)
def test_a_test_fails_for_a_rule_too_many_and_for_one_too_few(expected: str, words: str, stage: Stage) -> None:
    path = stage.file(FILE + ONE_ADMIN.replace("EXPECTED", expected))
    line = path.read_text(encoding="utf-8").splitlines().index("  - name: one admin") + 1
    ran = stage.run("test")
    assert ran.code == 1
    assert f"groups.yaml:{line}:11: tests[0].name: the test `one admin` failed: {words}" in ran.out
    assert "1 error" in ran.out


def test_a_severity_that_only_lists_counts_as_broken(stage: Stage) -> None:
    stage.file(
        f"{FILE}  - name: in two groups\n    people: {{ben: +1 202 555 0144}}\n"
        "    groups: {a: {name: A, members: [ben]}, b: {name: B, members: [ben]}}\n    expect: [few-groups]\n"
    )
    assert stage.run("test").code == 0


def test_a_test_knows_nothing_of_the_files_people_and_defaults(stage: Stage) -> None:
    stage.file(f"{FILE}  - name: whose\n    groups: {{a: {{name: A, members: [ana]}}}}\n    expect: []\n")
    ran = stage.run("test")
    assert ran.code == 1
    assert "tests[0].groups.a.members[0]: `ana` is neither an alias nor a phone number" in ran.out


def test_the_day_of_a_test_can_be_set(stage: Stage) -> None:
    text = """\
    teams: {guests: [ana]}
    people: {ana: +1 202 555 0143}
    rules: [{name: ends, use: require-end, teams: [guests], within: 30d}]
    tests:
      - &near
        name: a month ahead
        people: {ben: +1 202 555 0144}
        teams: {guests: [ben]}
        groups: {a: {name: A, members: [{person: ben, until: 2031-01-31}]}}
        today: DAY
        expect: EXPECTED
    """
    for day, expected in (("2031-01-01", "[]"), ("2030-12-31", "[ends]")):
        stage.file(text.replace("&near\n        ", "").replace("DAY", day).replace("EXPECTED", expected))
        assert stage.run("test").code == 0


def test_a_rule_that_there_is_not_is_an_error_of_the_file(stage: Stage) -> None:
    stage.file(FILE + ONE_ADMIN.replace("EXPECTED", "[two-admin]"))
    for command in ("validate", "test"):
        ran = stage.run(command)
        assert ran.code == 1
        assert "there is no rule `two-admin`; did you mean `two-admins`?" in ran.out


def test_a_rule_about_changes_cannot_be_expected(stage: Stage) -> None:
    rule = "  - {name: frozen, each: change, require: 'change.action != \"remove\"'}\n"
    text = (
        FILE.replace("groups:\n", f"{rule}groups:\n", 1)
        if False
        else FILE.replace("  - {name: few", f"{rule}  - {{name: few")
    )
    stage.file(text + ONE_ADMIN.replace("EXPECTED", "[frozen]"))
    assert "the rule `frozen` is about changes, and a test has none" in stage.run("test").out


def test_a_file_without_tests_passes(stage: Stage) -> None:
    stage.file("groups: {}\n")
    ran = stage.run("test")
    assert (ran.code, ran.out) == (0, "groups.yaml: there are no tests\n")


def test_the_formats_are_those_of_validate(stage: Stage) -> None:
    stage.file(FILE + ONE_ADMIN.replace("EXPECTED", "[]"))
    document = json.loads(stage.run("test", "--format", "json").out)
    assert document["valid"] is False
    assert [problem["rule"] for problem in document["problems"]] == ["test"]
    assert stage.run("test", "--format", "github").out.startswith("::error file=")
    sarif = json.loads(stage.run("test", "--format", "sarif").out)
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["test"]
