"""Turn changes into steps: one API call each, in the order in which nobody is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.diff.change import Change
from reconciler.model.desired import MAX_PARTICIPANTS, MAX_PARTICIPANTS_PER_CALL
from reconciler.model.person_ref import PersonRef
from reconciler.plan.step import Action, Phase, Step


def plan_steps(change: Change) -> tuple[Step, ...]:
    """Return the calls that bring one group to its desired state, in their order.

    Steps that build up (join, create, patch, add) come before those that take away (remove, leave). The one exception
    is a group that adding first would carry past WhatsApp's 1,024 participants: it removes, then adds.
    """
    if not change.needs_writes:
        return ()
    if change.leave:
        return (Step(change.group.key, Action.LEAVE, Phase.REMOVE, change.id),)
    if change.join:
        return (Step(change.group.key, Action.JOIN, Phase.BUILD, invite=change.group.invite),)
    if change.create:
        return tuple(_creation_steps(change))
    return tuple(_update_steps(change))


def _creation_steps(change: Change) -> Iterator[Step]:
    key = change.group.key
    texts = {text.field: text.new for text in change.field_changes}
    first, *rest = list(_batches(change.add)) or [()]
    yield Step(key, Action.CREATE, Phase.BUILD, name=texts.get("name", change.name.raw), people=first)
    if "description" in texts:
        yield Step(key, Action.PATCH, Phase.BUILD, description=texts["description"])
    for batch in rest:
        yield Step(key, Action.ADD, Phase.BUILD, people=batch)


def _update_steps(change: Change) -> Iterator[Step]:
    key, group_id = change.group.key, change.id
    texts = {text.field: text.new for text in change.field_changes}
    if texts:
        name, description = texts.get("name"), texts.get("description")
        yield Step(key, Action.PATCH, Phase.BUILD, group_id, name=name, description=description)
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
    present = len(change.live.participants) if change.live is not None else 0
    return bool(change.add and change.remove) and present + len(change.add) > MAX_PARTICIPANTS


def _batches(people: Sequence[PersonRef]) -> Iterator[tuple[PersonRef, ...]]:
    for start in range(0, len(people), MAX_PARTICIPANTS_PER_CALL):
        yield tuple(people[start : start + MAX_PARTICIPANTS_PER_CALL])
