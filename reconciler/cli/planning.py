"""Reading the desired state for a command, and the values that options give it.

Planning for `plan`, `drift` and `apply`: open the API, read, compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest, evaluation_date
from reconciler.cli.output import print_line
from reconciler.cli.session import Account, Session, endpoint_of, reading_session
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, RemovalLimit, Source
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.selection import PlanOptions

if TYPE_CHECKING:
    from reconciler.engine import PlanResult
    from reconciler.plan.model import Plan


def load_desired(path: Path, as_of: datetime | None, *, quiet: bool) -> Desired:
    """Load and check PATH; warnings go to stderr. Raises ConfigError with every problem."""
    from reconciler.config import load

    desired = load(path, as_of=evaluation_date(as_of))
    if desired.warnings and not quiet:
        from reconciler.report.problems import render_problems

        print_line(render_problems(desired.warnings).rstrip("\n"))
    return desired


def removal_limit_option(text: str | None) -> RemovalLimit | None:
    """`--max-removals`: a count or a share in percent."""
    if text is None:
        return None
    try:
        return RemovalLimit.parse(text, "--max-removals")
    except ValueError:
        raise UsageError(f"--max-removals takes a count or a share, not {text!r}", "for example 3 or 40%") from None


def load_and_choose(asked: PlanRequest, settings: GlobalOptions) -> tuple[Desired, PlanOptions]:
    """The desired state that is asked for, and what of it is to be planned and how."""
    limit = removal_limit_option(asked.max_removals)
    choices = PlanOptions(tuple(sorted(set(asked.targets))), limit, shard=asked.shard, sandbox=settings.sandbox)
    desired = load_desired(asked.path, asked.as_of, quiet=settings.quiet)
    if asked.changed_since is None:
        return desired, choices
    from reconciler.cli.revisions import options_for_changed_since

    return desired, options_for_changed_since(choices, asked.path, asked.changed_since, desired)


def _instance_if_known(settings: GlobalOptions, account: Account) -> str:
    try:
        return endpoint_of(settings, account).instance_id
    except UsageError:
        return ""


def plan_in_session(session: Session, desired: Desired, choices: PlanOptions, parallelism: int) -> PlanResult:
    """Make the plan over an open session."""
    from reconciler.engine import make_plan

    return make_plan(desired, session.client, choices, parallelism=parallelism, rate=lambda: session.pacer.per_minute)


@contextmanager
def read_only_plan(
    desired: Desired, choices: PlanOptions, settings: GlobalOptions
) -> Iterator[tuple[PlanResult, Session | None]]:
    """A plan, and the session it was made with, which only reads.

    Where nothing is left to plan there is none, since no API and no key is needed.
    """
    from reconciler.engine import PlanResult
    from reconciler.plan.build import empty_plan
    from reconciler.plan.selection import needs_api

    account = Account.of(desired)
    if choices.changed_since is not None and not needs_api(desired, choices):
        yield PlanResult(empty_plan(desired, choices, _instance_if_known(settings, account)), {}), None
        return
    with reading_session(settings, account) as session:
        yield plan_in_session(session, desired, choices, settings.parallelism), session


def stamp(plan: Plan, sources: Sequence[Source]) -> SavedPlan:
    """A plan that was just made, with what is saved and shown beside it."""
    return SavedPlan(plan, tuple(sources), __version__, datetime.now(UTC).isoformat(timespec="seconds"))
