"""Which creates of a plan a live group may be that is not as it was when the plan was made. Pure.

`reconciler.diff.lookalike` decides what makes a live group look like one to be created.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.diff.change import AdviceKind
from reconciler.diff.lookalike import GroupToCreate
from reconciler.messages import Message
from reconciler.model.identity import Identity, lid_digits
from reconciler.model.live import ListedGroup
from reconciler.model.text import Untrusted, folded_name, texts_equal
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.staleness import groups_to_create


def new_groups(
    plan: Plan, listed: Iterable[ListedGroup], names_before: Mapping[str, Untrusted]
) -> tuple[ListedGroup, ...]:
    """Return the live groups that no key holds, and that are not as the plan was made with.

    Those are groups that were not live, that have another name since, or that have nearly the name of a group to be
    created: with that name, the plan would not create it. A name that the list does not tell any more is not another
    one.
    """
    names = {folded_name(name) for creation in creations(plan) for name in creation.names}

    def is_new(entry: ListedGroup) -> bool:
        before = names_before.get(entry.id)
        if before is None or not entry.name:
            return before is None
        return not texts_equal(before, entry.name) or folded_name(entry.name) in names

    return tuple(entry for entry in _not_held(plan, listed) if is_new(entry))


def groups_with_other_people(
    plan: Plan, listed: Iterable[ListedGroup], counts_before: Mapping[str, int | None] | None
) -> tuple[ListedGroup, ...]:
    """Return the live groups that no key of the plan holds, and whose people may be others than the plan was made with.

    Those are all whose people the list shows, and those whose count is another one (`counts_before`; None: not known,
    as for a saved plan, so that all may have changed). A group whose name the list does not tell was read by itself
    before anything was planned to be created.
    """

    def may_differ(entry: ListedGroup) -> bool:
        if not entry.name:
            return False
        if counts_before is None or entry.participants is not None:
            return True
        return entry.count != counts_before.get(entry.id)

    return tuple(entry for entry in _not_held(plan, listed) if may_differ(entry))


def _not_held(plan: Plan, listed: Iterable[ListedGroup]) -> Iterator[ListedGroup]:
    held = {*plan.pinned_ids, *(group.id for group in plan.groups if group.id is not None)}
    return (entry for entry in listed if entry.id not in held)


def creations(plan: Plan) -> tuple[GroupToCreate, ...]:
    """Return the groups that the plan creates, without those that may look like a live group."""
    return tuple(
        GroupToCreate(key=group.key, names=group.lookup_names, people=frozenset(_wanted(group)))
        for group in groups_to_create(plan)
        if group.key not in plan.allowed_lookalikes
    )


def _wanted(group: GroupPlan) -> Iterator[Identity]:
    """Yield who is to be in a group that is to be created: who is added, and who comes by its link."""
    joining = (advice.people for advice in group.advice if advice.kind is AdviceKind.PENDING)
    return (one.identity for people in (group.add, *joining) for one in people if one.identity is not None)


def lids_in(plan: Plan) -> dict[str, Identity]:
    """Return the people to be in new groups whose private id the plan has, by that id's digits."""
    people = (person for group in groups_to_create(plan) for person in group.add)
    lids = ((lid_digits(person.lid), person.identity) for person in people)
    return {digits: identity for digits, identity in lids if digits is not None and identity is not None}


def with_blocked_creates(plan: Plan, reasons: Mapping[str, Message]) -> Plan:
    """Return the plan without the creates of these keys, each blocked with its reason."""

    def blocked(group: GroupPlan) -> GroupPlan:
        return replace(group, steps=(), field_changes=(), add=(), advice=(), blocked=(reasons[group.key],))

    return replace(plan, groups=tuple(blocked(group) if group.key in reasons else group for group in plan.groups))
