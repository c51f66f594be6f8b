"""The whole run, to be read as a row of calls that pass values on.

    config → live → diff → plan → apply → report

What the command line does with it stands in `cli`, one file a command; every stage has a folder of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING

from reconciler.apply.creating import there_by_now
from reconciler.apply.run import apply_plan
from reconciler.diff.compare import as_read, compare, needs_read, unmanaged
from reconciler.diff.left_over import still_differing
from reconciler.diff.match import Match, match_groups
from reconciler.diff.rematched import narrowed_again, told_of_rematches
from reconciler.diff.select import in_shard, select_keys
from reconciler.errors import ApiError, BadAnswer, PlanFileError, Refused, UsageError
from reconciler.live.fetch import fetch_groups, whole
from reconciler.model.advice import Advice, AdviceKind
from reconciler.model.desired import Desired, State
from reconciler.model.live import Listing, LiveGroup
from reconciler.model.plan import Found, GroupPlan, Plan
from reconciler.model.result import ApplyResult
from reconciler.model.step import Action
from reconciler.plan.build import Choices, build_plan, spared_by
from reconciler.plan.guard import refusals_of_instance, refusals_of_own_phone, refusals_of_removals
from reconciler.plan.stale import moved, spared_after_all, touched

if TYPE_CHECKING:
    from reconciler.apply.api import Progress
    from reconciler.live.client import Client


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and the names, by id, of all groups that were live when it was made or checked."""

    plan: Plan
    known: Mapping[str, str]


def make_plan(
    desired: Desired, client: Client, choices: Choices, *, parallelism: int, rate: Callable[[], float]
) -> Planned:
    """Compare the desired state with the live one, with the fewest calls.

    `rate` tells the calls a minute that the server's headers allow, as known once the reads are done. All groups are
    matched, also those of other shards and those that are no target: an id or a name that one of them has must not be
    taken by another. What is live and in no file is told by the first shard alone.
    """
    desired = desired.for_instance(client.instance_id)
    known = needs_live(desired, choices)
    listing = list_for(desired, client, _keys_to_match(desired, choices)) if known else Listing(())
    matches = match_groups(desired.groups, listing.groups)
    before = match_groups(choices.before or (), listing.groups)
    if choices.changed_since is not None and before:
        choices = replace(choices, changed_since=narrowed_again(choices.changed_since, before, matches))
    asked_for, keys = keys_asked_for(desired, choices), keys_to_plan(desired, choices)
    chosen = [match for key, match in matches.items() if key in keys]
    changes = compare(chosen, desired, _read(client, chosen, parallelism))
    if choices.changed_since is not None:
        changes = told_of_rematches(changes, before, matches, choices.changed_since.ref, _names(listing))
    instance = client.instance() if any(change.writes for change in changes) else None
    left_alone = unmanaged(matches.values(), listing.groups) if _tells_unmanaged(choices) else ()
    plan = build_plan(
        changes,
        desired,
        replace(choices, calls_per_minute=rate()),
        instance_id=client.instance_id,
        instance=instance,
        advice=left_alone,
        asked_for=len(asked_for),
    )
    return Planned(_with_links(plan, client), _names(listing))


def keys_asked_for(desired: Desired, choices: Choices) -> frozenset[str]:
    """The keys of the groups that a run is about, all its shards together.

    Raises UsageError for a target that the file does not have.
    """
    since = choices.changed_since
    return select_keys(desired.groups, choices.targets) - frozenset(since.left_out if since is not None else ())


def keys_to_plan(desired: Desired, choices: Choices) -> frozenset[str]:
    """The keys of the groups that are planned and read."""
    return in_shard(keys_asked_for(desired, choices), choices.shard)


def needs_live(desired: Desired, choices: Choices) -> bool:
    """Whether a plan takes any call: neither a shard with nothing in it does, nor a revision that wants the same."""
    return bool(keys_to_plan(desired, choices)) or choices.before is not None or _tells_unmanaged(choices)


def _keys_to_match(desired: Desired, choices: Choices) -> frozenset[str]:
    return keys_to_plan(desired, choices) if choices.before is None else select_keys(desired.groups, ())


