"""Problems as workflow commands, which GitHub shows on the lines of a pull request.

A file's path must be the one that it has in the repository.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import Problem
from reconciler.hostile.escaping import safe
from reconciler.hostile.workflow import command_data, command_property
from reconciler.report.kinds import KINDS
from reconciler.report.problems_text import counts_line

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
    return "\n".join([*lines, *([safe(verdict)] if verdict else [])])


def told(problem: Problem) -> str:
    """What is wrong and what to do, with the place in the document and without that in the file."""
    where = f"{problem.path}: " if problem.path else ""
    return f"{where}{problem.message}{f'; {problem.hint}' if problem.hint else ''}"


def _command(problem: Problem) -> str:
    place = f",line={problem.line},col={problem.column}" if problem.line else ""
    level = "warning" if problem.severity == "warning" else "error"
    title = command_property(KINDS[problem.kind].title)
    return f"::{level} file={command_property(problem.file)}{place},title={title}::{command_data(told(problem))}"
