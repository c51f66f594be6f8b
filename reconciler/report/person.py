"""One person's groups, desired and live: as text, and as a document published as `who.schema.json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.messages import LiteralText
from reconciler.model.desired import Member, Membership
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence
from reconciler.report.documents import document_json
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    OutsideText,
    PersonName,
    PhoneNumber,
    Pieces,
    first_pieces,
    literal,
    outside,
    plain_text,
)
from reconciler.report.sections import Line, Mark
from reconciler.report.text import BOLD, heading_text, lines_text, paint
from reconciler.report.vocabulary import plural

WHO_FORMAT: Final = "wappfy-reconciler/who"
WHO_FORMAT_VERSION: Final = 1


def person_document(found: PersonMemberships) -> dict[str, Any]:
    """Return the person and their groups, with full numbers."""
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


def render_person_json(found: PersonMemberships, options: RenderOptions) -> str:
    """Return the document of a person."""
    return document_json(person_document(found), options)


def render_person(found: PersonMemberships, options: RenderOptions) -> str:
    """Return the person, each group with what there is to say, the uncertain groups, and a summary line."""
    sections = ["\n".join([_heading(found, options), *lines_text(_about_person(found), options)])]
    sections += [_section(group, _lines(group, found), options) for group in found.groups]
    sections += [_section(group, _doubts(group), options) for group in found.unsure]
    return "\n\n".join([*sections, plain_text(_summary(found), options)])


def _heading(found: PersonMemberships, options: RenderOptions) -> str:
    """Return the name, and behind it the number and the private id where these are not the name itself."""
    who = found.who
    number = (PhoneNumber(who.identity),) if who.identity and who.label else ()
    private = outside(who.lid) if who.identity or who.label else ()
    name = paint(plain_text((PersonName(who),), options), BOLD, options)
    return "  ".join([name, *(plain_text(part, options) for part in (number, private) if part)])


def _about_person(found: PersonMemberships) -> Iterator[Line]:
    if found.is_instance:
        yield Line("i", literal("the instance itself: never removed, and does not have to be listed"))
    if found.protected:
        yield Line("i", literal("protected by `policy.protected`: never removed from any group"))
    if found.ignored:
        yield Line("i", literal("ignored by `policy.ignored`: never added, removed or reported"))


def _section(group: GroupMembership, lines: Iterator[Line], options: RenderOptions) -> str:
    group_id = OutsideText(group.id) if group.id else LiteralText("(no id yet)")
    heading = heading_text(group.key or "(not in the configuration)", group.name, group_id, options)
    return "\n".join([heading, *lines_text(lines, options)])


def _lines(group: GroupMembership, found: PersonMemberships) -> Iterator[Line]:
    yield _membership(group, found)
    if group.in_file is not None:
        yield from (Line("i", pieces) for pieces in _details(group, group.in_file))
        if _planned(group, group.in_file, found) != "i":
            yield from (Line("i", outside(text)) for text in group.held)
    elif group.is_owner or group.is_admin:
        yield Line("i", literal("owns the group" if group.is_owner else "is an admin"))
    if group.presence is Presence.UNKNOWN:
        yield from _doubts(group)


_LIVE: Final = {
    Presence.IN: "in the group",
    Presence.OUT: "not in the group",
    Presence.UNKNOWN: "not certain to be in the group",
    Presence.NO_GROUP: "there is no live group",
}


def _membership(group: GroupMembership, found: PersonMemberships) -> Line:
    """Return whether the person is desired and whether they are in; `+` and `-` only where a plan moves them."""
    desired, inside = group.in_file, group.presence is Presence.IN
    if desired is None:
        return Line("i", literal("in the group; the configuration does not have this group"))
    mark = "i" if group.held else _planned(group, desired, found)
    if desired.member is not None:
        if inside or group.presence is Presence.UNKNOWN:
            mark = "=" if inside else "!"
        return Line(mark, (LiteralText("desired"), *_terms(desired.member), LiteralText(f"; {_LIVE[group.presence]}")))
    if not inside:
        return Line("i", literal(f"not desired; {_LIVE[group.presence]}"))
    if desired.absent or desired.managed:
        why = "listed under `absent`" if desired.absent else f"membership is {desired.membership.value}"
        return Line(mark, literal(f"in the group, not desired: {why}"))
    return Line("i", literal("in the group; the configuration does not manage its members"))


def _planned(group: GroupMembership, desired: DesiredMembership, found: PersonMemberships) -> Mark:
    """Return `+` or `-` where the configuration adds or removes the person, else `i`."""
    if desired.membership is Membership.OBSERVE or desired.leaving or found.is_instance or found.ignored:
        return "i"
    if desired.member is not None:
        return "i" if group.presence is Presence.IN or desired.member.by_invite else "+"
    removed = desired.absent or (desired.managed and desired.membership is Membership.EXACT)
    stays = group.presence is not Presence.IN or found.protected or group.is_owner
    return "-" if removed and not stays else "i"


def _terms(member: Member) -> Pieces:
    """Return ` through staff/board until 2026-12-31 (contractor), by invite`."""
    through = first_pieces(member.teams, len(member.teams), separator=" and ")
    reason = outside(member.reason)
    return (
        *((LiteralText(" through "), *through) if through else ()),
        *literal(f" until {member.until.isoformat()}" if member.until else ""),
        *((LiteralText(" ("), *reason, LiteralText(")")) if reason else ()),
        *literal(", by invite" if member.by_invite else ""),
    )


def _details(group: GroupMembership, desired: DesiredMembership) -> Iterator[Pieces]:
    inside = group.presence is Presence.IN
    if desired.absent and not inside:
        yield literal("listed under `absent`")
    if desired.ended is not None:
        yield (LiteralText("was desired"), *_terms(desired.ended), LiteralText("; expired"))
    if desired.leaving:
        yield literal("the instance is to leave this group")
    if group.is_owner:
        yield literal("owns the group and cannot be removed")
    if desired.admin:
        if group.is_admin:
            yield literal("is an admin, as desired")
        else:
            yield literal("should be an admin, but is not" if inside else "should be an admin")
    elif group.is_admin and not group.is_owner:
        yield literal("is an admin" if desired.admin is None else "is an admin, but not listed under `admins`")


def _doubts(group: GroupMembership) -> Iterator[Line]:
    yield from (Line("!", outside(reason), "may be in the group") for reason in group.reasons)


def _summary(found: PersonMemberships) -> Pieces:
    uncertain = f"; {plural(found.unknown, 'group is', 'groups are')} uncertain" if found.unknown else ""
    # Where some groups are uncertain, "in" would claim too much.
    live = "seen in" if found.unknown else "in"
    if not found.groups:
        return (PersonName(found.who), LiteralText(f" is {live} no group and desired in none{uncertain}."))
    desired = plural(found.wanted, "group", "groups")
    in_live = plural(found.live, "live group", "live groups")
    return (PersonName(found.who), LiteralText(f": desired in {desired}, {live} {in_live}{uncertain}."))
