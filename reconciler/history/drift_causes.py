"""Drift with a verdict: live × file × what the revision applied last wanted. Pure.

Texts, people and groups are compared as everywhere: texts as `same_text` does, people by identity, all as of one day.
What a revision did not manage it wanted as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.diff.change import MatchedBy, TextChange
from reconciler.diff.match import match_groups, normalized_names
from reconciler.diff.participants import wanted_members
from reconciler.history.pairing import pair_groups
from reconciler.model.desired import Desired, DesiredGroup, Membership, State, Unmanaged, UnmanagedType
from reconciler.model.live import ListedGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import normalize, texts_equal
from reconciler.plan.model import AppliedRevision, DriftCause, DriftItem, GroupPlan, ItemCause, Plan
from reconciler.plan.step import Action


def with_drift_causes(
    plan: Plan, old: Desired, new: Desired, known: Mapping[str, str], baseline: AppliedRevision
) -> Plan:
    """The plan with a verdict on each of its differences. `known` has the names of all live groups by id.

    Differences of a group whose read is doubtful, or that several live groups may be, get none: unknown is not drift.
    What is only observed is no difference and gets none either.
    """
    wanted = _paired_groups(old, new, known)
    after = {group.key: group for group in new.groups}
    groups = []
    for group in plan.groups:
        judge = _CauseFinder(group, wanted.get(group.key), after[group.key], old, known)
        groups.append(replace(group, drift_causes=tuple(judge.judgements())))
    return replace(plan, groups=tuple(groups), baseline=baseline)


def _paired_groups(old: Desired, new: Desired, known: Mapping[str, str]) -> dict[str, DesiredGroup]:
    """What the revision had for each key of the file: what stood for the same live group, else as two versions of the
    file are compared; never what stood for another live group.
    """
    meant_before, means = _group_ids(old, known), _group_ids(new, known)
    holders = {meant_before[group.key]: group for group in old.groups}
    found = {key: holders[group_id] for key, group_id in means.items() if group_id is not None and group_id in holders}
    taken = {group.key for group in found.values()}
    others = pair_groups(
        [group for group in old.groups if group.key not in taken],
        [group for group in new.groups if group.key not in found],
    )
    return found | {key: group for key, group in others.items() if None in (means[key], meant_before[group.key])}


def _group_ids(desired: Desired, known: Mapping[str, str]) -> dict[str, str | None]:
    """The id of the live group that each key stands for, or that it notes though there is none; None for neither."""
    listed = [ListedGroup(group_id, name) for group_id, name in known.items()]
    matches = match_groups(desired.groups, listed).values()
    return {match.group.key: match.listed.id if match.listed is not None else match.group.id for match in matches}


@dataclass(frozen=True, slots=True)
class _CauseFinder:
    """One group: its plan, what the revision and the file want of it."""

    plan: GroupPlan
    old: DesiredGroup | None
    new: DesiredGroup
    before: Desired
    known: Mapping[str, str]

    def judgements(self) -> Iterator[ItemCause]:
        """The group itself; else its texts, who is to come, who is to go."""
        existence = self._on_group()
        if existence is not None:
            yield ItemCause(DriftItem.GROUP, existence)
            return
        for text in self.plan.field_changes:
            yield ItemCause(DriftItem(text.field), self._on_text(text))
        for who in self.plan.add:
            yield ItemCause(
                DriftItem.ADD, DriftCause.BY_HAND if self._had_in(who) else DriftCause.NOT_APPLIED, who.ref_id
            )
        for who in self.plan.remove:
            yield ItemCause(
                DriftItem.REMOVE, DriftCause.BY_HAND if self._had_out(who) else DriftCause.NOT_APPLIED, who.ref_id
            )

    @property
    def _enforced(self) -> DesiredGroup | None:
        """The revision's group, where it wanted anything of the live one: what is observed it took as it was."""
        observed = self.old is not None and self.old.membership is Membership.OBSERVE
        return None if self.old is None or observed or self.old.state is State.LEFT else self.old

    def _on_group(self) -> DriftCause | None:
        """The verdict on being there at all; None where that is no difference."""
        actions = {step.action for step in self.plan.steps}
        if Action.LEAVE in actions:
            was_left = self.old is not None and self.old.state is State.LEFT
            return DriftCause.BY_HAND if was_left else DriftCause.NOT_APPLIED
        not_live = bool(self.plan.blocked) and self.plan.id is not None and self.plan.matched_by is MatchedBy.NONE
        if not any(action.enters_group for action in actions) and not not_live:
            return None
        old = self._enforced
        if old is None or self._is_live(old):
            return DriftCause.NOT_APPLIED
        return DriftCause.BY_HAND if _same_meant(old, self.new) else DriftCause.BOTH

    def _is_live(self, old: DesiredGroup) -> bool:
        """Whether the group that the revision meant is there."""
        if old.id is not None:
            return old.id in self.known
        names = normalized_names(old)
        return any(normalize(name) in names for name in self.known.values())

    def _on_text(self, text: TextChange) -> DriftCause:
        old = self._enforced
        wanted: UnmanagedType | str | None = None
        if old is not None:
            wanted = old.name if text.field == "name" else old.description
        if wanted is None or isinstance(wanted, Unmanaged) or texts_equal(wanted, text.old or ""):
            return DriftCause.NOT_APPLIED
        return DriftCause.BY_HAND if texts_equal(wanted, text.new) else DriftCause.BOTH

    def _had_in(self, who: PersonRef) -> bool:
        """Whether the revision wanted somebody in, and to be added: whoever comes by invite may not be there yet."""
        if self._enforced is None or who.identity is None:
            return False
        member = wanted_members(self._enforced, self.before).get(who.identity)
        return member is not None and not member.by_invite

    def _had_out(self, who: PersonRef) -> bool:
        """Whether the revision wanted somebody out, and not only since a last day went by."""
        old, identity = self._enforced, who.identity
        if old is None or identity is None or identity in self.before.never_removed:
            return False
        if identity in old.absent:
            return True
        if old.membership is not Membership.EXACT or isinstance(old.members, Unmanaged):
            return False
        expired = {member.person.identity for member in old.expired}
        return identity not in old.members and identity not in expired


def _same_meant(old: DesiredGroup, new: DesiredGroup) -> bool:
    """Whether two versions, whose ids do not contradict each other, lead to one live group."""
    if old.id is not None and new.id is not None:
        return True
    return bool(normalized_names(old) & normalized_names(new))
