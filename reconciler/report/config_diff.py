"""Report a comparison of two configurations: as a document (`diff.schema.json`), as text, and as a comment on a pull
request, which needs no API key, so that forks can have it too.

Text and comment are made from the same marked lines, masked and escaped.
"""

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
from reconciler.model.text import Untrusted
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
DIFF_FORMAT_VERSION: Final = 2

_FORBIDDEN: Final = "Forbidden by `restrictions`"
_QUOTED_FIELDS: Final = ("name", "description")
_MAX_ALIASES: Final = 20
_CHANGE_LINES: Final = {
    GroupChangeKind.ADDED: ("+", "new group"),
    GroupChangeKind.REMOVED: ("-", "removed from the configuration"),
}
_BADGES: Final = {GroupChangeKind.ADDED: "new", GroupChangeKind.REMOVED: "<b>removed from the configuration</b>"}


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


def render_config_diff(diff: ConfigDiff, *, show_phones: bool, color: bool) -> str:
    """Return settings that apply to all groups, group by group what changed, warnings, and a summary line."""
    style = TextStyle(show_phones, color)
    sections = [
        "\n".join([style.heading(group.key, group.name, group.id or "").rstrip(), *group_diff_lines(group, style)])
        for group in diff.groups
    ]
    for title, lines in (
        (_FORBIDDEN, [style.line("!", style.text(text)) for text in diff.forbidden_removals]),
        ("Warnings", [style.line("!", style.text(text)) for text in diff.warnings]),
    ):
        sections += ["\n".join([paint(title, BOLD, color), *lines])] if lines else []
    if lines := setting_lines(diff, style):
        sections.insert(0, "\n".join([paint("For all groups", BOLD, color), *lines]))
    ending = paint(config_diff_line(diff), BOLD, color)
    if not (diff.old.exists and diff.new.exists):
        ending = f"From {_version_label(diff.old, style)} to {_version_label(diff.new, style)}.\n{ending}"
    return "\n\n".join([*sections, ending])


def render_config_diff_markdown(diff: ConfigDiff, *, show_phones: bool) -> str:
    """Return a comment below GitHub's size limit; removed groups and those that lose people come first."""
    style = TextStyle(show_phones, color=False)
    head = [comment_marker("diff"), md_summary(config_diff_line(diff))]
    for kind, title, texts in (
        ("CAUTION", _FORBIDDEN, diff.forbidden_removals),
        ("WARNING", "Warnings", diff.warnings),
    ):
        head += [md_alert(kind, title, [md_words(style.text(text)) for text in texts])] if texts else []
    if lines := setting_lines(diff, style):
        head.append("\n\n".join(["**For all groups**", md_body(lines)]))
    versions = f"from {_version_label(diff.old, style)} to {_version_label(diff.new, style)}"
    foot = f"Configuration {versions}, as of {diff.as_of.isoformat()}. The live groups were not read."
    groups = sorted(diff.groups, key=lambda group: (_urgency(group), group.key))
    return render_comment(
        "\n\n".join(head), [_section(group, style) for group in groups], f"<sub>{md_words(foot)}</sub>"
    )


def config_diff_line(diff: ConfigDiff) -> str:
    """Return `Diff: 1 group added, 2 changed, 3 people added, 1 person removed · 4 groups unchanged`."""
    count = summarize_config_diff(diff)
    unchanged = f"{plural(count.groups_unchanged, 'group', 'groups')} unchanged"
    if not diff.differs:
        return f"No differences: {unchanged}."
    changes = [(count.groups_added, "added"), (count.groups_removed, "removed"), (count.groups_changed, "changed")]
    groups = [(number, change) for number, change in changes if number]
    parts = [
        # Only the first number has a noun.
        *(f"{plural(number, 'group', 'groups')} {change}" for number, change in groups[:1]),
        *(f"{number} {change}" for number, change in groups[1:]),
        plural(count.people_added, "person added", "people added"),
        plural(count.people_removed, "person removed", "people removed"),
        plural(count.settings_changed, "setting changed", "settings changed"),
    ]
    return f"Diff: {', '.join(part for part in parts if not part.startswith('0 '))} · {unchanged}"


def setting_lines(diff: ConfigDiff, style: TextStyle) -> list[str]:
    """Return what changed for all groups: aliases that refer to another number, settings, lists of people."""
    lines = [_alias_line(change, style) for change in diff.alias_changes[:_MAX_ALIASES]]
    more = len(diff.alias_changes) - _MAX_ALIASES
    lines += [style.line("!", f"and {plural(more, 'more alias', 'more aliases')}")] if more > 0 else []
    lines += [line for change in diff.settings for line in _field_lines(change, style)]
    return lines + [line for change in diff.lists for line in _list_lines(change, style, "!")]


