"""What an apply starts from: the desired state, from which a plan is made, or a plan that was saved."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest
from reconciler.cli.planning import load_and_choose, plan_in_session, stamp
from reconciler.cli.saved_plan import is_plan_file, read_plan_file, require_same_sources, resolve_source
from reconciler.cli.session import Account, Session
from reconciler.config import load
from reconciler.engine import verify_saved_plan
from reconciler.errors import UsageError
from reconciler.model.desired import Desired
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Plan
from reconciler.plan.selection import PlanOptions
from reconciler.plan.step import Action

if TYPE_CHECKING:
    from reconciler.engine import PlanResult


log = logging.getLogger("reconciler.apply")


_SETTLED = ("targets", "shard", "as_of", "max_removals", "changed_since")


@dataclass(frozen=True, slots=True)
class YamlSource:
    """YAML that was loaded: the plan is yet to be made. `reads` are the files and folders it is from."""

    reads: tuple[Path, ...]
    account: Account
    desired: Desired
    choices: PlanOptions

    def planned(self, session: Session, parallelism: int) -> PlanResult:
        """Make the plan."""
        return plan_in_session(session, self.desired, self.choices, parallelism)

    def shown(self, plan: Plan) -> SavedPlan:
        """The plan that was made, as it is shown."""
        return stamp(plan, self.desired.sources)


@dataclass(frozen=True, slots=True)
class SavedPlanSource:
    """A saved plan. `desired` is the YAML behind it, where it is needed and still there; `reads` are the files."""

    reads: tuple[Path, ...]
    account: Account
    saved: SavedPlan
    desired: Desired | None

    def planned(self, session: Session, parallelism: int) -> PlanResult:
        """Hold the plan against the live groups it touches."""
        return verify_saved_plan(self.saved.plan, session.client, desired=self.desired, parallelism=parallelism)

    def shown(self, plan: Plan) -> SavedPlan:
        """The plan as it was checked, as it is shown: made when and from what it was made."""
        return replace(self.saved, plan=plan)


def read_source(asked: PlanRequest, settings: GlobalOptions) -> YamlSource | SavedPlanSource:
    """Read what PATH names. Raises what is wrong with it, and UsageError for options a saved plan cannot take."""
    if not is_plan_file(asked.path):
        desired, choices = load_and_choose(asked, settings)
        return YamlSource((asked.path,), Account.of(desired), desired, choices)
    _require_nothing_settled(asked)
    saved = read_plan_file(asked.path)
    plan = saved.plan
    if settings.instance_id not in (None, plan.instance_id):
        raise UsageError(
            f"the plan was made for the instance {plan.instance_id}, not for {settings.instance_id}",
            "name the same instance, or make a new plan",
        )
    there = require_same_sources(saved.sources, asked.path)
    reads = (asked.path, *(resolve_source(source, asked.path) for source in saved.sources))
    account = Account(plan.instance_id, None, plan.writes_per_minute)
    return SavedPlanSource(reads, account, saved, _yaml_behind(plan, there))


def _require_nothing_settled(asked: PlanRequest) -> None:
    """Make sure that the command line does not ask what a saved plan has answered.

    A variable may be set for all jobs of a pipeline, the one that made the plan too: stderr tells that it has no say.
    """
    said = [name for name in _SETTLED if getattr(asked, name)]
    if any(name not in asked.from_environment for name in said):
        raise UsageError(
            "--target, --shard, --as-of, --max-removals and --changed-since were settled when the plan was saved",
            "make a new plan with them",
        )
    if said:
        variables = ", ".join(asked.from_environment[name] for name in said)
        log.warning("settled when the plan was saved, and not asked again: %s", variables)


def for_same_instance(settings: GlobalOptions, start: YamlSource | SavedPlanSource) -> GlobalOptions:
    """A saved plan goes to the instance that it was made for, and to no other."""
    return (
        replace(settings, instance_id=start.saved.plan.instance_id) if isinstance(start, SavedPlanSource) else settings
    )


def _yaml_behind(plan: Plan, there: Sequence[Path]) -> Desired | None:
    """The file, asked where somebody is to be removed (whom does it spare?) or a group is joined (what is it to be?).

    Neither is to be learned from the plan: it can be edited on its way, and nobody saw the group when it was made.
    """
    if not there or not any(step.action in (Action.JOIN, Action.REMOVE) for step in plan.steps):
        return None
    return load(next((path for path in there if os.path.isdir(path)), there[0]), as_of=plan.as_of)
