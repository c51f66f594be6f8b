"""Report the history of a configuration: as a document (`history.schema.json`), as text, markdown and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from reconciler.history.config_diff import FieldChange, GroupChangeKind, ListChange
from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef
from reconciler.model.run_context import short_commit
from reconciler.model.text import TEXT_FIELDS
from reconciler.report.csv_table import csv_text
from reconciler.report.documents import document_json, document_of
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    OutsideText,
    PersonName,
    PhoneNumber,
    Pieces,
    QuotedText,
    join_pieces,
    literal,
    name_pieces,
    outside,
    people_pieces,
    plain_text,
    text_pieces,
)
from reconciler.report.pr_comment import key_code, lines_markdown, markdown
from reconciler.report.sections import Line, Mark, field_label
from reconciler.report.text import BOLD, lines_text, paint, wrap_text
from reconciler.timeline.model import (
    CommitRef,
    Effect,
    EffectKind,
    Entry,
    EventKind,
    GroupEvents,
    PersonEvent,
    Timeline,
)

HISTORY_FORMAT: Final = "wappfy-reconciler/history"
HISTORY_FORMAT_VERSION: Final = 1
UNKNOWN: Final = "unknown"
NEVER: Final = "never"
TRUNCATED: Final = "What was before the oldest commit of this clone is unknown."
_MAX_PEOPLE: Final = 25
_MARKS: Final[dict[EventKind, Mark]] = {
    EventKind.ENTERED: "+",
    EventKind.LEFT: "-",
    EventKind.ENDED: "-",
    EventKind.CHANGED: "~",
}
_COLUMNS: Final = (
    *("date", "commit", "author", "merged_by", "pull_request", "approved_by", "subject", "group", "name", "event"),
    *("person", "alias", "number", "through", "until", "reason", "field", "old", "new", "effect", "effect_date"),
)


def history_document(timeline: Timeline) -> dict[str, Any]:
    """Return everything about a history, with full numbers."""
    return document_of(timeline, HISTORY_FORMAT, HISTORY_FORMAT_VERSION)


def render_history_json(timeline: Timeline, options: RenderOptions) -> str:
    """Return the document of a history."""
    return document_json(history_document(timeline), options)


def render_history(timeline: Timeline, options: RenderOptions) -> str:
    """Return a block for each commit, and for each day on which memberships ended, the newest first."""
    blocks = [_entry_text(entry, options) for entry in timeline.entries] or ["No changes."]
    blocks += [TRUNCATED] if timeline.truncated else []
    return wrap_text("\n\n".join(blocks), options.width)


def _entry_text(entry: Entry, options: RenderOptions) -> str:
    lines = [paint(plain_text(_heading(entry), options), BOLD, options)]
    if entry.commit is not None and entry.commit.subject:
        lines.append(f"  {plain_text(outside(entry.commit.subject), options)}")
    lines += lines_text(_entry_lines(entry), options)
    for group in entry.groups:
        lines.append(f"  {plain_text(_group_title(group), options)}")
        lines += lines_text(_group_lines(group), options, indent="    ")
    return "\n".join(lines)


def render_history_markdown(timeline: Timeline, options: RenderOptions) -> str:
    """Return a part for each commit, and for each day on which memberships ended, the newest first."""
    parts = ["\n\n".join(_entry_markdown(entry, options)) for entry in timeline.entries] or ["No changes."]
    parts += [TRUNCATED] if timeline.truncated else []
    return "\n\n".join(parts)


def _entry_markdown(entry: Entry, options: RenderOptions) -> Iterator[str]:
    yield f"### {markdown(_heading(entry), options)}"
    if entry.commit is not None and entry.commit.subject:
        yield markdown(outside(entry.commit.subject), options)
    if lines := list(_entry_lines(entry)):
        yield lines_markdown(lines, options)
    for group in entry.groups:
        title = _group_title(group)[1:]
        yield f"**{key_code(group.key, options)}** {markdown(title, options)}".rstrip()
        if lines := list(_group_lines(group)):
            yield lines_markdown(lines, options)


def _heading(entry: Entry) -> Pieces:
    """Return `2026-11-30  commit 1a2b3c4d5 · Ann · pull request #12 · approved by Bob`."""
    day = entry.at.date().isoformat()
    if entry.commit is None:
        return literal(f"{day}  memberships ended")
    return (LiteralText(f"{day}  "), *commit_pieces(entry.commit))


def commit_pieces(commit: CommitRef) -> Pieces:
    """Return `commit 1a2b3c4d5 · Ann · pull request #12 · merged by Cleo · approved by Bob`."""
    return join_pieces(
        " · ",
        [
            literal(f"commit {short_commit(commit.oid)}"),
            outside(commit.author) or literal("author unknown"),
            literal(f"pull request {commit.pull_request or UNKNOWN}"),
            (LiteralText("merged by "), *outside(commit.merged_by)) if commit.merged_by else (),
            (LiteralText("approved by "), *text_pieces(commit.approved_by))
            if commit.approved_by
            else literal("approver unknown"),
        ],
    )


def _entry_lines(entry: Entry) -> Iterator[Line]:
    if entry.invalid:
        yield Line("!", outside(entry.invalid), "this version is not valid")
    if entry.bridged:
        commits = ", ".join(f"commit {short_commit(oid)}" for oid in entry.bridged)
        yield Line("!", literal(f"some of these changes may be by {commits}, which is not valid"), "bridged")
    for change in entry.settings:
        yield _field_line(change)
    for each in entry.lists:
        yield from _list_lines(each)


def _group_title(group: GroupEvents) -> Pieces:
    """Return `project-alpha  "Project Alpha" (new group)`."""
    words = {GroupChangeKind.ADDED: " (new group)", GroupChangeKind.REMOVED: " (removed from the configuration)"}
    name: Pieces = (LiteralText("  "), QuotedText(group.name)) if group.name else ()
    return (OutsideText(group.key), *name, *literal(words.get(group.change, "")), *_effect_pieces(group.effect))


def _group_lines(group: GroupEvents) -> Iterator[Line]:
    if group.old_key is not None:
        yield Line("~", (field_label("key"), *_arrow("key", group.old_key, group.key)))
    for change in group.fields:
        yield _field_line(change)
    for kind in EventKind:
        people = [event for event in group.people if event.kind is kind]
        yield from (Line(_MARKS[kind], _event_pieces(event)) for event in people[:_MAX_PEOPLE])
        if (left := len(people) - _MAX_PEOPLE) > 0:
            yield Line(_MARKS[kind], literal(f"and {left} more; CSV and JSON have everybody"))
    for each in group.lists:
        yield from _list_lines(each)


def _event_pieces(event: PersonEvent) -> Pieces:
    """Return `Bob Marsh (bob) through staff, until 2026-12-31, contractor`."""
    person = event.person
    who = name_pieces(person)
    if event.other_number:
        which = "new" if event.kind is EventKind.ENTERED else "old"
        who = (*who, LiteralText(f" ({which} number "), PhoneNumber(person.identity or ""), LiteralText(")"))
    if event.kind is EventKind.CHANGED:
        return (*who, LiteralText(": "), OutsideText(event.old), LiteralText(" → "), OutsideText(event.new))
    through: Pieces = (LiteralText("through "), *text_pieces(person.teams, " and ")) if person.teams else ()
    until = f"until {person.until.isoformat() if person.until else NEVER}"
    terms = {
        EventKind.ENTERED: [literal(until), literal("by invite" if event.by_invite else ""), outside(person.reason)],
        EventKind.ENDED: [literal(until), literal("ended"), outside(person.reason)],
    }
    details = join_pieces(", ", [through, *terms.get(event.kind, [])])
    return (*join_pieces(" ", [who, details]), *_effect_pieces(event.effect))


def _effect_pieces(effect: Effect | None) -> Pieces:
    """Return ` [applied 2026-11-30]`; that an apply never made it, where no log shows it."""
    if effect is None:
        return ()
    if effect.at is None:
        return literal(" [never applied]")
    return literal(f" [{effect.kind.value} {effect.at.date().isoformat()}]")


def _field_line(change: FieldChange) -> Line:
    mark: Mark = "+" if change.old is None else "~"
    return Line(mark, (field_label(change.field), *_arrow(change.field, change.old, change.new)))


def _arrow(field: str, old: str | None, new: str | None) -> Pieces:
    shown = QuotedText if field in TEXT_FIELDS else OutsideText
    before, after = (LiteralText("(not set)") if text is None else shown(text) for text in (old, new))
    return (after,) if old is None else (before, LiteralText(" → "), after)


def _list_lines(change: ListChange) -> Iterator[Line]:
    for sign, people in (("+ ", change.added), ("- ", change.removed)):
        if people:
            yield Line("~", (field_label(change.field), LiteralText(sign), *people_pieces(people)))


def render_history_csv(timeline: Timeline, options: RenderOptions) -> str:
    """Return a row for each person's event, changed field and invalid version."""
    rows = (row for entry in timeline.entries for row in _entry_rows(entry))
    return csv_text(_COLUMNS, rows, options)


