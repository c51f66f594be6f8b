"""Problems as SARIF 2.1.0 (OASIS), which code scanning and editors take.

Paths are relative to the repository (`%SRCROOT%`); columns count characters, as YAML's marks do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from reconciler.errors import Kind, Problem
from reconciler.hostile.escaping import safe
from reconciler.hostile.masking import mask_text
from reconciler.report.kinds import KINDS, Explained
from reconciler.report.problems_github import told

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "%SRCROOT%"
_INDEXES: Final = {kind: index for index, kind in enumerate(KINDS)}
_KEPT_IN_URI = re.compile(rb"[A-Za-z0-9._~/-]")


def sarif_document(problems: Sequence[Problem], version: str) -> dict[str, Any]:
    """One run of `version` of this program: every kind of problem there is, and every problem by its place."""
    driver = {
        "name": "reconciler",
        "semanticVersion": version,
        "rules": [_rule(kind, explained) for kind, explained in KINDS.items()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(problem) for problem in sorted(problems)],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(kind: Kind, explained: Explained) -> dict[str, Any]:
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
        location["logicalLocations"] = [{"fullyQualifiedName": safe(problem.path)}]
    return {
        "ruleId": problem.kind,
        "ruleIndex": _INDEXES[problem.kind],
        "level": "warning" if problem.severity == "warning" else "error",
        "message": {"text": _no_link(safe(told(problem)))},
        "locations": [location],
    }


def _artifact(file: str) -> dict[str, str]:
    path = mask_text(file).encode("utf-8", "surrogatepass")
    uri = "".join(chr(byte) if _KEPT_IN_URI.match(bytes([byte])) else f"%{byte:02X}" for byte in path)
    return {"uri": f"file://{uri}"} if uri.startswith("/") else {"uri": uri, "uriBaseId": ROOT}


def _no_link(text: str) -> str:
    """In a SARIF message `[text](address)` is a link (section 3.11.6) unless its brackets are escaped."""
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text
