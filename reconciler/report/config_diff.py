"""Two versions of the file compared, as a document; its shape is published as `diff.schema.json`.

Two versions of the file compared, as marked lines that text and markdown share. Masked and escaped.

Two versions of the file compared, as text for people.

Two versions of the file compared, as a comment on a pull request: needs no key, so forks can have it too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from reconciler.model.person_ref import PersonRef
from reconciler.model.serialize import to_json
from reconciler.report.pr_comment import (
    Section,
    comment_marker,
    md_alert,
    md_body,
    md_summary,
    md_title,
    md_words,
    render_comment,
)
from reconciler.report.style import BOLD, TextStyle, paint, plural, revision_label
from reconciler.sanitize.mask import mask_number

DIFF_FORMAT: Final = "wappfy-reconciler/diff"


DIFF_FORMAT_VERSION: Final = 1


def config_diff_document(difference: ConfigDiff) -> dict[str, Any]:
    """Everything about a difference, with full numbers."""
    return {
        "format": DIFF_FORMAT,
        "format_version": DIFF_FORMAT_VERSION,
        "masked": False,
        "differs": difference.differs,
        "summary": to_json(summarize_config_diff(difference)),
        **to_json(difference),
    }


FORBIDDEN = "Forbidden by `restrictions`"


_TEXTS = ("name", "description")


_REASSIGNED_AT_ONCE = 20


_MARKS = {GroupChangeKind.ADDED: ("+", "new in the file"), GroupChangeKind.GONE: ("-", "gone from the file")}


def group_diff_lines(group: GroupDiff, ink: TextStyle) -> Iterator[str]:
    """A group's lines: its fate, key and fields; who enters, who leaves, who stays on other terms; lists; notes."""
    if group.fate in _MARKS:
        yield ink.line(*_MARKS[group.fate])
    if group.old_key is not None:
        keys = f"{ink.text(group.old_key)} → {ink.text(group.key)}"
        yield ink.line("~", f"key          {keys} (the same group, by its {'name' if group.id is None else 'id'})")
    for field in group.fields:
        yield from _said_of_new(field, ink) if group.fate is GroupChangeKind.ADDED else _field(field, ink)
    both = {mover.who.label for mover in group.enters} & {mover.who.label for mover in group.leaves}
    yield from (ink.line("+", _entering(mover, both, ink)) for mover in group.enters)
    yield from (ink.line("-", _leaving(mover, both, ink)) for mover in group.leaves if not mover.stays)
    for terms in group.terms:
        yield ink.line("~", f"{ink.person(terms.who)}: {ink.text(terms.old)} → {ink.text(terms.new)}")
    for listed in group.lists:
        yield from _list(listed, ink, "i")
    for why in sorted({mover.stays for mover in group.leaves if mover.stays}):
        people = ink.people(mover.who for mover in group.leaves if mover.stays == why)
        yield ink.line("i", f"listed no more, and stays: {people}: {why}")
    yield from (ink.line("i", ink.text(note)) for note in group.notes)


def rule_lines(difference: ConfigDiff, ink: TextStyle) -> list[str]:
    """What changed for all groups: aliases that mean somebody else, rules, lists of people."""
    lines = [_reassigned(change, ink) for change in difference.reassigned[:_REASSIGNED_AT_ONCE]]
    left = len(difference.reassigned) - _REASSIGNED_AT_ONCE
    lines += [ink.line("!", f"and {plural(left, 'more alias', 'more aliases')}")] if left > 0 else []
    lines += [line for change in difference.rules for line in _field(change, ink)]
    return lines + [line for change in difference.lists for line in _list(change, ink, "!")]


def config_diff_line(difference: ConfigDiff) -> str:
    """`Diff: 1 added, 2 changed, 3 people enter, 1 leaves · 4 groups as before`."""
    count = summarize_config_diff(difference)
    unchanged = plural(count.unchanged, "group", "groups")
    if not difference.differs:
        return f"No difference: {unchanged} as before."
    fates = [(count.added, "added"), (count.gone, "gone"), (count.changed, "changed")]
    groups = [(number, fate) for number, fate in fates if number]
    parts = [
        # Only the first of them says of what.
        *(f"{plural(number, 'group', 'groups')} {fate}" for number, fate in groups[:1]),
        *(f"{number} {fate}" for number, fate in groups[1:]),
        plural(count.enters, "person enters", "people enter"),
        plural(count.leaves, "person leaves", "people leave"),
        plural(count.rules, "rule changed", "rules changed"),
    ]
    return f"Diff: {', '.join(part for part in parts if not part.startswith('0 '))} · {unchanged} as before"


def version_label(side: ConfigVersion, ink: TextStyle) -> str:
    """`HEAD~1 (commit 1a2b3c4d5)`; a revision without the file says so."""
    named = ink.text(side.named)
    told = revision_label(named, side.commit) if side.commit else named
    return told if side.there else f"{told}, which does not have the file"


def _field(change: FieldChange, ink: TextStyle) -> Iterator[str]:
    if change.field in _TEXTS and change.old is not None and change.new is not None:
        mark, told = ink.change(TextChange(change.field, change.old, change.new))
        yield ink.line(mark, told)
    else:
        old, new = (ink.text(value) if value is not None else "(not said)" for value in (change.old, change.new))
        yield ink.line("~", f"{change.field:<11}  {old} → {new}")
    if change.note:
        yield ink.line("!", f"{change.field}: {change.note}")


def _said_of_new(field: FieldChange, ink: TextStyle) -> Iterator[str]:
    """What a new group says: nobody said anything of it before, so that goes without saying."""
    said = field.new or ""
    mark, told = ink.change(TextChange(field.field, None, said))
    yield ink.line(mark, told if field.field in _TEXTS else f"{field.field:<11}  {ink.text(said)}")
    if field.note:
        yield ink.line("!", f"{field.field}: {field.note}")


