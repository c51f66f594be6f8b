"""What an apply starts from: a configuration, which is to be planned, or a saved plan."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest
from reconciler.cli.planning import YamlSource, load_request
from reconciler.cli.saved_plan import is_plan_file, read_plan_file, require_same_sources, resolve_source
from reconciler.cli.session import Account, Session
from reconciler.engine import PlanResult, verify_saved_plan
from reconciler.errors import UsageError
from reconciler.model.desired import Desired
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Plan
from reconciler.plan.step import Action

log = logging.getLogger("reconciler.apply")
FIXED_IN_PLAN = ("targets", "shard", "as_of", "max_removals", "changed_since")


@dataclass(frozen=True, slots=True)
class SavedPlanSource:
    """A saved plan; `desired` is the configuration behind it, when that is needed and still there."""

    files: tuple[Path, ...]
    account: Account
    saved: SavedPlan
    desired: Desired | None

    def plan(self, session: Session, parallelism: int) -> PlanResult:
        """Verify the plan against the live groups that it changes."""
        return verify_saved_plan(self.saved.plan, session.client, desired=self.desired, parallelism=parallelism)

    def to_saved_plan(self, plan: Plan) -> SavedPlan:
        """Return the verified plan as the renderers take it, with its own time and sources."""
        return replace(self.saved, plan=plan)


def read_source(request: PlanRequest, global_options: GlobalOptions) -> YamlSource | SavedPlanSource:
    """Read PATH. Raises what is wrong with it, and UsageError for options that a saved plan does not take."""
    if not is_plan_file(request.path):
        return load_request(request, global_options)
    _reject_fixed_options(request)
    saved = read_plan_file(request.path)
    plan = saved.plan
    if global_options.instance_id not in (None, plan.instance_id):
        raise UsageError(
            f"the plan is for the instance {plan.instance_id}, not for {global_options.instance_id}",
            "name the same instance, or make a new plan",
        )
    unchanged = require_same_sources(saved.sources, request.path)
    sources = (resolve_source(source, request.path) for source in saved.sources)
    files = (request.path, *(path for path in sources if not os.path.isdir(path)))
    account = Account(plan.instance_id, None, plan.writes_per_minute)
    return SavedPlanSource(files, account, saved, _load_behind_plan(plan, unchanged))


def _reject_fixed_options(request: PlanRequest) -> None:
    """Raise UsageError for options that a saved plan has fixed.

    From an environment variable they only cause a warning: it may be set for the job that made the plan, too.
    """
    fixed = [name for name in FIXED_IN_PLAN if getattr(request, name)]
    if any(name not in request.from_environment for name in fixed):
        raise UsageError(
            "a saved plan does not take --target, --shard, --as-of, --max-removals or --changed-since",
            "make a new plan with these options",
        )
    if fixed:
        variables = ", ".join(request.from_environment[name] for name in fixed)
        log.warning("ignored, because the saved plan fixes them: %s", variables)


def _load_behind_plan(plan: Plan, files: Sequence[Path]) -> Desired | None:
    """Load the configuration behind a saved plan when the plan removes somebody or joins a group.

    Two things must not come from the plan: the people who are protected from removal, because the plan file may have
    been edited, and the state of a joined group, which nobody had seen when the plan was made.
    """
    if not files or not any(step.action in (Action.JOIN, Action.REMOVE) for step in plan.steps):
        return None
    from reconciler.config import load

    return load(next((path for path in files if os.path.isdir(path)), files[0]), as_of=plan.as_of)
