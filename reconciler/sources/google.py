"""Read the CSV that Google Contacts exports, with the header of today or the one of before 2024."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.sources.contacts import order_phones
from reconciler.sources.model import PhoneCell, RowProblem, SourceRow, SourceRows, UnreadableFile
from reconciler.sources.table import named_cells, read_table

_SEPARATOR: Final = ":::"
"""Between several values of one cell."""
_SYSTEM: Final = "*"
"""Begins the labels that Google itself gives, `* myContacts`, and the label of the preferred number."""
_LABELS: Final = ("Labels", "Group Membership")
_NUMBER: Final = re.compile(r"Phone (?P<number>[0-9]{1,3}) - Value")
_KINDS: Final = ("Label", "Type")
_FULL_NAME: Final = "Name"
_NAME_PARTS: Final = (("First Name", "Middle Name", "Last Name"), ("Given Name", "Additional Name", "Family Name"))
_OTHER_NAMES: Final = ("File As", "Nickname", "Organization Name", "Organization 1 - Name")
_NAMES: Final = (_FULL_NAME, *_NAME_PARTS[0], *_NAME_PARTS[1], *_OTHER_NAMES)


def read_google(data: bytes) -> SourceRows:
    """Return the people of an export of Google Contacts; the labels of a contact are their teams.

    Raise UnreadableFile for another file.
    """
    table = read_table(data, (*_LABELS, *_NAMES))
    header = table.header.cells
    labels = next((name for name in _LABELS if name in header), None)
    if labels is None:
        message = "the header is not that of an export of Google Contacts"
        hint = "export the contacts there as Google CSV; for a table of your own use `csv`"
        raise UnreadableFile(RowProblem(row=table.header.row, line=table.header.line, message=message, hint=hint))
    phones = _phone_columns(header)
    rows = [
        SourceRow(
            row=row.row,
            line=row.line,
            phones=order_phones(_phones(cells, phones)),
            name=_name(cells),
            teams=tuple(sorted({name for name in _split(cells[labels]) if not name.startswith(_SYSTEM)})),
        )
        for row, cells in named_cells(table, (labels, *phones, *phones.values(), *_NAMES))
    ]
    return SourceRows(tuple(rows), table.problems)


def _phone_columns(header: Sequence[str]) -> dict[str, str]:
    """Return the column of the label for each column of numbers, "" for none."""
    columns = {}
    for name in header:
        if found := _NUMBER.fullmatch(name):
            kinds = (f"Phone {found['number']} - {kind}" for kind in _KINDS)
            columns[name] = next((kind for kind in kinds if kind in header), "")
    return columns


def _phones(cells: Mapping[str, str], columns: Mapping[str, str]) -> Iterator[PhoneCell]:
    for column, kind in sorted(columns.items()):
        label = cells.get(kind, "").removeprefix(_SYSTEM).strip().lower()
        yield from (PhoneCell(number, column, label) for number in _split(cells[column]))


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(_SEPARATOR) if part.strip()]


def _name(cells: Mapping[str, str]) -> str:
    """Return the whole name, else its parts, else the nickname or the organization."""
    joined = (" ".join(filter(None, (cells.get(part, "") for part in parts))) for parts in _NAME_PARTS)
    names = (cells.get(_FULL_NAME, ""), *joined, *(cells.get(other, "") for other in _OTHER_NAMES))
    return next(filter(None, names), "")
