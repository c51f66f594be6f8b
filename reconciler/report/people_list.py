"""Report everybody in the configuration: as a document (`people.schema.json`), as text, and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from reconciler.messages import LiteralText
from reconciler.model.serialize import to_json
from reconciler.model.text import plural
from reconciler.person.people_list import GroupEntry, ListedPerson, PeopleList, PersonSource
from reconciler.report.csv_table import csv_text
from reconciler.report.documents import document_json, with_ref_ids
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    OutsideText,
    PhoneNumber,
    Pieces,
    join_pieces,
    literal,
    name_pieces,
    outside,
    plain_text,
    text_pieces,
)
from reconciler.report.text import BOLD, paint

PEOPLE_FORMAT: Final = "wappfy-reconciler/people"
PEOPLE_FORMAT_VERSION: Final = 1
_COLUMNS: Final = ("alias", "name", "phone", "source", "row", "teams", "groups")
_SEPARATOR: Final = "; "


def people_document(listed: PeopleList) -> dict[str, Any]:
    """Return everybody with full numbers."""
    return {
        "format": PEOPLE_FORMAT,
        "format_version": PEOPLE_FORMAT_VERSION,
        "masked": False,
        "as_of": listed.as_of.isoformat(),
        "summary": {
            "people": len(listed.people),
            "without_groups": _without_groups(listed),
            "files": [{"file": file or None, "people": count} for file, count in listed.by_file.items()],
        },
        "people": to_json(listed.people),
    }


def render_people_json(listed: PeopleList, options: RenderOptions) -> str:
    """Return the document of everybody."""
    return document_json(with_ref_ids(people_document(listed)), options)


def render_people(listed: PeopleList, options: RenderOptions) -> str:
    """Return a few lines for each person, and a summary."""
    blocks = ["\n".join(_entry_lines(entry, options)) for entry in listed.people]
    return "\n".join([*blocks, *([""] if blocks else []), plain_text(_summary(listed), options)])


def render_people_csv(listed: PeopleList, options: RenderOptions) -> str:
    """Return a table with a row for each person."""
    return csv_text(_COLUMNS, (dict(zip(_COLUMNS, _cells(entry), strict=True)) for entry in listed.people), options)


def _cells(entry: ListedPerson) -> Iterator[Pieces]:
    person = entry.person
    yield outside(person.alias)
    yield outside(person.name)
    yield (PhoneNumber(person.identity or ""),)
    yield _listed(tuple(dict.fromkeys([source.file for source in entry.sources])))
    places = [source.row or source.line for source in entry.sources]
    yield text_pieces([str(place) for place in places if place], _SEPARATOR)
    yield _listed(entry.teams)
    yield _listed(tuple([group.key for group in entry.groups]))


@lru_cache(maxsize=10_000)
def _listed(texts: tuple[str, ...]) -> Pieces:
    return text_pieces(texts, _SEPARATOR)


def _entry_lines(entry: ListedPerson, options: RenderOptions) -> Iterator[str]:
    person = entry.person
    name = paint(plain_text(name_pieces(person), options), BOLD, options)
    number = (PhoneNumber(person.identity),) if person.identity and person.label else ()
    sources = join_pieces(", ", map(_source_pieces, entry.sources))
    yield "  ".join([name, *(plain_text(part, options) for part in (number, sources) if part)])
    if entry.teams:
        yield plain_text((LiteralText("  teams: "), *text_pieces(entry.teams)), options)
    if entry.groups:
        groups = join_pieces(", ", map(_group_pieces, entry.groups))
        yield plain_text((LiteralText("  groups: "), *groups), options)


def _source_pieces(source: PersonSource) -> Pieces:
    row = literal(f" row {source.row}" if source.row is not None else "")
    line = literal(f" line {source.line}" if source.line is not None else "")
    return (*outside(source.file), *row, *line)


def _group_pieces(group: GroupEntry) -> Pieces:
    """Return `board (until 2026-12-31, contractor, by invite, admin)`."""
    terms: Iterable[Pieces] = (
        literal(f"until {group.until.isoformat()}" if group.until else ""),
        outside(group.reason),
        literal("by invite" if group.by_invite else ""),
        literal("admin" if group.admin else ""),
    )
    details = join_pieces(", ", terms)
    key = OutsideText(group.key)
    return (key, *literal(" ("), *details, *literal(")")) if details else (key,)


def _summary(listed: PeopleList) -> Pieces:
    files: Iterable[Pieces] = (
        (LiteralText(f"{count} from "), *outside(file)) if file else literal(f"{count} only in lists of groups")
        for file, count in listed.by_file.items()
    )
    parts = join_pieces(", ", files)
    total = plural(len(listed.people), "person", "people")
    alone = _without_groups(listed)
    ending = f"; {alone} in no group." if alone else "."
    return (LiteralText(f"{total}{': ' if parts else ''}"), *parts, LiteralText(ending))


def _without_groups(listed: PeopleList) -> int:
    return sum(not entry.groups for entry in listed.people)
