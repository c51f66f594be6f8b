"""Report the memberships of a person: as a document (`who.schema.json`), and as text, group by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

from reconciler.messages import LiteralText
from reconciler.model.desired import Membership
from reconciler.model.serialize import to_json
from reconciler.model.text import plural
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence
from reconciler.report.documents import document_json
from reconciler.report.history import commit_pieces
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    OutsideText,
    PersonName,
    PhoneNumber,
    Pieces,
    id_note,
    literal,
    name_pieces,
    outside,
    plain_text,
    text_pieces,
)
from reconciler.report.sections import Line, Mark, Section
from reconciler.report.text import BOLD, lines_text, paint, section_text
from reconciler.timeline.model import CommitRef

WHO_FORMAT: Final = "wappfy-reconciler/who"
WHO_FORMAT_VERSION: Final = 2

_LIVE_WORDS: Final = {
    Presence.IN: "and in",
    Presence.OUT: "not in",
    Presence.UNKNOWN: "not known to be in",
    Presence.NO_GROUP: "and the group is not live",
}


def person_document(memberships: PersonMemberships) -> dict[str, Any]:
    """Return the person and their groups with full numbers."""
    return {
        "format": WHO_FORMAT,
        "format_version": WHO_FORMAT_VERSION,
        "masked": False,
        "summary": to_json(memberships.summary),
        **to_json(memberships),
    }


def render_person_json(memberships: PersonMemberships, options: RenderOptions) -> str:
    """Return the document of a person."""
    return document_json(person_document(memberships), options)


def render_person(memberships: PersonMemberships, options: RenderOptions) -> str:
    """Return the person, each group, the groups where membership is unknown, and a summary line."""
    person = "\n".join([_name(memberships, options), *lines_text(_person_lines(memberships), options)])
    sections = [_section(group, partial(_group_lines, group, memberships)) for group in memberships.groups]
    sections += [_section(group, partial(_unknown_lines, group)) for group in memberships.uncertain]
    texts = (section_text(section, options) for section in sections)
    return "\n\n".join([person, *texts, plain_text(_summary(memberships), options)])


def _name(memberships: PersonMemberships, options: RenderOptions) -> str:
    """Return the name, then the number and the private id where these are not the name itself."""
    person = memberships.person
    number = (PhoneNumber(person.identity),) if person.identity and person.label else ()
    lid = outside(person.lid) if person.identity or person.label else ()
    name = paint(plain_text(name_pieces(person), options), BOLD, options)
    return "  ".join([name, *(plain_text(part, options) for part in (number, lid) if part)])


def _person_lines(memberships: PersonMemberships) -> Iterator[Line]:
    if memberships.is_instance:
        yield Line("i", literal("the instance itself: never removed, and need not be listed"))
    if memberships.protected:
        yield Line("i", literal("protected by `policy.protected`: never removed from any group"))
    if memberships.ignored:
        yield Line("i", literal("ignored by `policy.ignored`: never added, removed or reported"))
    for row in memberships.rows:
        place = f"line {row.line}" if row.row is None else f"row {row.row}"
        yield Line(
            "i",
            (LiteralText("from "), OutsideText(row.file), LiteralText(f", {place}, as "), OutsideText(row.alias)),
        )


def _section(group: GroupMembership, lines: Callable[[], Iterable[Line]]) -> Section:
    group_id = OutsideText(group.id) if group.id else LiteralText("(no id yet)")
    return Section(key=group.key or "(not in the configuration)", name=group.name, id=group_id, lines=lines)


def _group_lines(group: GroupMembership, memberships: PersonMemberships) -> Iterator[Line]:
    if group.desired is None:
        yield Line("i", literal("in; the configuration does not have this group"))
        if group.is_owner or group.is_admin:
            yield Line("i", literal("owner of the group" if group.is_owner else "admin"))
    else:
        mark = _plan_mark(group, group.desired, memberships)
        yield _membership_line(group, group.desired, "i" if group.blocked_because else mark)
        yield from (Line("i", pieces) for pieces in _details(group, group.desired, memberships))
        if mark != "i":
            yield from (Line("i", outside(text)) for text in group.blocked_because)
    if group.live is Presence.UNKNOWN:
        yield from _unknown_lines(group)


def _membership_line(group: GroupMembership, desired: DesiredMembership, plan_mark: Mark) -> Line:
    """Return desired and live in one line; its mark is `+` or `-` only where a plan adds or removes the person."""
    live = _LIVE_WORDS[group.live]
    if desired.member:
        marks: dict[Presence, Mark] = {Presence.IN: "=", Presence.UNKNOWN: "!"}
        kept = literal(": stays where live, and is not added" if desired.left else "")
        words = (LiteralText("desired"), *_terms(desired), LiteralText(f", {live}"), *kept)
        return Line(marks.get(group.live, plan_mark), words)
    if group.live is not Presence.IN:
        return Line("i", literal(f"not desired, {live.removeprefix('and ')}"))
    if desired.absent or desired.members_managed:
        why = "listed under `absent`" if desired.absent else f"membership is {desired.membership.value}"
        return Line(plan_mark, literal(f"in, not desired: {why}"))
    return Line("i", literal("in; the members of this group are not managed"))


def _plan_mark(group: GroupMembership, desired: DesiredMembership, memberships: PersonMemberships) -> Mark:
    """Return `+` or `-` where the configuration adds or removes the person, else `i`."""
    if desired.membership is Membership.OBSERVE or desired.leaving or memberships.is_instance or memberships.ignored:
        return "i"
    if desired.member:
        return "i" if group.live is Presence.IN or desired.by_invite or desired.left else "+"
    removes = desired.absent or (desired.members_managed and desired.membership is Membership.EXACT)
    stays = group.live is not Presence.IN or memberships.protected or group.is_owner
    return "-" if removes and not stays else "i"


def _terms(desired: DesiredMembership) -> Pieces:
    """Return ` through staff/board until 2026-12-31 (contractor), by invite`."""
    teams = text_pieces(desired.teams, " and ")
    reason = outside(desired.reason)
    return (
        *((LiteralText(" through "), *teams) if teams else ()),
        *literal(f" until {desired.until.isoformat()}" if desired.until else ""),
        *((LiteralText(" ("), *reason, LiteralText(")")) if reason else ()),
        *literal(", by invite" if desired.by_invite else ""),
    )


def _details(group: GroupMembership, desired: DesiredMembership, memberships: PersonMemberships) -> Iterator[Pieces]:
    is_in = group.live is Presence.IN
    if desired.excepted_from:
        teams = text_pieces(desired.excepted_from, " and ")
        yield (LiteralText("not desired through "), *teams, LiteralText(": listed under `except`"))
    if desired.absent and not is_in:
        yield literal("listed under `absent`")
    if memberships.with_reasons and (desired.member or desired.expired):
        yield _since_pieces(group.since)
    if desired.expired:
        yield (
            LiteralText("was desired"),
            *_terms(desired),
            LiteralText(": ended" if memberships.with_reasons else ": expired"),
        )
    if desired.leaving:
        yield literal("the instance is to leave this group")
    if group.is_owner:
        yield literal("owner of the group, so cannot be removed")
    if desired.admin:
        yield literal("admin, as desired" if group.is_admin else "desired as admin" + (", but is not one" * is_in))
    elif group.is_admin and not group.is_owner:
        yield literal("admin" if desired.admin is None else "admin, but not listed under `admins`")


def _since_pieces(since: CommitRef | None) -> Pieces:
    """Return `since 2026-01-31: commit 1a2b3c4d5 · Ann · pull request #12 · approved by Bob`."""
    if since is None:
        return literal("since an unknown commit: it is older than this clone, or not committed yet")
    return (LiteralText(f"since {since.at.date().isoformat()}: "), *commit_pieces(since))


def _unknown_lines(group: GroupMembership) -> Iterator[Line]:
    return (Line("!", (*outside(reason), *id_note(reason)), "may be in") for reason in group.unknown_because)


def _summary(memberships: PersonMemberships) -> Pieces:
    count, name = memberships.summary, PersonName(memberships.person)
    unknown = f"; unknown for {plural(count.unknown, 'group')}" if count.unknown else ""
    # Where some are unknown, only what was seen is sure.
    found = "seen in" if count.unknown else "in"
    if not memberships.groups:
        return (name, LiteralText(f" is {found} no live group and desired in none{unknown}."))
    desired, live = plural(count.desired, "group"), plural(count.live, "live group")
    return (name, LiteralText(f": desired in {desired}, {found} {live}{unknown}."))
