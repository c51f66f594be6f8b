"""Turn an entry of `sources` into the reader of its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from reconciler.config.document import Tree, as_items, as_mapping, as_text
from reconciler.sources.model import SourceRows

Reader: TypeAlias = Callable[[bytes], SourceRows]
"""Reads the bytes of one people file."""


def _csv_reader(fields: Mapping[str, Tree]) -> Reader:
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


READERS: Final[Mapping[str, Callable[[Mapping[str, Tree]], Reader]]] = {"csv": _csv_reader}
"""What makes the reader of each format from the keys of an entry."""


def texts_of(value: Tree) -> tuple[str, ...]:
    """Return a text, or a list of texts, as several."""
    return tuple(as_text(item) for _, item in as_items(value)) if isinstance(value, list) else (as_text(value),)


def _text(fields: Mapping[str, Tree], key: str) -> str:
    value = fields.get(key)
    return "" if value is None else as_text(value)