def _tells_unmanaged(choices: Choices) -> bool:
    narrowed = choices.changed_since is not None and not choices.changed_since.everything
    return not choices.targets and not narrowed and (choices.shard is None or choices.shard.index == 1)


def untouched_plan(desired: Desired, choices: Choices, instance_id: str) -> Plan:
    """The plan of no group at all: nothing that was asked for changed, so the API is not asked either."""
    asked_for = len(keys_asked_for(desired, choices))
    return build_plan((), desired, choices, instance_id=instance_id, instance=None, asked_for=asked_for)


def match_live(desired: Desired, client: Client) -> dict[str, Match]:
    """Which live group each key of the file stands for."""
    keys = select_keys(desired.groups, ())
    return match_groups(desired.groups, list_for(desired, client, keys).groups)


def read_live(client: Client, ids: Sequence[str], *, parallelism: int) -> tuple[LiveGroup, ...]:
    """The live groups read whole, all or those with these ids, sorted by id. Raises UsageError for an id not live."""
    listing = client.list_groups()
    if not {group.id for group in listing.groups} >= set(ids) or not ids:
        listing = confirmed(listing, client)
    unknown = sorted(set(ids) - {group.id for group in listing.groups})
    if unknown:
        raise UsageError(f"--group: not among the instance's live groups: {', '.join(unknown)}")
    wanted = [group for group in listing.groups if not ids or group.id in ids]
    told = {group.id: found for group in wanted if (found := whole(group)) is not None}
    lacking = [group.id for group in wanted if group.id not in told]
    read = fetch_groups(client, lacking, {group.id: group.count for group in wanted}, parallelism)
    everything = {**told, **read}
    return tuple(group for group in (everything[entry.id] for entry in wanted) if group is not None)


def list_for(desired: Desired, client: Client, keys: frozenset[str]) -> Listing:
    """The live groups, listed once more where one may lack unseen that bears on these keys.

    Only a key whose noted id is listed is sure of its live group: what is found by a name may have a namesake.
    """
    listing = client.list_groups()
    pinned = [g for g in desired.groups if g.id is not None and g.state is State.PRESENT and g.invite is None]
    if not listing.groups and pinned:
        raise BadAnswer(
            f"answered with no groups at all, though the file notes the ids of {len(pinned)}",
            endpoint="GET /groups",
            hint="an empty list cannot be told from a failed read; if the instance really is in none of them any "
            "more, remove these ids or set `state: left`",
        )
    matches = match_groups(desired.groups, listing.groups)
    unsure = any(matches[key].found is not Found.BY_ID for key in keys)
    return confirmed(listing, client) if unsure else listing


def confirmed(listing: Listing, client: Client) -> Listing:
    """The list, where it may lack a group read to its proven end until two reads in a row agree.

    Unknown is not absent.
    """
    if listing.steady:
        return listing
    for _ in range(4):
        again = client.list_groups(prove=True)
        if {group.id for group in again.groups} == {group.id for group in listing.groups}:
            return again
        listing = again
    raise BadAnswer(
        "the list of groups keeps changing while it is read, so that none can be said to be absent",
        endpoint="GET /groups",
        hint="try again when nobody is making or leaving groups",
    )


def _read(client: Client, matches: Iterable[Match], parallelism: int) -> Mapping[str, LiveGroup | None]:
    wanted = [match.listed for match in matches if match.listed is not None and needs_read(match)]
    return fetch_groups(client, [g.id for g in wanted], {g.id: g.count for g in wanted}, parallelism)


def _with_links(plan: Plan, client: Client) -> Plan:
    """Say the invite link to everybody who is to come by it, where the group is live already."""
    return replace(plan, groups=tuple(_with_link(group, client) for group in plan.groups))


def _with_link(group: GroupPlan, client: Client) -> GroupPlan:
    pending = [advice for advice in group.advice if advice.kind is AdviceKind.PENDING]
    if not pending or group.live is None:
        return group
    try:
        said = f"to come by the invite link {client.invite_link(group.live.id)}"
    except ApiError as error:
        said = f"to come by an invite link, which could not be had: {error}"
    advice = tuple(Advice(a.kind, said, a.people) if a.kind is AdviceKind.PENDING else a for a in group.advice)
    return replace(group, advice=advice)


