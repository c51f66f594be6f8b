"""What another limit of removals means, as far as it can be told without the live groups.

What a group that is new in the file says beside its name and its members: all of it that is not the default.

One group of two versions of the file: what changed about it, and what that means for the live group.

Two versions of the file compared as a reader wants it: who enters and leaves, what is renamed, which rules moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.diff.match import lookup_names
from reconciler.diff.participants import ref_from_member, sorted_people, wanted_members
from reconciler.history.changed_since import groups_equal, limit_text
from reconciler.history.config_diff import (
    AliasChange,
    ConfigDiff,
    ConfigVersion,
    FieldChange,
    GroupChangeKind,
    GroupDiff,
    ListChange,
    MembershipChange,
    MembershipTermsChange,
)
from reconciler.history.forbidden_removals import forbidden_removals
from reconciler.history.pairing import GroupsByName, pair_groups
from reconciler.model.desired import (
    DEFAULT_REMOVALS,
    Desired,
    DesiredGroup,
    Member,
    Membership,
    Person,
    Policy,
    RemovalLimit,
    State,
    Unmanaged,
    UnmanagedType,
)
from reconciler.model.identity import Identity, phone_jid
from reconciler.model.person_ref import PersonRef
from reconciler.model.restrictions import Restrictions
from reconciler.model.text import quote


def describe_limit_change(old: RemovalLimit | None, new: RemovalLimit | None) -> str:
    """What another limit than before means: "" where it is surely no wider."""
    if new is None:
        return "" if old is None else "the limit of all groups, or else the default, holds from now on"
    wider = _is_wider(old or DEFAULT_REMOVALS, new)
    if wider is None:
        return "counted otherwise than before: see how many that is for your groups"
    return "a plan may take more people out than before" if wider else ""


def describe_own_limit_change(limit: RemovalLimit | None, of_all: RemovalLimit | None) -> str:
    """What a new group's own limit means beside that of all groups: "" where it is surely no wider."""
    if limit is None:
        return ""
    one = of_all or DEFAULT_REMOVALS
    wider = _is_wider(one, limit)
    if wider is None:
        return f"counted otherwise than the {one} of all groups: see how many that is for this one"
    return f"a plan may take more people out than the {one} of all groups" if wider else ""


def _is_wider(one: RemovalLimit, other: RemovalLimit) -> bool | None:
    """Whether the other limit allows more; None for a count beside a share: that depends on how many there are."""
    pair = (one.count, other.count) if other.count is not None else (one.percent, other.percent)
    return None if pair[0] is None or pair[1] is None else pair[1] > pair[0]


def new_group_fields(group: DesiredGroup, policy: Policy) -> Iterator[FieldChange]:
    """The fields, with a note on each that can cost people their group. The heading has the name and the id."""
    limit = describe_own_limit_change(group.max_removals, policy.max_removals)
    said = (
        ("previously", ", ".join(quote(name) for name in group.previously) or None, _of_earlier_names(group)),
        ("description", None if isinstance(group.description, Unmanaged) else group.description, ""),
        ("membership", None if group.membership is Membership.EXACT else group.membership.value, ""),
        ("state", None if group.state is State.PRESENT else group.state.value, ""),
        ("max_removals", limit_text(group.max_removals), limit),
        # A code lets anybody in who reads it.
        ("invite", None if group.invite is None else "a code", ""),
    )
    return (FieldChange(field, None, value, note) for field, value, note in said if value is not None)


def _of_earlier_names(group: DesiredGroup) -> str:
    if group.id is not None:
        return ""
    changed = group.state is State.PRESENT and group.membership is not Membership.OBSERVE
    renamed = ", and renamed" if changed and not isinstance(group.name, Unmanaged) else ""
    return f"where no live group bears its name, the one with an earlier name is taken over{renamed}"


_NOT_LISTED_GO = "whoever is in the live group and not listed is removed from now on"


_LOST = (
    "nothing leads to the live group any more, so a second one is made: note its `id`, or the old name under "
    "`previously`"
)


