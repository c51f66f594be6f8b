"""Check whether a plan still fits the live groups, and a saved one removes no protected person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from reconciler.diff.change import MatchedBy
from reconciler.errors import InvalidResponse, PlanFileError, Refused
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.live import ListedGroup, LiveGroup, OddEntry, Participant, ReadGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import TEXT_FIELDS, Untrusted, folded_name, normalize, texts_equal
from reconciler.plan.model import Action, GroupPlan, Plan
from reconciler.sanitize.escape import quoted


def groups_with_steps(plan: Plan) -> tuple[GroupPlan, ...]:
    """Return the groups that the plan's calls change, sorted by key as the plan is."""
    return tuple(group for group in plan.groups if group.steps)


def raise_if_removes_protected(plan: Plan, desired: Desired) -> None:
    """Raise PlanFileError when the plan removes a protected person, however it was edited."""
    never_removed = desired.never_removed
    keys = [
        group.key
        for group in groups_with_steps(plan)
        if any(
            person.identity in never_removed
            for step in group.steps
            if step.action is Action.REMOVE
            for person in step.people
        )
    ]
    if keys:
        raise PlanFileError(
            f"the plan removes a protected person (the account itself, protected or ignored people): {', '.join(keys)}",
            "somebody edited it: make a new plan",
        )


def raise_if_expired(plan: Plan, today: date) -> None:
    """Raise PlanFileError when the plan adds somebody whose last day has passed since it was made."""
    keys = [
        group.key
        for group in groups_with_steps(plan)
        if any(
            person.until is not None and person.until < today
            for step in group.steps
            if step.action in (Action.CREATE, Action.ADD)
            for person in step.people
        )
    ]
    if keys:
        raise PlanFileError(
            f"the plan adds people whose last day (`until`) has passed: {', '.join(keys)}", "make a new plan"
        )


def raise_if_stale(
    plan: Plan, listed: Sequence[ListedGroup], live_groups: Mapping[str, ReadGroup], desired: Desired | None = None
) -> None:
    """Raise PlanFileError when the live groups are no longer as the plan recorded them; see `live_changes`."""
    changes = live_changes(plan, listed, live_groups, desired)
    if changes:
        lines = "\n".join(f"  {text}" for text in changes)
        raise PlanFileError(f"the live groups changed since the plan was made:\n{lines}", "make a new plan")


def live_changes(
    plan: Plan, listed: Sequence[ListedGroup], live_groups: Mapping[str, ReadGroup], desired: Desired | None = None
) -> tuple[str, ...]:
    """Return what is no longer as the plan recorded it, a sentence each; nothing where the plan still fits.

    `live_groups` has the groups with steps by id, as they are now (None: not found). People go by the names that the
    plan and `desired` have for them.
    """
    names = _names(plan, desired)
    ids, pinned_ids = {entry.id for entry in listed}, set(plan.pinned_ids)
    ids_by_name: dict[str, list[str]] = {}
    for entry in listed:
        if entry.name and entry.id not in pinned_ids:
            ids_by_name.setdefault(normalize(entry.name), []).append(entry.id)
    return tuple(
        f"{group.key}: {text}"
        for group in groups_with_steps(plan)
        for text in _group_changes(group, ids, ids_by_name, live_groups, names)
    )


def _names(plan: Plan, desired: Desired | None) -> dict[str, str]:
    """Return what people are called, by identity."""
    people = [] if desired is None else [PersonRef.of(person) for person in desired.people.values()]
    people += [person for group in plan.groups for person in (*group.add, *group.remove)]
    return {person.identity: person.label for person in people if person.identity and person.label}


def _group_changes(
    group: GroupPlan,
    ids: AbstractSet[str],
    ids_by_name: Mapping[str, Sequence[str]],
    live_groups: Mapping[str, ReadGroup],
    names: Mapping[str, str],
) -> Iterator[str]:
    if group.live is None and group.steps[0].action is not Action.LEAVE:
        yield from _appeared(group, ids, ids_by_name)
        return
    if group.id not in ids:
        yield f"the live group {group.id} no longer exists"
        return
    yield from _namesakes(group, ids_by_name)
    if group.live is None:
        return
    now = live_groups.get(group.live.id)
    if now is None:
        yield f"the live group {group.id} no longer exists"
        return
    if isinstance(now, InvalidResponse):
        yield f"the server's answer about {group.id} cannot be read: {now.summary()}"
        return
    yield from _differences(group.live, now, names)


