"""Compare the members of a desired and a live group: by identity on both sides, never by text.

Also whether a member list looks incomplete: then nobody is removed because of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Final

from reconciler.diff.change import Advice, AdviceKind, Change
from reconciler.messages import Message
from reconciler.model.desired import CheckNumbers, Desired, DesiredGroup, Member, Membership, Person, Unmanaged
from reconciler.model.identity import Identity, has_two_addresses, lid_digits
from reconciler.model.live import ListedGroup, LiveGroup, Participant
from reconciler.model.person_ref import PersonRef

_FEWEST_GROUPS = 2
"""Groups without the account that say more about its number than about one read."""
EXPIRY_NOTICE_DAYS = 14
"""A plan lists the memberships that end within so many days."""

MAX_CHECKS: Final = 200
"""How many numbers a run checks without `budget.checks_per_day`. Accounts were banned after thousands of checks."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A live group's participants by identity; `unknown` have none, `owners` may never be removed.

    `contradicted` are those of the unknown whose private id the configuration has, with another number than the live
    one: by the person of the configuration. They may be either of the two.
    """

    present: Mapping[Identity, Participant]
    unknown: tuple[Participant, ...]
    owners: frozenset[Identity]
    contradicted: Mapping[Identity, Participant] = field(default_factory=dict)

    @property
    def maybe_present(self) -> frozenset[Identity]:
        """Who may be in the group, because somebody in it has their number or their private id, and not both."""
        numbers = (participant.identity for participant in self.contradicted.values())
        return frozenset((*self.contradicted, *(one for one in numbers if one is not None)))


@dataclass(frozen=True, slots=True)
class MembershipDiff:
    """Who is to be added and removed, and advice about the others."""

    add: tuple[PersonRef, ...] = ()
    remove: tuple[PersonRef, ...] = ()
    advice: tuple[Advice, ...] = ()


def people_by_lid(desired: Desired) -> dict[str, Person]:
    """Return the people whose private id the configuration has, by that id's digits."""
    by_lid = {}
    for person in desired.people.values():
        digits = lid_digits(person.lid)
        if digits is not None:
            by_lid[digits] = person
    return by_lid


def identify_participants(live: LiveGroup, by_lid: Mapping[str, Person]) -> Roster:
    """Identify everybody in a live group, by phone number or by a private id that the configuration has."""
    present: dict[Identity, Participant] = {}
    unknown = []
    contradicted: dict[Identity, Participant] = {}
    for participant in live.participants:
        noted = _identify_by_lid(participant, by_lid)
        if noted is not None and noted.identity and participant.identity not in (None, noted.identity):
            contradicted[noted.identity] = participant
            unknown.append(participant)
            continue
        identified = participant if participant.identity is not None else noted
        if identified is None or identified.identity is None:
            unknown.append(participant)
            continue
        twin = present.get(identified.identity)
        present[identified.identity] = identified if twin is None else _merge_participants(twin, identified)
    owners = {identity for identity, p in present.items() if p.is_owner}
    if live.owner is not None:
        owners.add(live.owner)
    return Roster(present, tuple(unknown), frozenset(owners), contradicted)


def _merge_participants(one: Participant, other: Participant) -> Participant:
    return replace(one, is_admin=one.is_admin or other.is_admin, is_owner=one.is_owner or other.is_owner)


def _identify_by_lid(participant: Participant, by_lid: Mapping[str, Person]) -> Participant | None:
    digits = lid_digits(participant.lid)
    person = by_lid.get(digits) if digits is not None else None
    return None if person is None else replace(participant, identity=person.identity, jid=person.jid)


def ref_from_participant(participant: Participant, desired: Desired) -> PersonRef:
    """Return a live participant as a plan names them, addressed as the server spells them."""
    person = desired.people.get(participant.identity) if participant.identity is not None else None
    alias, name = (person.alias, person.name) if person is not None else (None, None)
    return PersonRef(participant.identity, participant.jid, alias, participant.lid, name=name)


def _ref_for_removal(participant: Participant, desired: Desired, ended: Mapping[Identity, Member]) -> PersonRef:
    person = ref_from_participant(participant, desired)
    member = ended.get(participant.identity) if participant.identity is not None else None
    return person if member is None else replace(person, until=member.until, reason=member.reason)


def ref_from_member(member: Member) -> PersonRef:
    """Return a wanted member as a plan names them, addressed as the configuration spells them."""
    return PersonRef.of(member.person, member.until, member.reason, member.teams)