def diff_added_group(group: DesiredGroup, new: Desired, namesakes: Sequence[DesiredGroup]) -> GroupDiff:
    """A group that is new in the file. `namesakes` are those that are gone and share a name with it."""
    members = wanted_members(group, new).values()
    enters = () if group.state is State.LEFT else _in_order(_mover(member) for member in members)
    return GroupDiff(
        group.key,
        GroupChangeKind.ADDED,
        _name(group),
        group.id,
        membership=group.membership,
        fields=tuple(new_group_fields(group, new.policy)),
        enters=enters,
        lists=tuple(_group_lists(DesiredGroup(group.key), group)),
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


def diff_removed_group(group: DesiredGroup, namesakes: Sequence[DesiredGroup]) -> GroupDiff:
    """A group that the file no longer has. `namesakes` are those that it has and that share a name with it."""
    listed = 0 if isinstance(group.members, Unmanaged) else len(group.members)
    who = f" and the {listed} listed in it" if listed > 1 else ""
    note = f"no longer managed: the live group{who} stay as they are" if who else "no longer managed: it stays as it is"
    if namesakes:
        keys = ", ".join(one.key for one in namesakes)
        note += f", unless it is found by its name now, which {keys} bears"
    return GroupDiff(
        group.key, GroupChangeKind.GONE, _name(group), group.id, membership=group.membership, notes=(note,)
    )


def diff_changed_group(old: DesiredGroup, new: DesiredGroup, before: Desired, after: Desired) -> GroupDiff:
    """A group that both versions have, under one key or, by its id or its name, under two."""
    # Whom either version leaves alone neither enters nor leaves; that the rules changed is told once, for all groups.
    was = wanted_members(replace(old, members=_left(old, after)), before)
    now = wanted_members(replace(new, members=_left(new, before)), after)
    entering = () if new.state is State.LEFT else now.keys() - was.keys()
    enters = (_mover(now[identity]) for identity in entering)
    observed = bool(entering) and new.membership is Membership.OBSERVE
    leaves = (_leaver(was[identity], new, after) for identity in was.keys() - now.keys())
    return GroupDiff(
        new.key,
        GroupChangeKind.CHANGED,
        _name(new) or _name(old),
        new.id,
        old.key if old.key != new.key else None,
        new.membership,
        tuple(_fields(old, new)),
        _in_order(enters),
        _in_order(leaves),
        tuple(sorted(_terms(was, now), key=lambda change: change.who.sort_key)),
        tuple(_group_lists(old, new)),
        ("only observed: nobody is added",) if observed else (),
    )


def _left(group: DesiredGroup, other: Desired) -> dict[Identity, Member] | UnmanagedType:
    """The members without those whom the other version leaves alone everywhere."""
    return group.members if isinstance(group.members, Unmanaged) else wanted_members(group, other)


def _name(group: DesiredGroup) -> str:
    return "" if isinstance(group.name, Unmanaged) else group.name


def _in_order(movers: Iterable[MembershipChange]) -> tuple[MembershipChange, ...]:
    return tuple(sorted(movers, key=lambda mover: mover.who.sort_key))


def _mover(member: Member) -> MembershipChange:
    return MembershipChange(ref_from_member(member), member.teams, member.by_invite)


def _leaver(member: Member, group: DesiredGroup, new: Desired) -> MembershipChange:
    identity = member.person.identity
    ended = next((one for one in group.expired if one.person.identity == identity), None)
    return MembershipChange(
        ref_from_member(ended or member), member.teams, stays=_why_not_removed(identity, group, new)
    )


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
    limit = describe_limit_change(old.max_removals, new.max_removals)
    changes = (
        ("id", old.id, new.id, _note_of_id(old, new)),
        ("name", _told(old.name), _told(new.name), _note_of_name(old, new)),
        ("previously", _names(old.previously), _names(new.previously), ""),
        ("description", _told(old.description), _told(new.description), ""),
        ("members", _managed(old), _managed(new), go_from_now),
        ("membership", old.membership.value, new.membership.value, go_from_now),
        ("state", old.state.value, new.state.value, _note_of_state(new)),
        ("max_removals", limit_text(old.max_removals), limit_text(new.max_removals), limit),
    )
    yield from (FieldChange(field, was, now, note) for field, was, now, note in changes if was != now)
    if old.invite != new.invite:
        # A code lets anybody in who reads it.
        now = "another code" if old.invite and new.invite else "a code" if new.invite else None
        yield FieldChange("invite", "a code" if old.invite else None, now)


def _told(text: str | UnmanagedType) -> str | None:
    return None if isinstance(text, Unmanaged) else text


def _names(names: Sequence[str]) -> str | None:
    return ", ".join(quote(name) for name in names) or None


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
    if new.id is not None or new.invite is not None or old.name in lookup_names(new):
        return ""
    return _LOST


def _note_of_state(new: DesiredGroup) -> str:
    return "the instance leaves the group; nobody is removed" if new.state is State.LEFT else ""


def _terms(was: Mapping[Identity, Member], now: Mapping[Identity, Member]) -> Iterator[MembershipTermsChange]:
    for identity in was.keys() & now.keys():
        old, new = _terms_of(was[identity]), _terms_of(now[identity])
        if old != new:
            yield MembershipTermsChange(PersonRef.of(now[identity].person), old, new)


def _terms_of(member: Member) -> str:
    until = f"until {member.until.isoformat()}" if member.until is not None else ""
    parts = (until, "by invite" if member.by_invite else "", member.reason or "")
    return ", ".join(part for part in parts if part) or "no end"


def _group_lists(old: DesiredGroup, new: DesiredGroup) -> Iterator[ListChange]:
    admins = "asserted, not enforced: the API cannot promote"
    for field, was, now, note in (
        ("admins", _people(old.admins), _people(new.admins), admins),
        ("absent", old.absent, new.absent, ""),
    ):
        added = sorted_people(PersonRef.of(now[identity]) for identity in now.keys() - was.keys())
        dropped = sorted_people(PersonRef.of(was[identity]) for identity in was.keys() - now.keys())
        if added or dropped:
            yield ListChange(field, added, dropped, note)


def _people(people: Mapping[Identity, Person] | UnmanagedType) -> Mapping[Identity, Person]:
    return {} if isinstance(people, Unmanaged) else people


_PROTECTED = "whoever is no longer protected can be removed by a plan"


_NO_NEWS = ("instance.id", "instance.phone", "region")
"""Saying one of these for the first time only puts into the file what held before."""


_IGNORED = "whoever is no longer ignored is treated like anybody else: removed where they are not wanted"


def compare_configs(old: Desired, new: Desired, old_side: ConfigVersion, new_side: ConfigVersion) -> ConfigDiff:
    """What the newer version says otherwise. Both are to be resolved as of the same day."""
    # A version that is not there has no rules that could have changed: all groups come or go, and that says it.
    both = old_side.there and new_side.there
    groups = tuple(sorted(_groups(old, new), key=lambda group: group.key))
    touched = {group.key for group in groups}
    return ConfigDiff(
        old_side,
        new_side,
        new.as_of,
        new.instance_id or old.instance_id or "",
        groups,
        sum(group.key not in touched for group in new.groups),
        tuple(_rules(old, new)) if both else (),
        tuple(_policy_lists(old, new)) if both else (),
        tuple(_reassigned(old, new)) if both else (),
        tuple(str(problem) for problem in sorted(new.warnings)),
        tuple(str(problem) for problem in forbidden_removals(old, new)),
    )


def _groups(old: Desired, new: Desired) -> Iterable[GroupDiff]:
    pairs = pair_groups(old.groups, new.groups)
    paired = {group.key for group in pairs.values()}
    gone = [group for group in old.groups if group.key not in paired]
    were, are = GroupsByName.of(gone), GroupsByName.of(new.groups)
    for group in new.groups:
        before = pairs.get(group.key)
        if before is None:
            yield diff_added_group(group, new, were.sharing(group))
        elif before.key != group.key or not groups_equal(before, group):
            difference = diff_changed_group(before, group, old, new)
            if difference.says_something:
                yield difference
    for group in gone:
        yield diff_removed_group(group, are.sharing(group))


def _rules(old: Desired, new: Desired) -> Iterable[FieldChange]:
    """What changed outside the groups, people apart."""
    one, other = old.policy, new.policy
    limit = describe_limit_change(one.max_removals, other.max_removals)
    countries = "" if other.allowed_countries is not None else "numbers of all countries are allowed"
    fields = (
        ("instance.id", old.instance_id, new.instance_id, "another account's groups are meant"),
        ("instance.phone", _phone(old), _phone(new), "the number that no plan removes is another"),
        ("region", old.region, new.region, "national numbers are those of another country"),
        ("policy.max_removals", limit_text(one.max_removals), limit_text(other.max_removals), limit),
        ("policy.max_members", _number(one.max_members), _number(other.max_members), ""),
        ("policy.writes_per_minute", _number(one.writes_per_minute), _number(other.writes_per_minute), ""),
        ("policy.allowed_countries", _codes(one.allowed_countries), _codes(other.allowed_countries), countries),
        (
            "restrictions",
            _as_written(old.restrictions),
            _as_written(new.restrictions),
            "who may say what, and where, is another",
        ),
    )
    return (
        FieldChange(name, was, now, note if was is not None or name not in _NO_NEWS else "")
        for name, was, now, note in fields
        if was != now
    )


def _phone(desired: Desired) -> str | None:
    return None if desired.instance is None else desired.instance.identity


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)


