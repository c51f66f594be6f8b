"""Report a comparison of two configurations: as a document (`diff.schema.json`), as text, and as a comment on a pull
request, which needs no API key, so that forks can have it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.diff.change import TextChange
from reconciler.history.config_diff import (
    AliasChange,
    ConfigDiff,
    ConfigVersion,
    FieldChange,
    GroupChangeKind,
    GroupDiff,
    ListChange,
    MembershipChange,
    summarize_config_diff,
)
from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef
from reconciler.model.serialize import to_json
from reconciler.model.text import TEXT_FIELDS, Untrusted, plural
from reconciler.report.documents import document_json
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    OutsideText,
    PhoneNumber,
    Pieces,
    join_pieces,
    literal,
    outside,
    people_pieces,
    person_pieces,
    plain_text,
    revision_pieces,
    text_pieces,
)
from reconciler.report.pr_comment import (
    alert,
    by_urgency,
    comment_marker,
    lines_markdown,
    markdown,
    render_comment,
    totals_markdown,
)
from reconciler.report.sections import Badge, Line, Mark, Section, field_label, field_line
from reconciler.report.summary import PeopleCount, Totals
from reconciler.report.text import BOLD, lines_text, paint, section_text

DIFF_FORMAT: Final = "wappfy-reconciler/diff"
DIFF_FORMAT_VERSION: Final = 2
_FORBIDDEN: Final = "Forbidden by `restrictions`"
_FOR_ALL: Final = "For all groups"
_MAX_ALIASES: Final = 20
_CHANGE_LINES: Final = {
    GroupChangeKind.ADDED: Line("+", literal("new group")),
    GroupChangeKind.REMOVED: Line("-", literal("removed from the configuration")),
}
_BADGES: Final = {
    GroupChangeKind.ADDED: Badge("add", "new"),
    GroupChangeKind.REMOVED: Badge("remove", "removed from the configuration"),
}


def config_diff_document(diff: ConfigDiff) -> dict[str, Any]:
    """Return everything about a comparison, with full numbers."""
    return {
        "format": DIFF_FORMAT,
        "format_version": DIFF_FORMAT_VERSION,
        "masked": False,
        "differs": diff.differs,
        "summary": to_json(summarize_config_diff(diff)),
        **to_json(diff),
    }


def render_config_diff_json(diff: ConfigDiff, options: RenderOptions) -> str:
    """Return the document of a comparison."""
    return document_json(config_diff_document(diff), options)


def render_config_diff(diff: ConfigDiff, options: RenderOptions) -> str:
    """Return settings that apply to all groups, group by group what changed, warnings, and a summary line."""
    blocks = [_titled(_FOR_ALL, list(_setting_lines(diff)), options)]
    blocks += [section_text(_section(group), options) for group in diff.groups]
    for title, texts in ((_FORBIDDEN, diff.forbidden_removals), ("Warnings", diff.warnings)):
        blocks.append(_titled(title, [Line("!", outside(text)) for text in texts], options))
    ending = paint(_totals(diff).line, BOLD, options)
    if not (diff.old.exists and diff.new.exists):
        ending = f"{plain_text((LiteralText('From '), *_versions(diff)), options)}.\n{ending}"
    return "\n\n".join(filter(None, [*blocks, ending]))


def render_config_diff_markdown(diff: ConfigDiff, options: RenderOptions) -> str:
    """Return a comment below GitHub's size limit; removed groups and those that lose people come first."""
    head = [comment_marker("diff"), totals_markdown(_totals(diff))]
    for kind, title, texts in (
        ("CAUTION", _FORBIDDEN, diff.forbidden_removals),
        ("WARNING", "Warnings", diff.warnings),
    ):
        head += [alert(kind, title, [markdown(outside(text), options) for text in texts])] if texts else []
    if lines := list(_setting_lines(diff)):
        head.append(f"**{_FOR_ALL}**\n\n{lines_markdown(lines, options)}")
    day = LiteralText(f", as of {diff.as_of.isoformat()}. The live groups were not read.")
    foot = markdown((LiteralText("Configuration from "), *_versions(diff), day), options)
    return render_comment("\n\n".join(head), by_urgency(map(_section, diff.groups), options), f"<sub>{foot}</sub>")


def _titled(title: str, lines: list[Line], options: RenderOptions) -> str:
    return "\n".join([paint(title, BOLD, options), *lines_text(lines, options)]) if lines else ""


def _totals(diff: ConfigDiff) -> Totals:
    """Return `Diff: 1 group added, 2 changed, 3 people added, 1 person removed · 4 groups unchanged`."""
    count = summarize_config_diff(diff)
    unchanged = f"{plural(count.groups_unchanged, 'group')} unchanged"
    if not diff.differs:
        return Totals("No differences", rest=unchanged)
    changes = ((count.groups_added, "added"), (count.groups_removed, "removed"), (count.groups_changed, "changed"))
    groups = [(number, change) for number, change in changes if number]
    added = PeopleCount.of([one.person for group in diff.groups for one in group.added])
    removed = PeopleCount.of([one.person for group in diff.groups for one in group.removed if not one.kept_because])
    words = [
        # Only the first number has a noun.
        *((number, f"{plural(number, 'group')} {change}") for number, change in groups[:1]),
        *((number, f"{number} {change}") for number, change in groups[1:]),
        (added.people, added.words("added", "added")),
        (removed.people, removed.words("removed", "removed")),
        (count.settings_changed, plural(count.settings_changed, "setting changed", "settings changed")),
    ]
    return Totals("Diff", (tuple(text for number, text in words if number),), unchanged)


