"""Who is in a live group and who is to come or go: identities on both sides, never text.

When a read of a live group looks wrong, so that nobody is removed on its word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from reconciler.diff.change import Advice, AdviceKind
from reconciler.model.desired import Desired, DesiredGroup, Member, Membership, Person, Unmanaged
from reconciler.model.identity import Identity, parse_jid
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.person_ref import PersonRef

EXPIRY_NOTICE_DAYS = 14
"""A plan names the memberships that end within so many days."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A live group's participants by identity; `unknown` are those who have none, `owners` may never be removed."""

    present: Mapping[Identity, Participant]
    unknown: tuple[Participant, ...]
    owners: frozenset[Identity]


@dataclass(frozen=True, slots=True)
class MembershipDiff:
    """Who is to be added and removed, and what is to be said of the others."""

    add: tuple[PersonRef, ...] = ()
    remove: tuple[PersonRef, ...] = ()
    advice: tuple[Advice, ...] = ()


def people_by_lid(desired: Desired) -> dict[str, Person]:
    """The people whose private id the file notes, by that id's digits."""
    found = {}
    for person in desired.people.values():
        lid = parse_jid(person.lid) if person.lid else None
        if lid is not None:
            found[lid.digits] = person
    return found


def identify_participants(live: LiveGroup, by_lid: Mapping[str, Person]) -> Roster:
    """Identify everybody in a live group, by phone number or by a private id that the file knows."""
    present: dict[Identity, Participant] = {}
    unknown = []
    for participant in live.participants:
        known = participant if participant.identity is not None else _through_lid(participant, by_lid)
        if known is None or known.identity is None:
            unknown.append(participant)
            continue
        twin = present.get(known.identity)
        present[known.identity] = known if twin is None else _merged(twin, known)
    owners = {identity for identity, p in present.items() if p.is_owner}
    if live.owner is not None:
        owners.add(live.owner)
    return Roster(present, tuple(unknown), frozenset(owners))


def _merged(one: Participant, other: Participant) -> Participant:
    return replace(one, is_admin=one.is_admin or other.is_admin, is_owner=one.is_owner or other.is_owner)


def _through_lid(participant: Participant, by_lid: Mapping[str, Person]) -> Participant | None:
    lid = parse_jid(participant.lid) if participant.lid else None
    person = by_lid.get(lid.digits) if lid is not None else None
    return None if person is None else replace(participant, identity=person.identity, jid=person.jid)


def ref_from_participant(participant: Participant, desired: Desired) -> PersonRef:
    """A live participant as a plan names them, addressed as the server spells them."""
    person = desired.people.get(participant.identity) if participant.identity is not None else None
    label = (person.alias or person.name) if person is not None else None
    return PersonRef(participant.identity, participant.jid, label, participant.lid)


def _ref_for_removal(participant: Participant, desired: Desired, ended: Mapping[Identity, Member]) -> PersonRef:
    who = ref_from_participant(participant, desired)
    member = ended.get(participant.identity) if participant.identity is not None else None
    return who if member is None else replace(who, until=member.until, reason=member.reason)


def ref_from_member(member: Member) -> PersonRef:
    """A wanted member as a plan names them, addressed as the file spells them."""
    return PersonRef.of(member.person, member.until, member.reason)


def sorted_people(people: Iterable[PersonRef]) -> tuple[PersonRef, ...]:
    """The people of a list in the order of people everywhere."""
    return tuple(sorted(people, key=lambda who: who.sort_key))


def wanted_members(group: DesiredGroup, desired: Desired) -> dict[Identity, Member]:
    """The members a plan cares for: without the instance, who sees to itself, and without ignored people."""
    if isinstance(group.members, Unmanaged):
        return {}
    left_alone = desired.excluded_people
    if not left_alone & group.members.keys():
        return dict(group.members)
    return {identity: member for identity, member in group.members.items() if identity not in left_alone}


def lacks_admin_rights(cast: Roster, instance: Person | None) -> bool:
    """Whether the instance stands among the participants as a mere member.

    The group's `owner` says who made it: back after leaving, its maker is no admin any more.
    """
    own = cast.present.get(instance.identity) if instance is not None else None
    return own is not None and not (own.is_admin or own.is_owner)


