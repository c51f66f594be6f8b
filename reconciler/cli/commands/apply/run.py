"""An apply from end to end: plan, or verify a saved plan; show it; confirm; execute; report."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

import click

from reconciler.apply.executor import dry_run_calls
from reconciler.apply.lock import instance_lock
from reconciler.apply.result import ApplyResult
from reconciler.atomic_file import is_stream, resolve_link
from reconciler.cli.commands.apply.audit import Recorder, RunFacts, open_audit_log
from reconciler.cli.error_output import print_crash, print_error, print_line, print_message
from reconciler.cli.formats import DRY_RUN_FORMATS, PLAN_FORMATS, RESULT_FORMATS
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest
from reconciler.cli.output import (
    render_options,
    require_distinct_files,
    require_stdout,
    write,
    write_after_success,
    write_file,
)
from reconciler.cli.planning import YamlSource, how_to_tag, load_request
from reconciler.cli.progress import show_progress
from reconciler.cli.saved_plan import SavedPlanSource, is_plan_file, load_saved_plan
from reconciler.cli.session import Session, endpoint_of, open_session
from reconciler.cli.signals import StopFlag, handle_signals
from reconciler.cli.spent import read_spent, require_audit_log
from reconciler.engine import PlanResult, execute
from reconciler.errors import ExitCode, Refused, UsageError
from reconciler.plan.guards import raise_if_refused
from reconciler.plan.model import Plan
from reconciler.plan.selection import Spent
from reconciler.report.options import RenderOptions
from reconciler.sanitize.escape import escape_controls

_OTHER_YES: Final = frozenset({"y", "ye", "j", "ja", "o", "oui", "s", "si", "sí", "sim", "ok"})
"""Answers that probably mean yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """The options of `apply` alone."""

    yes: bool
    dry_run: bool
    report: Path | None
    audit_log: Path | None
    retry_refused: bool
    lock_timeout: float
    format: str


def run_apply(request: PlanRequest, global_options: GlobalOptions, options: ApplyOptions) -> int:
    """Apply PATH and return the exit code."""
    if options.dry_run and (options.report or options.audit_log):
        raise UsageError("--dry-run cannot be combined with --report or --audit-log", "remove one of them")
    if options.retry_refused:
        require_audit_log(options.audit_log)
    source: YamlSource | SavedPlanSource
    if is_plan_file(request.path):
        source = load_saved_plan(request, global_options)
        global_options = replace(global_options, instance_id=source.account.instance_id)
    else:
        source = load_request(request, global_options)
    outputs = {"--report": options.report, "--audit-log": options.audit_log}
    require_distinct_files(outputs, (*source.files, global_options.api_key_file))
    require_writable(options.report)
    require_stdout()
    with handle_signals() as stop, ExitStack() as stack:
        endpoint = endpoint_of(global_options, source.account)
        if not options.dry_run:
            lock = instance_lock(endpoint.server, endpoint.instance_id, timeout=options.lock_timeout)
            stack.enter_context(lock)
        audit_log = stack.enter_context(open_audit_log(options.audit_log))
        facts = None if audit_log is None else RunFacts.gather(endpoint.instance_id, source.path, source.digest)
        recorder = Recorder(facts, audit_log, stop.event)
        spent = Spent()
        if options.audit_log is not None:
            now, retry = datetime.now(UTC), options.retry_refused
            spent = read_spent(options.audit_log, endpoint.instance_id, now=now, retry_refused=retry)
        source = source.with_spent(spent)
        run = ApplyRun(request.show_phones, global_options, options, source, spent, recorder, stop)
        try:
            with open_session(
                global_options, source.account, stop, read_only=options.dry_run, observer=recorder
            ) as session:
                return run.finish_plan(source.plan(session, global_options), session)
        except Exception as error:
            if not recorder.wrote:
                raise
            print_crash(error, sys.argv[1:])
            return ExitCode.NOT_CONVERGED


