"""What people read of each kind of problem: in annotations, and where other programs list what there is to silence.

What is wrong in the configuration, as text and as a document.

Problems as workflow commands, which GitHub shows on the lines of a pull request.

A file's path must be the one that it has in the repository.


Problems as SARIF 2.1.0 (OASIS), which code scanning and editors take.

Paths are relative to the repository (`%SRCROOT%`); columns count characters, as YAML's marks do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from reconciler.errors import Problem, ProblemKind
from reconciler.report.style import plural
from reconciler.sanitize.escape import mask_and_escape
from reconciler.sanitize.markdown import command_data, command_property
from reconciler.sanitize.mask import mask_text


@dataclass(frozen=True, slots=True)
class ProblemHelp:
    """A kind in words: `title` is short, `help` says what to do about it."""

    title: str
    help: str


PROBLEM_HELP: Final[Mapping[ProblemKind, ProblemHelp]] = {
    ProblemKind.FILE: ProblemHelp(
        "File that cannot be read",
        "A configuration is a file in UTF-8, or a folder of such files that end in .yaml or .yml.",
    ),
    ProblemKind.YAML: ProblemHelp(
        "No YAML, or YAML that is not allowed",
        "Tags, merge keys, several documents and aliases that blow up are not allowed; every value is text.",
    ),
    ProblemKind.DUPLICATE_KEY: ProblemHelp("Key defined twice", "Keep one of the two."),
    ProblemKind.UNKNOWN_KEY: ProblemHelp("Unknown key", "`reconciler schema` prints every key there is."),
    ProblemKind.MISSING_KEY: ProblemHelp("Key that is missing", "Add it."),
    ProblemKind.RESTRICTION: ProblemHelp(
        "Definition that may not stand in this file",
        "The file's `restrictions` say which file may define what. Move it, or have the rule widened.",
    ),
    ProblemKind.COUNTRY: ProblemHelp(
        "Number of a country that is not allowed",
        "`policy.allowed_countries` lists the countries. Add it there, or take the person out.",
    ),
    ProblemKind.UNKNOWN_REFERENCE: ProblemHelp(
        "Person or team that is not defined", "Define it under `people` or `teams`, or correct its name."
    ),
    ProblemKind.PHONE_NUMBER: ProblemHelp(
        "Phone number that is none, or in doubt", "Write it with + and the country code, or set `region`."
    ),
    ProblemKind.TEAM_CYCLE: ProblemHelp("Teams that contain each other", "Take one of them out."),
    ProblemKind.SAME_TWICE: ProblemHelp(
        "The same person or group twice", "One person, one alias; one group, one key; one membership."
    ),
    ProblemKind.CONTRADICTION: ProblemHelp("Lists that contradict each other", "Decide for one of them."),
    ProblemKind.LIMIT: ProblemHelp(
        "More than is allowed", "WhatsApp has limits for names, descriptions and members; `policy` may set lower ones."
    ),
    ProblemKind.WHITE_SPACE: ProblemHelp("White space that does not count", "Remove it."),
    ProblemKind.VALUE: ProblemHelp("Value of the wrong form", "`reconciler schema` says what each key takes."),
}
"""Every kind there is, in the order in which they are listed."""


def render_problems(problems: Sequence[Problem]) -> str:
    """One problem a line, sorted by place, and how many there are. Numbers are masked: line and column find them."""
    return "\n".join([*(mask_and_escape(str(problem)) for problem in sorted(problems)), counts_line(problems)])


def counts_line(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 warning`."""
    errors, warnings = _counts(problems)
    parts = [plural(errors, "error", "errors")] if errors or not warnings else []
    parts += [plural(warnings, "warning", "warnings")] if warnings else []
    return ", ".join(parts)


def problems_document(problems: Sequence[Problem]) -> dict[str, Any]:
    """The same as a document: whether the configuration is valid (warnings do not count), every problem by place."""
    return {"valid": _counts(problems)[0] == 0, "problems": [_row(problem) for problem in sorted(problems)]}


