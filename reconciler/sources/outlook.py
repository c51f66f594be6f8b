"""Read the CSV that Outlook and outlook.com export. Its header is in the language of the program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.sources.contacts import order_phones
from reconciler.sources.model import MOBILE, PhoneCell, RowProblem, SourceRow, SourceRows, UnreadableFile
from reconciler.sources.table import named_cells, read_table

_GIVEN, _MIDDLE, _FAMILY, _COMPANY, _CATEGORIES = "given", "middle", "family", "company", "categories"
_LANGUAGES: Final = ("English", "German", "French", "Spanish")
_FIELDS: Final[Mapping[str, Sequence[str]]] = {
    _GIVEN: ("First Name", "Vorname", "Prénom", "Nombre"),
    _MIDDLE: ("Middle Name", "Weitere Vornamen", "Deuxième prénom", "Segundo nombre"),
    _FAMILY: ("Last Name", "Nachname", "Nom", "Apellidos"),
    _COMPANY: ("Company", "Firma", "Société", "Organización"),
    _CATEGORIES: ("Categories", "Kategorien", "Catégories", "Categorías"),
}
"""The column of each field, in the order of the languages."""
_PHONES: Final[Mapping[str, Sequence[str]]] = {
    MOBILE: ("Mobile Phone", "Mobiltelefon", "Tél. mobile", "Teléfono móvil"),
    "main": ("Primary Phone", "Haupttelefon", "Téléphone principal", "Teléfono principal"),
    "home": ("Home Phone", "Telefon privat", "Téléphone (domicile)", "Particular"),
    "home 2": ("Home Phone 2", "Telefon privat 2", "Téléphone 2 (domicile)", "Número de teléfono particular 2"),
    "work": ("Business Phone", "Telefon geschäftlich", "Téléphone (bureau)", "Teléfono del trabajo"),
    "work 2": ("Business Phone 2", "Telefon geschäftlich 2", "Téléphone 2 (bureau)", "Teléfono del trabajo 2"),
    "other": ("Other Phone", "Weiteres Telefon", "Téléphone (autre)", "Otro teléfono"),
}
"""The columns of each label. An assistant's or a company's number is somebody else's, and WhatsApp is not on a fax."""
_SEPARATORS: Final = re.compile("[;,]")
"""Between categories: which one is a setting of Windows, and neither can be in a category's name."""


def read_outlook(data: bytes) -> SourceRows:
    """Return the people of an export of Outlook; the categories of a contact are their teams.

    Raise UnreadableFile for another file.
    """
    table = read_table(data, [name for names in (*_FIELDS.values(), *_PHONES.values()) for name in names])
    header = {name.casefold(): name for name in table.header.cells}
    fields = {field: _column(names, header) for field, names in _FIELDS.items()}
    phones = {label: column for label, names in _PHONES.items() if (column := _column(names, header))}
    if not phones or not (fields[_GIVEN] or fields[_FAMILY]):
        message = "the header is not that of an export of Outlook"
        hint = f"these are known in {', '.join(_LANGUAGES)}; for another language use `csv` and name the columns"
        raise UnreadableFile(RowProblem(row=table.header.row, line=table.header.line, message=message, hint=hint))
    rows = []
    for row, cells in named_cells(table, (*fields.values(), *phones.values())):
        texts = {field: cells.get(column, "") for field, column in fields.items()}
        names = " ".join(filter(None, (texts[_GIVEN], texts[_MIDDLE], texts[_FAMILY])))
        teams = {name.strip() for name in _SEPARATORS.split(texts[_CATEGORIES])} - {""}
        numbers = order_phones(_numbers(cells, phones))
        rows.append(
            SourceRow(
                row=row.row, line=row.line, phones=numbers, name=names or texts[_COMPANY], teams=tuple(sorted(teams))
            )
        )
    return SourceRows(tuple(rows), table.problems)


def _numbers(cells: Mapping[str, str], phones: Mapping[str, str]) -> Iterator[PhoneCell]:
    return (PhoneCell(cells[column], column, label) for label, column in phones.items() if cells[column])


def _column(names: Sequence[str], header: Mapping[str, str]) -> str:
    """Return the column that has one of these names, in any case; "" for none."""
    return next((header[name.casefold()] for name in names if name.casefold() in header), "")
