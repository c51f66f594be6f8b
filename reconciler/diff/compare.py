"""Compare desired and live groups: one `Change` a group, sorted by key; it holds what is unsafe, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from reconciler.diff.change import Advice, AdviceKind, Change, MatchedBy, TextChange
from reconciler.diff.match import Match
from reconciler.diff.participants import (
    Roster,
    diff_members,
    distrust_reasons,
    expiring_soon,
    identify_participants,
    lacks_admin_rights,
    not_added_advice,
    people_by_lid,
    ref_from_member,
    ref_from_participant,
    sorted_people,
    wanted_members,
    with_account_doubts,
)
from reconciler.errors import InvalidResponse
from reconciler.messages import Message
from reconciler.model.desired import MAX_FURTHER_CALLS, Desired, DesiredGroup, Membership, Person, State, Unmanaged
from reconciler.model.live import ListedGroup, LiveGroup, ReadGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import TEXT_FIELDS, Untrusted, normalize, texts_equal


def needs_read(match: Match) -> bool:
    """Whether the plan has to read this group whole, because the list lacks what the configuration manages.

    A name that differs needs it too, since only an admin can change it and only a read shows who is one.
    """
    group, listed = match.group, match.listed
    if listed is None or listed.fault is not None or group.state is State.LEFT:
        return False
    manages_people = not (
        isinstance(group.members, Unmanaged) and isinstance(group.admins, Unmanaged) and not group.absent
    )
    manages_description = not isinstance(group.description, Unmanaged)
    is_renamed = not isinstance(group.name, Unmanaged) and not texts_equal(group.name, listed.name)
    is_told = bool(listed.name) or isinstance(group.name, Unmanaged)
    if listed.participants is not None and is_told and (listed.description is not None or not manages_description):
        return False
    return manages_people or manages_description or is_renamed


def compare(matches: Iterable[Match], desired: Desired, live_groups: Mapping[str, ReadGroup]) -> tuple[Change, ...]:
    """Return the change of every matched group.

    `live_groups` has what came of reading the groups whole, by id.
    """
    by_lid = people_by_lid(desired)
    changes = [_compare_one(match, desired, live_groups, by_lid) for match in matches]
    return with_account_doubts(sorted(changes, key=lambda change: change.group.key), desired)


def _compare_one(
    match: Match, desired: Desired, live_groups: Mapping[str, ReadGroup], by_lid: Mapping[str, Person]
) -> Change:
    group, listed = match.group, match.listed
    change = Change(
        group=group,
        name=_display_name(group, listed),
        matched_by=match.matched_by,
        id=listed.id if listed else group.id,
    )
    if match.blocked:
        return replace(change, id=group.id, blocked=(match.blocked,), fully_blocked=True)
    if listed is None:
        return _without_live(change, desired)
    if group.state is State.LEFT:
        if group.membership is Membership.OBSERVE:
            return _observed(change, Message.of("observed-in-left-group"))
        return replace(change, leave=True)
    live = live_groups.get(listed.id, listed.to_live_group())
    if live is None:
        return replace(change, blocked=(Message.of("group-disappeared"),), fully_blocked=True)
    if isinstance(live, InvalidResponse):
        return _unreadable(change, live.summary())
    if listed.fault is not None:
        return _unreadable(change, listed.fault)
    return _with_live(replace(change, live=live), live, desired, by_lid)


def _has_only_strangers(group: DesiredGroup, roster: Roster, desired: Desired) -> bool:
    """Whether others are in a live group, but nobody of the key's people, and nobody who may be one of them.

    A name that was only ever written and never applied finds a group of somebody else.
    """
    wanted, account = wanted_members(group, desired), desired.account.identity if desired.account is not None else None
    others = roster.present.keys() - {account}
    return bool(wanted and others) and not roster.unknown and others.isdisjoint({*wanted, *group.absent})


def _unreadable(change: Change, fault: str) -> Change:
    return replace(change, blocked=(Message.of("group-unreadable", fault=fault),), fully_blocked=True)


def _display_name(group: DesiredGroup, listed: ListedGroup | None) -> Untrusted:
    if not isinstance(group.name, Unmanaged):
        return Untrusted(normalize(group.name))
    return listed.name if listed is not None else Untrusted("")


def _observed(change: Change, message: Message) -> Change:
    return replace(change, advice=(*change.advice, Advice(AdviceKind.OBSERVED, message)))


def _without_live(change: Change, desired: Desired) -> Change:
    group = change.group
    if group.state is State.LEFT:
        return change
    if group.invite is not None:
        if group.membership is Membership.OBSERVE:
            return _observed(change, Message.of("observed-not-joined"))
        return replace(change, join=True)
    if group.membership is Membership.OBSERVE:
        return _observed(change, Message.of("observed-not-created"))
    members = wanted_members(group, desired).values()
    return replace(
        change,
        create=True,
        field_changes=_text_changes(group, None),
        add=sorted_people(ref_from_member(member) for member in members if not member.may_be_missing),
        advice=(
            *not_added_advice(members),
            *expiring_soon(members, desired.as_of, members),
            *_admin_advice(group, Roster({}, (), frozenset()), desired),
        ),
    )


def _with_live(change: Change, live: LiveGroup, desired: Desired, by_lid: Mapping[str, Person]) -> Change:
    group, roster = change.group, identify_participants(live, by_lid)
    texts, members = _text_changes(group, live), diff_members(group, roster, desired)
    advice = (
        *members.advice,
        *_admin_advice(group, roster, desired),
        *_unidentified_advice(roster, group, len(members.add)),
    )
    account = desired.account.identity if desired.account is not None else None
    # Where the account is not among those identified, one of the others may be it.
    counts_account = account is not None and (account in roster.present or bool(roster.unknown))
    change = replace(change, live_members=len(live.participants) - counts_account)
    if group.membership is Membership.OBSERVE:
        observed = (Advice(AdviceKind.OBSERVED, _observed_text(text)) for text in texts)
        doubts = _doubts(live, roster, desired, group)
        return replace(change, advice=(*_doubtful_advice(doubts), *observed, *advice))
    if change.matched_by is MatchedBy.PREVIOUS_NAME and _has_only_strangers(group, roster, desired):
        reason = Message.of("earlier-name-but-strangers", name=live.name, id=live.id)
        return replace(change, blocked=(reason,), fully_blocked=True)
    change = replace(change, field_changes=texts, add=members.add, remove=members.remove)
    if (texts or members.add or members.remove) and lacks_admin_rights(roster, desired.account):
        return replace(change, advice=advice, blocked=(Message.of("not-admin"),), fully_blocked=True)
    return _with_trusted_removals(replace(change, advice=advice), _doubts(live, roster, desired, group))


def _observed_text(change: TextChange) -> Message:
    return Message.of(
        "observed-text", field=change.field, live=change.old or Untrusted(""), desired=Untrusted(change.new)
    )


def _doubts(live: LiveGroup, roster: Roster, desired: Desired, group: DesiredGroup) -> tuple[Message, ...]:
    """Return why the member list looks incomplete; a group whose members do not matter gives no reason."""
    needs_members = live.participants or not isinstance(group.members, Unmanaged) or group.absent
    return distrust_reasons(live, roster, desired.account) if needs_members else ()


def _doubtful_advice(doubts: tuple[Message, ...]) -> tuple[Advice, ...]:
    return (Advice(AdviceKind.DOUBTFUL, Message.of("member-list-doubtful", doubts=doubts)),) if doubts else ()


def _with_trusted_removals(change: Change, doubts: tuple[Message, ...]) -> Change:
    """Keep the removals only where the member list is complete; else block them, or what nobody can know of them."""
    if not doubts:
        return change
    group = change.group
    may_remove = group.absent or (group.membership is Membership.EXACT and not isinstance(group.members, Unmanaged))
    if not may_remove:
        return replace(change, remove=(), advice=(*_doubtful_advice(doubts), *change.advice))
    kept = Advice.for_people(AdviceKind.DOUBTFUL, Message.of("removal-doubtful"), change.remove)
    blocked = (Message.of("removals-doubtful", doubts=doubts),)
    return replace(change, remove=(), blocked=blocked, advice=(*kept, *change.advice))


def _text_changes(group: DesiredGroup, live: LiveGroup | None) -> tuple[TextChange, ...]:
    changes = []
    for field in TEXT_FIELDS:
        wanted: str | Unmanaged = getattr(group, field)
        current: Untrusted | None = getattr(live, field) if live else None
        if isinstance(wanted, Unmanaged) or texts_equal(wanted, current or ""):
            continue
        changes.append(TextChange(field, current, normalize(wanted)))
    return tuple(changes)


def _admin_advice(group: DesiredGroup, roster: Roster, desired: Desired) -> tuple[Advice, ...]:
    if isinstance(group.admins, Unmanaged):
        return ()
    if any(participant.is_admin is None for participant in (*roster.present.values(), *roster.unknown)):
        return (Advice(AdviceKind.ADMIN, Message.of("admins-not-told")),)
    excluded = desired.excluded_people
    admins = {i for i, p in roster.present.items() if p.is_admin or i in roster.owners} - excluded
    missing = [PersonRef.of(p) for i, p in group.admins.items() if i not in admins | excluded]
    surplus = [ref_from_participant(roster.present[i], desired) for i in admins - group.admins.keys()]
    return (
        *Advice.for_people(AdviceKind.ADMIN, Message.of("admin-missing"), missing),
        *Advice.for_people(AdviceKind.ADMIN, Message.of("admin-surplus"), surplus),
    )


def _unidentified_advice(roster: Roster, group: DesiredGroup, adds: int) -> tuple[Advice, ...]:
    """Return who is not identified, and what it may cost that somebody to be added is among them."""
    if isinstance(group.members, Unmanaged) and not group.absent:
        return ()
    unknown = [participant for participant in roster.unknown if participant.identity is None]
    people = [PersonRef(None, None, lid=participant.lid or participant.id) for participant in unknown]
    contradicted = (
        Advice.for_people(
            AdviceKind.UNIDENTIFIED,
            Message.of("lid-contradicted", phone=identity),
            [PersonRef(participant.identity, participant.jid, lid=participant.lid)],
        )
        for identity, participant in sorted(roster.contradicted.items())
    )
    hidden = Advice.for_people(AdviceKind.UNIDENTIFIED, Message.of("no-phone-number"), people)
    found = (*chain.from_iterable(contradicted), *hidden)
    if not hidden or not adds or group.membership is Membership.OBSERVE:
        return found
    # One read, and for each part of a call that is refused two smaller ones.
    calls = 1 + min(2 * (adds - 1), MAX_FURTHER_CALLS)
    return (*found, Advice(AdviceKind.UNIDENTIFIED, Message.of("search-may-cost", count=adds, calls=calls)))


def members_not_managed(changes: Iterable[Change]) -> tuple[Advice, ...]:
    """Return the advice about the live groups whose configuration does not say who is a member."""
    keys = [
        change.group.key
        for change in changes
        if change.matched_by is not MatchedBy.NONE
        and change.group.state is State.PRESENT
        and change.group.membership is not Membership.OBSERVE
        and isinstance(change.group.members, Unmanaged)
    ]
    names = tuple(Untrusted(key) for key in keys)
    message = Message.of("members-not-managed", count=len(keys))
    return (Advice(AdviceKind.MEMBERSHIP, message, names=names),) if keys else ()


def unmanaged(matches: Iterable[Match], listed: Sequence[ListedGroup]) -> tuple[Advice, ...]:
    """Return the advice about the live groups that no key matches."""
    matched = {group_id for m in matches for group_id in (m.candidates if m.listed is None else (m.listed.id,))}
    names = tuple(sorted(entry.name for entry in listed if entry.id not in matched))
    return (
        (Advice(AdviceKind.UNMANAGED, Message.of("unmanaged-groups", count=len(names)), names=names),) if names else ()
    )