def check_saved_plan(plan: Plan, client: Client, *, desired: Desired | None, parallelism: int) -> Planned:
    """Make sure that a saved plan still fits the live groups it touches; PlanFileError says what moved.

    `desired` is the YAML that the plan was made from, where that is still there: whom it spares is not removed,
    whatever the plan has come to say on its way.
    """
    desired = desired and desired.for_instance(plan.instance_id)
    if desired is not None and (keys := spared_after_all(plan, spared_by(desired))):
        raise PlanFileError(
            "the plan removes somebody whom the YAML spares (the instance, protected or ignored people): "
            f"{', '.join(keys)}",
            "somebody edited it: make a new plan",
        )
    listing = client.list_groups()
    if any(group.found is not Found.BY_ID for group in touched(plan)):
        listing = confirmed(listing, client)
    read = _read_again(plan, listing, client, parallelism)
    differences = moved(plan, listing.groups, read)
    if differences:
        told = "\n".join(f"  {text}" for text in differences)
        raise PlanFileError(f"the live groups changed since the plan was made:\n{told}", "make a new plan")
    if plan.steps:
        # Again, since a plan file can be edited on its way.
        of_own_phone = refusals_of_own_phone(plan.groups, desired, plan.instance_id) if desired is not None else []
        refused = (*refusals_of_instance(client.instance()), *of_own_phone, *refusals_of_removals(plan.groups))
        plan = replace(plan, refusals=(*plan.refusals, *(r for r in refused if r not in plan.refusals)))
    return Planned(plan, _names(listing))


def _names(listing: Listing) -> dict[str, str]:
    return {group.id: group.name for group in listing.groups}


def _read_again(plan: Plan, listing: Listing, client: Client, parallelism: int) -> dict[str, LiveGroup | None]:
    """The touched groups as they are now, read the way the plan read them."""
    listed = {group.id: group for group in listing.groups}
    told: dict[str, LiveGroup | None] = {}
    lacking = []
    for recorded in (group.live for group in touched(plan)):
        entry = listed.get(recorded.id) if recorded is not None else None
        if recorded is None or entry is None:
            continue
        if entry.participants is not None and (entry.description is not None or not recorded.description):
            told[entry.id] = as_read(entry)
        else:
            lacking.append(entry.id)
    return {**told, **fetch_groups(client, lacking, {i: listed[i].count for i in lacking}, parallelism)}


def require_allowed(plan: Plan) -> None:
    """Stop here when a guard refuses the run; every reason is told, with what lifts it."""
    if not plan.refusals:
        return
    lines = []
    for refusal in plan.refusals:
        where = f"{refusal.group}: " if refusal.group else ""
        lines.append(f"  {where}{refusal.message}\n    {refusal.lift}")
    raise Refused("refused before the first write, nothing was changed:\n" + "\n".join(lines))


def run_plan(
    planned: Planned,
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
    applied = apply_plan(
        planned.plan, client, known=_known_now(planned, client), parallelism=parallelism, stop=stop, progress=progress
    )
    result, desired = applied.result, desired and desired.for_instance(client.instance_id)
    more = still_differing(applied.live, result, desired)
    return replace(result, left_over=tuple(sorted((*result.left_over, *more))))


def _known_now(planned: Planned, client: Client) -> frozenset[str]:
    """The ids of all groups known before the first write.

    Before anything is created the groups are listed once more: a list that lacked one by mistake, or was right when
    the plan was made, must not make a second group.
    """
    creating = [group for group in planned.plan.groups if any(s.action is Action.CREATE for s in group.steps)]
    if not creating:
        return frozenset(planned.known)
    listed = client.list_groups().groups
    appeared = there_by_now(creating, listed, planned.known, planned.plan.held)
    if appeared:
        told = "\n".join(f"  {text}" for text in appeared)
        raise Refused(f"the live groups changed since the plan was made, nothing was changed:\n{told}", "plan again")
    return frozenset(planned.known) | {group.id for group in listed}
