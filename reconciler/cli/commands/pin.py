"""`reconciler pin`: note the ids of matched groups in the file."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.group import Command
from reconciler.cli.options import global_options
from reconciler.cli.parameters import path_argument

EXAMPLE = """\b
Example:
  reconciler pin groups.yaml && git diff groups.yaml"""


@click.command(cls=Command, epilog=EXAMPLE)
@path_argument
@click.option(
    "--dry-run", envvar="RECONCILER_DRY_RUN", is_flag=True, help="Say what would be noted; leave the file alone."
)
@global_options
@click.pass_context
def pin(ctx: click.Context, path: Path, dry_run: bool) -> int:
    """Write the ids of the groups found by name into the YAML, and change nothing else in it.

    With an id a group can be renamed safely. Groups that are not live yet, or not to be told apart, are named on
    stderr.
    """
    from reconciler.cli.commands.pinning import pin_file
    from reconciler.cli.logs import begin

    return pin_file(path, begin(ctx), dry_run=dry_run)
