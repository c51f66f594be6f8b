"""Report the memberships of a person: as a document (`who.schema.json`), and as text, group by group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.model.desired import Membership
from reconciler.model.serialize import to_json
from reconciler.person.memberships import DesiredMembership, GroupMembership, PersonMemberships, Presence
from reconciler.report.style import BOLD, TextStyle, paint, person_name, plural
from reconciler.sanitize.mask import mask_number

WHO_FORMAT: Final = "wappfy-reconciler/who"
WHO_FORMAT_VERSION: Final = 2

_LIVE_WORDS: Final = {
    Presence.IN: "and in",
    Presence.OUT: "not in",
    Presence.UNKNOWN: "not known to be in",
    Presence.NO_GROUP: "and the group is not live",
}


def person_document(memberships: PersonMemberships) -> dict[str, Any]:
    """Return the person and their groups with full numbers; `mask_document` makes it fit for a terminal."""
    return {
        "format": WHO_FORMAT,
        "format_version": WHO_FORMAT_VERSION,
        "masked": False,
        "summary": to_json(memberships.summary),
        **to_json(memberships),
    }


def render_person(memberships: PersonMemberships, *, show_phones: bool, color: bool) -> str:
    """Return the person, each group, the groups where membership is unknown, and a summary line."""
    style = TextStyle(show_phones, color)
    sections = ["\n".join(_person_lines(memberships, style))]
    sections += ["\n".join(_group_lines(group, style, memberships)) for group in memberships.groups]
    sections += ["\n".join([_heading(group, style), *_unknown_lines(group, style)]) for group in memberships.uncertain]
    return "\n\n".join([*sections, _summary_line(memberships, style)])


def _person_lines(memberships: PersonMemberships, style: TextStyle) -> Iterator[str]:
    person = memberships.person
    number = person.identity or ""
    visible_number = (number if style.show_phones else mask_number(number)) if number and person.label else ""
    lid = style.text(person.lid or "") if number or person.label else ""
    name = paint(person_name(person, style.show_phones), BOLD, style.color)
    yield "  ".join([name, *(part for part in (visible_number, lid) if part)])
    for applies, text in (
        (memberships.is_instance, "the instance itself: never removed, and need not be listed"),
        (memberships.protected, "protected by `policy.protected`: never removed from any group"),
        (memberships.ignored, "ignored by `policy.ignored`: never added, removed or reported"),
    ):
        if applies:
            yield style.line("i", text)


def _heading(group: GroupMembership, style: TextStyle) -> str:
    return style.heading(group.key or "(not in the configuration)", group.name, group.id or "(no id yet)")


def _group_lines(group: GroupMembership, style: TextStyle, memberships: PersonMemberships) -> Iterator[str]:
    yield _heading(group, style)
    if group.desired is None:
        yield style.line("i", "in; the configuration does not have this group")
        if group.is_owner or group.is_admin:
            yield style.line("i", "owner of the group" if group.is_owner else "admin")
    else:
        mark = _plan_mark(group, group.desired, memberships)
        yield style.line(*_membership_line(group, group.desired, "i" if group.blocked_because else mark, style))
        for text in _details(group, group.desired, style):
            yield style.line("i", text)
        if mark != "i":
            yield from (style.line("i", style.text(text)) for text in group.blocked_because)
    if group.live is Presence.UNKNOWN:
        yield from _unknown_lines(group, style)


def _membership_line(
    group: GroupMembership, desired: DesiredMembership, plan_mark: str, style: TextStyle
) -> tuple[str, str]:
    """Return mark and words for desired and live in one line; `+` and `-` only where a plan adds or removes."""
    live = _LIVE_WORDS[group.live]
    if desired.member:
        mark = {Presence.IN: "=", Presence.UNKNOWN: "!"}.get(group.live, plan_mark)
        return mark, f"desired{_terms(desired, style)}, {live}"
    if group.live is not Presence.IN:
        return "i", f"not desired, {live.removeprefix('and ')}"
    if desired.absent or desired.members_managed:
        why = "listed under `absent`" if desired.absent else f"membership is {desired.membership.value}"
        return plan_mark, f"in, not desired: {why}"
    return "i", "in; the members of this group are not managed"


def _plan_mark(group: GroupMembership, desired: DesiredMembership, memberships: PersonMemberships) -> str:
    """Return `+` or `-` where the configuration adds or removes the person, else `i`."""
    if desired.membership is Membership.OBSERVE or desired.leaving or memberships.is_instance or memberships.ignored:
        return "i"
    if desired.member:
        return "i" if group.live is Presence.IN or desired.by_invite else "+"
    removes = desired.absent or (desired.members_managed and desired.membership is Membership.EXACT)
    stays = group.live is not Presence.IN or memberships.protected or group.is_owner
    return "-" if removes and not stays else "i"


def _terms(desired: DesiredMembership, style: TextStyle) -> str:
    """Return ` through staff/board until 2026-12-31 (contractor), by invite`."""
    teams = f" through {' and '.join(style.text(team) for team in desired.teams)}" if desired.teams else ""
    until = f" until {desired.until.isoformat()}" if desired.until else ""
    reason = f" ({style.text(desired.reason)})" if desired.reason else ""
    return f"{teams}{until}{reason}" + (", by invite" if desired.by_invite else "")


def _details(group: GroupMembership, desired: DesiredMembership, style: TextStyle) -> Iterator[str]:
    is_in = group.live is Presence.IN
    if desired.absent and not is_in:
        yield "listed under `absent`"
    if desired.expired:
        yield f"was desired{_terms(desired, style)}: expired"
    if desired.leaving:
        yield "the instance is to leave this group"
    if group.is_owner:
        yield "owner of the group, so cannot be removed"
    if desired.admin:
        yield "admin, as desired" if group.is_admin else "desired as admin" + (", but is not one" * is_in)
    elif group.is_admin and not group.is_owner:
        yield "admin" if desired.admin is None else "admin, but not listed under `admins`"


def _unknown_lines(group: GroupMembership, style: TextStyle) -> Iterator[str]:
    return (style.line("!", f"may be in: {style.text(reason)}") for reason in group.unknown_because)


def _summary_line(memberships: PersonMemberships, style: TextStyle) -> str:
    count, name = memberships.summary, person_name(memberships.person, style.show_phones)
    unknown = f"; unknown for {plural(count.unknown, 'group', 'groups')}" if count.unknown else ""
    # Where some are unknown, only what was seen is sure.
    found = "seen in" if count.unknown else "in"
    if not memberships.groups:
        return f"{name} is {found} no live group and desired in none{unknown}."
    desired, live = plural(count.desired, "group", "groups"), plural(count.live, "live group", "live groups")
    return f"{name}: desired in {desired}, {found} {live}{unknown}."