def diff_members(group: DesiredGroup, cast: Roster, desired: Desired) -> MembershipDiff:
    """Who is to come and to go in a live group, by its membership mode, and who is left alone and why."""
    wanted = wanted_members(group, desired)
    missing = [member for identity, member in wanted.items() if identity not in cast.present]
    add = sorted_people(ref_from_member(member) for member in missing if not member.by_invite)
    waiting = [ref_from_member(member) for member in missing if member.by_invite]
    leaving = _leaving(group, cast, wanted, desired)
    kept = leaving & (cast.owners | desired.policy.protected)
    advice = [
        *Advice.for_people(AdviceKind.PENDING, "to come by the invite link", waiting),
        *_never_removed_advice(kept, cast, desired),
        *_expired_stay_advice(group, cast, desired, wanted),
        *expiring_soon(wanted.values(), desired.as_of),
    ]
    ended = {member.person.identity: member for member in group.expired}
    remove = sorted_people(_ref_for_removal(cast.present[identity], desired, ended) for identity in leaving - kept)
    if group.membership is Membership.OBSERVE:
        observed = [
            *Advice.for_people(AdviceKind.OBSERVED, "wanted, and not in the group", add),
            *Advice.for_people(AdviceKind.OBSERVED, "in the group, and not wanted", remove),
        ]
        return MembershipDiff(advice=(*observed, *advice))
    return MembershipDiff(add, remove, tuple(advice))


def _leaving(
    group: DesiredGroup, cast: Roster, wanted: Mapping[Identity, Member], desired: Desired
) -> frozenset[Identity]:
    out = frozenset(group.absent) & cast.present.keys()
    if group.membership is not Membership.ADDITIVE and not isinstance(group.members, Unmanaged):
        out |= cast.present.keys() - wanted.keys()
    return out - desired.excluded_people


def _never_removed_advice(kept: frozenset[Identity], cast: Roster, desired: Desired) -> list[Advice]:
    owners = [ref_from_participant(cast.present[identity], desired) for identity in kept & cast.owners]
    protected = [ref_from_participant(cast.present[identity], desired) for identity in kept - cast.owners]
    return [
        *Advice.for_people(AdviceKind.KEPT, "not wanted, but owns the group: an owner cannot be removed", owners),
        *Advice.for_people(AdviceKind.KEPT, "not wanted, but protected by `policy.protected`", protected),
    ]


def _expired_stay_advice(
    group: DesiredGroup, cast: Roster, desired: Desired, wanted: Mapping[Identity, Member]
) -> tuple[Advice, ...]:
    if group.membership is not Membership.ADDITIVE:
        return ()
    left_alone = desired.excluded_people | group.absent.keys() | wanted.keys()
    staying = [
        ref_from_member(member)
        for member in group.expired
        if member.person.identity in cast.present and member.person.identity not in left_alone
    ]
    text = "time has run out, but membership is additive: list them under `absent` to remove them"
    return Advice.for_people(AdviceKind.EXPIRED, text, staying)


def expiring_soon(members: Iterable[Member], as_of: date) -> list[Advice]:
    """The memberships that end within the next fourteen days, soonest first."""
    due = [m for m in members if m.until is not None and (m.until - as_of).days <= EXPIRY_NOTICE_DAYS]
    return [
        advice
        for day in sorted({m.until for m in due if m.until is not None})
        for advice in Advice.for_people(
            AdviceKind.EXPIRES, f"last day is {day}", (ref_from_member(m) for m in due if m.until == day)
        )
    ]


def distrust_reasons(live: LiveGroup, cast: Roster, instance: Person | None) -> tuple[str, ...]:
    """Why this read is doubtful, in words; nothing when it is not.

    People who cannot be identified make no doubt by themselves: the instance may be one of them.
    """
    seen = len(live.participants)
    if seen == 0:
        return ("the read shows nobody in it",)
    reasons = []
    if live.count is not None and live.count != seen:
        reasons.append(f"the read shows {seen} participants, the list counts {live.count}")
    if instance is not None and instance.identity not in cast.present and not cast.unknown:
        reasons.append("the instance itself is missing from the read")
    return tuple(reasons)
