"""Check that a saved plan still fits the YAML and the live groups, before it is applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.config.phone_numbers import country_code
from reconciler.diff.change import MatchedBy
from reconciler.diff.compare import compare
from reconciler.diff.match import match_groups
from reconciler.diff.number_checks import with_answers
from reconciler.diff.participants import MAX_CHECKS
from reconciler.engine import PlanResult
from reconciler.history.changed_since import with_former_people
from reconciler.live.fetch import (
    GroupListApi,
    OnRead,
    confirm_listing,
    fetch_invite_links,
    ignore_progress,
    names_everybody,
    read_groups,
)
from reconciler.lookalike_reader import LookalikeReader
from reconciler.model.desired import Desired, Limit
from reconciler.model.live import ListedGroup, Listing, ReadGroup
from reconciler.model.rules import RuleOverride
from reconciler.plan.budget import as_saved, raise_if_over_budget, raise_if_refused_lately
from reconciler.plan.build import build_plan, groups_awaiting_link, with_invite_links
from reconciler.plan.change_rules import all_findings
from reconciler.plan.guards import recheck_guards
from reconciler.plan.model import Plan
from reconciler.plan.selection import Spent, select_groups
from reconciler.plan.source_losses import SourceComparison, with_held_removals
from reconciler.plan.staleness import groups_with_steps, raise_if_removes_protected, raise_if_stale
from reconciler.plan.yaml_checks import (
    former_people,
    options_of,
    raise_if_differs_from_rebuilt,
    raise_if_differs_from_yaml,
    saved_answers,
    with_present_limits,
)

if TYPE_CHECKING:
    from reconciler.live.client import Client


def verify_saved_plan(
    plan: Plan,
    client: Client,
    *,
    desired: Desired | None,
    max_removals: Limit | None,
    sources: SourceComparison,
    overridden_rules: tuple[RuleOverride, ...] = (),
    sandbox: bool,
    parallelism: int,
    spent: Spent,
    on_read: OnRead = ignore_progress,
) -> PlanResult:
    """Check that a saved plan still fits the live groups it touches; raise PlanFileError with what changed.

    `desired` is the YAML that the plan was made from, where that is still there: what the plan shows and sends must
    then be what the YAML and the live groups come to, and the limits of removals are the YAML's, whatever became of
    the plan file. `max_removals` overrides them. The rules are those of the YAML too, and `overridden_rules` may be
    broken. `sources` are those of the YAML beside what they gave before. `spent` is what was done since it was made, or
    before, within a day.
    """
    desired = desired and desired.for_instance(plan.instance_id)
    if desired is not None:
        raise_if_removes_protected(plan, desired)
        raise_if_differs_from_yaml(plan, desired)
        if desired.policy.budget is not None:
            raise_if_over_budget(plan, desired, spent)
    raise_if_refused_lately(plan, spent)
    listing = _list_for_saved_plan(plan, client)
    reader = LookalikeReader(client=client, parallelism=parallelism)
    known = {group_id: listing.names[group_id] for group_id in listing.names.keys() & set(plan.live_ids)}
    listing = reader.name_new_groups(plan, listing, known)
    live_groups = _read_for_saved_plan(plan, listing, client, parallelism, on_read)
    raise_if_stale(plan, listing.groups, live_groups, desired)
    rebuilt = _rebuild(plan, desired, listing, live_groups, sandbox) if desired is not None else None
    if desired is not None and rebuilt is not None:
        raise_if_differs_from_rebuilt(plan, rebuilt)
        plan = with_invite_links(plan, fetch_invite_links(client, groups_awaiting_link(plan, desired), parallelism))
    plan = with_present_limits(plan, rebuilt, live_groups, max_removals)
    plan = replace(plan, list_calls=listing.calls, list_shows_people=listing.shows_people)
    plan = reader.block_creates(plan, listing, known, desired)
    findings = plan.findings if desired is None else all_findings(desired, plan.groups, country_code)
    plan = replace(plan, findings=findings, overridden_rules=overridden_rules)
    if plan.steps:
        plan = recheck_guards(plan, desired, client.instance(), sandbox=sandbox, sources=sources)
    return PlanResult(plan, listing.names, listing.counts)


def _list_for_saved_plan(plan: Plan, client: GroupListApi) -> Listing:
    """List the live groups; once more where the plan rests on a name."""
    listing = client.list_groups()
    sure = all(group.matched_by is MatchedBy.ID for group in groups_with_steps(plan))
    return listing if sure else confirm_listing(listing, client)


def _read_for_saved_plan(
    plan: Plan, listing: Listing, client: Client, parallelism: int, on_read: OnRead
) -> Mapping[str, ReadGroup]:
    """Read the groups that a saved plan touches as they are now, by id, the way the plan read them."""
    recorded = {group.live.id: group.live for group in groups_with_steps(plan) if group.live is not None}

    def is_complete(entry: ListedGroup) -> bool:
        described = entry.description is not None or not recorded[entry.id].description
        return names_everybody(entry) and described

    entries = [entry for entry in listing.groups if entry.id in recorded]
    return read_groups(client, entries, parallelism, is_complete=is_complete, on_read=on_read)


def _rebuild(
    plan: Plan, desired: Desired, listing: Listing, live_groups: Mapping[str, ReadGroup], sandbox: bool
) -> Plan:
    """Return what the YAML and the live groups come to for the groups that a saved plan changes."""
    matches = match_groups(desired.groups, listing.groups)
    changes = compare((matches[group.key] for group in groups_with_steps(plan)), desired, live_groups)
    changes = with_former_people(changes, former_people(plan))
    changes = with_held_removals(changes, desired, options_of(plan).sources.unknown)
    answers = saved_answers(plan)
    changes = with_answers(changes, tuple(answers), answers, MAX_CHECKS)
    if plan.waits:
        changes = as_saved(changes, plan)
    options = replace(options_of(plan), sandbox=sandbox)
    shard = select_groups(desired, options).shard
    return build_plan(
        changes, desired, options, instance_id=plan.instance_id, instance=None, country_of=country_code, shard=shard
    )
