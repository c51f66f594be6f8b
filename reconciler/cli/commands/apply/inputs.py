"""What an apply starts from: the desired state, from which a plan is made, or a plan that was saved."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.options import Settings
from reconciler.cli.parameters import Asked
from reconciler.cli.planfile import is_plan_file, place_of, read_plan_file, require_same_sources
from reconciler.cli.planning import load_and_choose, made_now, plan_in
from reconciler.cli.session import Account, Session
from reconciler.config import load
from reconciler.errors import UsageError
from reconciler.model.desired import Desired
from reconciler.model.plan import Plan
from reconciler.model.step import Action
from reconciler.pipeline import check_saved_plan
from reconciler.plan.choices import Choices
from reconciler.planfile.saved import SavedPlan

if TYPE_CHECKING:
    from reconciler.pipeline import Planned

log = logging.getLogger("reconciler.apply")

_SETTLED = ("targets", "shard", "as_of", "max_removals", "changed_since")


@dataclass(frozen=True, slots=True)
class FromFile:
    """YAML that was loaded: the plan is yet to be made. `reads` are the files and folders it is from."""

    reads: tuple[Path, ...]
    account: Account
    desired: Desired
    choices: Choices

    def planned(self, session: Session, parallelism: int) -> Planned:
        """Make the plan."""
        return plan_in(session, self.desired, self.choices, parallelism)

    def shown(self, plan: Plan) -> SavedPlan:
        """The plan that was made, as it is shown."""
        return made_now(plan, self.desired.sources)


@dataclass(frozen=True, slots=True)
class FromPlan:
    """A saved plan. `desired` is the YAML behind it, where it is needed and still there; `reads` are the files."""

    reads: tuple[Path, ...]
    account: Account
    saved: SavedPlan
    desired: Desired | None

    def planned(self, session: Session, parallelism: int) -> Planned:
        """Hold the plan against the live groups it touches."""
        return check_saved_plan(self.saved.plan, session.client, desired=self.desired, parallelism=parallelism)

    def shown(self, plan: Plan) -> SavedPlan:
        """The plan as it was checked, as it is shown: made when and from what it was made."""
        return replace(self.saved, plan=plan)


def input_of(asked: Asked, settings: Settings) -> FromFile | FromPlan:
    """Read what PATH names. Raises what is wrong with it, and UsageError for options a saved plan cannot take."""
    if not is_plan_file(asked.path):
        desired, choices = load_and_choose(asked, settings)
        return FromFile((asked.path,), Account.of(desired), desired, choices)
    _require_nothing_settled(asked)
    saved = read_plan_file(asked.path)
    plan = saved.plan
    if settings.instance_id not in (None, plan.instance_id):
        raise UsageError(
            f"the plan was made for the instance {plan.instance_id}, not for {settings.instance_id}",
            "name the same instance, or make a new plan",
        )
    there = require_same_sources(saved.sources, asked.path)
    reads = (asked.path, *(place_of(source, asked.path) for source in saved.sources))
    account = Account(plan.instance_id, None, plan.writes_per_minute)
    return FromPlan(reads, account, saved, _yaml_behind(plan, there))


def _require_nothing_settled(asked: Asked) -> None:
    """Make sure that the command line does not ask what a saved plan has answered.

    A variable may be set for all jobs of a pipeline, the one that made the plan too: stderr tells that it has no say.
    """
    said = [name for name in _SETTLED if getattr(asked, name)]
    if any(name not in asked.by_variable for name in said):
        raise UsageError(
            "--target, --shard, --as-of, --max-removals and --changed-since were settled when the plan was saved",
            "make a new plan with them",
        )
    if said:
        variables = ", ".join(asked.by_variable[name] for name in said)
        log.warning("settled when the plan was saved, and not asked again: %s", variables)


def for_same_instance(settings: Settings, start: FromFile | FromPlan) -> Settings:
    """A saved plan goes to the instance that it was made for, and to no other."""
    return replace(settings, instance_id=start.saved.plan.instance_id) if isinstance(start, FromPlan) else settings


def _yaml_behind(plan: Plan, there: Sequence[Path]) -> Desired | None:
    """The file, asked where somebody is to be removed (whom does it spare?) or a group is joined (what is it to be?).

    Neither is to be learned from the plan: it can be edited on its way, and nobody saw the group when it was made.
    """
    if not there or not any(step.action in (Action.JOIN, Action.REMOVE) for step in plan.steps):
        return None
    return load(next((path for path in there if os.path.isdir(path)), there[0]), as_of=plan.as_of)
