"""Asking before anything is written.

An apply from end to end: plan or check the saved plan, show, ask, run, tell."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click

from reconciler.apply.lock import instance_lock
from reconciler.apply.result import ApplyResult
from reconciler.cli.commands.apply.audit import Recorder, audit_file, require_writable
from reconciler.cli.commands.apply.progress import showing_progress
from reconciler.cli.commands.apply.source import SavedPlanSource, YamlSource, for_same_instance, read_source
from reconciler.cli.error_output import format_error, write_crash_log
from reconciler.cli.formats import DRY_RUN_FORMATS, RESULT_FORMATS, RenderOptions, plan_text
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest
from reconciler.cli.output import print_message, require_distinct_files, require_stdout, use_color, write, write_file
from reconciler.cli.session import Session, endpoint_of, open_session
from reconciler.cli.signals import StopFlag, handle_signals
from reconciler.engine import PlanResult, execute
from reconciler.errors import OutputError, Refused, UsageError
from reconciler.plan.guards import raise_if_refused
from reconciler.plan.model import Plan


def confirm(plan: Plan, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere --yes must have been said. Raises when it is not to go on."""
    if yes:
        return
    stdin: TextIO | None = sys.stdin  # None where it was closed when the program started (`<&-`)
    if stdin is None or not stdin.isatty():
        raise UsageError("there is no terminal to ask on, nothing was changed", "pass --yes to apply without asking")
    calls = f"{plan.calls} call{'s' if plan.calls != 1 else ''}"
    click.echo(f"\nApply this plan ({calls})? Only 'yes' goes on: ", nl=False, err=True)
    if stdin.readline().strip().lower() != "yes":
        raise Refused("not applied: nothing was changed")


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to apply: asking or not, for real or not, what to keep, how to tell."""

    yes: bool
    dry_run: bool
    report: Path | None
    audit_log: Path | None
    format: str


@dataclass(frozen=True, slots=True)
class _Run:
    asked: PlanRequest
    settings: GlobalOptions
    ways: ApplyOptions
    start: YamlSource | SavedPlanSource
    recorder: Recorder
    stop: StopFlag


def apply_file(asked: PlanRequest, settings: GlobalOptions, ways: ApplyOptions) -> int:
    """Apply what `asked` names; the exit code."""
    if ways.dry_run and (ways.report or ways.audit_log):
        raise UsageError("--report and --audit-log keep what an apply did, and --dry-run does nothing", "drop one")
    start = read_source(asked, settings)
    settings = for_same_instance(settings, start)
    require_distinct_files(
        {"--report": ways.report, "--audit-log": ways.audit_log}, (*start.reads, settings.api_key_file)
    )
    require_writable(ways.report)
    require_stdout()
    with handle_signals() as stop, ExitStack() as stack:
        address = endpoint_of(settings, start.account)
        if not ways.dry_run:
            stack.enter_context(instance_lock(address.place, address.instance_id))
        audit = stack.enter_context(audit_file(ways.audit_log))
        recorder = Recorder(address.instance_id, audit, stop.event)
        run = _Run(asked, settings, ways, start, recorder, stop)
        try:
            with open_session(settings, start.account, stop, read_only=ways.dry_run, observer=recorder) as session:
                return _show_confirm_execute(start.planned(session, settings.parallelism), session, run)
        except Exception as error:
            if not recorder.wrote:
                raise
            print_message(write_crash_log(error, sys.argv[1:]))
            return 3


def _show_confirm_execute(planned: PlanResult, session: Session, run: _Run) -> int:
    plan = planned.plan
    _show_plan(plan, run)
    if run.ways.dry_run:
        return _dry_run(plan, session, run)
    raise_if_refused(plan)
    if not plan.steps:
        return _finish(ApplyResult(plan, calls=run.recorder.calls), run, untouched=True)
    confirm(plan, yes=run.ways.yes)
    run.stop.deferring()
    result = _applied(planned, session, run)
    return _finish(replace(result, calls=run.recorder.calls), run)


def _applied(planned: PlanResult, session: Session, run: _Run) -> ApplyResult:
    """Run the plan. What nobody expected is raised only where nothing was written yet: else there is an account."""
    result: ApplyResult | None = None
    try:
        with showing_progress(planned.plan, run.settings) as progress:
            result = execute(
                planned,
                session.client,
                desired=run.start.desired,
                parallelism=run.settings.parallelism,
                stop=run.stop.event,
                progress=progress,
            )
    except Exception as error:
        if not run.recorder.wrote:
            raise
        if result is None:
            return ApplyResult.crashed(planned.plan, error)
        return replace(result, unexpected=(*result.unexpected, error))
    return result


def _show_plan(plan: Plan, run: _Run) -> None:
    """On stdout; where that is to hold one document, on stderr, and only if somebody is asked about it."""
    text = plan_text(run.start.shown(plan), _look(run))
    if run.ways.format == "text":
        write(text)
    elif not (run.ways.yes or run.ways.dry_run):
        click.echo(text, err=True)


def _dry_run(plan: Plan, session: Session, run: _Run) -> int:
    from reconciler.report.dry_run import calls_of

    calls = calls_of(plan, removes_by_post=session.client.removes_by_post)
    text = DRY_RUN_FORMATS[run.ways.format](run.start.shown(plan), calls, _look(run))
    if run.ways.format != "text":
        write(text)
    elif calls:
        write("\n" + text)
    raise_if_refused(plan)
    return 0


def _finish(result: ApplyResult, run: _Run, *, untouched: bool = False) -> int:
    """Write the report, show the result, and say how it ended: with 1 only where no calls were made."""
    for error in result.unexpected:
        print_message(write_crash_log(error, sys.argv[1:]))
    kept = _keep_report(result, run)
    shown = _show_result(result, run, untouched)
    if untouched and not kept:
        return 1
    if run.recorder.trouble:
        print_message(run.recorder.trouble)
        return 3
    if result.interrupted:
        return 130
    return 0 if result.converged and kept and shown else 3


def _show_result(result: ApplyResult, run: _Run, untouched: bool) -> bool:
    """Whether it was shown. A reader that has gone wants no more; a result that is lost without being read is told."""
    text = RESULT_FORMATS[run.ways.format](result, _look(run))
    try:
        if run.ways.format != "text":
            write(text)
        elif not untouched:
            write("\n" + text)
    except BrokenPipeError:
        return True
    except OutputError as error:
        if untouched:
            raise
        print_message(
            f"{format_error(error)}\n  the calls were made: run `reconciler plan` to see whether anything is left"
        )
        return False
    return True


def _look(run: _Run) -> RenderOptions:
    return RenderOptions(run.asked.show_phones, use_color(run.settings.no_color))


def _keep_report(result: ApplyResult, run: _Run) -> bool:
    from reconciler.report.documents import result_document
    from reconciler.sanitize.escape import json_text

    if run.ways.report is None:
        return True
    try:
        write_file(run.ways.report, json_text(result_document(result)), private=True)
    except UsageError as error:
        print_message(format_error(error))
        return False
    return True
