"""What is wrong in the configuration, as text and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reconciler.errors import Problem
from reconciler.hostile.escaping import safe
from reconciler.hostile.masking import mask_text
from reconciler.report.wording import counted


def render_problems(problems: Sequence[Problem]) -> str:
    """One problem a line, sorted by place, and how many there are. Numbers are masked: line and column find them."""
    return "\n".join([*(safe(str(problem)) for problem in sorted(problems)), counts_line(problems)])


def counts_line(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 warning`."""
    errors, warnings = _counts(problems)
    parts = [counted(errors, "error", "errors")] if errors or not warnings else []
    parts += [counted(warnings, "warning", "warnings")] if warnings else []
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