def sorted_people(people: Iterable[PersonRef]) -> tuple[PersonRef, ...]:
    """Return the people in the order that is used everywhere."""
    return tuple(sorted(people, key=lambda person: person.sort_key))


def wanted_members(group: DesiredGroup, desired: Desired) -> dict[Identity, Member]:
    """Return the members that a plan is about: without the account itself and without ignored people."""
    if isinstance(group.members, Unmanaged):
        return {}
    excluded = desired.excluded_people
    if not excluded & group.members.keys():
        return dict(group.members)
    return {identity: member for identity, member in group.members.items() if identity not in excluded}


def lacks_admin_rights(roster: Roster, account: Person | None) -> bool:
    """Whether the account is among the participants, but not as an admin.

    The group's `owner` does not count: an account that created a group, left it and came back is no longer an admin.
    Where the server reports no roles, only the call itself shows it.
    """
    own = roster.present.get(account.identity) if account is not None else None
    return own is not None and own.is_admin is False and not own.is_owner


def diff_members(group: DesiredGroup, roster: Roster, desired: Desired) -> MembershipDiff:
    """Return who is to be added to and removed from a live group, by its membership mode, and who stays and why."""
    wanted = wanted_members(group, desired)
    there = roster.present.keys() | roster.maybe_present
    missing = [member for identity, member in wanted.items() if identity not in there]
    add = sorted_people(ref_from_member(member) for member in missing if not member.may_be_missing)
    leaving = _unwanted(group, roster, wanted, desired)
    kept = leaving & (roster.owners | desired.policy.protected)
    advice = [
        *not_added_advice(missing),
        *_never_removed_advice(kept, roster, desired),
        *_expired_stay_advice(group, roster, desired, wanted),
        *expiring_soon(wanted.values(), desired.as_of, missing),
    ]
    ended = {member.person.identity: member for member in group.expired}
    remove = sorted_people(_ref_for_removal(roster.present[identity], desired, ended) for identity in leaving - kept)
    if group.membership is Membership.OBSERVE:
        observed = [
            *Advice.for_people(AdviceKind.OBSERVED, Message.of("observed-missing"), add),
            *Advice.for_people(AdviceKind.OBSERVED, Message.of("observed-surplus"), remove),
        ]
        return MembershipDiff(advice=(*observed, *advice))
    return MembershipDiff(add, remove, tuple(advice))


def not_added_advice(missing: Iterable[Member]) -> list[Advice]:
    """Return the advice about the members who are not in a group and are not to be added."""
    missing = list(missing)
    left = [ref_from_member(member) for member in missing if member.left]
    joining = [ref_from_member(member) for member in missing if member.by_invite and not member.left]
    return [
        *Advice.for_people(AdviceKind.PENDING, Message.of("joins-by-link"), joining),
        *Advice.for_people(AdviceKind.NOT_ADDED, Message.of("left-not-added"), left),
    ]


def _unwanted(
    group: DesiredGroup, roster: Roster, wanted: Mapping[Identity, Member], desired: Desired
) -> frozenset[Identity]:
    unwanted = frozenset(group.absent) & roster.present.keys()
    if group.membership is not Membership.ADDITIVE and not isinstance(group.members, Unmanaged):
        unwanted |= roster.present.keys() - wanted.keys()
    return unwanted - desired.excluded_people


def _never_removed_advice(kept: frozenset[Identity], roster: Roster, desired: Desired) -> list[Advice]:
    owners = [ref_from_participant(roster.present[identity], desired) for identity in kept & roster.owners]
    protected = [ref_from_participant(roster.present[identity], desired) for identity in kept - roster.owners]
    return [
        *Advice.for_people(AdviceKind.KEPT, Message.of("owner-not-removed"), owners),
        *Advice.for_people(AdviceKind.KEPT, Message.of("protected-not-removed"), protected),
    ]


def _expired_stay_advice(
    group: DesiredGroup, roster: Roster, desired: Desired, wanted: Mapping[Identity, Member]
) -> tuple[Advice, ...]:
    if group.membership is not Membership.ADDITIVE:
        return ()
    others = desired.excluded_people | group.absent.keys() | wanted.keys()
    staying = [
        ref_from_member(member)
        for member in group.expired
        if member.person.identity in roster.present and member.person.identity not in others
    ]
    return Advice.for_people(AdviceKind.EXPIRED, Message.of("expired-but-additive"), staying)


