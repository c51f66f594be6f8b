"""Turn an entry of `sources` into the reader of its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from reconciler.config.document import Tree, as_items, as_mapping, as_text
from reconciler.sources.model import SourceRows, UnreadableFile

if TYPE_CHECKING:
    from reconciler.sources.oneroster import RosterPeople, RosterTeams

Reader: TypeAlias = Callable[[bytes], SourceRows]
"""Reads the bytes of one people file."""


def _csv_reader(fields: Mapping[str, Tree], _: date) -> Reader:
    from reconciler.sources.columns import Columns, TeamColumn, read_columns
    from reconciler.sources.table import column_name

    def named(column: Tree) -> str:
        return column_name(as_text(column))

    consent, where = fields.get("consent"), as_mapping(fields.get("where", {}))
    agreed = as_mapping(consent) if isinstance(consent, dict) else {_text(fields, "consent"): []}
    teams = [item if isinstance(item, dict) else {"column": item} for _, item in as_items(fields.get("teams", []))]
    columns = Columns(
        id=tuple(map(named, texts_of(fields["id"]))),
        phone=tuple(map(named, texts_of(fields["phone"]))),
        name=_text(fields, "name"),
        teams=tuple(TeamColumn(named(item["column"]), _text(item, "split")) for item in teams),
        where={named(column): texts_of(values) for column, values in where.items()},
        until=named(_text(fields, "until")),
        consent=named(next(iter(agreed))),
        consent_values=texts_of(next(iter(agreed.values()))),
        sheet=_text(fields, "sheet"),
    )
    return partial(read_columns, columns=columns)


def _vcard_reader(fields: Mapping[str, Tree], _: date) -> Reader:
    from reconciler.sources.vcard import read_vcard

    return _filtered(fields, read_vcard)


def _google_reader(fields: Mapping[str, Tree], _: date) -> Reader:
    from reconciler.sources.google import read_google

    return _filtered(fields, read_google)


def _outlook_reader(fields: Mapping[str, Tree], _: date) -> Reader:
    from reconciler.sources.outlook import read_outlook

    return _filtered(fields, read_outlook)


def _oneroster_reader(fields: Mapping[str, Tree], as_of: date) -> Reader:
    from reconciler.sources.oneroster import read_oneroster

    people = cast("RosterPeople", _text(fields, "people"))
    teams = cast("RosterTeams", _text(fields, "teams") or "class")
    return _filtered(fields, lambda data: read_oneroster(data, people, teams, as_of))


def _filtered(fields: Mapping[str, Tree], read: Reader) -> Reader:
    """Return a reader of the people and numbers that an entry chooses."""
    from reconciler.sources.contacts import RowFilter, filter_rows

    phone, where = as_mapping(fields.get("phone", {})), as_mapping(fields.get("where", {}))
    row_filter = RowFilter(
        teams=texts_of(where["team"]) if "team" in where else (),
        labels=texts_of(phone["label"]) if "label" in phone else (),
    )

    def read_filtered(data: bytes) -> SourceRows:
        try:
            return filter_rows(read(data), row_filter)
        except UnreadableFile as error:
            return SourceRows((), (error.problem,))

    return read_filtered


READERS: Final[Mapping[str, Callable[[Mapping[str, Tree], date], Reader]]] = {
    "csv": _csv_reader,
    "vcard": _vcard_reader,
    "google": _google_reader,
    "outlook": _outlook_reader,
    "oneroster": _oneroster_reader,
}
"""What makes the reader of each format from the keys of an entry, and the day on which a roster counts."""


def texts_of(value: Tree) -> tuple[str, ...]:
    """Return a text, or a list of texts, as several."""
    return tuple(as_text(item) for _, item in as_items(value)) if isinstance(value, list) else (as_text(value),)


def _text(fields: Mapping[str, Tree], key: str) -> str:
    value = fields.get(key)
    return "" if value is None else as_text(value)
