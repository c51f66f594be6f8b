"""`reconciler show`: render a saved plan."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.group import Command
from reconciler.cli.options import global_options
from reconciler.cli.parameters import format_option, output_option, show_phones_option

EXAMPLE = """\b
Example:
  reconciler plan --out today.plan
  reconciler show today.plan"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument("planfile", type=click.Path(path_type=Path, dir_okay=False))
@format_option(PLAN_FORMATS)
@output_option
@show_phones_option
@global_options
@click.pass_context
def show(ctx: click.Context, planfile: Path, format_: str, output: Path | None, show_phones: bool) -> int:
    """Render a plan that `plan --out` saved."""
    from reconciler.cli.logs import begin
    from reconciler.cli.places import require_apart
    from reconciler.cli.planfile import read_plan_file_to_show
    from reconciler.cli.writing import tell

    settings = begin(ctx)
    require_apart({"--output": output}, (planfile,))
    saved = read_plan_file_to_show(planfile)
    tell(PLAN_FORMATS[format_], saved, settings, output, show_phones=show_phones)
    return 0
