"""An apply from end to end: plan or check the saved plan, show, ask, run, tell."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import click

from reconciler.apply.lock import instance_lock
from reconciler.cli.commands.apply.confirm import confirm
from reconciler.cli.commands.apply.inputs import FromFile, FromPlan, for_same_instance, input_of
from reconciler.cli.commands.apply.progress import showing_progress
from reconciler.cli.commands.apply.records import Recorder, audit_file, require_place_for
from reconciler.cli.failing import told, unexpected
from reconciler.cli.formats import DRY_RUN_FORMATS, RESULT_FORMATS, Look, plan_text
from reconciler.cli.interrupt import Stop, watching_signals
from reconciler.cli.options import Settings
from reconciler.cli.parameters import Asked
from reconciler.cli.places import require_apart
from reconciler.cli.remarks import say
from reconciler.cli.session import Session, address_of, open_session
from reconciler.cli.writing import colored, require_stdout, show, write_file
from reconciler.errors import NotShown, UsageError
from reconciler.model.plan import Plan
from reconciler.model.result import ApplyResult
from reconciler.pipeline import Planned, run_plan
from reconciler.plan.guard import require_allowed


@dataclass(frozen=True, slots=True)
class Ways:
    """How to apply: asking or not, for real or not, what to keep, how to tell."""

    yes: bool
    dry_run: bool
    report: Path | None
    audit_log: Path | None
    format: str


@dataclass(frozen=True, slots=True)
class _Run:
    asked: Asked
    settings: Settings
    ways: Ways
    start: FromFile | FromPlan
    recorder: Recorder
    stop: Stop


def apply_file(asked: Asked, settings: Settings, ways: Ways) -> int:
    """Apply what `asked` names; the exit code."""
    if ways.dry_run and (ways.report or ways.audit_log):
        raise UsageError("--report and --audit-log keep what an apply did, and --dry-run does nothing", "drop one")
    start = input_of(asked, settings)
    settings = for_same_instance(settings, start)
    require_apart({"--report": ways.report, "--audit-log": ways.audit_log}, (*start.reads, settings.api_key_file))
    require_place_for(ways.report)
    require_stdout()
    with watching_signals() as stop, ExitStack() as stack:
        address = address_of(settings, start.account)
        if not ways.dry_run:
            stack.enter_context(instance_lock(address.place, address.instance_id))
        audit = stack.enter_context(audit_file(ways.audit_log))
        recorder = Recorder(address.instance_id, audit, stop.event)
        run = _Run(asked, settings, ways, start, recorder, stop)
        try:
            with open_session(settings, start.account, stop, read_only=ways.dry_run, observer=recorder) as session:
                return _go_on(start.planned(session, settings.parallelism), session, run)
        except Exception as error:
            if not recorder.wrote:
                raise
            say(unexpected(error, sys.argv[1:]))
            return 3


def _go_on(planned: Planned, session: Session, run: _Run) -> int:
    plan = planned.plan
    _show_plan(plan, run)
    if run.ways.dry_run:
        return _dry(plan, session, run)
    require_allowed(plan)
    if not plan.steps:
        return _tell(ApplyResult(plan, calls=run.recorder.calls), run, untouched=True)
    confirm(plan, yes=run.ways.yes)
    run.stop.writing()
    result = _applied(planned, session, run)
    return _tell(replace(result, calls=run.recorder.calls), run)


def _applied(planned: Planned, session: Session, run: _Run) -> ApplyResult:
    """Run the plan. What nobody expected is raised only where nothing was written yet: else there is an account."""
    result: ApplyResult | None = None
    try:
        with showing_progress(planned.plan, run.settings) as progress:
            result = run_plan(
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
            return ApplyResult.broken_off(planned.plan, error)
        return replace(result, unexpected=(*result.unexpected, error))
    return result


def _show_plan(plan: Plan, run: _Run) -> None:
    """On stdout; where that is to hold one document, on stderr, and only if somebody is asked about it."""
    text = plan_text(run.start.shown(plan), _look(run))
    if run.ways.format == "text":
        show(text)
    elif not (run.ways.yes or run.ways.dry_run):
        click.echo(text, err=True)


def _dry(plan: Plan, session: Session, run: _Run) -> int:
    from reconciler.report.calls import calls_of

    calls = calls_of(plan, removes_by_post=session.client.removes_by_post)
    text = DRY_RUN_FORMATS[run.ways.format](run.start.shown(plan), calls, _look(run))
    if run.ways.format != "text":
        show(text)
    elif calls:
        show("\n" + text)
    require_allowed(plan)
    return 0


def _tell(result: ApplyResult, run: _Run, *, untouched: bool = False) -> int:
    """Write the report, show the result, and say how it ended: with 1 only where no calls were made."""
    for error in result.unexpected:
        say(unexpected(error, sys.argv[1:]))
    kept = _keep_report(result, run)
    shown = _show_result(result, run, untouched)
    if untouched and not kept:
        return 1
    if run.recorder.trouble:
        say(run.recorder.trouble)
        return 3
    if result.interrupted:
        return 130
    return 0 if result.converged and kept and shown else 3


def _show_result(result: ApplyResult, run: _Run, untouched: bool) -> bool:
    """Whether it was shown. A reader that has gone wants no more; a result that is lost without being read is told."""
    text = RESULT_FORMATS[run.ways.format](result, _look(run))
    try:
        if run.ways.format != "text":
            show(text)
        elif not untouched:
            show("\n" + text)
    except BrokenPipeError:
        return True
    except NotShown as error:
        if untouched:
            raise
        say(f"{told(error)}\n  the calls were made: run `reconciler plan` to see whether anything is left")
        return False
    return True


def _look(run: _Run) -> Look:
    return Look(run.asked.show_phones, colored(run.settings.no_color))


def _keep_report(result: ApplyResult, run: _Run) -> bool:
    from reconciler.hostile.escaping import json_text
    from reconciler.report.document import result_document

    if run.ways.report is None:
        return True
    try:
        write_file(run.ways.report, json_text(result_document(result)), private=True)
    except UsageError as error:
        say(told(error))
        return False
    return True