def _row(problem: Problem) -> dict[str, Any]:
    fields = {key: mask_text(value) if isinstance(value, str) else value for key, value in asdict(problem).items()}
    kind = fields.pop("kind")
    return {**fields, "rule": kind}


def _counts(problems: Sequence[Problem]) -> tuple[int, int]:
    warnings = sum(problem.severity == "warning" for problem in problems)
    return len(problems) - warnings, warnings


SHOWN_BY_GITHUB = 10
"""Annotations of each level that GitHub keeps of a step; the others are in the log alone."""


def render_annotations(problems: Sequence[Problem], verdict: str) -> str:
    """One command a problem, errors first, and in the end how many there are; `verdict` where nothing is wrong."""
    ranked = sorted(problems, key=lambda problem: (problem.severity != "error", problem))
    lines = [_command(problem) for problem in ranked]
    if problems:
        levels = [problem.severity for problem in problems]
        cut = any(levels.count(level) > SHOWN_BY_GITHUB for level in levels)
        more = f" (a pull request shows {SHOWN_BY_GITHUB} of each; all are in this log)" if cut else ""
        lines.append(counts_line(problems) + more)
    return "\n".join([*lines, *([mask_and_escape(verdict)] if verdict else [])])


def problem_message(problem: Problem) -> str:
    """What is wrong and what to do, with the place in the document and without that in the file."""
    where = f"{problem.path}: " if problem.path else ""
    return f"{where}{problem.message}{f'; {problem.hint}' if problem.hint else ''}"


def _command(problem: Problem) -> str:
    place = f",line={problem.line},col={problem.column}" if problem.line else ""
    level = "warning" if problem.severity == "warning" else "error"
    title = command_property(PROBLEM_HELP[problem.kind].title)
    return f"::{level} file={command_property(problem.file)}{place},title={title}::{command_data(problem_message(problem))}"


SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


ROOT: Final = "%SRCROOT%"


_INDEXES: Final = {kind: index for index, kind in enumerate(PROBLEM_HELP)}


_KEPT_IN_URI = re.compile(rb"[A-Za-z0-9._~/-]")


def sarif_document(problems: Sequence[Problem], version: str) -> dict[str, Any]:
    """One run of `version` of this program: every kind of problem there is, and every problem by its place."""
    driver = {
        "name": "reconciler",
        "semanticVersion": version,
        "rules": [_rule(kind, explained) for kind, explained in PROBLEM_HELP.items()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(problem) for problem in sorted(problems)],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(kind: ProblemKind, explained: ProblemHelp) -> dict[str, Any]:
    return {
        "id": kind,
        "shortDescription": {"text": explained.title},
        "fullDescription": {"text": f"{explained.title}."},
        "help": {"text": explained.help},
        "defaultConfiguration": {"level": "error"},
    }


def _result(problem: Problem) -> dict[str, Any]:
    # A problem with a whole file is shown on its first line: code scanning takes none without a line.
    region = {"startLine": max(problem.line, 1), "startColumn": max(problem.column, 1)}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(problem.file), "region": region}}
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": mask_and_escape(problem.path)}]
    return {
        "ruleId": problem.kind,
        "ruleIndex": _INDEXES[problem.kind],
        "level": "warning" if problem.severity == "warning" else "error",
        "message": {"text": _no_link(mask_and_escape(problem_message(problem)))},
        "locations": [location],
    }


def _artifact(file: str) -> dict[str, str]:
    path = mask_text(file).encode("utf-8", "surrogatepass")
    uri = "".join(chr(byte) if _KEPT_IN_URI.match(bytes([byte])) else f"%{byte:02X}" for byte in path)
    return {"uri": f"file://{uri}"} if uri.startswith("/") else {"uri": uri, "uriBaseId": ROOT}


def _no_link(text: str) -> str:
    """In a SARIF message `[text](address)` is a link (section 3.11.6) unless its brackets are escaped."""
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text
