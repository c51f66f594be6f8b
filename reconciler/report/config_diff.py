"""Two versions of the configuration compared: as text, as a comment, and as a document (`diff.schema.json`).

The comment needs no API key, so forks can have it too.
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
from reconciler.model.text import Untrusted
from reconciler.report.documents import document_json
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    OutsideText,
    PhoneNumber,
    Pieces,
    first_pieces,
    join_pieces,
    literal,
    outside,
    people_pieces,
    person_pieces,
    plain_text,
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
from reconciler.report.sections import Badge, Line, Mark, Section, field_line
from reconciler.report.summary import Count, Totals, revision_pieces
from reconciler.report.text import BOLD, lines_text, paint, section_text
from reconciler.report.vocabulary import plural

DIFF_FORMAT: Final = "wappfy-reconciler/diff"
DIFF_FORMAT_VERSION: Final = 1
_FORBIDDEN: Final = "Forbidden by `restrictions`"
_FOR_ALL: Final = "For all groups"
_TEXTS: Final = ("name", "description")
_MAX_ALIASES: Final = 20


def config_diff_document(difference: ConfigDiff) -> dict[str, Any]:
    """Return everything about a difference, with full numbers."""
    return {
        "format": DIFF_FORMAT,
        "format_version": DIFF_FORMAT_VERSION,
        "masked": False,
        "differs": difference.differs,
        "summary": to_json(summarize_config_diff(difference)),
        **to_json(difference),
    }


def render_config_diff_json(difference: ConfigDiff, options: RenderOptions) -> str:
    """Return the document of a difference."""
    return document_json(config_diff_document(difference), options)


def render_config_diff(difference: ConfigDiff, options: RenderOptions) -> str:
    """Return what concerns all groups first, then group by group, ending in warnings and the totals."""
    rules = lines_text(_global_lines(difference), options)
    blocks = ["\n".join([paint(_FOR_ALL, BOLD, options), *rules])] if rules else []
    blocks += [section_text(_section(group), options) for group in difference.groups]
    for title, texts in ((_FORBIDDEN, difference.forbidden), ("Warnings", difference.warnings)):
        if texts:
            lines = lines_text((Line("!", outside(text)) for text in texts), options)
            blocks.append("\n".join([paint(title, BOLD, options), *lines]))
    ending = paint(_totals(difference).line, BOLD, options)
    if not (difference.old.there and difference.new.there):
        ending = f"{plain_text(_versions(difference, 'From '), options)}.\n{ending}"
    return "\n\n".join([*blocks, ending])


def render_config_diff_markdown(difference: ConfigDiff, options: RenderOptions) -> str:
    """Return the comment, below the size GitHub takes; groups that are removed or lose people come first."""
    head = [comment_marker("diff"), totals_markdown(_totals(difference))]
    for kind, title, texts in (
        ("CAUTION", _FORBIDDEN, difference.forbidden),
        ("WARNING", "Warnings", difference.warnings),
    ):
        if texts:
            head.append(alert(kind, title, [markdown(outside(text), options) for text in texts]))
    if rules := list(_global_lines(difference)):
        head.append(f"**{_FOR_ALL}**\n\n{lines_markdown(rules, options)}")
    day = f", as of {difference.as_of.isoformat()}. The live groups were not read."
    compared = (*_versions(difference, "What changes in the configuration from "), LiteralText(day))
    foot = f"<sub>{markdown(compared, options)}</sub>"
    return render_comment("\n\n".join(head), by_urgency(map(_section, difference.groups), options), foot)


def _section(group: GroupDiff) -> Section:
    warned = any(field.note for field in group.fields)
    removes = any(not change.stays for change in group.leaves)
    return Section(
        key=group.key,
        name=group.name,
        id=OutsideText(group.id or ""),
        badges=tuple(_badges(group)),
        lines=lambda: _lines(group),
        urgency=[warned, group.fate is GroupChangeKind.GONE, removes, True].index(True),
    )


def _badges(group: GroupDiff) -> Iterator[Badge]:
    """Yield the group in short, what is urgent first."""
    if group.fate is GroupChangeKind.ADDED:
        yield Badge("add", "new")
    if group.fate is GroupChangeKind.GONE:
        yield Badge("remove", "removed from the configuration")
    if removed := sum(not change.stays for change in group.leaves):
        yield Badge("remove", f"{plural(removed, 'person', 'people')} removed")
    if added := len(group.enters):
        yield Badge("add", f"{plural(added, 'person', 'people')} added")
    if group.old_key is not None:
        yield Badge("change", "new key")
    yield from (Badge("change", field.field) for field in group.fields)
    if group.terms:
        yield Badge("change", "other terms")
    yield from (Badge("change", listed.field) for listed in group.lists)


def _lines(group: GroupDiff) -> Iterator[Line]:
    """Yield key and fields; who is added, removed, and stays on other terms; lists; notes."""
    if group.fate is GroupChangeKind.ADDED:
        yield Line("+", literal("new in the configuration"))
    if group.fate is GroupChangeKind.GONE:
        yield Line("-", literal("removed from the configuration"))
    if group.old_key is not None:
        matched = f" (the same group, matched by {'name' if group.id is None else 'id'})"
        yield Line("~", (*_label("key"), *_arrow(group.old_key, group.key), LiteralText(matched)))
    for field in group.fields:
        yield from _new_field(field) if group.fate is GroupChangeKind.ADDED else _field(field)
    # The number tells two people with one alias apart.
    ambiguous = {c.who.label for c in group.enters} & {c.who.label for c in group.leaves} - {None}
    yield from (Line("+", _added(change, ambiguous)) for change in group.enters)
    yield from (Line("-", _removed(change, ambiguous)) for change in group.leaves if not change.stays)
    for terms in group.terms:
        yield Line("~", join_pieces(": ", [person_pieces(terms.who), _arrow(terms.old, terms.new)]))
    for listed in group.lists:
        yield from _list(listed, "i")
    for why in sorted({change.stays for change in group.leaves if change.stays}):
        people = people_pieces(change.who for change in group.leaves if change.stays == why)
        yield Line("i", join_pieces(": ", [people, outside(why)]), "no longer listed, but not removed")
    yield from (Line("i", outside(note)) for note in group.notes)


def _global_lines(difference: ConfigDiff) -> Iterator[Line]:
    """Yield what changed for all groups: aliases that refer to somebody else, rules, lists of people."""
    yield from map(_alias, difference.reassigned[:_MAX_ALIASES])
    left = len(difference.reassigned) - _MAX_ALIASES
    if left > 0:
        yield Line("!", literal(f"and {plural(left, 'more alias', 'more aliases')}"))
    for rule in difference.rules:
        yield from _field(rule)
    for listed in difference.lists:
        yield from _list(listed, "!")


def _totals(difference: ConfigDiff) -> Totals:
    """Return `Diff: 1 group added, 2 changed, 3 people added, 1 removed · 4 groups unchanged`."""
    count = summarize_config_diff(difference)
    unchanged = f"{plural(count.unchanged, 'group', 'groups')} unchanged"
    if not difference.differs:
        return Totals("No difference", unchanged)
    groups = [
        (number, words)
        for number, words in ((count.added, "added"), (count.gone, "removed"), (count.changed, "changed"))
        if number
    ]
    people = [(number, words) for number, words in ((count.enters, "added"), (count.leaves, "removed")) if number]
    rules = plural(count.rules, "rule changed", "rules changed")
    counts = (
        *_counts(groups, "group", "groups"),
        *_counts(people, "person", "people"),
        *([Count(count.rules, rules)] if count.rules else []),
    )
    return Totals("Diff", unchanged, counts)


def _counts(numbers: list[tuple[int, str]], one: str, many: str) -> Iterator[Count]:
    """Yield `2 groups added`, `1 changed`: only the first count names what is counted."""
    for index, (number, words) in enumerate(numbers):
        yield Count(number, f"{number if index else plural(number, one, many)} {words}")


def _versions(difference: ConfigDiff, before: str) -> Pieces:
    return (LiteralText(before), *_version(difference.old), LiteralText(" to "), *_version(difference.new))


def _version(version: ConfigVersion) -> Pieces:
    """Return `HEAD~1 (commit 1a2b3c4d5)`; a revision without the file says so."""
    name = revision_pieces(version.named, version.commit) if version.commit else (OutsideText(version.named),)
    return name if version.there else (*name, LiteralText(", which does not have the file"))


def _label(field: str) -> Pieces:
    return (LiteralText(f"{field:<11}  "),)


def _arrow(old: str, new: str) -> Pieces:
    return (OutsideText(old), LiteralText(" → "), OutsideText(new))


def _field(change: FieldChange) -> Iterator[Line]:
    if change.field in _TEXTS and change.old is not None and change.new is not None:
        yield field_line(TextChange(change.field, Untrusted(change.old), change.new))
    else:
        old, new = (LiteralText("(not set)") if v is None else OutsideText(v) for v in (change.old, change.new))
        yield Line("~", (*_label(change.field), old, LiteralText(" → "), new))
    yield from _note(change.field, change.note, "!")


def _new_field(field: FieldChange) -> Iterator[Line]:
    """Yield a field of a new group, which had no value before."""
    value = field.new or ""
    if field.field in _TEXTS:
        yield field_line(TextChange(field.field, None, value))
    else:
        yield Line("+", (*_label(field.field), OutsideText(value)))
    yield from _note(field.field, field.note, "!")


def _list(change: ListChange, note_mark: Mark) -> Iterator[Line]:
    for sign, people in (("+ ", change.added), ("- ", change.dropped)):
        if people:
            yield Line("~", (*_label(change.field), LiteralText(sign), *people_pieces(people)))
    yield from _note(change.field, change.note, note_mark)


def _note(field: str, note: str, mark: Mark) -> Iterator[Line]:
    if note:
        yield Line(mark, outside(note), field)


def _alias(change: AliasChange) -> Line:
    numbers = (_number(change.old), LiteralText(" → "), _number(change.new))
    words = LiteralText(": refers to another number in every group: ")
    return Line("!", (OutsideText(change.alias), words, *numbers))


def _added(change: MembershipChange, ambiguous: set[str | None]) -> Pieces:
    invite = literal(" (by the invite link)" if change.by_invite else "")
    return (*_person(change.who, ambiguous), *invite, *_through(change, " (through "))


def _removed(change: MembershipChange, ambiguous: set[str | None]) -> Pieces:
    return (*_person(change.who, ambiguous), *_through(change, " (was through "))


def _through(change: MembershipChange, before: str) -> Pieces:
    teams = first_pieces(change.teams, len(change.teams))
    return (LiteralText(before), *teams, LiteralText(")")) if teams else ()


def _person(who: PersonRef, ambiguous: set[str | None]) -> Pieces:
    number = (LiteralText(" ["), _number(who), LiteralText("]")) if who.label in ambiguous else ()
    return (*person_pieces(who), *number)


def _number(who: PersonRef) -> PhoneNumber:
    return PhoneNumber(who.identity or "")
