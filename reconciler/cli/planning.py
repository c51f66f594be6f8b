"""Plan for `plan`, `drift` and `apply`: load the configuration, open the API, compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.cli.error_output import print_line
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest, evaluation_date
from reconciler.cli.session import Account, Session, endpoint_of, reading_session
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, RemovalLimit, Source
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.selection import PlanOptions

if TYPE_CHECKING:
    from reconciler.engine import PlanResult
    from reconciler.plan.model import Plan


def load_desired(path: Path, as_of: datetime | None, *, quiet: bool) -> Desired:
    """Load and check PATH, and print warnings on stderr. Raises ConfigError with every problem."""
    from reconciler.config import load

    desired = load(path, as_of=evaluation_date(as_of))
    if desired.warnings and not quiet:
        from reconciler.report.problems import render_problems

        print_line(render_problems(desired.warnings).rstrip("\n"))
    return desired


def source_files(desired: Desired) -> tuple[Path, ...]:
    """Return the files that a configuration was loaded from."""
    return tuple(Path(source.path) for source in desired.sources)


def parse_max_removals(text: str | None) -> RemovalLimit | None:
    """Parse the value of --max-removals: a count or a percentage."""
    if text is None:
        return None
    try:
        return RemovalLimit.parse(text, "--max-removals")
    except ValueError:
        raise UsageError(f"--max-removals: {text!r} is not a count or a percentage", "write it like 3 or 40%") from None


def load_request(request: PlanRequest, global_options: GlobalOptions) -> tuple[Desired, PlanOptions]:
    """Load the configuration of a request, and return it with the options of the plan."""
    options = PlanOptions(
        targets=tuple(sorted(set(request.targets))),
        max_removals=parse_max_removals(request.max_removals),
        shard=request.shard,
        sandbox=global_options.sandbox,
    )
    desired = load_desired(request.path, request.as_of, quiet=global_options.quiet)
    if request.changed_since is None:
        return desired, options
    from reconciler.cli.revisions import options_for_changed_since

    return desired, options_for_changed_since(options, request.path, request.changed_since, desired)


def plan_in_session(session: Session, desired: Desired, options: PlanOptions, parallelism: int) -> PlanResult:
    """Make the plan over an open session."""
    from reconciler.engine import make_plan

    return make_plan(
        desired, session.client, options, parallelism=parallelism, rate=lambda: session.throttle.per_minute
    )


@contextmanager
def read_only_plan(
    desired: Desired, options: PlanOptions, global_options: GlobalOptions
) -> Iterator[tuple[PlanResult, Session | None]]:
    """Make a plan in a session that only reads, and yield both.

    Without a group to plan there is no session, because neither the API nor a key is needed.
    """
    from reconciler.engine import PlanResult
    from reconciler.plan.build import empty_plan
    from reconciler.plan.selection import select_groups

    account = Account.of(desired)
    if options.changed_since is not None and not select_groups(desired, options).needs_api:
        yield PlanResult(empty_plan(desired, options, _known_instance_id(global_options, account)), {}), None
        return
    with reading_session(global_options, account) as session:
        yield plan_in_session(session, desired, options, global_options.parallelism), session


def _known_instance_id(global_options: GlobalOptions, account: Account) -> str:
    try:
        return endpoint_of(global_options, account).instance_id
    except UsageError:
        return ""


def stamp(plan: Plan, sources: Sequence[Source]) -> SavedPlan:
    """Return a new plan with what is saved and shown beside it: its sources, the version, the time."""
    return SavedPlan(plan, tuple(sources), __version__, datetime.now(UTC).isoformat(timespec="seconds"))
