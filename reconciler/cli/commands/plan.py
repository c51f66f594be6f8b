"""`reconciler plan`: what apply would do."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import PlanRequest, format_option, output_option, planning_options

EXAMPLE = """\b
Example:
  reconciler plan groups.yaml
  reconciler plan --out today.plan --detailed-exitcode
  reconciler plan --changed-since origin/main
  reconciler --sandbox plan examples/groups.yaml --target board
  reconciler plan big.yaml --shard 2/5"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.option(
    "--out",
    envvar="RECONCILER_OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan, for `apply FILE` and `show FILE` (holds full phone numbers, mode 0600).",
)
@click.option(
    "--detailed-exitcode",
    envvar="RECONCILER_DETAILED_EXITCODE",
    is_flag=True,
    help="Exit with 2 when changes are pending (0: none, 1: error).",
)
@format_option(PLAN_FORMATS)
@output_option
@planning_options
@add_global_options
@click.pass_context
def plan(
    ctx: click.Context,
    asked: PlanRequest,
    out: Path | None,
    detailed_exitcode: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Show what apply would do to the live groups. Never writes.

    PATH is a YAML file or a folder of them, groups.yaml by default.
    """
    from reconciler.cli.log_setup import set_up_logging
    from reconciler.cli.output import render_to_stdout, require_distinct_files, write_file
    from reconciler.cli.planning import load_and_choose, read_only_plan, stamp

    settings = set_up_logging(ctx)
    require_distinct_files({"--out": out, "--output": output}, (asked.path, settings.api_key_file))
    desired, choices = load_and_choose(asked, settings)
    with read_only_plan(desired, choices, settings) as (planned, _):
        made = planned.plan
    if out is not None:
        from reconciler.cli.saved_plan import source_digests
        from reconciler.plan.file_format import plan_document
        from reconciler.sanitize.escape import json_text

        saved = stamp(made, source_digests(asked.path, desired, out))
        write_file(out, json_text(plan_document(saved)), private=True)
    shown = stamp(made, desired.sources)
    render_to_stdout(PLAN_FORMATS[format_], shown, settings, output, show_phones=asked.show_phones)
    return 2 if detailed_exitcode and made.pending else 0
