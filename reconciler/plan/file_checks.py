"""Check whether a plan read from a file makes sense: it sends what it shows, to the people that it shows.

A plan file travels between the person who reviews it and the run that applies it, and can be edited on the way.
These checks are about steps that would do harm or something else than the plan shows; whether the live groups have
moved on since is for the apply to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from reconciler.diff.change import MatchedBy
from reconciler.model.desired import MAX_PARTICIPANTS_PER_CALL
from reconciler.model.identity import Identity, identity_of_digits, identity_of_jid
from reconciler.model.live import Participant
from reconciler.model.person_ref import PersonRef
from reconciler.model.serialize import to_json
from reconciler.model.text import TEXT_FIELDS
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from reconciler.plan.summary import plan_status, summarize_plan


@dataclass(frozen=True, slots=True)
class _StepShape:
    """In which phases a step runs, which members it has, and which it may have; the others are null or empty."""

    phases: AbstractSet[Phase]
    required: AbstractSet[str] = frozenset()
    optional: AbstractSet[str] = frozenset()


_SHAPES = {
    Action.JOIN: _StepShape({Phase.BUILD}, {"invite"}, {"group_id"}),
    Action.CREATE: _StepShape({Phase.BUILD}, {"name"}, {"people"}),
    Action.PATCH: _StepShape({Phase.BUILD}, optional={*TEXT_FIELDS, "group_id"}),
    Action.ADD: _StepShape({Phase.BUILD, Phase.SWAP}, {"people"}, {"group_id"}),
    Action.REMOVE: _StepShape({Phase.SWAP, Phase.REMOVE}, {"people", "group_id"}),
    Action.LEAVE: _StepShape({Phase.REMOVE}, {"group_id"}),
}

Inconsistency = tuple[str, str]
"""A place below a step (or a group) and what was expected there."""


def plan_faults(plan: Plan) -> Iterator[Inconsistency]:
    """Yield everything in a plan that contradicts itself, by its place in the document."""
    yield from _whole_plan(plan)
    yield from _people_of_plan(plan)
    pinned_ids, never_removed = set(plan.pinned_ids), set(plan.never_removed)
    for index, group in enumerate(plan.groups):
        if group.matched_by is MatchedBy.ID and group.id not in pinned_ids:
            yield f"groups[{index}].id", "an id that `pinned_ids` has, as the group was matched by its id"
        if group.drift_causes:
            yield f"groups[{index}].drift_causes", "nothing, as a plan has no drift causes"
        faults = (*_identities(group), *_group_faults(group))
        yield from ((f"groups[{index}].{place}", expected) for place, expected in faults)
        for number, person in enumerate(group.remove):
            if person.identity in never_removed:
                yield (
                    f"groups[{index}].remove[{number}]",
                    "nobody in `never_removed`: the instance, protected or ignored people",
                )


def summary_faults(plan: Plan, document: Mapping[str, Any]) -> Iterator[Inconsistency]:
    """Yield what a document tells for a reader's convenience and what is not what its groups come to."""
    if document["status"] != plan_status(plan):
        yield "status", f"{plan_status(plan).value}, which is what the groups come to"
    for name, number in to_json(summarize_plan(plan)).items():
        if document["summary"][name] != number:
            yield f"summary.{name}", f"{number}, which is what the groups add up to"


def _whole_plan(plan: Plan) -> Iterator[Inconsistency]:
    keys = [group.key for group in plan.groups]
    ids = [group.id for group in plan.groups if group.id]
    for name in ("pinned_ids", "live_ids"):
        if list(getattr(plan, name)) != sorted(set(getattr(plan, name))):
            yield name, "every id once, sorted"
    if keys != sorted(set(keys)):
        yield "groups", "every group once, sorted by key"
    if len(ids) != len(set(ids)):
        yield "groups", "no two groups with one id"
    if plan.shard is not None and plan.shard.index > plan.shard.count:
        yield "shard.index", "no more than `count`"
    elif plan.shard is not None and not all(plan.shard.contains(key) for key in keys):
        yield "groups", "only groups of the shard"
    if plan.changed_since is not None and not set(keys).isdisjoint(plan.changed_since.unchanged):
        yield "groups", "no group that `changed_since` has as unchanged"
    if plan.changed_since is not None and plan.shard is None and not set(plan.changed_since.rematched) <= set(keys):
        yield "groups", "every group that `changed_since` has as rematched"


def _people_of_plan(plan: Plan) -> Iterator[Inconsistency]:
    for index, identity in enumerate(plan.never_removed):
        if not _is_canonical(identity):
            yield f"never_removed[{index}]", _LONG_FORM
    for index, advice in enumerate(plan.advice):
        yield from _people_faults(advice.people, f"advice[{index}].people")


_LONG_FORM = "an international number as + and digits, in its long form"


def _is_canonical(identity: Identity) -> bool:
    return identity_of_digits(identity[1:]) == identity


