"""An apply from end to end: plan or check the saved plan, show, ask, run, tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.apply.lock import instance_lock
from reconciler.cli.confirm import confirm
from reconciler.cli.interrupt import Stop, watching_signals
from reconciler.cli.options import Settings
from reconciler.cli.planfile import is_plan_file, read_plan_file, require_same_sources
from reconciler.cli.planning import Asked, load_for, plan_in, rendered
from reconciler.cli.progress import showing_progress
from reconciler.cli.records import Recorder, audit_file, require_place_for
from reconciler.cli.session import Account, Session, address_of, open_session
from reconciler.cli.writing import colored, show, write_file
from reconciler.config import load
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, Source
from reconciler.model.plan import Action, Plan
from reconciler.model.result import ApplyResult
from reconciler.pipeline import Planned, check_saved_plan, require_allowed, run_plan


@dataclass(frozen=True, slots=True)
class Ways:
    """How to apply: asking or not, for real or not, what to keep, how to tell."""

    yes: bool
    dry_run: bool
    report: Path | None
    audit_log: Path | None
    format: str


@dataclass(frozen=True, slots=True)
class Input:
    """What is to be applied: a saved plan, or the desired state that a plan is made from (or both)."""

    account: Account
    desired: Desired | None = None
    saved: Plan | None = None


def apply_file(asked: Asked, settings: Settings, ways: Ways) -> int:
    """Apply what `asked` names; the exit code."""
    choices = asked.choices()
    what = _input(asked, settings)
    settings = _same_instance(settings, what)
    require_place_for(ways.report)
    with watching_signals() as stop, ExitStack() as stack:
        address = address_of(settings, what.account)
        if not ways.dry_run:
            stack.enter_context(instance_lock(address.place, address.instance_id))
        recorder = Recorder(address.instance_id, stack.enter_context(audit_file(ways.audit_log)))
        session = stack.enter_context(
            open_session(settings, what.account, stop, read_only=ways.dry_run, observer=recorder)
        )
        if what.saved is not None:
            planned = check_saved_plan(what.saved, session.client, parallelism=settings.parallelism)
        elif what.desired is not None:
            planned = plan_in(session, what.desired, choices, settings.parallelism)
        return _go_on(planned, session, stop, recorder, _Run(asked, settings, ways, what.desired))


@dataclass(frozen=True, slots=True)
class _Run:
    asked: Asked
    settings: Settings
    ways: Ways
    desired: Desired | None


def _go_on(planned: Planned, session: Session, stop: Stop, recorder: Recorder, run: _Run) -> int:
    plan, ways, phones = planned.plan, run.ways, run.asked.show_phones
    color = colored(run.settings.no_color)
    if ways.format == "text":
        show(rendered(plan, "text", show_phones=phones, color=color))
    if ways.dry_run:
        return _dry(plan, run)
    require_allowed(plan)
    if not plan.steps:
        return _tell(ApplyResult(plan, calls=recorder.calls), run, untouched=True)
    confirm(plan, yes=ways.yes)
    progress = showing_progress(plan, quiet=run.settings.quiet, log_format=run.settings.log_format)
    with stop.finishing_calls(), progress as told:
        result = run_plan(
            planned,
            session.client,
            desired=run.desired,
            parallelism=run.settings.parallelism,
            stop=stop.event,
            progress=told,
        )
        return _tell(replace(result, calls=recorder.calls), run)


def _input(asked: Asked, settings: Settings) -> Input:
    if not is_plan_file(asked.path):
        desired = load_for(asked, settings)
        return Input(Account.of(desired), desired)
    if asked.targets or asked.as_of or asked.max_removals:
        raise UsageError(
            "--target, --as-of and --max-removals were settled when the plan was saved",
            "make a new plan with them",
        )
    plan, sources = read_plan_file(asked.path)
    require_same_sources(sources)
    account = Account(plan.instance_id, None, plan.writes_per_minute)
    return Input(account, _yaml_behind(plan, sources), plan)


def _yaml_behind(plan: Plan, sources: Sequence[Source]) -> Desired | None:
    """The file a saved plan was made from, where it is needed (what a joined group should be) and still there."""
    if not any(step.action is Action.JOIN for step in plan.steps):
        return None
    paths = [Path(source.path) for source in sources]
    if not paths or not all(path.exists() for path in paths):
        return None
    return load(next((path for path in paths if path.is_dir()), paths[0]), as_of=plan.as_of)


def _same_instance(settings: Settings, what: Input) -> Settings:
    """A saved plan goes to the instance that it was made for, and to no other."""
    if what.saved is None:
        return settings
    if settings.instance_id not in (None, what.saved.instance_id):
        raise UsageError(
            f"the plan was made for the instance {what.saved.instance_id}, not for {settings.instance_id}",
            "name the same instance, or make a new plan",
        )
    return replace(settings, instance_id=what.saved.instance_id)


def _dry(plan: Plan, run: _Run) -> int:
    from reconciler.report.text import render_calls

    if run.ways.format == "json":
        show(rendered(plan, "json", show_phones=run.asked.show_phones, color=False))
    elif plan.steps:
        show("\n" + render_calls(plan, show_phones=run.asked.show_phones))
    require_allowed(plan)
    return 0


def _tell(result: ApplyResult, run: _Run, *, untouched: bool = False) -> int:
    """Write the report, show the result, and say how it ended."""
    from reconciler.report.document import masked, result_document
    from reconciler.report.escaping import json_text
    from reconciler.report.text import render_result

    if run.ways.report is not None:
        write_file(run.ways.report, json_text(result_document(result)), private=True)
    phones = run.asked.show_phones
    with _whoever_reads():
        if run.ways.format == "json":
            show(json_text(masked(result_document(result), phones)))
        elif not untouched:
            show("\n" + render_result(result, show_phones=phones, color=colored(run.settings.no_color)))
    if result.interrupted:
        return 130
    return 0 if result.converged else 3


@contextmanager
def _whoever_reads() -> Iterator[None]:
    """Calls were made: a reader that has gone must not turn the exit code into "nothing was changed"."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
