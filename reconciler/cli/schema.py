"""`reconciler schema`: the published JSON Schemas."""

from __future__ import annotations

import click

from reconciler.cli.group import Command
from reconciler.cli.options import global_options
from reconciler.cli.writing import show
from reconciler.published import schema_text

EXAMPLE = """\b
Example:
  reconciler schema > groups.schema.json
  reconciler schema --plan"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.option("--plan", "plan", envvar="RECONCILER_SCHEMA_PLAN", is_flag=True, help="The plan file's schema.")
@global_options
def schema(plan: bool) -> int:
    """Print the JSON Schema of the YAML file, for editors and other tools."""
    show(schema_text("plan.schema.json" if plan else "groups.schema.json"))
    return 0
