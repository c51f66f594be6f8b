"""`reconciler apply`: make it so."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.formats import RESULT_FORMATS
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.options import PlanRequest, format_option, planning_options

EXAMPLE = """\b
Example:
  reconciler apply groups.yaml
  reconciler apply today.plan --yes --report report.json --audit-log audit.jsonl
  reconciler --sandbox apply examples/groups.yaml --dry-run"""


@click.command(cls=Command, epilog=EXAMPLE)
@click.option("--yes", "-y", envvar="RECONCILER_YES", is_flag=True, help="Do not ask.")
@click.option(
    "--dry-run", envvar="RECONCILER_DRY_RUN", is_flag=True, help="Print the calls that would be sent; send none."
)
@click.option(
    "--report",
    envvar="RECONCILER_REPORT",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write every call and its outcome as JSON (full phone numbers, mode 0600).",
)
@click.option(
    "--audit-log",
    envvar="RECONCILER_AUDIT_LOG",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append a JSON line for every writing call (full phone numbers, mode 0600).",
)
@format_option(RESULT_FORMATS)
@planning_options
@add_global_options
@click.pass_context
def apply(
    ctx: click.Context,
    asked: PlanRequest,
    yes: bool,
    dry_run: bool,
    report: Path | None,
    audit_log: Path | None,
    format_: str,
) -> int:
    """Make the live groups what the file says: plan, show, ask, apply, read back.

    PATH is a YAML file, a folder of them, or a plan saved by `plan --out`; groups.yaml by default. Exits with 3
    when the run did not converge.
    """
    from reconciler.cli.commands.apply.run import ApplyOptions, apply_file
    from reconciler.cli.log_setup import set_up_logging

    settings = set_up_logging(ctx)
    return apply_file(asked, settings, ApplyOptions(yes, dry_run, report, audit_log, format_))
