"""Problems for other programs: kinds, workflow commands, SARIF."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.config import load
from reconciler.errors import ConfigError, Problem, ProblemKind
from reconciler.model.rules import Exemption, Finding, FindingKind, FindingPlace, Severity
from reconciler.report.options import RenderOptions
from reconciler.report.problems import (
    PROBLEM_HELP,
    Validation,
    finding_problem,
    problems_document,
    render_annotations,
    render_problems,
    sarif_document,
)
from reconciler.sanitize.escape import json_text, mask_and_escape
from tests.sanitize.hostile_readers import assert_no_number, assert_terminal_and_log_obey_nothing, decoded_command
from tests.sanitize.hostile_texts import DISGUISED, HOSTILE

BAD = Path(__file__).parents[1] / "config" / "bad"


CLOSED = {"additionalProperties": False}


def described(text: str) -> dict[str, Any]:
    return {"type": "object", "required": [text], "properties": {text: {"type": "string", "minLength": 1}}} | CLOSED


WHOLE = {"type": "integer", "minimum": 1}
# What the standard (OASIS SARIF 2.1.0) asks of the members that are written, in our words, and closed to others.
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    **CLOSED,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                **CLOSED,
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        **CLOSED,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                **CLOSED,
                                "properties": {
                                    "name": {"type": "string"},
                                    "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            **CLOSED,
                                            "properties": {
                                                "id": {"type": "string", "pattern": "^[a-z-]+(/[a-z-]+)?$"},
                                                "shortDescription": described("text"),
                                                "fullDescription": described("text"),
                                                "help": described("text"),
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    **CLOSED,
                                                    "properties": {
                                                        "level": {"enum": ["none", "note", "warning", "error"]}
                                                    },
                                                },
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "originalUriBaseIds": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            **CLOSED,
                            "properties": {"description": described("text")},
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "locations"],
                            **CLOSED,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": described("text"),
                                "suppressions": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["kind"],
                                        **CLOSED,
                                        "properties": {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "justification": {"type": "string"},
                                        },
                                    },
                                },
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {
                                        "type": "object",
                                        **CLOSED,
                                        "properties": {
                                            "physicalLocation": {
                                                "type": "object",
                                                "required": ["artifactLocation", "region"],
                                                **CLOSED,
                                                "properties": {
                                                    "artifactLocation": {
                                                        "type": "object",
                                                        "required": ["uri"],
                                                        **CLOSED,
                                                        "properties": {
                                                            "uri": {"type": "string", "pattern": "^[!-~]+$"},
                                                            "uriBaseId": {"const": "%SRCROOT%"},
                                                        },
                                                    },
                                                    "region": {
                                                        "type": "object",
                                                        "required": ["startLine"],
                                                        **CLOSED,
                                                        "properties": {"startLine": WHOLE, "startColumn": WHOLE},
                                                    },
                                                },
                                            },
                                            "logicalLocations": {
                                                "type": "array",
                                                "items": described("fullyQualifiedName"),
                                            },
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def github_commands(problems: Sequence[Problem], verdict: str = "") -> str:
    return render_annotations(Validation(problems, verdict), RenderOptions())


def problems_of(name: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(BAD / f"{name}.yaml", as_of=date(2026, 1, 1))
    return caught.value.problems


ALL = sorted(path.stem for path in BAD.glob("*.yaml"))


@pytest.mark.parametrize("name", ALL)
def test_both_formats_tell_every_problem_with_its_kind(name: str) -> None:
    problems = problems_of(name)
    document = json.loads(json_text(sarif_document(problems, "0.1.0")))
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleId"] for result in run["results"]] == [problem.kind for problem in problems]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    commands = [line for line in github_commands(problems).split("\n") if line.startswith("::")]
    titles = [decoded_command(command)[1]["title"] for command in commands]
    assert sorted(titles) == sorted(PROBLEM_HELP[problem.kind].title for problem in problems)
    assert_no_number(json_text(document))


def test_every_kind_is_explained_and_met_in_a_broken_file() -> None:
    assert list(PROBLEM_HELP) == list(ProblemKind)
    met = {problem.kind for name in ALL for problem in problems_of(name)}
    assert met == set(ProblemKind) - {ProblemKind.RULE, ProblemKind.TEST}


ERROR = Problem(
    "groups/a b.yaml", 4, 3, "groups.a[0]", "unknown key `x`", "did you mean `y`?", kind=ProblemKind.UNKNOWN_KEY
)
WARNING = Problem("groups.yaml", 2, 1, "", "white space", severity="warning", kind=ProblemKind.WHITE_SPACE)
WHOLE_FILE = Problem("ä.yaml", 0, 0, "", "there is no such file or folder", kind=ProblemKind.FILE)


def test_annotations_stand_at_their_lines_errors_first_and_end_in_how_many_there_are() -> None:
    assert github_commands([WARNING, ERROR, WHOLE_FILE]).split("\n") == [
        "::error file=groups/a b.yaml,line=4,col=3,title=Unknown key::groups.a[0]: unknown key `x`; did you mean `y`?",
        "::error file=ä.yaml,title=File that cannot be read::there is no such file or folder",
        "::warning file=groups.yaml,line=2,col=1,title=White space that is ignored::white space",
        "2 errors, 1 warning",
    ]


def test_where_nothing_is_wrong_the_verdict_is_all() -> None:
    assert github_commands([], "groups.yaml: valid, 3 groups") == "groups.yaml: valid, 3 groups"
    assert github_commands([WARNING], "groups.yaml: valid, 3 groups").endswith(
        "\n1 warning\ngroups.yaml: valid, 3 groups"
    )


@pytest.mark.parametrize(("number", "said"), [(10, False), (11, True)])
def test_it_is_said_when_there_are_more_than_github_shows(number: int, said: bool) -> None:
    assert ("shows 10 of each" in github_commands([ERROR] * number)) is said


def test_sarif_places_are_relative_to_the_repository_and_a_whole_file_is_its_first_line() -> None:
    results = sarif_document([ERROR, WHOLE_FILE, WARNING], "0.1.0")["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert places == [
        {
            "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line, "startColumn": column},
        }
        for uri, line, column in (("groups.yaml", 2, 1), ("groups/a%20b.yaml", 4, 3), ("%C3%A4.yaml", 1, 1))
    ]
    assert [result["level"] for result in results] == ["warning", "error", "error"]
    assert results[1]["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "groups.a[0]"}]


def test_a_file_outside_of_the_repository_has_no_base() -> None:
    outside = Problem("/etc/x y.yaml", 1, 1, "", "the value is empty", kind=ProblemKind.VALUE)
    (result,) = sarif_document([outside], "0.1.0")["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///etc/x%20y.yaml"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_in_its_place_and_obeyed_nowhere(name: str) -> None:
    text = HOSTILE[name]
    problem = Problem(text, 1, 1, text, text, text, kind=ProblemKind.VALUE)
    command, count = github_commands([problem]).split("\n")
    assert count == "1 error"
    kind, properties, message = decoded_command(command)
    assert kind == "error"
    assert list(properties) == ["file", "line", "col", "title"]
    assert properties["file"] == mask_and_escape(text)
    assert message == mask_and_escape(f"{text}: {text}; {text}")
    assert_terminal_and_log_obey_nothing(command.removeprefix("::"))
    document = sarif_document([problem], "0.1.0")
    jsonschema.validate(document, SARIF)
    assert_terminal_and_log_obey_nothing(json_text(document))
    (result,) = document["runs"][0]["results"]
    assert not re.search(r"(?<!\\)\]\(", result["message"]["text"])


@pytest.mark.parametrize("name", DISGUISED)
def test_numbers_are_masked_in_both(name: str) -> None:
    text = DISGUISED[name]
    problem = Problem(text, 1, 1, text, text, text, kind=ProblemKind.VALUE)
    assert_no_number(github_commands([problem], text))
    assert_no_number(json_text(sarif_document([problem], "0.1.0")))


ENDS = date(2027, 3, 31)
FINDINGS = {
    "error": Finding(rule="two-admins", severity=Severity.ERROR, message="`a` has 1 admin"),
    "warning": Finding(rule="naming", severity=Severity.WARNING, message="`b` is odd"),
    "audit": Finding(rule="naming", severity=Severity.AUDIT, message="`c` is odd"),
    "exempt": Finding(
        rule="two-admins",
        severity=Severity.ERROR,
        message="`d` has no admin",
        kind=FindingKind.EXEMPT,
        exemption=Exemption(ENDS, "board decision", "d"),
    ),
}
BROKEN = [
    finding_problem(replace(finding, place=FindingPlace("groups.yaml", number, 3, "groups.x")))
    for number, finding in enumerate(FINDINGS.values(), 1)
]


def test_a_broken_rule_has_its_name_and_severity_in_every_format() -> None:
    document = json.loads(json_text(sarif_document(BROKEN, "0.1.0")))
    jsonschema.validate(document, SARIF)
    results = document["runs"][0]["results"]
    assert [(one["ruleId"], one["level"]) for one in results] == [
        ("rule/two-admins", "error"),
        ("rule/naming", "warning"),
        ("rule/naming", "note"),
        ("rule/two-admins", "note"),
    ]
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in results)
    justification = "exempt until 2027-03-31: board decision"
    assert [one.get("suppressions") for one in results[2:]] == [
        None,
        [{"kind": "external", "justification": justification}],
    ]
    commands = [line for line in github_commands(BROKEN).split("\n") if line.startswith("::")]
    told = [(line.partition(" ")[0], decoded_command(line)[1]["title"]) for line in commands]
    assert told == [
        ("::error", "Broken rule: two-admins"),
        ("::warning", "Broken rule: naming"),
        ("::notice", "Broken rule: naming"),
        ("::notice", "Broken rule: two-admins"),
    ]
    text = render_problems(BROKEN)
    assert "groups.yaml:3:3: groups.x: audit: rule `naming`: `c` is odd" in text
    assert f"exempt: rule `two-admins`: `d` has no admin; {justification}" in text
    assert text.endswith("1 error, 1 warning, 1 for audit, 1 exempt")


def test_only_a_broken_rule_that_is_an_error_makes_a_configuration_invalid() -> None:
    assert [problems_document([problem])["valid"] for problem in BROKEN] == [False, True, True, True]
