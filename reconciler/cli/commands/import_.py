"""`reconciler import`: a file for the groups there are."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.group import Command
from reconciler.cli.options import global_options
from reconciler.cli.parameters import output_option

EXAMPLE = """\b
Example:
  reconciler import --output groups.yaml
  reconciler import --people --phone '+1 202 555 0100' --group 120363012345678901@g.us"""


@click.command(name="import", cls=Command, epilog=EXAMPLE)
@output_option
@click.option(
    "--group",
    "ids",
    envvar="RECONCILER_GROUP",
    multiple=True,
    metavar="ID",
    help="Only this live group; may be repeated.",
)
@click.option(
    "--people", envvar="RECONCILER_PEOPLE", is_flag=True, help="Name people as the instance's contacts name them."
)
@click.option(
    "--phone",
    envvar="RECONCILER_PHONE",
    metavar="NUMBER",
    help="The instance's own number (else the one participant of every group is taken for it).",
)
@global_options
@click.pass_context
def import_(ctx: click.Context, output: Path | None, ids: tuple[str, ...], people: bool, phone: str | None) -> int:
    """Write a valid YAML file for the live groups; a plan of it finds nothing to do.

    The file holds phone numbers in full, also on stdout. --output replaces a file that is there, and says so.
    """
    from reconciler.cli.commands.importing import import_groups
    from reconciler.cli.logs import begin
    from reconciler.cli.writing import show
    from reconciler.hostile.escaping import safe

    text = import_groups(begin(ctx), ids, people=people, phone=phone)
    replaced = output is not None and output.exists()
    show(text, output)
    if replaced:
        click.echo(f"{safe(str(output))}: replaced the file that was there", err=True)
    return 0
