"""Desired and live become changes: one value a group, sorted by key, with everything that is unsafe told in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.diff.change import Advice, AdviceKind, Change, TextChange
from reconciler.diff.match import Match
from reconciler.diff.participants import (
    Roster,
    diff_members,
    distrust_reasons,
    expiring_soon,
    identify_participants,
    lacks_admin_rights,
    people_by_lid,
    ref_from_member,
    ref_from_participant,
    sorted_people,
    wanted_members,
)
from reconciler.model.desired import Desired, DesiredGroup, Membership, Person, State, Unmanaged
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import normalize, quote, texts_equal


def needs_read(match: Match) -> bool:
    """Whether the plan needs this group read whole: the list does not tell what the file manages.

    A name that differs needs it too, since changing it takes an admin and only a read shows who is one.
    """
    group, listed = match.group, match.listed
    if listed is None or group.state is State.LEFT:
        return False
    manages_people = not (
        isinstance(group.members, Unmanaged) and isinstance(group.admins, Unmanaged) and not group.absent
    )
    manages_description = not isinstance(group.description, Unmanaged)
    rename = not isinstance(group.name, Unmanaged) and not texts_equal(group.name, listed.name)
    if listed.participants is not None and (listed.description is not None or not manages_description):
        return False
    return manages_people or manages_description or rename


def compare(matches: Iterable[Match], desired: Desired, read: Mapping[str, LiveGroup | None]) -> tuple[Change, ...]:
    """The change of every matched group.

    `read` has the groups that were read whole, by id; None says that a listed group was gone when it was read.
    """
    by_lid = people_by_lid(desired)
    changes = (_compare_one(match, desired, read, by_lid) for match in matches)
    return tuple(sorted(changes, key=lambda change: change.group.key))


def _compare_one(
    match: Match, desired: Desired, read: Mapping[str, LiveGroup | None], by_lid: Mapping[str, Person]
) -> Change:
    group, listed = match.group, match.listed
    change = Change(group, _shown_name(group, listed), match.matched_by, listed.id if listed else group.id)
    if match.blocked:
        return replace(change, id=group.id, blocked=(match.blocked,), fully_blocked=True)
    if listed is None:
        return _without_live(change, desired)
    if group.state is State.LEFT:
        return _observing(change, "in the group, though the file says to leave it") or replace(change, leave=True)
    if listed.id in read and read[listed.id] is None:
        return replace(
            change,
            blocked=("was listed, but is gone when read: somebody is changing it; plan again",),
            fully_blocked=True,
        )
    live = read.get(listed.id) or listed.to_live_group()
    return _with_live(replace(change, live=live), live, desired, by_lid)


def _shown_name(group: DesiredGroup, listed: ListedGroup | None) -> str:
    if not isinstance(group.name, Unmanaged):
        return normalize(group.name)
    return listed.name if listed is not None else ""


def _observing(change: Change, text: str) -> Change | None:
    if change.group.membership is not Membership.OBSERVE:
        return None
    return replace(change, advice=(*change.advice, Advice(AdviceKind.OBSERVED, text)))


def _without_live(change: Change, desired: Desired) -> Change:
    group = change.group
    if group.state is State.LEFT:
        return change
    if group.invite is not None:
        return _observing(change, "not in the group, and observing does not join") or replace(change, join=True)
    if group.membership is Membership.OBSERVE:
        observed = Advice(AdviceKind.OBSERVED, "no live group bears its name, and observing creates none")
        return replace(change, advice=(observed,))
    members = wanted_members(group, desired).values()
    waiting = [ref_from_member(member) for member in members if member.by_invite]
    pending = Advice.for_people(AdviceKind.PENDING, "to come by the invite link", waiting)
    return replace(
        change,
        create=True,
        field_changes=_text_changes(group, None),
        add=sorted_people(ref_from_member(member) for member in members if not member.by_invite),
        advice=(*pending, *expiring_soon(members, desired.as_of), *_admins_to_come(group, desired)),
    )


def _with_live(change: Change, live: LiveGroup, desired: Desired, by_lid: Mapping[str, Person]) -> Change:
    group, cast = change.group, identify_participants(live, by_lid)
    text, move = _text_changes(group, live), diff_members(group, cast, desired)
    advice = [*move.advice, *_admins(group, cast, desired), *_unidentified(cast, group)]
    own = desired.instance.identity if desired.instance is not None else None
    # Where the instance is not seen, one of those who cannot be identified may be it.
    own_place = own is not None and (own in cast.present or bool(cast.unknown))
    change = replace(change, live_members=len(live.participants) - own_place)
    if group.membership is Membership.OBSERVE:
        told = tuple(Advice(AdviceKind.OBSERVED, _difference(t)) for t in text)
        reasons = _reasons_to_doubt(live, cast, desired, group)
        return replace(change, advice=(*_doubtful(reasons), *told, *advice))
    change = replace(change, field_changes=text, add=move.add, advice=tuple(advice))
    if (text or move.add or move.remove) and lacks_admin_rights(cast, desired.instance):
        why = "the instance is no admin of this group, so nothing in it can be changed; have an admin promote it"
        return replace(change, remove=move.remove, blocked=(why,), fully_blocked=True)
    remove, blocked_removals, doubtful = _trusted_removals(live, cast, desired, move.remove, group)
    return replace(change, remove=remove, blocked=blocked_removals, advice=(*doubtful, *advice))


def _difference(change: TextChange) -> str:
    return f"{change.field} is {quote(change.old or '')}, the file says {quote(change.new)}"


def _reasons_to_doubt(live: LiveGroup, cast: Roster, desired: Desired, group: DesiredGroup) -> tuple[str, ...]:
    """Why the read looks wrong; a group that was not read for its people gives no reason."""
    reads_people = live.participants or not isinstance(group.members, Unmanaged) or group.absent
    return distrust_reasons(live, cast, desired.instance) if reads_people else ()


def _doubtful(reasons: tuple[str, ...]) -> tuple[Advice, ...]:
    return (Advice(AdviceKind.DOUBTFUL, f"doubtful read: {' and '.join(reasons)}"),) if reasons else ()


def _trusted_removals(
    live: LiveGroup, cast: Roster, desired: Desired, remove: tuple[PersonRef, ...], group: DesiredGroup
) -> tuple[tuple[PersonRef, ...], tuple[str, ...], tuple[Advice, ...]]:
    """Nobody is removed on the word of a read that looks wrong; nor does it prove that nobody is to be removed."""
    reasons = _reasons_to_doubt(live, cast, desired, group)
    if not reasons:
        return remove, (), ()
    takes_away = group.absent or (group.membership is Membership.EXACT and not isinstance(group.members, Unmanaged))
    if not takes_away:
        return (), (), _doubtful(reasons)
    kept = Advice.for_people(AdviceKind.DOUBTFUL, "not removed, since the read is doubtful", remove)
    return (), (f"doubtful read: {' and '.join(reasons)}; nobody is removed from it, plan again",), kept


def _text_changes(group: DesiredGroup, live: LiveGroup | None) -> tuple[TextChange, ...]:
    changes = []
    for field, wanted, there in (
        ("name", group.name, live.name if live else None),
        ("description", group.description, live.description if live else None),
    ):
        if isinstance(wanted, Unmanaged) or texts_equal(wanted, there or ""):
            continue
        changes.append(TextChange(field, there, normalize(wanted)))
    return tuple(changes)


def _admins(group: DesiredGroup, cast: Roster, desired: Desired) -> list[Advice]:
    if isinstance(group.admins, Unmanaged):
        return []
    left_alone = desired.excluded_people
    admins = {i for i, p in cast.present.items() if p.is_admin or i in cast.owners} - left_alone
    lacking = [PersonRef.of(p) for i, p in group.admins.items() if i not in admins | left_alone]
    surplus = [ref_from_participant(cast.present[i], desired) for i in admins - group.admins.keys()]
    return [
        *Advice.for_people(AdviceKind.ADMIN, "should be an admin; promote by hand, the API cannot", lacking),
        *Advice.for_people(
            AdviceKind.ADMIN, "an admin, but not listed under `admins`; demote by hand, the API cannot", surplus
        ),
    ]


def _admins_to_come(group: DesiredGroup, desired: Desired) -> list[Advice]:
    return _admins(group, Roster({}, (), frozenset()), desired)


def _unidentified(cast: Roster, group: DesiredGroup) -> tuple[Advice, ...]:
    if isinstance(group.members, Unmanaged) and not group.absent:
        return ()
    people = [PersonRef(None, None, None, p.lid or p.id) for p in cast.unknown]
    text = "no phone number is known, so they stay; if you know who it is, note the `lid` under people"
    return Advice.for_people(AdviceKind.UNIDENTIFIED, text, people)


def unmanaged(matches: Iterable[Match], listed: Sequence[ListedGroup]) -> tuple[Advice, ...]:
    """What is live and not in the file: left alone, and said."""
    known = {group_id for m in matches for group_id in (m.candidates if m.listed is None else (m.listed.id,))}
    others = tuple(sorted(g.name for g in listed if g.id not in known))
    if not others:
        return ()
    count = "1 live group is" if len(others) == 1 else f"{len(others)} live groups are"
    return (Advice(AdviceKind.UNMANAGED, f"{count} not in the file and left alone", names=others),)
