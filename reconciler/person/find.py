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
from reconciler.errors import InvalidResponse
from reconciler.messages import Message
from reconciler.model.desired import Desired, DesiredGroup, State, Unmanaged
from reconciler.model.identity import Identity, lid_digits
from reconciler.model.live import LiveGroup, ReadGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, plural, raw_text
from reconciler.person.memberships import (
    DesiredMembership,
    GroupMembership,
    PersonMemberships,
    PersonRow,
    Presence,
)


def find_memberships(
    person: PersonRef,
    desired: Desired,
    matches: Iterable[Match],
    names: Mapping[str, Untrusted],
    read: Mapping[str, ReadGroup],
    instance_id: str,
) -> PersonMemberships:
    """Return the person's memberships in all groups.

    `names` are those of all live groups by id, `read` what came of reading them.
    """
    by_lid = people_by_lid(desired)
    rosters = {
        group_id: identify_participants(live, by_lid) for group_id, live in read.items() if isinstance(live, LiveGroup)
    }
    person, lids = _identify(person, rosters.values(), desired)
    search = _Search(person, lids, desired, read, rosters)
    matches = sorted(matches, key=lambda match: match.group.key)
    matched = {match.listed.id for match in matches if match.listed is not None}
    others = sorted((name.raw, group_id) for group_id, name in names.items() if group_id not in matched)
    groups = [search.desired_group(match) for match in matches]
    for name, group_id in others:
        other = GroupMembership(key=None, name=name, id=group_id, desired=None, live=Presence.OUT)
        groups.append(search.with_live(other, group_id))
    return PersonMemberships(
        instance_id=instance_id,
        as_of=desired.as_of,
        person=person,
        protected=person.identity in desired.policy.protected,
        ignored=person.identity in desired.policy.ignored,
        is_instance=desired.account is not None and desired.account.identity == person.identity,
        rows=tuple(_rows(desired, person.identity)),
        groups=tuple(group for group in groups if group.is_relevant),
        uncertain=tuple(group for group in groups if not group.is_relevant and group.live is Presence.UNKNOWN),
    )


def _rows(desired: Desired, identity: Identity | None) -> Iterator[PersonRow]:
    for file in desired.people_files:
        for alias, person in file.people.items():
            if person.identity == identity and not person.left:
                row, line = (None, person.row) if file.has_lines else (person.row, None)
                yield PersonRow(file.path, row, alias, line)


def _identify(
    person: PersonRef, rosters: Iterable[Roster], desired: Desired
) -> tuple[PersonRef, frozenset[str | None]]:
    """Return the person with their number, if a live group shows it, and the digits of every private id of theirs.

    Number and private ids belong together where any live group shows both, so either finds the person everywhere.
    """
    people = [participant for roster in rosters for participant in roster.present.values()]
    own = lid_digits(person.lid)
    if person.identity is None:
        known = next((p for p in people if own is not None and lid_digits(p.lid) == own), None)
        if known is not None:
            person = replace(ref_from_participant(known, desired), lid=known.lid)
    live = {lid_digits(p.lid) for p in people if p.identity is not None and p.identity == person.identity}
    return person, frozenset({own, *live} - {None})


@dataclass(frozen=True, slots=True)
class _Search:
    """A person, the digits of every private id known to be theirs, and what they are looked for in."""

    person: PersonRef
    lids: frozenset[str | None]
    desired: Desired
    read: Mapping[str, ReadGroup]
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
        return membership if listed is None else self.with_live(replace(membership, id=listed.id), listed.id)

    def with_live(self, membership: GroupMembership, group_id: str) -> GroupMembership:
        """Add the live side; a doubtful read that does not show the person proves nothing."""
        live = self.read[group_id]
        if live is None:
            reason = "the group disappeared while the groups were read"
            return replace(membership, live=Presence.UNKNOWN, unknown_because=(reason,))
        if isinstance(live, InvalidResponse):
            reason = f"the server's answer about the group cannot be read: {live.summary()}"
            return replace(membership, live=Presence.UNKNOWN, unknown_because=(reason,))
        roster, identity = self.rosters[group_id], self.person.identity
        distrust = distrust_reasons(live, roster, self.desired.account)
        blocked = [Message.of("not-admin").to_text()] if lacks_admin_rights(roster, self.desired.account) else []
        found = roster.present.get(identity) if identity is not None else None
        found = found or next((p for p in roster.unknown if lid_digits(p.lid) in self.lids), None)
        if found is None:
            doubts = [doubt.to_text() for doubt in distrust]
            # Anybody without a known number may be the person, unless both have private ids: these differ.
            if hidden := sum(not self.lids or p.lid is None for p in roster.unknown):
                doubts.append(f"{plural(hidden, 'participant has', 'participants have')} no known number")
            presence = Presence.UNKNOWN if doubts else Presence.OUT
            return replace(membership, live=presence, unknown_because=tuple(doubts), blocked_because=tuple(blocked))
        if found.identity is None:
            blocked.append("only a private id is known, so the person cannot be removed")
        if distrust:
            blocked.append(Message.of("removals-doubtful", doubts=distrust).to_text())
        if found.is_admin is None and membership.desired is not None:
            membership = replace(membership, desired=replace(membership.desired, admin=None))
        owner = found.is_owner or found.identity in roster.owners
        return replace(
            membership,
            live=Presence.IN,
            is_admin=bool(found.is_admin) or owner,
            is_owner=owner,
            blocked_because=tuple(blocked),
        )


def _desired_membership(group: DesiredGroup, identity: Identity | None) -> DesiredMembership:
    expired = {member.person.identity: member for member in group.expired}
    known = identity or Identity("")
    terms = group.listed_members.get(known) or expired.get(known)
    return DesiredMembership(
        member=known in group.listed_members,
        expired=known in expired,
        teams=terms.teams if terms else (),
        until=terms.until if terms else None,
        reason=terms.reason if terms else None,
        by_invite=bool(terms and terms.by_invite),
        left=bool(terms and terms.left),
        absent=known in group.absent,
        excepted_from=group.excepted[known].teams if known in group.excepted else (),
        admin=None if identity is None or isinstance(group.admins, Unmanaged) else known in group.admins,
        members_managed=not isinstance(group.members, Unmanaged),
        membership=group.membership,
        leaving=group.state is State.LEFT,
    )
