"""`reconciler plan`: show what apply would change."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.command import command, pass_global_options
from reconciler.cli.formats import PLAN_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest, file_option, option, planning_options, result_options
from reconciler.cli.output import require_distinct_files, write_file, write_rendered
from reconciler.errors import ExitCode, UsageError
from reconciler.sanitize.escape import json_text

EXAMPLE = """\
  reconciler plan groups.yaml
  reconciler plan --out today.plan --detailed-exitcode
  reconciler plan --changed-since origin/main
  reconciler --sandbox plan examples/groups.yaml --target board
  reconciler plan big.yaml --shard 2/5"""

_REPORT_ENDINGS = (".html", ".md")


@command(EXAMPLE)
@file_option("--out", help="Save the plan itself, for `apply FILE` and `show FILE` (full phone numbers, mode 0600).")
@option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 2 when changes are pending (0: none, 1: an error, or apply would be refused).",
)
@result_options(PLAN_FORMATS)
@planning_options
@pass_global_options
def plan(
    global_options: GlobalOptions,
    request: PlanRequest,
    out: Path | None,
    detailed_exitcode: bool,
    format_: str,
    output: Path | None,
) -> int:
    """Show what apply would change in the live groups. Never writes.

    PATH is a YAML file or a folder of YAML files; the default is groups.yaml.
    """
    from reconciler.cli.planning import load_request, read_only_plan
    from reconciler.plan.guards import raise_if_refused

    if out is not None and out.suffix.lower() in _REPORT_ENDINGS:
        raise UsageError(
            f"--out saves the plan for `apply`, and {out} would be a report", "write a report with --output"
        )
    source = load_request(request, global_options)
    require_distinct_files({"--out": out, "--output": output}, (*source.files, global_options.api_key_file))
    with read_only_plan(source, global_options) as (planned, _):
        plan = planned.plan
    if out is not None:
        from reconciler.cli.saved_plan import source_digests
        from reconciler.plan.file_format import plan_document

        saved = source.to_saved_plan(plan, source_digests(request.path, source.desired, out))
        write_file(out, json_text(plan_document(saved)), private=True)
    shown = source.to_saved_plan(plan)
    write_rendered(PLAN_FORMATS[format_], shown, global_options, output, show_phones=request.show_phones)
    if not detailed_exitcode:
        return ExitCode.DONE
    raise_if_refused(plan)
    return ExitCode.CHANGES_PENDING if plan.has_changes else ExitCode.DONE
