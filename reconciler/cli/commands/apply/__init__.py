"""`reconciler apply`: its arguments and options."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.formats import RESULT_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest, file_option, format_option, option, planning_options

EXAMPLE = """\
  reconciler apply groups.yaml
  reconciler apply today.plan --yes --report report.json --audit-log audit.jsonl
  reconciler --sandbox apply examples/groups.yaml --dry-run"""


@command(EXAMPLE)
@option("--yes", "-y", is_flag=True, help="Apply without asking for confirmation.")
@option("--dry-run", is_flag=True, help="Print the API calls instead of sending them.")
@file_option("--report", help="Write every call and its outcome as JSON (full phone numbers, mode 0600).")
@file_option("--audit-log", help="Append a JSON line for every call that writes (full phone numbers, mode 0600).")
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
    format_: str,
) -> int:
    """Make the live groups match the configuration: plan, show, confirm, apply, verify.

    PATH is a YAML file, a folder of YAML files, or a plan saved by `plan --out`; the default is groups.yaml. Exits
    with 3 when the run does not converge.
    """
    from reconciler.cli.commands.apply.run import ApplyOptions, run_apply

    options = ApplyOptions(yes=yes, dry_run=dry_run, report=report, audit_log=audit_log, format=format_)
    return run_apply(request, global_options, options)
