"""The two versions that `diff` compares: files, folders, or git revisions of a path.

`reconciler diff`: what two versions of the file want differently, offline."""

from __future__ import annotations

import logging
import os
from datetime import date, datetime
from pathlib import Path

import click
from click.core import ParameterSource

from reconciler.cli.formats import DIFFERENCE_FORMATS
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.plan_options import as_of_option, format_option, output_option, show_phones_option
from reconciler.cli.planning import evaluation_date
from reconciler.cli.revisions import desired_at, resolve_revision
from reconciler.config import load
from reconciler.errors import RevisionError, UsageError
from reconciler.history.compare_configs import compare_configs
from reconciler.history.config_diff import ConfigDiff, ConfigVersion
from reconciler.history.git import find_commit
from reconciler.model.desired import Desired

log = logging.getLogger("reconciler.revisions")


def compare_arguments(old: str, new: str, path: Path | None, default: Path, as_of: datetime | None) -> ConfigDiff:
    """Compare two versions, each named by a path that is there or by a revision of `path`.

    Without `path` revisions are of that side which is a path, else of `default`. Raises UsageError for a name that
    is neither, where no version has the path, and for a path that there is no revision for; ConfigError with
    everything that is wrong in one of them.
    """
    paths = [Path(named) for named in (old, new) if os.path.lexists(named)]
    if path is not None and len(paths) == 2:
        raise UsageError(
            f"{old} and {new} are both there as paths, so there is no revision to read {path} at",
            "leave it out; for revisions that are called as a path is, say NAME^0",
        )
    path = path or (paths[0] if len(paths) == 1 else default)
    today = evaluation_date(as_of)
    (old_side, before), (new_side, after) = (_config_version(named, path, today) for named in (old, new))
    if not (old_side.there or new_side.there):
        raise UsageError(f"neither {old} nor {new} has {path}", "name the file or folder as the third argument")
    return compare_configs(before, after, old_side, new_side)


def _config_version(named: str, path: Path, as_of: date) -> tuple[ConfigVersion, Desired]:
    """A file or folder that is there, else a revision of the path."""
    if os.path.lexists(named):
        if (commit := find_commit(path, named)) is not None:
            told = "%s is a path and also a revision (commit %s); the path is taken, for the other say %s^0"
            log.warning(told, named, commit.short, named)
        return ConfigVersion(named), load(Path(named), as_of=as_of)
    try:
        revision = resolve_revision(path, named)
    except RevisionError as error:
        message = f"{named} is no file or folder here, and no revision of {path} can be had: {error.message}"
        raise UsageError(message, error.hint) from None
    desired = desired_at(path, revision, as_of)
    side = ConfigVersion(named, revision.commit.oid, desired is not None)
    return side, Desired(as_of=as_of) if desired is None else desired


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
    from reconciler.errors import Refused

    settings = set_up_logging(ctx)
    require_distinct_files({"--output": output}, (Path(old), Path(new), path))
    given = path if ctx.get_parameter_source("path") is ParameterSource.COMMANDLINE else None
    difference = compare_arguments(old, new, given, path, as_of)
    render_to_stdout(DIFFERENCE_FORMATS[format_], difference, settings, output, show_phones=show_phones)
    if difference.forbidden:
        raise Refused("the newer version removes what its files may not remove:\n" + "\n".join(difference.forbidden))
    return 2 if detailed_exitcode and difference.differs else 0
