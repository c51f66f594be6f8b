"""`reconciler show`: render a saved plan."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import format_option, output_option, show_phones_option, summary_option

EXAMPLE = """\b
Example:
  reconciler plan --out today.plan
  reconciler show today.plan"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument("planfile", type=click.Path(path_type=Path, dir_okay=False))
@format_option(PLAN_FORMATS)
@summary_option
@output_option
@show_phones_option
@add_global_options
@click.pass_context
def show(
    ctx: click.Context, planfile: Path, format_: str, summary: bool, output: Path | None, show_phones: bool
) -> int:
    """Render a plan that `plan --out` saved."""
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import require_distinct_files, write_rendered
    from reconciler.cli.saved_plan import read_plan_file_to_show

    global_options = set_up_logging(ctx)
    require_distinct_files({"--output": output}, (planfile,))
    saved = read_plan_file_to_show(planfile)
    write_rendered(PLAN_FORMATS[format_], saved, global_options, output, show_phones=show_phones, summary=summary)
    return 0
