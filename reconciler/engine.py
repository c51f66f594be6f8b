"""The whole run, as a row of calls that pass values on. Read this module first.

    config → live → diff → plan → apply → report

The engine alone alternates between reading (`live`) and deciding (`diff`, `plan`): what is read depends on what
matches. `cli` has what the command line does with it, one module a command.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, cast

from reconciler.apply.breaker import Breaker
from reconciler.apply.create_pause import PausedCreates
from reconciler.apply.executor import apply_plan
from reconciler.apply.result import ApplyResult
from reconciler.apply.verify import remaining_drift, sort_drift
from reconciler.config.phone_numbers import country_code
from reconciler.diff.change import Change, MatchedBy
from reconciler.diff.compare import compare, members_not_managed, needs_read, unmanaged
from reconciler.diff.match import Match, block_unlisted, match_groups, pinned_groups
from reconciler.diff.participants import numbers_to_check, wrong_account_advice
from reconciler.errors import Refused
from reconciler.history.changed_since import narrow_by_matches, with_former_people, with_rematch_advice
from reconciler.live.fetch import (
    GroupListApi,
    OnRead,
    confirm_listing,
    fetch_invite_links,
    ignore_progress,
    list_groups,
    names_everybody,
    read_groups,
)
from reconciler.lookalike_reader import LookalikeReader
from reconciler.model.desired import Desired
from reconciler.model.live import Listing, ReadGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, plural
from reconciler.newcomers import Newcomers, take_newcomers
from reconciler.person.find import find_memberships
from reconciler.person.memberships import PersonMemberships
from reconciler.plan.build import build_plan, groups_awaiting_link, with_invite_links
from reconciler.plan.model import Plan
from reconciler.plan.selection import PlanOptions, Selection, allowed_lookalikes, select_groups
from reconciler.plan.source_losses import accepted_advice, with_held_removals
from reconciler.plan.staleness import (
    groups_to_create,
    raise_if_appeared,
    raise_if_unlisted,
)

if TYPE_CHECKING:
    from reconciler.apply.ports import GroupApi, Progress
    from reconciler.live.client import Client


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan; of all groups that were live when it was made or checked, by id, the names and how many are in them."""

    plan: Plan
    live_names: Mapping[str, Untrusted]
    live_counts: Mapping[str, int | None] = field(default_factory=dict)


