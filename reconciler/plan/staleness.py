"""Whether a saved plan still fits the live groups it touches, and spares whom the file spares. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.diff.change import MatchedBy
from reconciler.errors import PlanFileError
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.live import ListedGroup, LiveGroup, Participant
from reconciler.model.text import normalize, quote
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.step import Action


def groups_with_steps(plan: Plan) -> tuple[GroupPlan, ...]:
    """The groups that the plan's calls change, sorted by key as the plan is."""
    return tuple(group for group in plan.groups if group.steps)


def raise_if_removes_protected(plan: Plan, desired: Desired) -> None:
    """Stop here when the plan removes somebody whom the file spares, whatever the plan has come to say on its way."""
    spared = desired.never_removed
    keys = [
        group.key
        for group in groups_with_steps(plan)
        if any(who.identity in spared for step in group.steps if step.action is Action.REMOVE for who in step.people)
    ]
    if keys:
        raise PlanFileError(
            "the plan removes somebody whom the YAML spares (the instance, protected or ignored people): "
            f"{', '.join(keys)}",
            "somebody edited it: make a new plan",
        )


def raise_if_stale(plan: Plan, listed: Sequence[ListedGroup], read: Mapping[str, LiveGroup | None]) -> None:
    """Stop here when the live groups are no longer as the plan recorded them; see `moved`."""
    differences = live_changes(plan, listed, read)
    if differences:
        told = "\n".join(f"  {text}" for text in differences)
        raise PlanFileError(f"the live groups changed since the plan was made:\n{told}", "make a new plan")


def live_changes(plan: Plan, listed: Sequence[ListedGroup], read: Mapping[str, LiveGroup | None]) -> tuple[str, ...]:
    """What is no longer as the plan recorded it, a sentence each; nothing when the plan still fits.

    `read` has the touched groups' whole reads by id (None: gone since the list).
    """
    live = {entry.id: entry for entry in listed}
    held = set(plan.pinned_ids)
    named: dict[str, list[str]] = {}
    for entry in listed:
        if entry.id not in held:
            named.setdefault(normalize(entry.name), []).append(entry.id)
    return tuple(
        f"{group.key}: {text}" for group in groups_with_steps(plan) for text in _group_changes(group, live, named, read)
    )


def _group_changes(
    group: GroupPlan,
    live: Mapping[str, ListedGroup],
    named: Mapping[str, Sequence[str]],
    read: Mapping[str, LiveGroup | None],
) -> Iterator[str]:
    if group.live is None and group.steps[0].action is not Action.LEAVE:
        yield from _appeared(group, live, named)
        return
    if group.id not in live:
        yield f"the live group {group.id} is gone"
        return
    yield from _namesakes(group, named)
    if group.live is None:
        return
    now = read.get(group.live.id)
    if now is None:
        yield f"the live group {group.id} is gone"
        return
    yield from _differences(group.live, now)


def _appeared(group: GroupPlan, live: Mapping[str, ListedGroup], named: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if group.id is not None:
        if group.id in live:
            yield f"the live group {group.id} is there by now"
        return
    for name in group.lookup_names:
        for group_id in named.get(normalize(name), ()):
            yield f"a live group called {quote(name)} is there by now: {group_id}"


def _namesakes(group: GroupPlan, named: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Other live groups that the group's names would find as well, where a name is all that it was found by."""
    searched = {MatchedBy.NAME: group.lookup_names[:1], MatchedBy.PREVIOUS_NAME: group.lookup_names}.get(
        group.matched_by, ()
    )
    for name in searched:
        for group_id in named.get(normalize(name), ()):
            if group_id != group.id:
                yield f"another live group called {quote(name)} is there by now: {group_id}"


def _differences(was: LiveGroup, now: LiveGroup) -> Iterator[str]:
    before, after = _standings(was), _standings(now)
    people = [_person_change(who, before.get(who), after.get(who)) for who in before | after]
    texts = [_text_change("name", was.name, now.name), _text_change("description", was.description, now.description)]
    yield from sorted(text for text in (*texts, *people) if text)


def _text_change(field: str, was: str, now: str) -> str:
    was, now = normalize(was), normalize(now)
    return "" if was == now else f"the {field} was {quote(was)}, is {quote(now)}"


def _person_change(who: str, was: str | None, now: str | None) -> str:
    if was is None:
        return f"{who} is in by now, as {now}"
    if now is None:
        return f"{who}, then {was}, is no longer in"
    return "" if was == now else f"{who} was {was}, is {now}"


def _standings(group: LiveGroup) -> dict[str, str]:
    """Who is in a live group, by what they are known by, and as what."""
    return {p.identity or p.lid or p.id: _standing(p, group.owner) for p in group.participants}


def _standing(participant: Participant, owner: Identity | None) -> str:
    """Owner, admin or member; the owner is told by the group, by the participant, or by both."""
    if participant.is_owner or (owner is not None and participant.identity == owner):
        return "owner"
    return "admin" if participant.is_admin else "member"