def _section(group: GroupDiff) -> Section:
    warned = any(field.note for field in group.fields)
    removes = any(not change.kept_because for change in group.removed)
    return Section(
        key=group.key,
        name=group.name,
        id=OutsideText(group.id or ""),
        badges=tuple(_badges(group)),
        lines=lambda: _group_lines(group),
        urgency=[warned, group.change is GroupChangeKind.REMOVED, removes, True].index(True),
    )


def _badges(group: GroupDiff) -> Iterator[Badge]:
    """Yield a group in short, the urgent first."""
    if group.change in _BADGES:
        yield _BADGES[group.change]
    if removed := sum(not change.kept_because for change in group.removed):
        yield Badge("remove", plural(removed, "person removed", "people removed"))
    if group.added:
        yield Badge("add", plural(len(group.added), "person added", "people added"))
    if group.old_key is not None:
        yield Badge("change", "new key")
    yield from (Badge("change", field.field) for field in group.fields)
    if group.terms_changed:
        yield Badge("change", "changed terms")
    yield from (Badge("change", change.field) for change in group.lists)


def _setting_lines(diff: ConfigDiff) -> Iterator[Line]:
    """Yield what changed for all groups: aliases that refer to another number, settings, lists of people."""
    yield from map(_alias_line, diff.alias_changes[:_MAX_ALIASES])
    more = len(diff.alias_changes) - _MAX_ALIASES
    if more > 0:
        yield Line("!", literal(f"and {plural(more, 'more alias', 'more aliases')}"))
    for field in diff.settings:
        yield from _field_lines(field)
    for change in diff.lists:
        yield from _list_lines(change, "!")


def _group_lines(group: GroupDiff) -> Iterator[Line]:
    """Yield key and fields; members added, removed and on other terms; other lists; notes."""
    if group.change in _CHANGE_LINES:
        yield _CHANGE_LINES[group.change]
    if group.old_key is not None:
        matched = LiteralText(f" (same group, matched by {'name' if group.id is None else 'id'})")
        yield Line("~", (field_label("key"), *_arrow(group.old_key, group.key), matched))
    for field in group.fields:
        yield from _field_lines(field, is_new=group.change is GroupChangeKind.ADDED)
    twice = {change.person.label for change in group.added} & {change.person.label for change in group.removed}
    yield from (Line("+", _membership(change, twice, "through")) for change in group.added)
    yield from (
        Line("-", _membership(change, twice, "was through")) for change in group.removed if not change.kept_because
    )
    for terms in group.terms_changed:
        yield Line("~", join_pieces(": ", [person_pieces(terms.person), _arrow(terms.old, terms.new)]))
    for change in group.lists:
        yield from _list_lines(change, "i")
    for reason in sorted({change.kept_because for change in group.removed if change.kept_because}):
        people = people_pieces(change.person for change in group.removed if change.kept_because == reason)
        yield Line("i", join_pieces(": ", [people, outside(reason)]), "no longer listed, but stays")
    if group.left:
        people = people_pieces(change.person for change in group.left)
        words = literal(
            "stays where live, and is not added" if len(group.left) == 1 else "stay where live, and are not added"
        )
        yield Line("i", join_pieces(": ", [people, words]), "left a people file")
    yield from (Line("i", outside(note)) for note in group.notes)


def _field_lines(change: FieldChange, *, is_new: bool = False) -> Iterator[Line]:
    """Yield old and new value; of a new group the new value alone, since it had none before."""
    if change.field in TEXT_FIELDS and change.new is not None and (is_new or change.old is not None):
        yield field_line(TextChange(change.field, None if change.old is None else Untrusted(change.old), change.new))
    elif is_new:
        yield Line("+", (field_label(change.field), OutsideText(change.new or "")))
    else:
        yield Line("~", (field_label(change.field), *_arrow(change.old, change.new)))
    if change.note:
        yield Line("!", outside(change.note), change.field)


def _list_lines(change: ListChange, note_mark: Mark) -> Iterator[Line]:
    for sign, people in (("+ ", change.added), ("- ", change.removed)):
        if people:
            yield Line("~", (field_label(change.field), LiteralText(sign), *people_pieces(people)))
    if change.note:
        yield Line(note_mark, outside(change.note), change.field)


def _arrow(old: str | None, new: str | None) -> Pieces:
    before, after = (LiteralText("(not set)") if value is None else OutsideText(value) for value in (old, new))
    return (before, LiteralText(" → "), after)


def _alias_line(change: AliasChange) -> Line:
    numbers = (_number(change.old), LiteralText(" → "), _number(change.new))
    words = LiteralText(": refers to a different number in every group: ")
    return Line("!", (OutsideText(change.alias), words, *numbers))


def _membership(change: MembershipChange, twice: set[str | None], through: str) -> Pieces:
    """Return the person, with the number where one alias refers to two people, then how they are in the group."""
    person = change.person
    number = (LiteralText(" ["), _number(person), LiteralText("]")) if person.label and person.label in twice else ()
    invite = literal(" (by the invite link)" if change.by_invite else "")
    teams = text_pieces(change.teams)
    team_list = (LiteralText(f" ({through} "), *teams, LiteralText(")")) if teams else ()
    return (*person_pieces(person), *number, *invite, *team_list)


def _number(person: PersonRef) -> PhoneNumber:
    return PhoneNumber(person.identity or "")


def _versions(diff: ConfigDiff) -> Pieces:
    return (*_version(diff.old), LiteralText(" to "), *_version(diff.new))


def _version(version: ConfigVersion) -> Pieces:
    """Return `HEAD~1 (commit 1a2b3c4d5)`; a revision without the path says so."""
    name = revision_pieces(version.name, version.commit) if version.commit else outside(version.name)
    return name if version.exists else (*name, LiteralText(", which does not have the path"))
