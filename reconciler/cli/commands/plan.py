"""`reconciler plan`: show what apply would change."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.error_output import print_message
from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import (
    PlanRequest,
    file_option,
    option,
    planning_options,
    result_options,
    summary_option,
)
from reconciler.cli.output import require_distinct_files, write_rendered
from reconciler.errors import ExitCode, UsageError
from reconciler.sanitize.escape import escape_controls

if TYPE_CHECKING:
    from reconciler.plan.model import Plan


def saved_message(plan: Plan, out: Path) -> str:
    """Return where the plan was saved and, where an apply does anything, the command for it."""
    saved = f"saved the plan to {escape_controls(str(out))}"
    if plan.refusals or not plan.steps:
        return saved
    return f"{saved}; run: reconciler apply {escape_controls(quote(str(out)))}"


EXAMPLE = """\
  reconciler plan groups.yaml
  reconciler plan --out today.plan --detailed-exitcode
  reconciler plan --changed-since origin/main
  reconciler --sandbox plan examples/groups.yaml --target board
  reconciler plan big.yaml --shard 2/5"""

_REPORT_ENDINGS = (".html", ".md")


@command(EXAMPLE)
@file_option("--out", help="Save the plan itself, for `apply FILE` and `show FILE` (full phone numbers, mode 0600).")
@file_option(
    "--audit-log",
    help="Count what this file of `apply --audit-log` shows of the last 24 hours against the budget, and leave out who "
    "refused in the last 30 days.",
)
@option("--retry-refused", is_flag=True, help="Plan to add people again who refused, as --audit-log shows, in 30 days.")
@option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 2 when changes are pending (0: none, 1: an error, or apply would be refused).",
)
@result_options(PLAN_FORMATS)
@summary_option
@planning_options
@pass_global_options
def plan(
    global_options: GlobalOptions,
    request: PlanRequest,
    out: Path | None,
    audit_log: Path | None,
    retry_refused: bool,
    detailed_exitcode: bool,
    format_: str,
    summary: bool,
    output: Path | None,
) -> int:
    """Show what apply would change in the live groups. Never writes.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml.
    """
    from reconciler.cli.planning import load_request, read_only_plan
    from reconciler.cli.session import endpoint_of
    from reconciler.cli.spent import read_spent_before, require_audit_log

    if out is not None and out.suffix.lower() in _REPORT_ENDINGS:
        raise UsageError(
            f"--out saves the plan for `apply`, and {out} would be a report", "write a report with --output"
        )
    if retry_refused:
        require_audit_log(audit_log)
    source = load_request(request, global_options)
    inputs = (*source.files, global_options.api_key_file, audit_log)
    require_distinct_files({"--out": out, "--output": output}, inputs)
    if audit_log is not None:
        instance_id = endpoint_of(global_options, source.account).instance_id
        source = source.with_spent(read_spent_before(audit_log, instance_id, retry_refused=retry_refused))
    with read_only_plan(source, global_options) as (planned, _):
        plan = planned.plan
    if out is not None:
        from reconciler.cli.saved_plan import source_digests, write_plan_file

        write_plan_file(out, source.to_saved_plan(plan, source_digests(request.path, source.desired, out)))
    shown, render = source.to_saved_plan(plan), PLAN_FORMATS[format_]
    write_rendered(render, shown, global_options, output, show_phones=request.show_phones, summary=summary)
    if out is not None and not global_options.quiet:
        print_message(saved_message(plan, out), level="info")
    if not detailed_exitcode:
        return ExitCode.DONE
    if plan.refusals:
        print_message("apply would be refused; the plan has the reasons", error="Refused")
        return ExitCode.ERROR
    return ExitCode.CHANGES_PENDING if plan.has_changes else ExitCode.DONE
