"""Where a person is: every group of the file and every live one, looked through for one identity."""

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
from reconciler.model.desired import Desired, DesiredGroup, State, Unmanaged
from reconciler.model.identity import Identity, parse_jid
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.person_ref import PersonQuery, PersonRef
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence


@dataclass(frozen=True, slots=True)
class _SoughtPerson:
    """Whom to look for. `lids` are the digits of every private id known to be theirs."""

    who: PersonRef
    identity: Identity | None
    lids: frozenset[str]


def find_memberships(
    sought: PersonQuery,
    desired: Desired,
    matches: Iterable[Match],
    names: Mapping[str, str],
    read: Mapping[str, LiveGroup | None],
    instance_id: str,
) -> PersonMemberships:
    """The person in all groups.

    `names` has every live group's name by id, `read` every live group as it was read (None: gone by then).
    """
    by_lid = people_by_lid(desired)
    casts = {group_id: identify_participants(live, by_lid) for group_id, live in read.items() if live is not None}
    person = _learned(sought, casts.values(), desired)
    matches = sorted(matches, key=lambda match: match.group.key)
    matched = {match.listed.id for match in matches if match.listed is not None}
    others = sorted((name, group_id) for group_id, name in names.items() if group_id not in matched)
    groups = [_of_the_file(match, person, desired, read, casts) for match in matches]
    groups += [
        _live(GroupMembership(None, name, i, None, Presence.OUT), person, desired, read[i], casts) for name, i in others
    ]
    return PersonMemberships(
        instance_id=instance_id,
        as_of=desired.as_of,
        who=person.who,
        protected=person.identity in desired.policy.protected,
        ignored=person.identity in desired.policy.ignored,
        is_instance=desired.instance is not None and desired.instance.identity == person.identity,
        groups=tuple(group for group in groups if group.told),
        unsure=tuple(group for group in groups if not group.told and group.presence is Presence.UNKNOWN),
    )


def _learned(sought: PersonQuery, casts: Iterable[Roster], desired: Desired) -> _SoughtPerson:
    """Number and private ids together, as the live groups tell them: asked for by one, a person is found by both."""
    people = [participant for cast in casts for participant in cast.present.values()]
    own = _digits(sought.lid) or _digits(sought.who.lid)
    identity, who = sought.identity, sought.who
    if identity is None:
        named = next((p for p in people if own is not None and _digits(p.lid) == own), None)
        if named is not None:
            identity, who = named.identity, replace(ref_from_participant(named, desired), lid=named.lid or sought.lid)
    told = {_digits(p.lid) for p in people if p.identity == identity} if identity is not None else set()
    return _SoughtPerson(who, identity, frozenset(lid for lid in {own, *told} if lid is not None))


def _digits(lid: str | None) -> str | None:
    jid = parse_jid(lid) if lid else None
    return jid.digits if jid is not None else None


def _of_the_file(
    match: Match,
    person: _SoughtPerson,
    desired: Desired,
    read: Mapping[str, LiveGroup | None],
    casts: Mapping[str, Roster],
) -> GroupMembership:
    group, listed = match.group, match.listed
    name = listed.name if isinstance(group.name, Unmanaged) and listed is not None else group.name
    shown = "" if isinstance(name, Unmanaged) else name
    about = GroupMembership(group.key, shown, group.id, _in_file(group, person.identity), Presence.NO_GROUP)
    if match.blocked:
        return replace(about, presence=Presence.UNKNOWN, reasons=(match.blocked,))
    if listed is None:
        return about
    return _live(replace(about, id=listed.id), person, desired, read[listed.id], casts)


def _in_file(group: DesiredGroup, identity: Identity | None) -> DesiredMembership:
    managed = not isinstance(group.members, Unmanaged)
    about = DesiredMembership(managed=managed, membership=group.membership, leaving=group.state is State.LEFT)
    if identity is None:
        return about
    return replace(
        about,
        member=None if isinstance(group.members, Unmanaged) else group.members.get(identity),
        ended=next((member for member in group.expired if member.person.identity == identity), None),
        absent=identity in group.absent,
        admin=None if isinstance(group.admins, Unmanaged) else identity in group.admins,
    )


def _live(
    about: GroupMembership, person: _SoughtPerson, desired: Desired, live: LiveGroup | None, casts: Mapping[str, Roster]
) -> GroupMembership:
    """What a live group tells of the person; not finding them proves nothing where the read looks wrong."""
    if live is None:
        return replace(about, presence=Presence.UNKNOWN, reasons=("was listed, but is gone when read",))
    cast = casts[live.id]
    about = replace(about, held=_no_admin(cast, desired))
    found = cast.present.get(person.identity) if person.identity is not None else None
    found = found or next((p for p in cast.unknown if _digits(p.lid) in person.lids), None)
    if found is not None:
        owner = found.is_owner or (found.identity is not None and found.identity in cast.owners)
        held = (*about.held, *_never_removed(found, live, cast, desired))
        return replace(about, presence=Presence.IN, is_admin=found.is_admin or owner, is_owner=owner, held=held)
    reasons = (*distrust_reasons(live, cast, desired.instance), *_may_be_there(cast, person))
    return replace(about, presence=Presence.UNKNOWN if reasons else Presence.OUT, reasons=reasons)


def _no_admin(cast: Roster, desired: Desired) -> tuple[str, ...]:
    told = "the instance is no admin of this group, so nobody can be added or removed"
    return (told,) if lacks_admin_rights(cast, desired.instance) else ()


def _never_removed(found: Participant, live: LiveGroup, cast: Roster, desired: Desired) -> Iterator[str]:
    if found.identity is None:
        yield "known here by a private id alone, so cannot be removed"
    if reasons := distrust_reasons(live, cast, desired.instance):
        yield f"doubtful read: {' and '.join(reasons)}; nobody is removed from it"


def _may_be_there(cast: Roster, person: _SoughtPerson) -> tuple[str, ...]:
    """Who has no known number may be the person, unless both have private ids, which differ."""
    hidden = [p for p in cast.unknown if not person.lids or p.lid is None]
    if not hidden:
        return ()
    return (f"{len(hidden)} participant{' has' if len(hidden) == 1 else 's have'} no known number",)