@dataclass(frozen=True, slots=True)
class ApplyRun:
    """One apply, once its source is read and its files and lock are open."""

    show_phones: bool
    global_options: GlobalOptions
    options: ApplyOptions
    source: YamlSource | SavedPlanSource
    spent: Spent
    recorder: Recorder
    stop: StopFlag

    def finish_plan(self, planned: PlanResult, session: Session) -> int:
        """Show the plan, confirm it, execute it, report the result; return the exit code."""
        plan = planned.plan
        self._show_plan(plan)
        if self.options.dry_run:
            return self._dry_run(plan, session)
        if plan.refusals:
            self._write_refused(plan)
        raise_if_refused(plan)
        if not plan.steps:
            return self._report(ApplyResult.without_steps(plan, self.recorder.calls), nothing_to_do=True)
        if not self.options.yes:
            confirm(plan)
        self.stop.defer()
        self.recorder.note_overrides(plan.overridden_rules)
        result = self._execute(planned, session)
        self.recorder.note_refusals(result)
        return self._report(replace(result, calls=self.recorder.calls))

    def _show_plan(self, plan: Plan) -> None:
        """Show the plan on stdout; when that is for one document, on stderr, and only when somebody is to confirm.

        The error that follows a refused plan has the reasons.
        """
        on_stdout = self.options.format == "text"
        if not on_stdout and (self.options.yes or self.options.dry_run):
            return
        stream = sys.stdout if on_stdout else sys.stderr
        options = replace(render_options(self.global_options, stream, show_phones=self.show_phones), refusals=False)
        text = PLAN_FORMATS["text"](self.source.to_saved_plan(plan), options)
        if on_stdout:
            write(text)
        else:
            print_line(text)

    def _write_refused(self, plan: Plan) -> None:
        """Write the document of a refused run; in the other formats, the error on stderr says everything."""
        if self.options.format == "json":
            result = ApplyResult.refused(plan, self.recorder.calls)
            write(RESULT_FORMATS["json"](result, self._render_options()))

    def _dry_run(self, plan: Plan, session: Session) -> int:
        from reconciler.report.sections import KNOWN_AFTER_APPLY
        from reconciler.report.text import DryRun

        calls = dry_run_calls(plan, unknown_id=KNOWN_AFTER_APPLY, reference=session.client.sends_reference)
        run = DryRun(self.source.to_saved_plan(plan), calls)
        text = DRY_RUN_FORMATS[self.options.format](run, self._render_options())
        if self.options.format != "text":
            write(text)
        elif calls:
            write("\n" + text)
        raise_if_refused(plan)
        return ExitCode.DONE

    def _execute(self, planned: PlanResult, session: Session) -> ApplyResult:
        """Execute the plan. An unexpected error is raised only before the first write; after it, the result has it."""
        result: ApplyResult | None = None
        try:
            with show_progress(planned.plan, self.global_options, session.throttle.seconds_to_wait) as progress:
                result = execute(
                    planned,
                    session.client,
                    desired=self.source.desired,
                    parallelism=self.global_options.parallelism,
                    stop=self.stop.event,
                    progress=self.recorder.following(progress),
                    since_create=self.spent.since_create,
                )
        except Exception as error:
            if not self.recorder.wrote:
                raise
            if result is None:
                return ApplyResult.crashed(planned.plan, error)
            return replace(result, unexpected=(*result.unexpected, error))
        return result

    def _report(self, result: ApplyResult, *, nothing_to_do: bool = False) -> int:
        """Write the report and the result; return the exit code, which is 1 only when no call wrote."""
        for error in result.unexpected:
            print_crash(error, sys.argv[1:])
        complete = all((self._write_report(result), self._write_result(result, nothing_to_do)))
        if nothing_to_do and not complete:
            return ExitCode.ERROR
        if self.recorder.error:
            print_message(self.recorder.error, "OutputError")
            return ExitCode.NOT_CONVERGED
        if result.interrupted:
            return ExitCode.INTERRUPTED
        if not (result.converged and complete):
            return ExitCode.NOT_CONVERGED
        self._note_tag()
        return ExitCode.DONE

    def _note_tag(self) -> None:
        """Say how to tag what was applied, where nobody else does: the workflows of `init` have a step for it."""
        source = self.source
        if self.global_options.quiet or os.environ.get("CI") or not isinstance(source, YamlSource):
            return
        if command := how_to_tag(source):
            print_line(escape_controls(f"So that the next run knows who left a people file, {command}."))

    def _write_report(self, result: ApplyResult) -> bool:
        from reconciler.report.documents import result_document
        from reconciler.sanitize.escape import json_text

        if self.options.report is None:
            return True
        try:
            write_file(self.options.report, json_text(result_document(result)), private=True)
        except UsageError as error:
            print_error(error)
            return False
        return True

    def _write_result(self, result: ApplyResult, nothing_to_do: bool) -> bool:
        text = RESULT_FORMATS[self.options.format](result, self._render_options())
        if self.options.format == "text":
            if nothing_to_do:  # the plan, which is shown already, says so
                return True
            text = "\n" + text
        note = "" if nothing_to_do else "the calls were sent; run `reconciler plan` to see what remains"
        return write_after_success(text, note)

    def _render_options(self) -> RenderOptions:
        return render_options(self.global_options, sys.stdout, show_phones=self.show_phones)


def confirm(plan: Plan) -> None:
    """Ask for confirmation on a terminal. Raises UsageError without one, Refused for any answer but `yes`.

    Another word for yes is not accepted: the question is asked once more.
    """
    from reconciler.report.summary import change_words

    stdin: TextIO | None = sys.stdin  # None when it was closed when the program started (`<&-`)
    if stdin is None or not stdin.isatty():
        raise UsageError(
            "cannot ask for confirmation: stdin is not a terminal; nothing was changed",
            "pass --yes to apply without confirmation",
        )
    click.echo(f"\nApply these changes: {change_words(plan)}? Type 'yes' to confirm: ", nl=False, err=True)
    answer = stdin.readline().strip().lower()
    if answer in _OTHER_YES:
        click.echo("Type yes to confirm: ", nl=False, err=True)
        answer = stdin.readline().strip().lower()
    if answer != "yes":
        raise Refused("not confirmed: nothing was changed")


def require_writable(report: Path | None) -> None:
    """Raise UsageError, before any call, when the report could not be written after the run."""
    if report is None:
        return
    try:
        target = report if is_stream(report) else resolve_link(report).parent
    except OSError as error:
        raise UsageError(f"cannot write the report {report}: {error.strerror}") from None
    if os.path.isdir(report) or (target != report and not os.path.isdir(target)) or not os.access(target, os.W_OK):
        raise UsageError(f"cannot write the report {report}", "name a file in an existing, writable folder")