def _entry_rows(entry: Entry) -> Iterator[dict[str, Pieces]]:
    common = {"date": literal(entry.at.date().isoformat()), **commit_cells(entry.commit)}
    if entry.invalid:
        yield {**common, "event": literal("invalid"), "new": outside(entry.invalid)}
    yield from ({**common, **cells} for cells in _change_rows(entry.settings, entry.lists))
    for group in entry.groups:
        place = {**common, "group": (OutsideText(group.key),), "name": outside(group.name)}
        own = {**effect_cells(group.effect), "old": outside(group.old_key)}
        if group.change is not GroupChangeKind.CHANGED or group.old_key is not None:
            word = "key changed" if group.change is GroupChangeKind.CHANGED else f"group {group.change.value}"
            yield {**place, "event": literal(word), **own}
        yield from ({**place, **cells} for cells in _change_rows(group.fields, group.lists))
        for event in group.people:
            facts = {"event": literal(event.kind.value), "old": outside(event.old), "new": outside(event.new)}
            yield {**place, **person_cells(event.person), **facts, **effect_cells(event.effect)}


def _change_rows(fields: Sequence[FieldChange], lists: Sequence[ListChange]) -> Iterator[dict[str, Pieces]]:
    for change in fields:
        texts = {"old": outside(change.old), "new": outside(change.new)}
        yield {"event": literal("set"), "field": (OutsideText(change.field),), **texts}
    for each in lists:
        for word, people in (("added to", each.added), ("removed from", each.removed)):
            for person in people:
                yield {"event": literal(word), "field": (OutsideText(each.field),), **name_cells(person)}


