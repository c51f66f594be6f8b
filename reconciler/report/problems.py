"""Problems in the configuration as text, as JSON, as workflow commands for GitHub and as SARIF 2.1.0 (OASIS).

For GitHub and SARIF a file's path must be relative to the repository. Columns count characters, as YAML's marks do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from reconciler import __version__
from reconciler.errors import ApiError, ConfigError, Problem, ProblemKind, ReconcilerError
from reconciler.model.text import plural
from reconciler.report.options import RenderOptions
from reconciler.sanitize.escape import for_display, json_text, mask_and_escape
from reconciler.sanitize.markdown import command_data, command_property
from reconciler.sanitize.mask import mask_text


@dataclass(frozen=True, slots=True)
class ProblemHelp:
    """A kind of problem in words: a short `title`, and what to do in `help`."""

    title: str
    help: str


@dataclass(frozen=True, slots=True)
class Validation:
    """What a check of the configuration found; `verdict` is the line that ends it where it is valid, else ""."""

    problems: Sequence[Problem]
    verdict: str = ""


PROBLEM_HELP: Final[Mapping[ProblemKind, ProblemHelp]] = {
    ProblemKind.FILE: ProblemHelp(
        "File that cannot be read",
        "A configuration is a file in UTF-8, or a folder of such files that end in .yaml or .yml.",
    ),
    ProblemKind.YAML: ProblemHelp(
        "Invalid YAML, or YAML that is not allowed",
        "Do not use tags, merge keys, several documents or aliases that expand without limit; every value is text.",
    ),
    ProblemKind.DUPLICATE_KEY: ProblemHelp("Key defined twice", "Keep one of the two."),
    ProblemKind.UNKNOWN_KEY: ProblemHelp("Unknown key", "Run `reconciler schema` to see every key."),
    ProblemKind.MISSING_KEY: ProblemHelp("Missing key", "Add it."),
    ProblemKind.RESTRICTION: ProblemHelp(
        "Definition that is not allowed in this file",
        "The `restrictions` say which file may define what. Move the definition, or ask for a wider rule.",
    ),
    ProblemKind.COUNTRY: ProblemHelp(
        "Number of a country that is not allowed",
        "Add the country to `policy.allowed_countries`, or remove the person.",
    ),
    ProblemKind.UNKNOWN_REFERENCE: ProblemHelp(
        "Person or team that is not defined", "Define it under `people` or `teams`, or correct its name."
    ),
    ProblemKind.PHONE_NUMBER: ProblemHelp(
        "Invalid or ambiguous phone number", "Write it with + and the country code, or set `region`."
    ),
    ProblemKind.TEAM_CYCLE: ProblemHelp("Teams that contain each other", "Remove one of them."),
    ProblemKind.SAME_TWICE: ProblemHelp(
        "The same person or group twice",
        "Use one alias for a person, one key for a group, and one entry for a membership.",
    ),
    ProblemKind.CONTRADICTION: ProblemHelp("Lists that contradict each other", "Keep one of them."),
    ProblemKind.LIMIT: ProblemHelp(
        "More than is allowed", "WhatsApp has limits for names, descriptions and members; `policy` may set lower ones."
    ),
    ProblemKind.WHITE_SPACE: ProblemHelp("White space that is ignored", "Remove it."),
    ProblemKind.VALUE: ProblemHelp(
        "Value of the wrong type or form", "Run `reconciler schema` to see what each key takes."
    ),
    ProblemKind.PEOPLE_FILE: ProblemHelp(
        "Mistake in a file that `sources` names",
        "Correct the row and column that the message names, or the entry of `sources` that reads the file.",
    ),
}
"""Every kind, in the order in which SARIF lists them."""


def render_validation(validation: Validation, options: RenderOptions) -> str:
    """Return every problem and the verdict as text."""
    problems = render_problems(validation.problems, show_phones=options.show_phones) if validation.problems else ""
    return "\n".join(filter(None, [problems, validation.verdict]))


def render_validation_json(validation: Validation, options: RenderOptions) -> str:
    """Return every problem as JSON."""
    return json_text(problems_document(validation.problems, show_phones=options.show_phones))


def render_sarif(validation: Validation, _: RenderOptions) -> str:
    """Return every problem as SARIF of this version of the program."""
    return json_text(sarif_document(validation.problems, __version__))


def render_problems(problems: Sequence[Problem], *, show_phones: bool = False) -> str:
    """Return one problem a line, sorted by place, and how many there are."""
    lines = [line for problem in sorted(problems) for line in problem.lines()]
    return "\n".join([*(for_display(line, show_phones=show_phones) for line in lines), counts_line(problems)])


def counts_line(problems: Sequence[Problem]) -> str:
    """Return `2 errors, 1 warning`."""
    errors, warnings = _counts(problems)
    parts = [plural(errors, "error")] if errors or not warnings else []
    parts += [plural(warnings, "warning")] if warnings else []
    return ", ".join(parts)


def problems_document(problems: Sequence[Problem], *, show_phones: bool = False) -> dict[str, Any]:
    """Return a document: whether the configuration is valid (warnings do not count), and every problem by place."""
    return {
        "valid": _counts(problems)[0] == 0,
        "problems": [_row(problem, show_phones) for problem in sorted(problems)],
    }


def error_document(error: ReconcilerError) -> dict[str, Any]:
    """Return the document of an error that ended a command, masked; with every problem, if it is in the configuration.

    Only then the configuration is known to be invalid.
    """
    is_problem = isinstance(error, ConfigError)
    problems = error.problems if isinstance(error, ConfigError) else ()
    details = {
        "kind": type(error).__name__,
        "message": mask_text(error.message if is_problem else error.summary()),
        "hint": mask_text(error.hint),
        "code": mask_text(error.code) if isinstance(error, ApiError) and error.code else None,
    }
    document = problems_document(problems)
    return {**document, "valid": False if is_problem else None, "error": details}


def _row(problem: Problem, show_phones: bool) -> dict[str, Any]:
    fields = asdict(problem)
    if not show_phones:
        fields = {key: mask_text(value) if isinstance(value, str) else value for key, value in fields.items()}
    kind = fields.pop("kind")
    del fields["excerpt"]
    return {**fields, "rule": kind}


def _counts(problems: Sequence[Problem]) -> tuple[int, int]:
    warnings = sum(problem.severity == "warning" for problem in problems)
    return len(problems) - warnings, warnings


MAX_ANNOTATIONS: Final = 10
"""Annotations of each level that GitHub keeps of a step; the others are in the log alone."""


def render_annotations(validation: Validation, _: RenderOptions) -> str:
    """Return one command a problem, errors first, how many there are, and the verdict."""
    problems, verdict = validation.problems, validation.verdict
    ranked = sorted(problems, key=lambda problem: (problem.severity != "error", problem))
    lines = [_command(problem) for problem in ranked]
    if problems:
        levels = [problem.severity for problem in problems]
        cut = any(levels.count(level) > MAX_ANNOTATIONS for level in levels)
        more = f" (a pull request shows {MAX_ANNOTATIONS} of each level; this log has all)" if cut else ""
        lines.append(counts_line(problems) + more)
    return "\n".join([*lines, *([mask_and_escape(verdict)] if verdict else [])])


def problem_message(problem: Problem) -> str:
    """Return what is wrong and what to do, with the path in the document and without the place in the file."""
    where = f"{problem.path}: " if problem.path else ""
    return f"{where}{problem.message}{f'; {problem.hint}' if problem.hint else ''}"


def _command(problem: Problem) -> str:
    place = f",line={problem.line},col={problem.column}" if problem.line else ""
    level = "warning" if problem.severity == "warning" else "error"
    title = command_property(PROBLEM_HELP[problem.kind].title)
    properties = f"file={command_property(problem.file)}{place},title={title}"
    return f"::{level} {properties}::{command_data(problem_message(problem))}"


SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "%SRCROOT%"
_INDEXES: Final = {kind: index for index, kind in enumerate(PROBLEM_HELP)}
_KEPT_IN_URI = re.compile(rb"[A-Za-z0-9._~/-]")


def sarif_document(problems: Sequence[Problem], version: str) -> dict[str, Any]:
    """Return one run of `version` of this program: every kind of problem, and every problem by its place."""
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