def group_diff_lines(group: GroupDiff, style: TextStyle) -> Iterator[str]:
    """Yield a group's lines: key and fields; members added, removed and on other terms; other lists; notes."""
    if group.change in _CHANGE_LINES:
        yield style.line(*_CHANGE_LINES[group.change])
    if group.old_key is not None:
        keys = f"{style.text(group.old_key)} → {style.text(group.key)}"
        yield style.line("~", f"key          {keys} (same group, matched by {'name' if group.id is None else 'id'})")
    for field in group.fields:
        yield from _field_lines(field, style, is_new=group.change is GroupChangeKind.ADDED)
    twice = {change.person.label for change in group.added} & {change.person.label for change in group.removed}
    yield from (style.line("+", _added_text(change, twice, style)) for change in group.added)
    yield from (
        style.line("-", _removed_text(change, twice, style)) for change in group.removed if not change.kept_because
    )
    for terms in group.terms_changed:
        yield style.line("~", f"{style.person(terms.person)}: {style.text(terms.old)} → {style.text(terms.new)}")
    for change in group.lists:
        yield from _list_lines(change, style, "i")
    for reason in sorted({change.kept_because for change in group.removed if change.kept_because}):
        people = style.people(change.person for change in group.removed if change.kept_because == reason)
        yield style.line("i", f"no longer listed, but stays: {people}: {reason}")
    yield from (style.line("i", style.text(note)) for note in group.notes)


def _field_lines(change: FieldChange, style: TextStyle, *, is_new: bool = False) -> Iterator[str]:
    """Yield old and new value; of a new group the new value alone, since it had none before."""
    if change.field in _QUOTED_FIELDS and change.new is not None and (is_new or change.old is not None):
        before = None if change.old is None else Untrusted(change.old)
        yield style.line(*style.change(TextChange(change.field, before, change.new)))
    elif is_new:
        yield style.line("+", f"{change.field:<11}  {style.text(change.new or '')}")
    else:
        old, new = (style.text(value) if value is not None else "(not set)" for value in (change.old, change.new))
        yield style.line("~", f"{change.field:<11}  {old} → {new}")
    if change.note:
        yield style.line("!", f"{change.field}: {style.text(change.note)}")


def _list_lines(change: ListChange, style: TextStyle, note_mark: str) -> Iterator[str]:
    for sign, people in (("+", change.added), ("-", change.removed)):
        if people:
            yield style.line("~", f"{change.field:<11}  {sign} {style.people(people)}")
    if change.note:
        yield style.line(note_mark, f"{change.field}: {change.note}")


def _alias_line(change: AliasChange, style: TextStyle) -> str:
    numbers = " → ".join(_number(person, style) for person in (change.old, change.new))
    return style.line("!", f"{style.text(change.alias)}: refers to a different number in every group: {numbers}")


def _added_text(change: MembershipChange, twice: set[str | None], style: TextStyle) -> str:
    details = [*(["by the invite link"] if change.by_invite else []), *_through(change, style)]
    return " ".join([_name(change.person, twice, style), *(f"({detail})" for detail in details)])


def _removed_text(change: MembershipChange, twice: set[str | None], style: TextStyle) -> str:
    details = (f"(was {detail})" for detail in _through(change, style))
    return " ".join([_name(change.person, twice, style), *details])


def _through(change: MembershipChange, style: TextStyle) -> list[str]:
    return [f"through {', '.join(style.text(team) for team in change.teams)}"] if change.teams else []


def _name(person: PersonRef, twice: set[str | None], style: TextStyle) -> str:
    """Return the person, with the number where one alias refers to two people."""
    name = style.person(person)
    return f"{name} [{_number(person, style)}]" if person.label in twice and person.label else name


def _number(person: PersonRef, style: TextStyle) -> str:
    number = person.identity or ""
    return number if style.show_phones else mask_number(number)


def _version_label(version: ConfigVersion, style: TextStyle) -> str:
    """Return `HEAD~1 (commit 1a2b3c4d5)`; a revision without the path says so."""
    name = style.text(version.name)
    label = revision_label(name, version.commit) if version.commit else name
    return label if version.exists else f"{label}, which does not have the path"


def _urgency(group: GroupDiff) -> int:
    """Return how urgent a group is, the most urgent 0."""
    warned = any(field.note for field in group.fields)
    removes = any(not change.kept_because for change in group.removed)
    return [warned, group.change is GroupChangeKind.REMOVED, removes, True].index(True)


def _section(group: GroupDiff, style: TextStyle) -> Section:
    title = md_title(style.text(group.key), style.mask_for_reader(group.name), _summary_parts(group))
    return Section(title, lambda: md_body(group_diff_lines(group, style)))


def _summary_parts(group: GroupDiff) -> Sequence[str]:
    """Return a group in short, the urgent first."""
    removed = sum(not change.kept_because for change in group.removed)
    return [
        *([_BADGES[group.change]] if group.change in _BADGES else []),
        *([f"<b>{plural(removed, 'person removed', 'people removed')}</b>"] if removed else []),
        *([plural(len(group.added), "person added", "people added")] if group.added else []),
        *(["new key"] if group.old_key is not None else []),
        *(field.field for field in group.fields),
        *(["changed terms"] if group.terms_changed else []),
        *(change.field for change in group.lists),
    ]
