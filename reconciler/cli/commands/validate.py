"""`reconciler validate`: check the configuration offline."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.formats import PROBLEM_FORMATS, REPOSITORY_FORMATS
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import format_option, output_option, path_argument, show_phones_option

EXAMPLE = """\b
Example:
  reconciler validate groups.yaml
  reconciler validate groups/ --format github
  reconciler validate --format sarif --output problems.sarif"""


@click.command(cls=Command, epilog=EXAMPLE)
@path_argument
@format_option(PROBLEM_FORMATS)
@output_option
@show_phones_option
@add_global_options
def validate(path: Path, format_: str, output: Path | None, show_phones: bool) -> int:
    """Check the configuration offline; report every problem with its file, line and column.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml. --show-phones works in text and JSON; the
    formats for a code host are always masked.
    """
    from contextlib import nullcontext

    from reconciler.cli.options import evaluation_date
    from reconciler.cli.output import require_distinct_files, write
    from reconciler.cli.repository import repository_relative
    from reconciler.config import load
    from reconciler.config.problem_collector import unmasked_messages
    from reconciler.errors import ConfigError
    from reconciler.report.options import RenderOptions
    from reconciler.report.problems import Validation
    from reconciler.report.vocabulary import plural

    require_distinct_files({"--output": output}, (path,))
    show_phones = show_phones and format_ not in REPOSITORY_FORMATS
    try:
        with unmasked_messages() if show_phones else nullcontext():
            desired = load(path, as_of=evaluation_date(None))
    except ConfigError as error:
        problems, summary = error.problems, ""
    else:
        problems, summary = desired.warnings, f"{path}: valid, {plural(len(desired.groups), 'group', 'groups')}"
    shown = repository_relative(problems) if format_ in REPOSITORY_FORMATS else problems
    write(PROBLEM_FORMATS[format_](Validation(shown, summary), RenderOptions(show_phones)), output, private=show_phones)
    return 0 if summary else 1
