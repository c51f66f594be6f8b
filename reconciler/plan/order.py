"""Changes become steps: one API call each, in the order in which nobody is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.diff.change import Change
from reconciler.model.desired import MAX_PARTICIPANTS, MAX_PARTICIPANTS_PER_CALL
from reconciler.model.person_ref import PersonRef
from reconciler.plan.step import Action, Phase, Step


def plan_steps(change: Change) -> tuple[Step, ...]:
    """The calls that mend one group, in their order.

    Building up (join, create, patch, add) comes before taking away (remove, leave). The one exception is a group
    that adding first would carry past WhatsApp's 1,024 participants: it removes, then adds.
    """
    if not change.writes:
        return ()
    if change.leave:
        return (Step(change.group.key, Action.LEAVE, Phase.REMOVE, change.id),)
    if change.join:
        return (Step(change.group.key, Action.JOIN, Phase.BUILD, invite=change.group.invite),)
    if change.create:
        return tuple(_creating(change))
    return tuple(_changing(change))


def _creating(change: Change) -> Iterator[Step]:
    first, *rest = list(_batches(change.add)) or [()]
    build = Step(change.group.key, Action.CREATE, Phase.BUILD, name=change.name, people=first)
    yield build
    description = next((text.new for text in change.field_changes if text.field == "description"), None)
    if description is not None:
        yield replace(build, action=Action.PATCH, name=None, people=(), description=description)
    for batch in rest:
        yield replace(build, action=Action.ADD, name=None, people=batch)


def _changing(change: Change) -> Iterator[Step]:
    key, group_id = change.group.key, change.id
    texts = {text.field: text.new for text in change.field_changes}
    if texts:
        yield Step(key, Action.PATCH, Phase.BUILD, group_id, texts.get("name"), texts.get("description"))
    swaps = _too_full_to_add_first(change)
    adds = [
        Step(key, Action.ADD, Phase.SWAP if swaps else Phase.BUILD, group_id, people=batch)
        for batch in _batches(change.add)
    ]
    removes = [
        Step(key, Action.REMOVE, Phase.SWAP if swaps else Phase.REMOVE, group_id, people=batch)
        for batch in _batches(change.remove)
    ]
    yield from (*removes, *adds) if swaps else (*adds, *removes)


def _too_full_to_add_first(change: Change) -> bool:
    there = len(change.live.participants) if change.live is not None else 0
    return bool(change.add and change.remove) and there + len(change.add) > MAX_PARTICIPANTS


def _batches(people: Sequence[PersonRef]) -> Iterator[tuple[PersonRef, ...]]:
    for start in range(0, len(people), MAX_PARTICIPANTS_PER_CALL):
        yield tuple(people[start : start + MAX_PARTICIPANTS_PER_CALL])