def _identities(group: GroupPlan) -> Iterator[Inconsistency]:
    """Yield numbers and addresses that are not one person's: a plan must not show one and send to another."""
    yield from (fault for place in ("add", "remove") for fault in _people_faults(getattr(group, place), place))
    for index, step in enumerate(group.steps):
        yield from _people_faults(step.people, f"steps[{index}].people")
    for index, advice in enumerate(group.advice):
        yield from _people_faults(advice.people, f"advice[{index}].people")
    if group.live is not None:
        yield from _people_faults(group.live.participants, "live.participants")
        if group.live.owner is not None and not _is_canonical(group.live.owner):
            yield "live.owner", _LONG_FORM


def _people_faults(people: Iterable[PersonRef | Participant], place: str) -> Iterator[Inconsistency]:
    for index, person in enumerate(people):
        if person.identity is not None and not _is_canonical(person.identity):
            yield f"{place}[{index}].identity", _LONG_FORM
        elif person.jid is not None and identity_of_jid(person.jid) != person.identity:
            yield f"{place}[{index}].jid", "the address of the person in `identity` beside it"


def _group_faults(group: GroupPlan) -> Iterator[Inconsistency]:
    if group.live is not None and group.id not in (None, group.live.id):
        yield "live.id", "the id of the group it is the state of"
    if [step.phase for step in group.steps] != sorted(step.phase for step in group.steps):
        yield "steps", "steps in the order of their phases"
    for index, step in enumerate(group.steps):
        yield from ((f"steps[{index}].{place}", expected) for place, expected in _step_faults(group, step, index))


def _step_faults(group: GroupPlan, step: Step, index: int) -> Iterator[Inconsistency]:
    earlier = group.steps[:index]
    yield from _member_faults(group, step)
    yield from _group_id_faults(group, step, earlier)
    yield from _entry_faults(group, step, earlier)
    yield from _step_people_faults(group, step)
    yield from _text_faults(group, step)


def _member_faults(group: GroupPlan, step: Step) -> Iterator[Inconsistency]:
    """Yield members that the action does not have or lacks, and a phase in which it does not run."""
    if step.group != group.key:
        yield "group", "the key of the step's own group"
    shape = _SHAPES[step.action]
    if step.phase not in shape.phases:
        yield "phase", f"a phase in which a group can {step.action.value}"
    present = {name for name in ("group_id", "invite") if getattr(step, name) is not None}
    present |= step.texts.keys() | ({"people"} if step.people else set())
    for name in sorted(shape.required - present):
        yield name, f"something, as this step is to {step.action.value}"
    for name in sorted(present - shape.required - shape.optional):
        yield name, f"nothing, as this step is to {step.action.value}"
    if step.action is Action.PATCH and not step.texts:
        yield "name", "a name or a description to set"


def _group_id_faults(group: GroupPlan, step: Step, earlier: tuple[Step, ...]) -> Iterator[Inconsistency]:
    """Yield an id of another group, and a missing one unless an earlier step creates or joins the group."""
    own_id = group.id or (group.live.id if group.live else None)
    if step.group_id is not None and step.group_id != own_id:
        yield "group_id", "the id of the step's own group"
    if step.group_id is None and not any(one.action.enters_group for one in (*earlier, step)):
        yield "group_id", "a group's id, as no earlier step makes or joins the group"


def _entry_faults(group: GroupPlan, step: Step, earlier: tuple[Step, ...]) -> Iterator[Inconsistency]:
    """Yield a create or join that is not the first step, and a create of a group that exists: never a second one."""
    if step.action.enters_group and earlier:
        yield "action", "creating or joining as a group's first step"
    exists = group.id is not None or group.live is not None or group.matched_by is not MatchedBy.NONE
    if step.action is Action.CREATE and exists:
        yield "action", "no create, as this group is there already"
    if step.action is Action.CREATE and step.name != group.name.raw:
        yield "name", "the name this group is shown with"


def _step_people_faults(group: GroupPlan, step: Step) -> Iterator[Inconsistency]:
    """Yield people without an address, and removals that are not shown, of an owner, or of somebody to be added."""
    if len(step.people) > MAX_PARTICIPANTS_PER_CALL and step.action is not Action.CREATE:
        yield "people", f"at most {MAX_PARTICIPANTS_PER_CALL} people"
    listed = {person.ref_id for person in group.remove}
    listed_to_add = {person.ref_id for person in group.add}
    owners = group.live.owners if group.live is not None else frozenset()
    added = {person.ref_id for one in group.steps if one.action is not Action.REMOVE for person in one.people}
    for index, person in enumerate(step.people):
        if person.jid is None:
            yield f"people[{index}].jid", "an address to send to"
        if step.action in (Action.CREATE, Action.ADD) and person.ref_id not in listed_to_add:
            yield f"people[{index}]", "somebody in the group's `add`"
        if step.action is Action.REMOVE:
            if person.ref_id not in listed:
                yield f"people[{index}]", "somebody in the group's `remove`"
            if person.ref_id in owners | added:
                yield f"people[{index}]", "nobody who owns the group or is to be added to it"


def _text_faults(group: GroupPlan, step: Step) -> Iterator[Inconsistency]:
    """Yield texts of a patch that the plan does not show as new."""
    listed = {(change.field, change.new) for change in group.field_changes}
    if step.action is Action.PATCH:
        for field, text in step.texts.items():
            if (field, text) not in listed:
                yield field, "the new text that the group's `field_changes` show"
