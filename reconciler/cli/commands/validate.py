"""`reconciler validate`: check the configuration offline."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.command import command
from reconciler.cli.formats import PROBLEM_FORMATS, REPOSITORY_FORMATS
from reconciler.cli.options import FileType, path_argument, result_options, show_phones_option, today
from reconciler.cli.output import repository_relative, require_distinct_files, write
from reconciler.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from reconciler.model.desired import Desired

EXAMPLE = """\
  reconciler validate groups.yaml
  reconciler validate groups/ --format github
  git show main:groups.yaml | reconciler validate -
  reconciler validate --format sarif --output problems.sarif"""
STDIN = Path("-")


@command(EXAMPLE)
@partial(path_argument, type_=FileType(readable=False, allow_dash=True))
@result_options(PROBLEM_FORMATS)
@show_phones_option
def validate(path: Path, format_: str, output: Path | None, show_phones: bool) -> int:
    """Check the configuration and its rules offline; report every problem with its file, line and column.

    PATH is a YAML file, a folder of YAML files, or - for stdin; the default is groups.yaml. --show-phones works in text
    and JSON; the formats for a code host are always masked.
    """
    from contextlib import nullcontext

    from reconciler.config.problem_collector import unmasked_messages
    from reconciler.model.text import plural
    from reconciler.report.options import RenderOptions
    from reconciler.report.problems import Validation, finding_problem

    require_distinct_files({"--output": output}, (path,))
    show_phones = show_phones and format_ not in REPOSITORY_FORMATS
    try:
        with unmasked_messages() if show_phones else nullcontext():
            desired = _load(path)
    except ConfigError as error:
        problems, summary = error.problems, ""
    else:
        problems = (*desired.warnings, *map(finding_problem, desired.findings))
        name, groups = "stdin" if path == STDIN else path, plural(len(desired.groups), "group", "groups")
        is_broken = any(finding.refuses for finding in desired.findings)
        summary = "" if is_broken else f"{name}: valid, {groups}"
    shown = repository_relative(problems) if format_ in REPOSITORY_FORMATS else problems
    write(PROBLEM_FORMATS[format_](Validation(shown, summary), RenderOptions(show_phones)), output, private=show_phones)
    return ExitCode.DONE if summary else ExitCode.ERROR


def _load(path: Path) -> Desired:
    """Load PATH, or the file on stdin."""
    from reconciler.config import FileContent, load, load_contents
    from reconciler.history.file_history import history_of

    if path != STDIN:
        return load(path, as_of=today(), check_rules=today(), history=partial(history_of, path))
    stdin: TextIO | None = sys.stdin  # None when it was closed when the program started (`<&-`)
    content = FileContent("stdin", b"" if stdin is None else stdin.buffer.read())
    return load_contents([content], as_of=today(), folder=None, name=content.file, check_rules=today())
