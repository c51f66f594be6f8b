"""Find one person in every group of the configuration and in every live one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.diff.match import Match
from reconciler.diff.participants import (
    Roster,
    distrust_reasons,
    identify_participants,
    lacks_admin_rights,
    people_by_lid,
    ref_from_participant,
)
from reconciler.messages import Message
from reconciler.model.desired import Desired, DesiredGroup, State, Unmanaged
from reconciler.model.identity import Identity, parse_jid
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.person_ref import PersonQuery, PersonRef
from reconciler.model.text import Untrusted, raw_text
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence


def find_memberships(
    query: PersonQuery,
    desired: Desired,
    matches: Iterable[Match],
    names: Mapping[str, Untrusted],
    read: Mapping[str, LiveGroup | None],
    instance_id: str,
) -> PersonMemberships:
    """Return the person's memberships in all groups.

    `names` are those of all live groups by id, `read` the live groups as read (None: it disappeared meanwhile).
    """
    by_lid = people_by_lid(desired)
    rosters = {group_id: identify_participants(live, by_lid) for group_id, live in read.items() if live is not None}
    person = _identify(query, rosters.values(), desired)
    search = _Search(person, desired, read, rosters)
    matches = sorted(matches, key=lambda match: match.group.key)
    matched = {match.listed.id for match in matches if match.listed is not None}
    others = sorted((name.raw, group_id) for group_id, name in names.items() if group_id not in matched)
    groups = [search.desired_group(match) for match in matches]
    groups += [search.other_group(name, group_id) for name, group_id in others]
    return PersonMemberships(
        instance_id=instance_id,
        as_of=desired.as_of,
        person=person.ref,
        protected=person.identity in desired.policy.protected,
        ignored=person.identity in desired.policy.ignored,
        is_instance=desired.account is not None and desired.account.identity == person.identity,
        groups=tuple(group for group in groups if group.is_relevant),
        uncertain=tuple(group for group in groups if not group.is_relevant and group.live is Presence.UNKNOWN),
    )


@dataclass(frozen=True, slots=True)
class _Person:
    """The person to find; `lids` are the digits of every private id known to be theirs."""

    ref: PersonRef
    identity: Identity | None
    lids: frozenset[str]


def _identify(query: PersonQuery, rosters: Iterable[Roster], desired: Desired) -> _Person:
    """Connect number and private ids as the live groups show them, so that either finds the person everywhere."""
    people = [participant for roster in rosters for participant in roster.present.values()]
    own = _digits(query.lid) or _digits(query.who.lid)
    identity, ref = query.identity, query.who
    if identity is None:
        known = next((p for p in people if own is not None and _digits(p.lid) == own), None)
        if known is not None:
            identity, ref = known.identity, replace(ref_from_participant(known, desired), lid=known.lid or query.lid)
    live = {_digits(p.lid) for p in people if p.identity == identity} if identity is not None else set()
    return _Person(ref, identity, frozenset(lid for lid in {own, *live} if lid is not None))


def _digits(lid: str | None) -> str | None:
    jid = parse_jid(lid) if lid else None
    return jid.digits if jid is not None else None


@dataclass(frozen=True, slots=True)
class _Search:
    """Everything that one person is looked for in."""

    person: _Person
    desired: Desired
    read: Mapping[str, LiveGroup | None]
    rosters: Mapping[str, Roster]

    def desired_group(self, match: Match) -> GroupMembership:
        """Return the person's membership in a group of the configuration."""
        group, listed = match.group, match.listed
        name = listed.name if isinstance(group.name, Unmanaged) and listed is not None else group.name
        membership = GroupMembership(
            key=group.key,
            name="" if isinstance(name, Unmanaged) else raw_text(name),
            id=group.id,
            desired=_desired_membership(group, self.person.identity),
            live=Presence.NO_GROUP,
        )
        if match.blocked:
            return replace(membership, live=Presence.UNKNOWN, unknown_because=(match.blocked.to_text(),))
        return membership if listed is None else self._with_live(replace(membership, id=listed.id), listed.id)

    def other_group(self, name: str, group_id: str) -> GroupMembership:
        """Return the person's membership in a live group that the configuration does not have."""
        membership = GroupMembership(key=None, name=name, id=group_id, desired=None, live=Presence.OUT)
        return self._with_live(membership, group_id)

    def _with_live(self, membership: GroupMembership, group_id: str) -> GroupMembership:
        """Add the live side; a doubtful read that does not show the person proves nothing."""
        live = self.read[group_id]
        if live is None:
            reasons: tuple[str, ...] = ("the group disappeared while the groups were read",)
            return replace(membership, live=Presence.UNKNOWN, unknown_because=reasons)
        roster, person = self.rosters[group_id], self.person
        distrust = distrust_reasons(live, roster, self.desired.account)
        blocked = _no_admin_rights(roster, self.desired)
        found = roster.present.get(person.identity) if person.identity is not None else None
        found = found or next((p for p in roster.unknown if _digits(p.lid) in person.lids), None)
        if found is None:
            reasons = (*(doubt.to_text() for doubt in distrust), *_possible_participants(roster, person))
            presence = Presence.UNKNOWN if reasons else Presence.OUT
            return replace(membership, live=presence, unknown_because=reasons, blocked_because=blocked)
        owner = found.is_owner or (found.identity is not None and found.identity in roster.owners)
        return replace(
            membership,
            live=Presence.IN,
            is_admin=found.is_admin or owner,
            is_owner=owner,
            blocked_because=(*blocked, *_removal_blocks(found, distrust)),
        )


def _desired_membership(group: DesiredGroup, identity: Identity | None) -> DesiredMembership:
    members = {} if isinstance(group.members, Unmanaged) else group.members
    expired = {member.person.identity: member for member in group.expired}
    known = identity or Identity("")
    terms = members.get(known) or expired.get(known)
    return DesiredMembership(
        member=known in members,
        expired=known in expired,
        teams=terms.teams if terms else (),
        until=terms.until if terms else None,
        reason=terms.reason if terms else None,
        by_invite=bool(terms and terms.by_invite),
        absent=known in group.absent,
        admin=None if identity is None or isinstance(group.admins, Unmanaged) else known in group.admins,
        members_managed=not isinstance(group.members, Unmanaged),
        membership=group.membership,
        leaving=group.state is State.LEFT,
    )


def _no_admin_rights(roster: Roster, desired: Desired) -> tuple[str, ...]:
    return (Message.of("not-admin").to_text(),) if lacks_admin_rights(roster, desired.account) else ()


def _removal_blocks(found: Participant, distrust: tuple[Message, ...]) -> Iterator[str]:
    if found.identity is None:
        yield "only a private id is known, so the person cannot be removed"
    if distrust:
        yield Message.of("removals-doubtful", doubts=distrust).to_text()


def _possible_participants(roster: Roster, person: _Person) -> tuple[str, ...]:
    """Return whether someone without a known number may be the person: not if both have private ids that differ."""
    hidden = [p for p in roster.unknown if not person.lids or p.lid is None]
    if not hidden:
        return ()
    return (f"{len(hidden)} participant{' has' if len(hidden) == 1 else 's have'} no known number",)
