"""Build the plan from the changes: ordered, guarded, counted."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diff.change import Advice, Change
from reconciler.diff.match import lookup_names
from reconciler.model.desired import DEFAULT_REMOVALS, Desired
from reconciler.model.live import Instance
from reconciler.plan.guards import check_guards
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.order import plan_steps
from reconciler.plan.selection import PlanOptions, select_groups
from reconciler.plan.shard import ShardInfo


def build_plan(
    changes: Iterable[Change],
    desired: Desired,
    options: PlanOptions,
    *,
    instance_id: str,
    instance: Instance | None,
    advice: tuple[Advice, ...] = (),
    shard: ShardInfo | None = None,
) -> Plan:
    """Return the plan of all changes; `instance` is its present state, None where nothing is to be written."""
    groups = tuple(_group_plan(change, desired, options) for change in changes)
    return Plan(
        instance_id=instance_id,
        as_of=desired.as_of,
        groups=groups,
        refusals=check_guards(groups, desired, instance, instance_id, sandbox=options.sandbox),
        advice=advice,
        calls_per_minute=options.calls_per_minute,
        writes_per_minute=desired.policy.writes_per_minute,
        targets=options.targets,
        changed_since=options.changed_since,
        never_removed=tuple(sorted(desired.never_removed)),
        shard=shard,
        pinned_ids=tuple(sorted({group.id for group in desired.groups if group.id is not None})),
    )


def empty_plan(desired: Desired, options: PlanOptions, instance_id: str) -> Plan:
    """Return the plan of no group at all, for a run that needs no call."""
    shard = select_groups(desired, options).shard
    return build_plan((), desired, options, instance_id=instance_id, instance=None, shard=shard)


def _group_plan(change: Change, desired: Desired, options: PlanOptions) -> GroupPlan:
    limit = options.max_removals or change.group.max_removals or desired.policy.max_removals or DEFAULT_REMOVALS
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
