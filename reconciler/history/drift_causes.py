"""Find the cause of each drift: a manual change, or a change of the configuration that was not applied yet.

Three versions decide: what the revision that was applied last wanted, what the configuration wants now, and what is
live. Texts, people and groups are compared as in a plan. What the revision did not manage, it wanted as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.diff.change import Change, MatchedBy
from reconciler.diff.match import match_groups, normalized_names
from reconciler.diff.participants import wanted_members
from reconciler.history.pairing import pair_groups
from reconciler.model.desired import Desired, DesiredGroup, Membership, State, Unmanaged
from reconciler.model.live import ListedGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, normalize
from reconciler.plan.model import Action, GroupPlan, Plan
from reconciler.plan.revision import AppliedRevision, DriftCause, DriftItem, ItemCause


def with_drift_causes(
    plan: Plan, old: Desired, new: Desired, live_names: Mapping[str, Untrusted], baseline: AppliedRevision
) -> Plan:
    """Return the plan with the cause of each difference; `live_names` are those of all live groups, by id.

    A group whose read is doubtful, or that several live groups may match, has no differences, so no causes either:
    unknown is not drift. Neither is what is only observed.
    """
    applied = _paired_groups(old, new, live_names)
    after = {group.key: group for group in new.groups}
    groups = []
    for group in plan.groups:
        causes = tuple(_causes(group, applied.get(group.key), after[group.key], old, live_names))
        groups.append(replace(group, drift_causes=causes))
    return replace(plan, groups=tuple(groups), baseline=baseline)


@dataclass(frozen=True, slots=True)
class ManualChange:
    """What was changed manually in one group, and what else differs.

    `conflicts` has what was changed both manually and in the configuration: texts and people. `not_applied` counts what
    only the configuration changed.
    """

    change: Change
    conflicts: tuple[str | PersonRef, ...] = ()
    not_applied: int = 0


def manual_changes(
    changes: Iterable[Change], old: Desired, new: Desired, live_names: Mapping[str, Untrusted]
) -> tuple[ManualChange, ...]:
    """Return each change with the differences that are manual ones since `old` was applied, and nothing else of it."""
    applied, found = _paired_groups(old, new, live_names), []
    for change in changes:
        causes = {
            (cause.item, cause.person): cause.cause
            for cause in _item_causes(change, applied.get(change.group.key), old)
        }
        texts = [(text, causes[DriftItem(text.field), None]) for text in change.field_changes]
        add = [(person, causes[DriftItem.ADD, person.ref_id]) for person in change.add]
        remove = [(person, causes[DriftItem.REMOVE, person.ref_id]) for person in change.remove]
        manual = replace(
            change,
            field_changes=tuple(text for text, cause in texts if cause is DriftCause.MANUAL),
            add=tuple(person for person, cause in add if cause is DriftCause.MANUAL),
            remove=tuple(person for person, cause in remove if cause is DriftCause.MANUAL),
        )
        conflicts: list[str | PersonRef] = [text.field for text, cause in texts if cause is DriftCause.BOTH]
        conflicts += [person for person, cause in (*add, *remove) if cause is DriftCause.BOTH]
        count = sum(cause is DriftCause.NOT_APPLIED for _, cause in (*texts, *add, *remove))
        found.append(ManualChange(manual, tuple(conflicts), count))
    return tuple(found)


def _cause(applied: Any, wanted: Any, live: Any) -> DriftCause:
    """Return why something is live other than it is wanted. `applied` is None where the revision did not manage it."""
    if applied is None or applied == live:
        return DriftCause.NOT_APPLIED
    return DriftCause.MANUAL if applied == wanted else DriftCause.BOTH


def _causes(
    plan: GroupPlan, old: DesiredGroup | None, new: DesiredGroup, before: Desired, live_names: Mapping[str, Untrusted]
) -> Iterator[ItemCause]:
    """Yield why the group itself is not as it is wanted; else each of its texts, and who is to be added and removed."""
    cause = _existence_cause(plan, old, new, live_names)
    if cause is not None:
        yield ItemCause(DriftItem.GROUP, cause)
        return
    yield from _item_causes(plan, old, before)


def _item_causes(plan: GroupPlan | Change, old: DesiredGroup | None, before: Desired) -> Iterator[ItemCause]:
    applied = _enforced(old)
    for change in plan.field_changes:
        text = None if applied is None else getattr(applied, change.field)
        known = None if text is None or isinstance(text, Unmanaged) else normalize(text)
        yield ItemCause(DriftItem(change.field), _cause(known, normalize(change.new), normalize(change.old or "")))
    for person in plan.add:
        yield ItemCause(DriftItem.ADD, _cause(_wanted_in(person, applied, before), True, False), person.ref_id)
    for person in plan.remove:
        yield ItemCause(DriftItem.REMOVE, _cause(_wanted_in(person, applied, before), False, True), person.ref_id)


def _existence_cause(
    plan: GroupPlan, old: DesiredGroup | None, new: DesiredGroup, live_names: Mapping[str, Untrusted]
) -> DriftCause | None:
    """Return why the instance is not in the group, or still in it; None where neither is so."""
    actions = {step.action for step in plan.steps}
    if Action.LEAVE in actions:
        return _cause(None if old is None else old.state is State.PRESENT, False, True)
    not_live = bool(plan.blocked) and plan.id is not None and plan.matched_by is MatchedBy.NONE
    if not any(action.enters_group for action in actions) and not not_live:
        return None
    applied = _enforced(old)
    if applied is None:
        return DriftCause.NOT_APPLIED
    names = normalized_names(applied)
    if applied.id is not None:
        is_live = applied.id in live_names
    else:
        is_live = any(normalize(name) in names for name in live_names.values())
    # Paired groups that both have an id have the same one.
    is_wanted = (applied.id is not None and new.id is not None) or not names.isdisjoint(normalized_names(new))
    return _cause(True, is_wanted, is_live)


def _enforced(old: DesiredGroup | None) -> DesiredGroup | None:
    """Return the revision's group if it wanted anything of the live one: what is observed may be as it likes."""
    if old is None or old.membership is Membership.OBSERVE or old.state is State.LEFT:
        return None
    return old


