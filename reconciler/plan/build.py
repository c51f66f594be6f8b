"""Changes become the plan: ordered, guarded, counted."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diff.change import Advice, Change
from reconciler.diff.match import lookup_names
from reconciler.model.desired import DEFAULT_REMOVALS, Desired
from reconciler.model.live import Instance
from reconciler.plan.guards import check_guards
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.order import plan_steps
from reconciler.plan.selection import PlanOptions, shard_info


def build_plan(
    changes: Iterable[Change],
    desired: Desired,
    choices: PlanOptions,
    *,
    instance_id: str,
    instance: Instance | None,
    advice: tuple[Advice, ...] = (),
) -> Plan:
    """The plan of all changes. `instance` is its state as just read, None when nothing is to be written."""
    groups = tuple(_group_plan(change, desired, choices) for change in changes)
    return Plan(
        instance_id=instance_id,
        as_of=desired.as_of,
        groups=groups,
        refusals=check_guards(groups, desired, instance, instance_id, trying_out=choices.sandbox),
        advice=advice,
        calls_per_minute=choices.calls_per_minute,
        writes_per_minute=desired.policy.writes_per_minute,
        targets=choices.targets,
        changed_since=choices.changed_since,
        never_removed=tuple(sorted(desired.never_removed)),
        shard=shard_info(desired, choices),
        pinned_ids=tuple(sorted({group.id for group in desired.groups if group.id is not None})),
    )


def empty_plan(desired: Desired, choices: PlanOptions, instance_id: str) -> Plan:
    """The plan of no group at all: nothing that was asked for changed, so the API is not asked either."""
    return build_plan((), desired, choices, instance_id=instance_id, instance=None)


def _group_plan(change: Change, desired: Desired, choices: PlanOptions) -> GroupPlan:
    limit = choices.max_removals or change.group.max_removals or desired.policy.max_removals or DEFAULT_REMOVALS
    return GroupPlan(
        key=change.group.key,
        name=change.name,
        id=change.id,
        matched_by=change.matched_by,
        lookup_names=lookup_names(change.group),
        live=change.live,
        field_changes=change.field_changes,
        add=change.add,
        remove=change.remove,
        steps=plan_steps(change),
        blocked=change.blocked,
        advice=change.advice,
        live_members=change.live_members,
        removal_limit=limit,
    )