def _appeared(group: GroupPlan, ids: AbstractSet[str], ids_by_name: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if group.id is not None:
        if group.id in ids:
            yield f"the live group {group.id} exists now"
        return
    for name in group.lookup_names:
        for group_id in ids_by_name.get(normalize(name), ()):
            yield f"a live group called {quoted(name)} exists now: {group_id}"


def _namesakes(group: GroupPlan, ids_by_name: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Find other live groups that the group's names match as well, where it was matched by name."""
    by_name = group.matched_by in (MatchedBy.NAME, MatchedBy.PREVIOUS_NAME)
    for name in group.lookup_names if by_name else ():
        for group_id in ids_by_name.get(normalize(name), ()):
            if group_id != group.id:
                yield f"another live group called {quoted(name)} exists now: {group_id}"


def _differences(was: LiveGroup, now: LiveGroup, names: Mapping[str, str]) -> Iterator[str]:
    before, after = _roles(was), _roles(now)
    people = [
        _person_change(names.get(person, person), before.get(person), after.get(person)) for person in before | after
    ]
    texts = [_text_change(field, getattr(was, field), getattr(now, field)) for field in TEXT_FIELDS]
    yield from sorted(text for text in (*texts, *people) if text)


def _text_change(field: str, was: Untrusted, now: Untrusted) -> str:
    before, after = normalize(was), normalize(now)
    return "" if before == after else f"the {field} was {quoted(before)} and is now {quoted(after)}"


def _person_change(person: str, was: str | None, now: str | None) -> str:
    if was is None:
        return f"{person} is in the group now ({now})"
    if now is None:
        return f"{person} ({was}) is no longer in the group"
    return "" if was == now else f"{person} was {was} and is now {now}"


def _roles(group: LiveGroup) -> dict[str, str]:
    """Return the role of everybody in a live group, by identity or private id."""
    return {p.identity or p.lid or p.id: _role(p, group.owner) for p in group.participants}


def _role(participant: Participant, owner: Identity | None) -> str:
    """Return owner, admin or member; the owner is known by the group's own field, by the participant's, or by both."""
    if participant.is_owner or (owner is not None and participant.identity == owner):
        return "owner"
    return "admin" if participant.is_admin else "member"


def groups_to_create(plan: Plan) -> tuple[GroupPlan, ...]:
    """Return the groups that the plan creates."""
    return tuple(group for group in plan.groups if any(step.action is Action.CREATE for step in group.steps))


def raise_if_appeared(plan: Plan, listed: Iterable[ListedGroup], names_before: Mapping[str, Untrusted]) -> None:
    """Raise Refused when a group that is to be created exists meanwhile; see `appeared_groups`."""
    appeared = appeared_groups(plan, listed, names_before)
    if appeared:
        lines = "\n".join(f"  {text}" for text in appeared)
        raise Refused(
            f"the live groups changed since the plan was made, nothing was changed:\n{lines}",
            "run `reconciler plan` again",
        )


def raise_if_unlisted(plan: Plan, odd: Sequence[OddEntry]) -> None:
    """Raise Refused when an unreadable entry of the list may be a group that is to be created."""
    for group in groups_to_create(plan):
        for entry in odd:
            folded = folded_name(entry.name)
            if not entry.name or any(folded_name(name) == folded for name in group.lookup_names):
                raise Refused(
                    f"{group.key}: the list of groups has an entry that cannot be read and may be this group "
                    f"({entry.fault}), nothing was changed",
                    "run `reconciler plan` again",
                )


def appeared_groups(
    plan: Plan, listed: Iterable[ListedGroup], names_before: Mapping[str, Untrusted]
) -> tuple[str, ...]:
    """Return, a sentence each, the live groups that meanwhile have the name of a group to be created.

    `names_before` has the names, by id, that the plan was made with: a group that had the name then is another key's,
    as is one with a pinned id.
    """
    pinned_ids = set(plan.pinned_ids)
    new = [e for e in listed if e.id not in pinned_ids and not texts_equal(names_before.get(e.id, ""), e.name)]
    return tuple(
        f"{group.key}: a live group called {quoted(entry.name.raw)} exists now: {entry.id}"
        for group in groups_to_create(plan)
        for entry in new
        if any(texts_equal(entry.name, name) for name in group.lookup_names)
    )
