"""`reconciler init`: a starter file and the pipelines for a new repository."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.group import Command
from reconciler.cli.options import global_options

EXAMPLE = """\b
Example:
  reconciler init
  reconciler init our-groups --ci gitlab"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument(
    "folder",
    metavar="[FOLDER]",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    envvar="RECONCILER_FOLDER",
)
@click.option(
    "--ci",
    "host",
    envvar="RECONCILER_CI",
    type=click.Choice(["github", "gitlab", "none"]),
    default="github",
    show_default=True,
    help="Whose pipelines to write.",
)
@global_options
def init(folder: Path, host: str) -> int:
    """Write a starter groups.yaml and the pipeline files for a new repository; offline.

    FOLDER is where the repository is, or is to be; here by default. A file that is there already is never
    overwritten: then nothing is written at all.
    """
    from reconciler.cli.commands.starting import start

    return start(folder, host)
