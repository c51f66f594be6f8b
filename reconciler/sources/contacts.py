"""What address books have in common: which number of a contact comes first, and ids for contacts without one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from reconciler.model.text import folded_name
from reconciler.sources.model import PhoneCell, RowProblem, SourceRow, UnreadableFile
from reconciler.sources.table import Table, TableRow

MOBILE: Final = "mobile"
"""The label of a mobile number, in every format."""
_DIGITS_OF_ID: Final = 4
_NAMELESS: Final = "contact"


def check_once(table: Table, columns: Iterable[str]) -> None:
    """Raise UnreadableFile if the header has one of these columns twice."""
    header = table.header
    twice = next((column for column in columns if column and header.cells.count(column) > 1), None)
    if twice is not None:
        message, hint = "two columns are called {0}", "export the file again, or rename one of them"
        raise UnreadableFile(
            RowProblem(row=header.row, line=header.line, message=message, hint=hint, values=(twice,))
        )


def named_cells(table: Table, used: Iterable[str]) -> Iterator[tuple[TableRow, Mapping[str, str]]]:
    """Yield each row of a table with its cells by their columns, without the spaces around them.

    Raise UnreadableFile if the header has one of the `used` columns twice.
    """
    check_once(table, used)
    header = table.header.cells
    for row in table.rows:
        yield row, dict(zip(header, map(str.strip, row.cells), strict=False))


def order_phones(phones: Iterable[PhoneCell]) -> tuple[PhoneCell, ...]:
    """Return the numbers with the mobile ones first: most people have WhatsApp there. The rest keep their order."""
    return tuple(sorted(phones, key=lambda phone: phone.label != MOBILE))


def with_ids(rows: Iterable[SourceRow]) -> tuple[SourceRow, ...]:
    """Return the rows with an id for each that has none: the name.

    Namesakes get the last digits of their number behind it, all of them, so that the order of the rows never decides
    who is meant. Rows without a number name nobody, and keep the name.
    """
    rows = tuple(rows)
    namesakes: defaultdict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if not row.id and row.phones:
            namesakes[folded_name(row.name)].append(index)
    ids = {index: row.id or row.name for index, row in enumerate(rows)}
    for folded, indexes in namesakes.items():
        if len(indexes) == 1 and folded:
            continue
        taken: set[str] = set()
        for index in sorted(indexes, key=lambda index: _content(rows[index])):
            ids[index] = _free(f"{rows[index].name or _NAMELESS} {_last_digits(rows[index])}", taken)
    return tuple(replace(row, id=ids[index]) for index, row in enumerate(rows))


def _last_digits(row: SourceRow) -> str:
    return "".join(char for char in row.phones[0].text if char.isdigit())[-_DIGITS_OF_ID:]


def _content(row: SourceRow) -> tuple[object, ...]:
    """Return what tells two contacts apart wherever they are in the file."""
    return ([(phone.text, phone.label) for phone in row.phones], row.name, row.teams)


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while folded_name(name) in taken:
        name, number = f"{wanted} {number}", number + 1
    taken.add(folded_name(name))
    return name
