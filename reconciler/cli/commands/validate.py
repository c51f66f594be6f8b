"""`reconciler validate`: check the configuration offline."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.command import command
from reconciler.cli.formats import PROBLEM_FORMATS
from reconciler.cli.options import FileType, path_argument, result_options, show_phones_option, today
from reconciler.cli.output import require_distinct_files, write
from reconciler.errors import ConfigError, ExitCode, Problem

if TYPE_CHECKING:
    from reconciler.model.desired import Desired

EXAMPLE = """\
  reconciler validate groups.yaml
  reconciler validate groups/ --format github
  git show main:groups.yaml | reconciler validate -
  reconciler validate --format sarif --output problems.sarif"""
REPOSITORY_FORMATS = frozenset({"github", "sarif"})
"""Formats in which a file's path is the one in the repository."""
STDIN = Path("-")


@command(EXAMPLE)
@partial(path_argument, type_=FileType(readable=False, allow_dash=True))
@result_options(PROBLEM_FORMATS)
@show_phones_option
def validate(path: Path, format_: str, output: Path | None, show_phones: bool) -> int:
    """Check the configuration offline; report every problem with its file, line and column.

    PATH is a YAML file, a folder of YAML files, or - for stdin; the default is groups.yaml. --show-phones works in text
    and JSON; the formats for a code host are always masked.
    """
    from contextlib import nullcontext

    from reconciler.config.problem_collector import unmasked_messages
    from reconciler.model.text import plural
    from reconciler.report.options import RenderOptions
    from reconciler.report.problems import Validation

    require_distinct_files({"--output": output}, (path,))
    show_phones = show_phones and format_ not in REPOSITORY_FORMATS
    try:
        with unmasked_messages() if show_phones else nullcontext():
            desired = _load(path)
    except ConfigError as error:
        problems, summary = error.problems, ""
    else:
        problems, summary = (
            desired.warnings,
            f"{'stdin' if path == STDIN else path}: valid, {plural(len(desired.groups), 'group', 'groups')}",
        )
    shown = _repository_relative(problems) if format_ in REPOSITORY_FORMATS else problems
    write(PROBLEM_FORMATS[format_](Validation(shown, summary), RenderOptions(show_phones)), output, private=show_phones)
    return ExitCode.DONE if summary else ExitCode.ERROR


def _load(path: Path) -> Desired:
    """Load PATH, or the file on stdin."""
    from reconciler.config import FileContent, load, load_contents
    from reconciler.history.file_history import history_of

    if path != STDIN:
        return load(path, as_of=today(), history=partial(history_of, path))
    stdin: TextIO | None = sys.stdin  # None when it was closed when the program started (`<&-`)
    content = FileContent("stdin", b"" if stdin is None else stdin.buffer.read())
    return load_contents([content], as_of=today(), folder=None, name=content.file)


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
