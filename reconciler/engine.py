"""The whole run, to be read as a row of calls that pass values on.

    config → live → diff → plan → apply → report

What the command line does with it stands in `cli`, one file a command; every stage has a folder of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING

from reconciler.apply.create_group import ids_before_write
from reconciler.apply.executor import apply_plan
from reconciler.apply.result import ApplyResult
from reconciler.apply.verify import remaining_drift
from reconciler.diff.compare import compare, unmanaged
from reconciler.diff.match import match_groups
from reconciler.history.changed_since import narrow_by_matches, with_rematch_advice
from reconciler.lookup.links import plan_with_links
from reconciler.lookup.listing import list_again, list_for
from reconciler.lookup.reads import read_again, read_matched
from reconciler.model.desired import Desired
from reconciler.model.live import Listing
from reconciler.plan.build import build_plan
from reconciler.plan.guards import recheck_guards
from reconciler.plan.model import Plan
from reconciler.plan.selection import PlanOptions, matched_keys, needs_api, planned_keys, reports_unmanaged
from reconciler.plan.staleness import raise_if_removes_protected, raise_if_stale

if TYPE_CHECKING:
    from reconciler.apply.ports import Progress
    from reconciler.live.client import Client


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, and the names, by id, of all groups that were live when it was made or checked."""

    plan: Plan
    known: Mapping[str, str]


def make_plan(
    desired: Desired, client: Client, choices: PlanOptions, *, parallelism: int, rate: Callable[[], float]
) -> PlanResult:
    """Compare the desired state with the live one, with the fewest calls.

    `rate` tells the calls a minute that the server's headers allow, as known once the reads are done. All groups are
    matched, also those of other shards and those that are no target: an id or a name that one of them has must not be
    taken by another. What is live and in no file is told by the first shard alone.
    """
    desired = desired.for_instance(client.instance_id)
    asks = needs_api(desired, choices)
    listing = list_for(desired, client, matched_keys(desired, choices)) if asks else Listing(())
    matches = match_groups(desired.groups, listing.groups)
    before = match_groups(choices.before or (), listing.groups)
    since = choices.changed_since
    if since is not None and before:
        since = narrow_by_matches(since, before, matches)
        choices = replace(choices, changed_since=since)
    keys = planned_keys(desired, choices)
    chosen = [match for key, match in matches.items() if key in keys]
    changes = compare(chosen, desired, read_matched(chosen, client, parallelism))
    if since is not None:
        changes = with_rematch_advice(changes, before, matches, since.ref, listing.names)
    instance = client.instance() if any(change.writes for change in changes) else None
    plan = build_plan(
        changes,
        desired,
        replace(choices, calls_per_minute=rate()),
        instance_id=client.instance_id,
        instance=instance,
        advice=unmanaged(matches.values(), listing.groups) if reports_unmanaged(choices) else (),
    )
    return PlanResult(plan_with_links(plan, client, desired), listing.names)


def verify_saved_plan(plan: Plan, client: Client, *, desired: Desired | None, parallelism: int) -> PlanResult:
    """Make sure that a saved plan still fits the live groups it touches; PlanFileError says what moved.

    `desired` is the YAML that the plan was made from, where that is still there: whom it spares is not removed,
    whatever the plan has come to say on its way.
    """
    desired = desired and desired.for_instance(plan.instance_id)
    if desired is not None:
        raise_if_removes_protected(plan, desired)
    listing = list_again(plan, client)
    raise_if_stale(plan, listing.groups, read_again(plan, listing, client, parallelism))
    if plan.steps:
        plan = recheck_guards(plan, desired, client.instance())
    return PlanResult(plan, listing.names)


def execute(
    planned: PlanResult,
    client: Client,
    *,
    desired: Desired | None,
    parallelism: int,
    stop: Event,
    progress: Progress,
) -> ApplyResult:
    """Apply a plan that was cleared, and hold every group as it was read back against what the file wants of it.

    Raises Refused, before anything is written, when a group that is to be created is there by now.
    """
    known = ids_before_write(planned.plan, planned.known, client)
    applied = apply_plan(planned.plan, client, known=known, parallelism=parallelism, stop=stop, progress=progress)
    result, desired = applied.result, desired and desired.for_instance(client.instance_id)
    more = remaining_drift(applied.live, result, desired)
    return replace(result, left_over=tuple(sorted((*result.left_over, *more))))