def make_plan(
    desired: Desired,
    client: Client,
    options: PlanOptions,
    *,
    parallelism: int,
    rate: Callable[[], float],
    on_read: OnRead = ignore_progress,
) -> PlanResult:
    """Compare the desired state with the live one, with the fewest calls.

    `rate` returns the calls a minute that the server's headers allow, as known once the reads are done. Every group
    is matched, also those of other shards and those that are no target: an id or a name that one of them has must not
    be taken by another.
    """
    desired = desired.for_instance(client.instance_id)
    reader = LookalikeReader(client=client, parallelism=parallelism)
    matching = _match(desired, client, options, reader)
    options, selection, listing, matches = matching.options, matching.selection, matching.listing, matching.matches
    selected = [matches[key] for key in matches if key in selection.planned]
    changes = _read_and_compare(selected, desired, client, parallelism, on_read)
    changes = with_former_people(changes, options.previous_people)
    changes = with_rematch_advice(changes, matching.previous, matches, options, listing)
    if options.sources.losses:
        changes = with_held_removals(changes, desired, options.sources.unknown)
    newcomers = _newcomers(changes, desired, client, options, listing)
    changes = newcomers.changes
    instance = client.instance() if any(change.needs_writes for change in changes) else None
    left_alone = unmanaged(matches.values(), listing.groups) if selection.reports_unmanaged else ()
    plan = build_plan(
        changes,
        desired,
        replace(options, calls_per_minute=rate()),
        instance_id=client.instance_id,
        instance=instance,
        country_of=country_code,
        advice=(
            *wrong_account_advice(changes, desired),
            *(accepted_advice(options.sources, desired) if options.sources.losses else ()),
            *members_not_managed(changes),
            *left_alone,
        ),
        shard=selection.shard,
    )
    plan = replace(
        plan,
        lookalike_reads=len(reader.reads),
        allowed_lookalikes=tuple(sorted(matching.allowed)),
        live_ids=tuple(listing.names) if any(change.create for change in changes) else (),
        number_checks=newcomers.number_checks,
        pending_until=newcomers.pending_until,
        list_calls=listing.calls,
        list_shows_people=listing.shows_people,
    )
    links = fetch_invite_links(client, groups_awaiting_link(plan, desired), parallelism)
    return PlanResult(with_invite_links(plan, links), listing.names, listing.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matching:
    """What every key matches, what is planned by that, and what the keys of the earlier revision match (`previous`).

    `allowed` are the keys that are created although a live group looks like them.
    """

    options: PlanOptions
    selection: Selection
    listing: Listing
    matches: Mapping[str, Match]
    previous: Mapping[str, Match]
    allowed: frozenset[str]


def _match(desired: Desired, client: Client, options: PlanOptions, reader: LookalikeReader) -> _Matching:
    """List the live groups, match every key, and block the creates of groups that a live group may be."""
    selection = select_groups(desired, options)
    listing, matches = match_live(desired, client, selection.matched if selection.needs_api else None)
    if any(matches[key].creates for key in selection.matched):
        listing, matches = reader.name_matches(desired, listing, matches)
    options, previous = narrow_by_matches(options, matches, listing)
    selection = select_groups(desired, options)
    matches = block_unlisted(matches, listing.odd)
    creates = frozenset(key for key in selection.planned if matches[key].creates)
    allowed = creates & allowed_lookalikes(desired, options)
    if creates - allowed:
        matches = reader.block_matches(desired, listing, matches, creates - allowed)
    return _Matching(
        options=options, selection=selection, listing=listing, matches=matches, previous=previous, allowed=allowed
    )


def _read_and_compare(
    selected: Sequence[Match], desired: Desired, client: Client, parallelism: int, on_read: OnRead
) -> tuple[Change, ...]:
    """Compare groups with what they match; only those that a comparison needs are read."""
    listed = (match.listed for match in selected if match.listed and needs_read(match))
    return compare(selected, desired, read_groups(client, listed, parallelism, on_read=on_read))


def read_changes(
    desired: Desired, client: Client, keys: Sequence[str], *, parallelism: int, on_read: OnRead = ignore_progress
) -> tuple[tuple[Change, ...], Mapping[str, Untrusted]]:
    """Return what the groups of these `keys` and their live groups differ in, and all live names by id."""
    listing, matches = match_live(desired, client, keys)
    matches = block_unlisted(matches, listing.odd)
    changes = _read_and_compare([matches[key] for key in keys], desired, client, parallelism, on_read)
    return changes, {group.id: group.name for group in listing.groups}


def _newcomers(
    changes: tuple[Change, ...], desired: Desired, client: Client, options: PlanOptions, listing: Listing
) -> Newcomers:
    """Return who is added by this run: everybody, where no budget limits it and nobody is to be looked up."""
    has_limits = desired.policy.budget is not None or options.spent.refused
    if not has_limits and not numbers_to_check(changes, desired, listing.groups):
        return Newcomers(changes)
    return take_newcomers(changes, desired, client, options, listing)


def execute(
    planned: PlanResult,
    client: Client,
    *,
    desired: Desired | None,
    parallelism: int,
    stop: Event,
    progress: Progress,
    since_create: float | None = None,
) -> ApplyResult:
    """Apply a plan that passed its guards, and compare every group, as read back, with the desired state.

    `since_create` are the seconds since an earlier run created a group, where that is known. Raises Refused, before
    anything is written, when a group that is to be created exists by then. A group that may exist by then under another
    name is blocked, and the others go on.
    """
    desired = desired and desired.for_instance(client.instance_id)
    plan, listed_ids = _list_before_write(planned, desired, client, parallelism)
    minutes = plan.minutes_between_groups
    api: GroupApi = client
    breaker = Breaker()
    if minutes:
        paused = PausedCreates(
            client,
            minutes * 60.0,
            stop,
            known_ids=listed_ids,
            since_last=since_create,
            raise_if_stopped=breaker.raise_if_stopped,
        )
        api = cast("GroupApi", paused)
    applied = apply_plan(
        plan, api, listed_ids=listed_ids, parallelism=parallelism, stop=stop, progress=progress, breaker=breaker
    )
    result = applied.result
    more = remaining_drift(applied.live, result, desired)
    drift = sort_drift((*result.remaining_drift, *more))
    return replace(result, remaining_drift=drift, places=desired.group_places if desired is not None else {})


def match_live(
    desired: Desired, client: GroupListApi, keys: Collection[str] | None
) -> tuple[Listing, dict[str, Match]]:
    """List the live groups and match every key with them; no call is made where `keys` is None.

    The list is read again where it may lack a group that bears on these `keys`: only a key whose pinned id is listed
    is sure of its live group; one that is found by a name may have a namesake.
    """
    listing = Listing((), calls=0) if keys is None else list_groups(client, pinned_groups(desired.groups))
    matches = match_groups(desired.groups, listing.groups)
    if listing.complete or all(matches[key].matched_by is MatchedBy.ID for key in keys or ()):
        return listing, matches
    listing = confirm_listing(listing, client)
    return listing, match_groups(desired.groups, listing.groups)


def read_matched(
    desired: Desired, client: Client, keys: Collection[str], *, parallelism: int, on_read: OnRead = ignore_progress
) -> tuple[dict[str, Match], Mapping[str, ReadGroup]]:
    """Match every key, and read who is in the live groups of these `keys`: what came of it, by id."""
    _, matches = match_live(desired, client, keys)
    listed = [match.listed for key, match in matches.items() if key in keys and match.listed is not None]
    read = read_groups(client, listed, parallelism, is_complete=names_everybody, on_read=on_read)
    return matches, read


def find_person(
    desired: Desired, client: Client, person: PersonRef, *, parallelism: int, on_read: OnRead = ignore_progress
) -> PersonMemberships:
    """Find where a person is wanted and where they are: list everything, read each group whose entry names nobody."""
    desired = desired.for_instance(client.instance_id)
    listing = confirm_listing(list_groups(client, pinned_groups(desired.groups)), client)
    read = read_groups(client, listing.groups, parallelism, is_complete=names_everybody, on_read=on_read)
    matches = match_groups(desired.groups, listing.groups).values()
    return find_memberships(person, desired, matches, listing.names, read, client.instance_id)


def _list_before_write(
    planned: PlanResult, desired: Desired | None, client: Client, parallelism: int
) -> tuple[Plan, frozenset[str]]:
    """Return the plan and the ids of all groups listed before the first write.

    Raises Refused if a group to be created exists meanwhile; one that may exist under another name is blocked. Before
    anything is created the groups are listed again, because a list that was incomplete, or is out of date, would lead
    to a duplicate.
    """
    plan, known = planned.plan, planned.live_names
    if not groups_to_create(plan):
        return plan, frozenset(known)
    reader = LookalikeReader(client=client, parallelism=parallelism)
    listing = client.list_groups()
    if known and not listing.groups:
        raise Refused(
            f"the list of groups is empty now, and had {plural(len(known), 'group')} a moment ago, nothing was changed",
            "an empty list looks like a failed read: run `reconciler plan` again",
        )
    listing = reader.name_new_groups(plan, listing, known)
    raise_if_appeared(plan, listing.groups, known)
    raise_if_unlisted(plan, listing.odd)
    plan = reader.block_creates(plan, listing, known, desired, planned.live_counts)
    return plan, frozenset(known) | listing.names.keys()
