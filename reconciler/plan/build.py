"""Build the plan from the changes: ordered, guarded, counted; then add the invite links that people need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.diff.change import Advice, AdviceKind, Change
from reconciler.diff.match import lookup_names
from reconciler.diff.participants import identify_participants, lacks_admin_rights, people_by_lid
from reconciler.errors import ApiError
from reconciler.messages import Message
from reconciler.model.desired import DEFAULT_REMOVALS, MAX_PARTICIPANTS, MAX_PARTICIPANTS_PER_CALL, Desired
from reconciler.model.live import Instance
from reconciler.model.person_ref import PersonRef
from reconciler.plan.change_rules import all_findings
from reconciler.plan.guards import check_guards, check_rules
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from reconciler.plan.selection import PlanOptions, select_groups, select_keys
from reconciler.plan.shard import ShardInfo
from reconciler.rules import CountryOf


def build_plan(
    changes: Iterable[Change],
    desired: Desired,
    options: PlanOptions,
    *,
    instance_id: str,
    instance: Instance | None,
    country_of: CountryOf,
    advice: tuple[Advice, ...] = (),
    shard: ShardInfo | None = None,
) -> Plan:
    """Return the plan of all changes; `instance` is its present state, None where nothing is to be written.

    `country_of` returns the two-letter code of a number's country, which rules may ask for.
    """
    budget = desired.policy.budget
    groups = tuple(_group_plan(change, desired, options) for change in changes)
    findings = all_findings(desired, groups, country_of) if desired.rules else ()
    return Plan(
        instance_id=instance_id,
        as_of=desired.as_of,
        groups=groups,
        refusals=(
            *check_guards(groups, desired, instance, instance_id, sandbox=options.sandbox, sources=options.sources),
            *check_rules(findings, {group.key for group in groups}, options.overridden_rules),
        ),
        findings=findings,
        overridden_rules=options.overridden_rules,
        advice=advice,
        calls_per_minute=options.calls_per_minute,
        writes_per_minute=desired.policy.writes_per_minute,
        targets=options.targets,
        excludes=options.excludes,
        not_selected=len(desired.groups) - len(select_keys(desired.groups, options)),
        changed_since=options.changed_since,
        never_removed=tuple(sorted(desired.never_removed)),
        shard=shard,
        source_losses=options.sources.losses,
        minutes_between_groups=None if budget is None or options.sandbox else budget.minutes_between_groups,
        pinned_ids=tuple(sorted({group.id for group in desired.groups if group.id is not None})),
    )


def empty_plan(desired: Desired, options: PlanOptions, instance_id: str, country_of: CountryOf) -> Plan:
    """Return the plan of no group at all, for a run that needs no call."""
    shard = select_groups(desired, options).shard
    return build_plan((), desired, options, instance_id=instance_id, instance=None, country_of=country_of, shard=shard)


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


def plan_steps(change: Change) -> tuple[Step, ...]:
    """Return the calls that bring one group to its desired state, in their order.

    Steps that build up (join, create, patch, add) come before those that take away (remove, leave). The one exception
    is a group that adding first would carry past WhatsApp's 1,024 participants: it removes, then adds.
    """
    if not change.needs_writes:
        return ()
    if change.leave:
        return (Step(group=change.group.key, action=Action.LEAVE, phase=Phase.REMOVE, group_id=change.id),)
    if change.join:
        return (Step(group=change.group.key, action=Action.JOIN, phase=Phase.BUILD, invite=change.group.invite),)
    if change.create:
        return tuple(_creation_steps(change))
    return tuple(_update_steps(change))


def _creation_steps(change: Change) -> Iterator[Step]:
    key = change.group.key
    texts = {text.field: text.new for text in change.field_changes}
    first, *rest = list(_batches(change.add)) or [()]
    yield Step(
        group=key, action=Action.CREATE, phase=Phase.BUILD, name=texts.get("name", change.name.raw), people=first
    )
    if "description" in texts:
        yield Step(group=key, action=Action.PATCH, phase=Phase.BUILD, description=texts["description"])
    for batch in rest:
        yield Step(group=key, action=Action.ADD, phase=Phase.BUILD, people=batch)


def _update_steps(change: Change) -> Iterator[Step]:
    key, group_id = change.group.key, change.id
    texts = {text.field: text.new for text in change.field_changes}
    if texts:
        name, description = texts.get("name"), texts.get("description")
        yield Step(
            group=key, action=Action.PATCH, phase=Phase.BUILD, group_id=group_id, name=name, description=description
        )
    swaps = too_full_to_add_first(change)
    adds = [
        Step(group=key, action=Action.ADD, phase=Phase.SWAP if swaps else Phase.BUILD, group_id=group_id, people=batch)
        for batch in _batches(change.add)
    ]
    removes = [
        Step(
            group=key,
            action=Action.REMOVE,
            phase=Phase.SWAP if swaps else Phase.REMOVE,
            group_id=group_id,
            people=batch,
        )
        for batch in _batches(change.remove)
    ]
    yield from (*removes, *adds) if swaps else (*adds, *removes)


def too_full_to_add_first(change: Change) -> bool:
    """Return whether adding before removing would carry a group past WhatsApp's limit."""
    present = len(change.live.participants) if change.live is not None else 0
    return bool(change.add and change.remove) and present + len(change.add) > MAX_PARTICIPANTS


def _batches(people: Sequence[PersonRef]) -> Iterator[tuple[PersonRef, ...]]:
    for start in range(0, len(people), MAX_PARTICIPANTS_PER_CALL):
        yield tuple(people[start : start + MAX_PARTICIPANTS_PER_CALL])


def groups_awaiting_link(plan: Plan, desired: Desired) -> tuple[str, ...]:
    """Return the ids of the live groups whose invite link somebody needs and the account is allowed to read."""
    awaiting = [group for group in plan.groups if _awaits_link(group)]
    by_lid = people_by_lid(desired) if awaiting else {}
    return tuple(
        group.live.id
        for group in awaiting
        if group.live and not lacks_admin_rights(identify_participants(group.live, by_lid), desired.account)
    )


def with_invite_links(plan: Plan, links: Mapping[str, str | ApiError]) -> Plan:
    """Return the plan with the links, by group id, in the advice about everybody who has to join by one.

    A group that needs a link and has none in `links` is one in which the account is not an admin.
    """
    return replace(
        plan, groups=tuple(_with_link(group, links) if _awaits_link(group) else group for group in plan.groups)
    )


def _awaits_link(group: GroupPlan) -> bool:
    return group.live is not None and any(advice.kind is AdviceKind.PENDING for advice in group.advice)


def _with_link(group: GroupPlan, links: Mapping[str, str | ApiError]) -> GroupPlan:
    link = links.get(group.live.id) if group.live is not None else None
    if link is None:
        message = Message.of("link-needs-admin")
    elif isinstance(link, ApiError):
        message, link = Message.of("link-unavailable", error=str(link)), None
    else:
        message = Message.of("joins-by-link")
    advice = (
        replace(one, message=message, link=link) if one.kind is AdviceKind.PENDING else one for one in group.advice
    )
    return replace(group, advice=tuple(advice))
