"""One group of two versions of the file: what changed about it, and what that means for the live group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.diff.match import names_of
from reconciler.diff.people import in_order, wanted_members, who_member
from reconciler.diff.removal_limits import note_of_limit
from reconciler.diff.revised import limit_said
from reconciler.diff.said_of_new import fields_of_added
from reconciler.model.desired import (
    Desired,
    DesiredGroup,
    Member,
    Membership,
    NotManaged,
    Person,
    State,
    Unmanaged,
)
from reconciler.model.difference import Fate, FieldChange, GroupDifference, ListChange, Mover, TermsChange
from reconciler.model.identity import Identity
from reconciler.model.text import in_quotes
from reconciler.model.who import Who

_NOT_LISTED_GO = "whoever is in the live group and not listed is removed from now on"

_LOST = (
    "nothing leads to the live group any more, so a second one is made: note its `id`, or the old name under "
    "`previously`"
)


def added_group(group: DesiredGroup, new: Desired, namesakes: Sequence[DesiredGroup]) -> GroupDifference:
    """A group that is new in the file. `namesakes` are those that are gone and share a name with it."""
    members = wanted_members(group, new).values()
    enters = () if group.state is State.LEFT else _in_order(_mover(member) for member in members)
    return GroupDifference(
        group.key,
        Fate.ADDED,
        _name(group),
        group.id,
        membership=group.membership,
        fields=tuple(fields_of_added(group, new.policy)),
        enters=enters,
        lists=tuple(_lists(DesiredGroup(group.key), group)),
        notes=tuple(_notes_of_added(group, namesakes)),
    )


def _notes_of_added(group: DesiredGroup, namesakes: Sequence[DesiredGroup]) -> Iterator[str]:
    heir_of = [one.key for one in namesakes if group.id is None]
    if group.state is State.LEFT:
        yield "the instance leaves it, where it is in it"
        return
    if heir_of:
        yield f"bears a name of {', '.join(heir_of)}, which is gone: the same live group may be found by it"
    elif group.membership is Membership.OBSERVE:
        yield "only observed: nothing is changed in it"
    elif group.invite is not None:
        yield "joined by its invite, where the instance is not in it"
    elif group.id is None:
        names = "its name or an earlier one" if group.previously else "its name"
        yield f"created, unless exactly one live group bears {names}: that one is adopted then"
    if _removes_others(group):
        yield "where it is live already, whoever is not listed is removed from it"


def gone_group(group: DesiredGroup, namesakes: Sequence[DesiredGroup]) -> GroupDifference:
    """A group that the file no longer has. `namesakes` are those that it has and that share a name with it."""
    listed = 0 if isinstance(group.members, Unmanaged) else len(group.members)
    who = f" and the {listed} listed in it" if listed > 1 else ""
    note = f"no longer managed: the live group{who} stay as they are" if who else "no longer managed: it stays as it is"
    if namesakes:
        keys = ", ".join(one.key for one in namesakes)
        note += f", unless it is found by its name now, which {keys} bears"
    return GroupDifference(group.key, Fate.GONE, _name(group), group.id, membership=group.membership, notes=(note,))


def changed_group(old: DesiredGroup, new: DesiredGroup, before: Desired, after: Desired) -> GroupDifference:
    """A group that both versions have, under one key or, by its id or its name, under two."""
    # Whom either version leaves alone neither enters nor leaves; that the rules changed is told once, for all groups.
    was = wanted_members(replace(old, members=_left(old, after)), before)
    now = wanted_members(replace(new, members=_left(new, before)), after)
    entering = () if new.state is State.LEFT else now.keys() - was.keys()
    enters = (_mover(now[identity]) for identity in entering)
    observed = bool(entering) and new.membership is Membership.OBSERVE
    leaves = (_leaver(was[identity], new, after) for identity in was.keys() - now.keys())
    return GroupDifference(
        new.key,
        Fate.CHANGED,
        _name(new) or _name(old),
        new.id,
        old.key if old.key != new.key else None,
        new.membership,
        tuple(_fields(old, new)),
        _in_order(enters),
        _in_order(leaves),
        tuple(sorted(_terms(was, now), key=lambda change: change.who.order)),
        tuple(_lists(old, new)),
        ("only observed: nobody is added",) if observed else (),
    )


def _left(group: DesiredGroup, other: Desired) -> dict[Identity, Member] | NotManaged:
    """The members without those whom the other version leaves alone everywhere."""
    return group.members if isinstance(group.members, Unmanaged) else wanted_members(group, other)


def _name(group: DesiredGroup) -> str:
    return "" if isinstance(group.name, Unmanaged) else group.name


def _in_order(movers: Iterable[Mover]) -> tuple[Mover, ...]:
    return tuple(sorted(movers, key=lambda mover: mover.who.order))


def _mover(member: Member) -> Mover:
    return Mover(who_member(member), member.teams, member.by_invite)


def _leaver(member: Member, group: DesiredGroup, new: Desired) -> Mover:
    identity = member.person.identity
    ended = next((one for one in group.expired if one.person.identity == identity), None)
    return Mover(who_member(ended or member), member.teams, stays=_why_not_removed(identity, group, new))


def _why_not_removed(identity: Identity, group: DesiredGroup, new: Desired) -> str:
    """Why somebody who is no longer listed stays in the live group; "" where nothing keeps them there."""
    if identity in new.policy.protected:
        return "`policy.protected` keeps them in"
    if group.state is State.LEFT:
        return "the instance leaves, and removes nobody"
    if group.membership is Membership.OBSERVE:
        return "the group is only observed"
    if identity in group.absent:
        return ""
    if isinstance(group.members, Unmanaged):
        return "its members are not managed any more"
    return "" if group.membership is Membership.EXACT else "membership is additive"


def _removes_others(group: DesiredGroup) -> bool:
    return group.membership is Membership.EXACT and not isinstance(group.members, Unmanaged)


def _fields(old: DesiredGroup, new: DesiredGroup) -> Iterator[FieldChange]:
    go_from_now = _NOT_LISTED_GO if _removes_others(new) and not _removes_others(old) else ""
    limit = note_of_limit(old.max_removals, new.max_removals)
    changes = (
        ("id", old.id, new.id, _note_of_id(old, new)),
        ("name", _told(old.name), _told(new.name), _note_of_name(old, new)),
        ("previously", _names(old.previously), _names(new.previously), ""),
        ("description", _told(old.description), _told(new.description), ""),
        ("members", _managed(old), _managed(new), go_from_now),
        ("membership", old.membership.value, new.membership.value, go_from_now),
        ("state", old.state.value, new.state.value, _note_of_state(new)),
        ("max_removals", limit_said(old.max_removals), limit_said(new.max_removals), limit),
    )
    yield from (FieldChange(field, was, now, note) for field, was, now, note in changes if was != now)
    if old.invite != new.invite:
        # A code lets anybody in who reads it.
        now = "another code" if old.invite and new.invite else "a code" if new.invite else None
        yield FieldChange("invite", "a code" if old.invite else None, now)


def _told(text: str | NotManaged) -> str | None:
    return None if isinstance(text, Unmanaged) else text


def _names(names: Sequence[str]) -> str | None:
    return ", ".join(in_quotes(name) for name in names) or None


def _managed(group: DesiredGroup) -> str | None:
    return None if isinstance(group.members, Unmanaged) else "managed"


def _note_of_id(old: DesiredGroup, new: DesiredGroup) -> str:
    if old.id is None:
        return ""
    return "found by its name from now on" if new.id is None else "another live group is meant from now on"


def _note_of_name(old: DesiredGroup, new: DesiredGroup) -> str:
    """A group without an id is found by its names: one that loses its live name is lost, and made a second time."""
    if isinstance(old.name, Unmanaged) or isinstance(new.name, Unmanaged):
        return ""
    if new.id is not None or new.invite is not None or old.name in names_of(new):
        return ""
    return _LOST


def _note_of_state(new: DesiredGroup) -> str:
    return "the instance leaves the group; nobody is removed" if new.state is State.LEFT else ""


def _terms(was: Mapping[Identity, Member], now: Mapping[Identity, Member]) -> Iterator[TermsChange]:
    for identity in was.keys() & now.keys():
        old, new = _terms_of(was[identity]), _terms_of(now[identity])
        if old != new:
            yield TermsChange(Who.of(now[identity].person), old, new)


def _terms_of(member: Member) -> str:
    until = f"until {member.until.isoformat()}" if member.until is not None else ""
    parts = (until, "by invite" if member.by_invite else "", member.reason or "")
    return ", ".join(part for part in parts if part) or "no end"


def _lists(old: DesiredGroup, new: DesiredGroup) -> Iterator[ListChange]:
    admins = "asserted, not enforced: the API cannot promote"
    for field, was, now, note in (
        ("admins", _people(old.admins), _people(new.admins), admins),
        ("absent", old.absent, new.absent, ""),
    ):
        added = in_order(Who.of(now[identity]) for identity in now.keys() - was.keys())
        dropped = in_order(Who.of(was[identity]) for identity in was.keys() - now.keys())
        if added or dropped:
            yield ListChange(field, added, dropped, note)


def _people(people: Mapping[Identity, Person] | NotManaged) -> Mapping[Identity, Person]:
    return {} if isinstance(people, Unmanaged) else people
