"""`reconciler diff`: compare two versions of the configuration, offline."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from click.core import ParameterSource

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.formats import DIFFERENCE_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import as_of_option, option, path_argument, result_options, show_phones_option
from reconciler.cli.output import require_distinct_files, write_rendered
from reconciler.errors import ExitCode, Refused

EXAMPLE = """\
  reconciler diff origin/main HEAD
  reconciler diff HEAD groups.yaml
  reconciler diff v1.2 v1.3 groups/ --format markdown --output diff.md
  reconciler diff old.yaml new.yaml --detailed-exitcode"""


@command(EXAMPLE)
@click.argument("old")
@click.argument("new")
@path_argument
@option("--detailed-exitcode", is_flag=True, help="Exit with 2 if the versions differ (0: no difference, 1: error).")
@result_options(DIFFERENCE_FORMATS)
@as_of_option
@show_phones_option
@pass_global_options
def diff(
    global_options: GlobalOptions,
    old: str,
    new: str,
    path: Path,
    detailed_exitcode: bool,
    format_: str,
    output: Path | None,
    as_of: date | None,
    show_phones: bool,
) -> int:
    """Compare two versions of the configuration: members, keys, names and settings.

    OLD and NEW are files or folders, or git revisions of PATH; an existing path comes before a revision of that name.
    PATH defaults to groups.yaml, or to the one of OLD and NEW that is a path. Works offline, without an API key. Shows
    removals that `restrictions` forbid, and exits with 1 if there are any.
    """
    from reconciler.cli.revisions import compare_arguments

    require_distinct_files({"--output": output}, (Path(old), Path(new), path))
    path_source = click.get_current_context().get_parameter_source("path")
    given = path if path_source is ParameterSource.COMMANDLINE else None
    compared = compare_arguments(old, new, given, path, as_of)
    write_rendered(DIFFERENCE_FORMATS[format_], compared, global_options, output, show_phones=show_phones)
    if compared.forbidden_removals:
        problems = "\n".join(compared.forbidden_removals)
        raise Refused(f"the newer version removes keys from files that may not define them:\n{problems}")
    return ExitCode.CHANGES_PENDING if detailed_exitcode and compared.differs else ExitCode.DONE
