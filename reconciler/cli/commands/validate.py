"""`reconciler validate`: check the configuration offline."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.cli.command import command
from reconciler.cli.formats import PROBLEM_FORMATS
from reconciler.cli.options import path_argument, result_options, today
from reconciler.cli.output import require_distinct_files, write
from reconciler.errors import ConfigError, ExitCode, Problem

EXAMPLE = """\
  reconciler validate groups.yaml
  reconciler validate groups/ --format github
  reconciler validate --format sarif --output problems.sarif"""
REPOSITORY_FORMATS = frozenset({"github", "sarif"})
"""Formats in which a file's path is the one in the repository."""


@command(EXAMPLE)
@path_argument
@result_options(PROBLEM_FORMATS)
def validate(path: Path, format_: str, output: Path | None) -> int:
    """Check the configuration offline; report every problem with its file, line and column.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml.
    """
    from reconciler.config import load
    from reconciler.report.options import RenderOptions
    from reconciler.report.pieces import plural
    from reconciler.report.problems import Validation

    require_distinct_files({"--output": output}, (path,))
    try:
        desired = load(path, as_of=today())
    except ConfigError as error:
        problems, summary = error.problems, ""
    else:
        problems, summary = desired.warnings, f"{path}: valid, {plural(len(desired.groups), 'group', 'groups')}"
    shown = _repository_relative(problems) if format_ in REPOSITORY_FORMATS else problems
    write(PROBLEM_FORMATS[format_](Validation(shown, summary), RenderOptions()), output)
    return ExitCode.DONE if summary else ExitCode.ERROR


def _repository_relative(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems with paths relative to the repository's root; absolute for files outside of it."""
    names = {file: _name(file) for file in {problem.file for problem in problems}}
    return [replace(problem, file=names[problem.file]) for problem in problems]


def _name(file: str) -> str:
    # Links are not followed: the repository knows the link's name, not its target.
    path = Path(os.path.abspath(file))
    root = _root(path)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _root(path: Path) -> Path:
    """Return the nearest folder with a `.git`, else the CI system's workspace, else the working folder."""
    for folder in path.parents:
        if os.path.exists(folder / ".git"):
            return folder
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    return workspace if path.is_relative_to(workspace) else Path.cwd()