def _wanted_in(person: PersonRef, applied: DesiredGroup | None, before: Desired) -> bool | None:
    """Return whether the revision wanted a person in or out of a group; None where it did not say, or only may say.

    Who joins by invite may not be there yet, and whose last day has passed may not be removed yet.
    """
    identity = person.identity
    if applied is None or identity is None:
        return None
    member = wanted_members(applied, before).get(identity)
    if member is not None:
        return None if member.by_invite else True
    if identity in before.never_removed:
        return None
    if identity in applied.absent:
        return False
    if applied.membership is not Membership.EXACT or isinstance(applied.members, Unmanaged):
        return None
    expired = {member.person.identity for member in applied.expired}
    return None if identity in applied.members or identity in expired else False


def _paired_groups(old: Desired, new: Desired, live_names: Mapping[str, Untrusted]) -> dict[str, DesiredGroup]:
    """Return the revision's group for each key: the one that matches the same live group, else as `diff` pairs them.

    It is never one that matches another live group.
    """
    old_ids, new_ids = _group_ids(old, live_names), _group_ids(new, live_names)
    by_id = {old_ids[group.key]: group for group in old.groups}
    pairs = {key: by_id[group_id] for key, group_id in new_ids.items() if group_id is not None and group_id in by_id}
    others = pair_groups(old.groups, new.groups, pairs)
    return pairs | {key: group for key, group in others.items() if None in (new_ids[key], old_ids[group.key])}


def _group_ids(desired: Desired, live_names: Mapping[str, Untrusted]) -> dict[str, str | None]:
    """Return the id of the live group that each key matches, or that is pinned though it is not live; else None."""
    listed = [ListedGroup(id=group_id, name=name) for group_id, name in live_names.items()]
    matches = match_groups(desired.groups, listed).values()
    return {match.group.key: match.listed.id if match.listed is not None else match.group.id for match in matches}