def _list(change: ListChange, ink: TextStyle, note_mark: str) -> Iterator[str]:
    for mark, people in (("+", change.added), ("-", change.dropped)):
        if people:
            yield ink.line("~", f"{change.field:<11}  {mark} {ink.people(people)}")
    if change.note:
        yield ink.line(note_mark, f"{change.field}: {change.note}")


def _reassigned(change: AliasChange, ink: TextStyle) -> str:
    numbers = " → ".join(_number(who, ink) for who in (change.old, change.new))
    return ink.line("!", f"{ink.text(change.alias)}: stands for another number in every group: {numbers}")


def _entering(mover: MembershipChange, both: set[str | None], ink: TextStyle) -> str:
    details = [*(["by the invite link"] if mover.by_invite else []), *_through(mover, ink)]
    return " ".join([_named(mover.who, both, ink), *(f"({detail})" for detail in details)])


def _leaving(mover: MembershipChange, both: set[str | None], ink: TextStyle) -> str:
    return " ".join([_named(mover.who, both, ink), *(f"(was {detail})" for detail in _through(mover, ink))])


def _through(mover: MembershipChange, ink: TextStyle) -> list[str]:
    return [f"through {', '.join(ink.text(way) for way in mover.teams)}"] if mover.teams else []


def _named(who: PersonRef, both: set[str | None], ink: TextStyle) -> str:
    """The person; with the number too where one alias stands for two people."""
    return f"{ink.person(who)} [{_number(who, ink)}]" if who.label in both and who.label else ink.person(who)


def _number(who: PersonRef, ink: TextStyle) -> str:
    number = who.identity or ""
    return number if ink.show_phones else mask_number(number)


def render_config_diff(difference: ConfigDiff, *, show_phones: bool, color: bool) -> str:
    """Rules that bear on all groups first, then group by group, ending in warnings and the summary line."""
    ink = TextStyle(show_phones, color)
    rules = rule_lines(difference, ink)
    sections = ["\n".join([paint("For all groups", BOLD, color), *rules])] if rules else []
    sections += ["\n".join(_group_lines(group, ink)) for group in difference.groups]
    for title, told in ((FORBIDDEN, difference.forbidden), ("Warnings", difference.warnings)):
        if told:
            sections.append("\n".join([paint(title, BOLD, color), *(ink.line("!", ink.text(text)) for text in told)]))
    return "\n\n".join([*sections, "\n".join(_ending(difference, ink))])


def _group_lines(group: GroupDiff, ink: TextStyle) -> Iterator[str]:
    yield ink.heading(group.key, group.name, group.id or "").rstrip()
    yield from group_diff_lines(group, ink)


def _ending(difference: ConfigDiff, ink: TextStyle) -> Iterator[str]:
    if not (difference.old.there and difference.new.there):
        yield f"From {version_label(difference.old, ink)} to {version_label(difference.new, ink)}."
    yield paint(config_diff_line(difference), BOLD, ink.color)


_BADGES = {GroupChangeKind.ADDED: "new", GroupChangeKind.GONE: "<b>gone from the file</b>"}


def render_config_diff_markdown(difference: ConfigDiff, *, show_phones: bool) -> str:
    """The comment, below the size GitHub takes; groups that are gone or lose people come first."""
    ink = TextStyle(show_phones, color=False)
    told = sorted(difference.groups, key=lambda group: (_rank(group), group.key))
    head = [comment_marker("diff"), md_summary(config_diff_line(difference))]
    head += [md_alert("CAUTION", FORBIDDEN, _note_lines(difference.forbidden, ink))] if difference.forbidden else []
    head += [md_alert("WARNING", "Warnings", _note_lines(difference.warnings, ink))] if difference.warnings else []
    if rules := rule_lines(difference, ink):
        head.append("\n\n".join(["**For all groups**", md_body(rules)]))
    foot = f"<sub>{md_words(_compared(difference, ink))}</sub>"
    return render_comment("\n\n".join(head), [_section(group, ink) for group in told], foot)


def _rank(group: GroupDiff) -> int:
    """How urgent a group is, the most urgent 0."""
    warned = any(field.note for field in group.fields)
    leaves = any(not mover.stays for mover in group.leaves)
    return [warned, group.fate is GroupChangeKind.GONE, leaves, True].index(True)


def _note_lines(texts: Sequence[str], ink: TextStyle) -> list[str]:
    return [md_words(ink.text(text)) for text in texts]


def _section(group: GroupDiff, ink: TextStyle) -> Section:
    line = md_title(ink.text(group.key), ink.mask_for_reader(group.name), _parts(group))
    return Section(line, lambda: md_body(group_diff_lines(group, ink)))


def _parts(group: GroupDiff) -> Iterator[str]:
    """A group in short, the urgent first."""
    yield from ([_BADGES[group.fate]] if group.fate in _BADGES else [])
    if leaving := sum(not mover.stays for mover in group.leaves):
        yield f"<b>{plural(leaving, 'person leaves', 'people leave')}</b>"
    if group.enters:
        yield plural(len(group.enters), "person enters", "people enter")
    yield from (["another key"] if group.old_key is not None else [])
    yield from (field.field for field in group.fields)
    yield from (["other terms"] if group.terms else [])
    yield from (listed.field for listed in group.lists)


def _compared(difference: ConfigDiff, ink: TextStyle) -> str:
    sides = f"from {version_label(difference.old, ink)} to {version_label(difference.new, ink)}"
    return f"What the file wants, {sides}, as of {difference.as_of.isoformat()}. The live groups were not asked."
