"""`reconciler show`: render a saved plan."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import FileType, result_options, show_phones_option, summary_option
from reconciler.cli.output import require_distinct_files, write_rendered

EXAMPLE = """\
  reconciler plan --out today.plan
  reconciler show today.plan"""


@command(EXAMPLE)
@click.argument("planfile", type=FileType(dir_okay=False))
@result_options(PLAN_FORMATS)
@summary_option
@show_phones_option
@pass_global_options
def show(
    global_options: GlobalOptions, planfile: Path, format_: str, summary: bool, output: Path | None, show_phones: bool
) -> int:
    """Render a plan that `plan --out` saved."""
    from reconciler.cli.saved_plan import read_plan_file_to_show

    require_distinct_files({"--output": output}, (planfile,))
    saved = read_plan_file_to_show(planfile)
    write_rendered(PLAN_FORMATS[format_], saved, global_options, output, show_phones=show_phones, summary=summary)
    return 0