def _codes(codes: frozenset[str] | None) -> str | None:
    return None if codes is None else ", ".join(sorted(codes))


def _as_written(restrictions: Restrictions | None) -> str | None:
    """The rules in words, without the lines they stand in."""
    if restrictions is None:
        return None
    told = []
    for rule in restrictions.rules:
        allowed = [*rule.groups, *(["people"] if rule.people else []), *(["teams"] if rule.teams else [])]
        told.append(f"{rule.path}: {', '.join(allowed) or 'nothing'}")
    return "; ".join(told)


def _policy_lists(old: Desired, new: Desired) -> Iterable[ListChange]:
    for field, one, other, note in (
        ("policy.protected", old.policy.protected, new.policy.protected, _PROTECTED),
        ("policy.ignored", old.policy.ignored, new.policy.ignored, _IGNORED),
    ):
        added, dropped = _whom(other - one, new.people), _whom(one - other, old.people)
        if added or dropped:
            yield ListChange(field, added, dropped, note if dropped else "")


def _whom(identities: Iterable[Identity], people: Mapping[Identity, Person]) -> tuple[PersonRef, ...]:
    known = (people.get(identity) or Person(identity, phone_jid(identity.removeprefix("+"))) for identity in identities)
    return sorted_people(PersonRef.of(person) for person in known)


def _reassigned(old: Desired, new: Desired) -> Iterable[AliasChange]:
    before = {alias: person for person in old.people.values() for alias in person.aliases}
    after = {alias: person for person in new.people.values() for alias in person.aliases}
    for alias in sorted(before.keys() & after.keys()):
        if before[alias].identity != after[alias].identity:
            yield AliasChange(alias, PersonRef.of(before[alias]), PersonRef.of(after[alias]))
