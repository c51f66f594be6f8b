"""`reconciler apply`: its arguments and options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.formats import RESULT_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest, file_option, format_option, option, planning_options

EXAMPLE = """\
  reconciler apply groups.yaml
  reconciler apply today.plan --yes --report report.json --audit-log audit.jsonl
  reconciler --sandbox apply examples/groups.yaml --dry-run"""


class DurationType(click.ParamType[float]):
    """A time such as `30s`, `5m` or `1h`, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse the time, or fail with a usage error."""
        match = re.fullmatch(r"([0-9]{1,6})([smh])", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration; write it like 30s, 5m or 1h.", param, ctx)
        return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


@command(EXAMPLE)
@option("--yes", "-y", is_flag=True, help="Apply without asking for confirmation.")
@option("--dry-run", is_flag=True, help="Print the API calls instead of sending them.")
@file_option("--report", help="Write every call and its outcome as JSON (full phone numbers, mode 0600).")
@file_option(
    "--audit-log",
    help="Append a JSON line for every call that writes (full phone numbers, mode 0600); what it shows of the last 24 "
    "hours counts against the budget, and is checked again for a saved plan.",
)
@option(
    "--retry-refused", is_flag=True, help="Try people again who refused to be added, as --audit-log shows, in 30 days."
)
@option(
    "--lock-timeout",
    type=DurationType(),
    default="0s",
    metavar="DURATION",
    help="Wait up to this time (30s, 5m, 1h) for another apply on this machine that holds the lock.",
)
@format_option(RESULT_FORMATS)
@planning_options
@pass_global_options
def apply(
    global_options: GlobalOptions,
    request: PlanRequest,
    yes: bool,
    dry_run: bool,
    report: Path | None,
    audit_log: Path | None,
    retry_refused: bool,
    lock_timeout: float,
    format_: str,
) -> int:
    """Make the live groups match the configuration: plan, show, confirm, apply, verify.

    PATH is a YAML file, a folder of YAML files, or a plan saved by `plan --out`; the default is groups.yaml. Exits
    with 3 when the run does not converge.
    """
    from reconciler.cli.commands.apply.run import ApplyOptions, run_apply

    options = ApplyOptions(
        yes=yes,
        dry_run=dry_run,
        report=report,
        audit_log=audit_log,
        retry_refused=retry_refused,
        lock_timeout=lock_timeout,
        format=format_,
    )
    return run_apply(request, global_options, options)