def expiring_soon(members: Iterable[Member], as_of: date, missing: Iterable[Member]) -> list[Advice]:
    """Return advice about the memberships that end within the next fourteen days, soonest first.

    Of those who left a people file, the ones who are `missing` in the group have nothing to end.
    """
    gone = {m.person.identity for m in missing if m.left}
    due = [
        m
        for m in members
        if m.until is not None and (m.until - as_of).days <= EXPIRY_NOTICE_DAYS and m.person.identity not in gone
    ]
    return [
        advice
        for day in sorted({m.until for m in due if m.until is not None})
        for advice in Advice.for_people(
            AdviceKind.EXPIRES, Message.of("last-day", day=day), (ref_from_member(m) for m in due if m.until == day)
        )
    ]


def distrust_reasons(live: LiveGroup, roster: Roster, account: Person | None) -> tuple[Message, ...]:
    """Return why the member list of this read looks incomplete; nothing where it does not.

    People who cannot be identified do not make a read doubtful by themselves: the account may be one of them.
    """
    count = len(live.participants)
    if count == 0:
        return (Message.of("no-participants"),)
    reasons = []
    if live.count is not None and live.count != count:
        reasons.append(Message.of("count-differs", read=count, listed=live.count))
    if account is not None and account.identity not in roster.present and not roster.unknown:
        reasons.append(Message.of("own-account-missing"))
    return tuple(reasons)


def numbers_to_check(
    changes: Sequence[Change], desired: Desired, listed: Sequence[ListedGroup]
) -> tuple[Identity, ...]:
    """Return who is to be added and, by the policy, checked, and is in no live group that this run shows; sorted."""
    policy = desired.policy.check_numbers
    if policy is CheckNumbers.NONE:
        return ()
    added = {person.identity for change in changes if change.needs_writes for person in change.add}
    asked = {one for one in added if one is not None and (policy is CheckNumbers.ALL or has_two_addresses(one))}
    return tuple(sorted(asked - _live_people(changes, desired, listed))) if asked else ()


def _live_people(changes: Sequence[Change], desired: Desired, listed: Sequence[ListedGroup]) -> set[Identity]:
    by_lid = people_by_lid(desired)
    read = (change.live for change in changes if change.live is not None)
    listed_whole = (entry.to_live_group() for entry in listed if entry.participants is not None)
    return {identity for live in chain(read, listed_whole) for identity in identify_participants(live, by_lid).present}


def wrong_account_advice(changes: Iterable[Change], desired: Desired) -> tuple[Advice, ...]:
    """Return the advice that the configured number is probably not the account's: most groups that were read lack it.

    One group may have been read badly; the account is not missing from most of them. Somebody else's number is in some.
    """
    account = desired.account
    lives = [change.live for change in changes if change.live is not None and change.live.participants]
    if account is None:
        return ()
    missing = sum(lacks_account(live, account.identity) for live in lives)
    if not is_nowhere(missing, len(lives)):
        return ()
    message = Message.of(
        "own-number-nowhere",
        phone=account.identity,
        count=missing,
        total=len(lives),
        place=desired.account_place or "the file",
    )
    return (Advice(AdviceKind.DOUBTFUL, message),)


def with_account_doubts(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    """Return the changes; where only a wrong number of the account blocks removals, they say so.

    An owner who stays in such a group is probably the account, and no advice.
    """
    if desired.account is None or not wrong_account_advice(changes, desired):
        return tuple(changes)
    place = desired.account_place or "the file"
    lacks_only_account = (Message.of("removals-doubtful", doubts=(Message.of("own-account-missing"),)),)
    wrong_account = (Message.of("removals-wrong-account", phone=desired.account.identity, place=place),)
    return tuple(
        replace(
            change,
            blocked=wrong_account,
            advice=tuple(advice for advice in change.advice if advice.message.code != "owner-not-removed"),
        )
        if change.blocked == lacks_only_account
        else change
        for change in changes
    )


def lacks_account(live: LiveGroup, account: Identity) -> bool:
    """Whether the account's number is surely not in a group that was read: everybody else in it has a number."""
    return all(p.identity not in (None, account) for p in live.participants)


def is_nowhere(missing: int, total: int) -> bool:
    """Whether a number that `missing` of `total` groups lack is probably not the account's."""
    return missing >= _FEWEST_GROUPS and missing * 2 > total