def commit_cells(commit: CommitRef | None) -> dict[str, Pieces]:
    """Return the cells about a commit; where there is none, memberships ended by themselves."""
    if commit is None:
        return {"commit": literal("none")}
    return {
        "commit": literal(commit.oid),
        "author": outside(commit.author) or literal(UNKNOWN),
        "merged_by": outside(commit.merged_by),
        "pull_request": literal(commit.pull_request or UNKNOWN),
        "approved_by": text_pieces(commit.approved_by) or literal(UNKNOWN),
        "subject": outside(commit.subject),
    }


def name_cells(person: PersonRef) -> dict[str, Pieces]:
    """Return the cells that say who a person is."""
    return {
        "person": (PersonName(person),),
        "alias": outside(person.alias),
        "number": (PhoneNumber(person.identity or ""),),
    }


def person_cells(person: PersonRef) -> dict[str, Pieces]:
    """Return the cells about a membership: who, through which teams, until when, and why."""
    return {
        **name_cells(person),
        "through": text_pieces(person.teams, " and "),
        "until": literal(person.until.isoformat() if person.until else NEVER),
        "reason": outside(person.reason),
    }


def effect_cells(effect: Effect | None) -> dict[str, Pieces]:
    """Return the cells about what came of a change; none where no logs were given."""
    if effect is None:
        return {}
    at = effect.at.isoformat(timespec="seconds") if effect.at is not None else ""
    word = "never applied" if effect.kind is EffectKind.NEVER else effect.kind.value
    return {"effect": literal(word), "effect_date": literal(at)}
