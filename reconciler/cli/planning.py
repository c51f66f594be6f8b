"""Planning for `plan`, `drift` and `apply`: open the API, read, compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.cli.loading import load_desired, removal_limit
from reconciler.cli.options import Settings
from reconciler.cli.parameters import Asked
from reconciler.cli.session import Account, Session, address_of, reading_session
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, Source
from reconciler.plan.choices import Choices
from reconciler.planfile.saved import SavedPlan

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.pipeline import Planned


def load_and_choose(asked: Asked, settings: Settings) -> tuple[Desired, Choices]:
    """The desired state that is asked for, and what of it is to be planned and how."""
    limit = removal_limit(asked.max_removals)
    choices = Choices(tuple(sorted(set(asked.targets))), limit, shard=asked.shard, trying_out=settings.sandbox)
    desired = load_desired(asked.path, asked.as_of, quiet=settings.quiet)
    if asked.changed_since is None:
        return desired, choices
    from reconciler.cli.revisions import narrowed_choices

    return desired, narrowed_choices(choices, asked.path, asked.changed_since, desired)


def _instance_if_known(settings: Settings, account: Account) -> str:
    try:
        return address_of(settings, account).instance_id
    except UsageError:
        return ""


def plan_in(session: Session, desired: Desired, choices: Choices, parallelism: int) -> Planned:
    """Make the plan over an open session."""
    from reconciler.pipeline import make_plan

    return make_plan(desired, session.client, choices, parallelism=parallelism, rate=lambda: session.pacer.per_minute)


@contextmanager
def planning_only(desired: Desired, choices: Choices, settings: Settings) -> Iterator[tuple[Planned, Session | None]]:
    """A plan, and the session it was made with, which only reads.

    Where nothing is left to plan there is none, since no API and no key is needed.
    """
    from reconciler.pipeline import Planned
    from reconciler.plan.build import untouched_plan
    from reconciler.plan.choices import needs_live

    account = Account.of(desired)
    if choices.changed_since is not None and not needs_live(desired, choices):
        yield Planned(untouched_plan(desired, choices, _instance_if_known(settings, account)), {}), None
        return
    with reading_session(settings, account) as session:
        yield plan_in(session, desired, choices, settings.parallelism), session


def made_now(plan: Plan, sources: Sequence[Source]) -> SavedPlan:
    """A plan that was just made, with what is saved and shown beside it."""
    return SavedPlan(plan, tuple(sources), __version__, datetime.now(UTC).isoformat(timespec="seconds"))
