"""Where a person is, as a document; its shape is published as `who.schema.json`.

Where a person is, as text: group by group what the file wants and what is live."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.model.desired import Member, Membership
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence
from reconciler.report.style import BOLD, TextStyle, paint, person_name, plural
from reconciler.sanitize.mask import mask_number

WHO_FORMAT: Final = "wappfy-reconciler/who"


WHO_FORMAT_VERSION: Final = 1


def person_document(found: PersonMemberships) -> dict[str, Any]:
    """The person and their groups, with numbers in full; `masked` makes it fit for a terminal."""
    who = found.who
    return {
        "format": WHO_FORMAT,
        "format_version": WHO_FORMAT_VERSION,
        "masked": False,
        "instance_id": found.instance_id,
        "as_of": found.as_of.isoformat(),
        "person": {
            "label": who.label,
            "identity": who.identity,
            "lid": who.lid,
            "protected": found.protected,
            "ignored": found.ignored,
            "is_instance": found.is_instance,
        },
        "summary": {"wanted": found.wanted, "live": found.live, "unknown": found.unknown},
        "groups": [_group_document(group) for group in found.groups],
        "unsure": [_group_document(group) for group in found.unsure],
    }


def _group_document(group: GroupMembership) -> dict[str, Any]:
    in_file = group.in_file
    member = in_file and (in_file.member or in_file.ended)
    return {
        "key": group.key,
        "name": group.name,
        "id": group.id,
        "wanted": group.wanted,
        "live": group.presence.value,
        "reasons": list(group.reasons),
        "teams": list(member.teams) if member else [],
        "until": member.until.isoformat() if member and member.until else None,
        "reason": member.reason if member else None,
        "by_invite": bool(member and member.by_invite),
        "expired": bool(in_file and in_file.ended),
        "absent": bool(in_file and in_file.absent),
        "membership": in_file.membership.value if in_file and in_file.managed else None,
        "leaving": bool(in_file and in_file.leaving),
        "admin_wanted": in_file.admin if in_file else None,
        "is_admin": group.is_admin,
        "is_owner": group.is_owner,
    }


def render_person(found: PersonMemberships, *, show_phones: bool, color: bool) -> str:
    """The person, each group with what is to be said, the groups that could not be known, and a summary line."""
    ink = TextStyle(show_phones, color)
    sections = ["\n".join(_person(found, ink))]
    sections += ["\n".join(_group(group, ink, found)) for group in found.groups]
    sections += ["\n".join([_heading(group, ink), *_doubts(group, ink)]) for group in found.unsure]
    return "\n\n".join([*sections, _summary(found, ink)])


def _person(found: PersonMemberships, ink: TextStyle) -> Iterator[str]:
    who = found.who
    number = who.identity or ""
    shown = (number if ink.show_phones else mask_number(number)) if number and who.label else ""
    parts = [person_name(who, ink.show_phones), shown, ink.text(who.lid or "") if number or who.label else ""]
    yield "  ".join([paint(parts[0], BOLD, ink.color), *(part for part in parts[1:] if part)])
    for true, text in (
        (found.is_instance, "the instance itself: never removed, and need not be listed"),
        (found.protected, "protected by `policy.protected`: never removed from any group"),
        (found.ignored, "ignored by `policy.ignored`: neither added nor removed nor reported"),
    ):
        if true:
            yield ink.line("i", text)


def _heading(group: GroupMembership, ink: TextStyle) -> str:
    return ink.heading(group.key or "(not in the file)", group.name, group.id or "(no id yet)")


def _group(group: GroupMembership, ink: TextStyle, found: PersonMemberships) -> Iterator[str]:
    yield _heading(group, ink)
    yield ink.line(*_membership_words(group, ink, found))
    if group.in_file is not None:
        for text in _details(group, group.in_file, ink):
            yield ink.line("i", text)
        if _move(group, group.in_file, found) != "i":
            yield from (ink.line("i", ink.text(text)) for text in group.held)
    elif group.is_owner or group.is_admin:
        yield ink.line("i", "owns the group" if group.is_owner else "an admin")
    if group.presence is Presence.UNKNOWN:
        yield from _doubts(group, ink)


def _membership_words(group: GroupMembership, ink: TextStyle, found: PersonMemberships) -> tuple[str, str]:
    """Wanted or not and in or not, in one line; `+` and `-` only where a plan moves this person."""
    in_file, inside = group.in_file, group.presence is Presence.IN
    live = {
        Presence.IN: "and in",
        Presence.OUT: "not in",
        Presence.UNKNOWN: "not known to be in",
        Presence.NO_GROUP: "and the group is not live",
    }[group.presence]
    if in_file is None:
        return "i", "in; the file does not have this group"
    move = "i" if group.held else _move(group, in_file, found)
    if in_file.member is not None:
        mark = "=" if inside else "!" if group.presence is Presence.UNKNOWN else move
        return mark, f"wanted{_terms(in_file.member, ink)}, {live}"
    if not inside:
        return "i", f"not wanted, {live.removeprefix('and ')}"
    if in_file.absent or in_file.managed:
        why = "listed under `absent`" if in_file.absent else f"membership is {in_file.membership.value}"
        return move, f"in, not wanted: {why}"
    return "i", "in; the file does not manage this group's members"


def _move(group: GroupMembership, in_file: DesiredMembership, found: PersonMemberships) -> str:
    """`+` or `-` where the file has the person come or go, else `i`."""
    if in_file.membership is Membership.OBSERVE or in_file.leaving or found.is_instance or found.ignored:
        return "i"
    if in_file.member is not None:
        return "i" if group.presence is Presence.IN or in_file.member.by_invite else "+"
    goes = in_file.absent or (in_file.managed and in_file.membership is Membership.EXACT)
    stays = group.presence is not Presence.IN or found.protected or group.is_owner
    return "-" if goes and not stays else "i"


def _terms(member: Member, ink: TextStyle) -> str:
    """` through staff/board until 2026-12-31 (contractor), by invite`."""
    ways = f" through {' and '.join(ink.text(way) for way in member.teams)}" if member.teams else ""
    until = f" until {member.until.isoformat()}" if member.until else ""
    reason = f" ({ink.text(member.reason)})" if member.reason else ""
    return f"{ways}{until}{reason}" + (", by invite" if member.by_invite else "")


def _details(group: GroupMembership, in_file: DesiredMembership, ink: TextStyle) -> Iterator[str]:
    inside = group.presence is Presence.IN
    if in_file.absent and not inside:
        yield "listed under `absent`"
    if in_file.ended is not None:
        yield f"wanted{_terms(in_file.ended, ink)}: time has run out"
    if in_file.leaving:
        yield "the file says to leave this group"
    if group.is_owner:
        yield "owns the group, so cannot be removed"
    if in_file.admin:
        yield "an admin, as the file says" if group.is_admin else "should be an admin" + (" and is none" * inside)
    elif group.is_admin and not group.is_owner:
        yield "an admin" if in_file.admin is None else "an admin, but not listed under `admins`"


def _doubts(group: GroupMembership, ink: TextStyle) -> Iterator[str]:
    for reason in group.reasons:
        yield ink.line("!", f"may be in it: {ink.text(reason)}")


def _summary(found: PersonMemberships, ink: TextStyle) -> str:
    name = person_name(found.who, ink.show_phones)
    unknown = f"; {plural(found.unknown, 'group', 'groups')} could not be known" if found.unknown else ""
    # Where some could not be known, not having been seen is all that is so.
    there = "seen in" if found.unknown else "in"
    if not found.groups:
        return f"{name} is {there} no group, and wanted in none{unknown}."
    wanted = plural(found.wanted, "group", "groups")
    return f"{name}: wanted in {wanted}, {there} {found.live} of the live ones{unknown}."
