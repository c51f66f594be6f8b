"""`reconciler diff`: show what changes between two versions of the configuration, offline."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from click.core import ParameterSource

from reconciler.cli.formats import DIFFERENCE_FORMATS
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import as_of_option, format_option, output_option, show_phones_option

EXAMPLE = """\b
Example:
  reconciler diff origin/main HEAD
  reconciler diff HEAD groups.yaml
  reconciler diff v1.2 v1.3 groups/ --format markdown --output diff.md
  reconciler diff old.yaml new.yaml --detailed-exitcode"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument("old")
@click.argument("new")
@click.argument("path", type=click.Path(path_type=Path), default=Path("groups.yaml"), envvar="RECONCILER_PATH")
@click.option(
    "--detailed-exitcode",
    envvar="RECONCILER_DETAILED_EXITCODE",
    is_flag=True,
    help="Exit with 2 when anything differs (0: nothing, 1: error).",
)
@format_option(DIFFERENCE_FORMATS)
@output_option
@as_of_option
@show_phones_option
@add_global_options
@click.pass_context
def diff(
    ctx: click.Context,
    old: str,
    new: str,
    path: Path,
    detailed_exitcode: bool,
    format_: str,
    output: Path | None,
    as_of: datetime | None,
    show_phones: bool,
) -> int:
    """Show what two versions of the file want differently: who enters and leaves, what is renamed, which rules changed.

    OLD and NEW are files or folders, or git revisions of PATH; what is there as a path is taken for that. PATH is
    groups.yaml by default, or the one of OLD and NEW that is a path. Nothing is asked of the API, and no key is needed.
    What `restrictions` forbid to remove is told, and ends with 1.
    """

    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import render_to_stdout, require_distinct_files
    from reconciler.cli.revisions import compare_arguments
    from reconciler.errors import Refused

    settings = set_up_logging(ctx)
    require_distinct_files({"--output": output}, (Path(old), Path(new), path))
    given = path if ctx.get_parameter_source("path") is ParameterSource.COMMANDLINE else None
    difference = compare_arguments(old, new, given, path, as_of)
    render_to_stdout(DIFFERENCE_FORMATS[format_], difference, settings, output, show_phones=show_phones)
    if difference.forbidden:
        raise Refused("the newer version removes what its files may not remove:\n" + "\n".join(difference.forbidden))
    return 2 if detailed_exitcode and difference.differs else 0
