"""Read a table as rows of cells: a workbook, or text with commas, semicolons or tabs in any of the usual encodings."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.sources.encoding import decode_text
from reconciler.sources.model import EXPORT_OR_REMOVE, RowProblem, UnreadableFile
from reconciler.sources.workbook import is_workbook, read_workbook

MAX_ROWS: Final = 500_000
"""Rows that a table may have."""
_MAX_LINE: Final = 1_000_000
"""Characters of one line."""
_DELIMITERS: Final = ",;\t"
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_DELIMITER_LINE = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)
"""The first line of a file that Excel is to read with this delimiter."""
_KEPT_AS_TEXT = re.compile(r'="([^"]*)"')
"""How a cell keeps Excel from taking a text for a number."""
_CSV_ERRORS: Final = (
    (
        "unexpected end",
        "a quote that begins in this row is never closed",
        'close it, or write a quote that belongs to the text twice: ""',
    ),
    (
        "expected after",
        "a quote within a cell is not written twice",
        'write "" for each quote that belongs to the text',
    ),
    (
        "field limit",
        f"a cell has more than {csv.field_size_limit():,} characters",
        "look for a quote in this row that is never closed",
    ),
)
"""By a part of what Python's reader says: what happened, and what to do."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row, as many cells as the header has, or more. `row` counts from 1, `line` is 0 in a workbook."""

    row: int
    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its header, and the rows below that have any text; reading them may raise UnreadableFile.

    `is_open`: neither a line break nor a quote ends its text, so its last cell may be cut.
    """

    header: TableRow
    rows: Iterator[TableRow]
    problems: tuple[RowProblem, ...] = ()
    is_open: bool = False


def read_table(data: bytes, columns: Collection[str], sheet: str = "") -> Table:
    """Return the table of a file; raise UnreadableFile if it has none.

    The delimiter is the one with which the header has the most of these `columns`, then the most columns at all.
    `sheet` is the sheet of a workbook that has several.
    """
    if is_workbook(data):
        rows = (TableRow(number, 0, cells) for number, cells in read_workbook(data, sheet, MAX_ROWS))
        return _with_header(rows, ())
    if sheet:
        raise UnreadableFile(RowProblem(message="the file is not a workbook, and has no sheets", hint="remove `sheet`"))
    decoded = decode_text(data)
    text, first_line, delimiters = decoded.text, 1, _DELIMITERS
    if match := _DELIMITER_LINE.match(text):
        text, first_line, delimiters = text[match.end() :], 2, match[1]
    delimiter = _best_delimiter(text, delimiters, {column_name(column) for column in columns})
    table = _with_header(_records(text, delimiter, first_line), decoded.problems)
    return replace(table, is_open=not text.endswith(("\n", "\r", '"')))


def _with_header(rows: Iterator[TableRow], problems: tuple[RowProblem, ...]) -> Table:
    first = next(rows, None)
    if first is None:
        message, hint = "the file is empty", EXPORT_OR_REMOVE
        raise UnreadableFile(RowProblem(message=message, hint=hint))
    header = TableRow(first.row, first.line, tuple(map(column_name, first.cells)))
    return Table(header, _full_rows(rows, header), problems)


def column_name(cell: str) -> str:
    """Return the name of a column in the form that compares: one line, without white space at the ends."""
    return unicodedata.normalize("NFC", " ".join(cell.split()))


def check_once(table: Table, columns: Iterable[str]) -> None:
    """Raise UnreadableFile if the header has one of these columns twice."""
    header = table.header
    twice = next((column for column in columns if column and header.cells.count(column) > 1), None)
    if twice is not None:
        raise UnreadableFile(repeated_column(header, twice))


def repeated_column(header: TableRow, column: str) -> RowProblem:
    """Return the problem of a header that has a column more than once."""
    message, hint = "several columns are called {0}", "rename all but one of them in the file"
    return RowProblem(row=header.row, line=header.line, message=message, hint=hint, values=(column,))


def named_cells(table: Table, used: Iterable[str]) -> Iterator[tuple[TableRow, Mapping[str, str]]]:
    """Yield each row of a table with its cells by their columns, without the spaces around them.

    Raise UnreadableFile if the header has one of the `used` columns twice.
    """
    check_once(table, used)
    header = table.header.cells
    for row in table.rows:
        yield row, dict(zip(header, map(str.strip, row.cells), strict=False))


def _full_rows(rows: Iterator[TableRow], header: TableRow) -> Iterator[TableRow]:
    """Yield the rows, the short ones filled up; raise UnreadableFile for one with more cells than the header."""
    width = len(header.cells)
    for row in rows:
        count = len(row.cells)
        if count == width:
            yield row
        elif count < width:
            yield TableRow(row.row, row.line, [*row.cells, *[""] * (width - count)])
        elif any(row.cells[width:]):
            message = f"the row has {count} cells, and the header has {width}"
            hint = "put a cell that has a delimiter in it in quotes"
            raise UnreadableFile(RowProblem(row=row.row, line=row.line, message=message, hint=hint))
        else:
            yield row


def _best_delimiter(text: str, delimiters: str, columns: set[str]) -> str:
    def score(delimiter: str) -> tuple[int, int]:
        try:
            first = next(_records(text, delimiter, 1), None)
        except UnreadableFile:
            return -1, 0
        names = [] if first is None else list(map(column_name, first.cells))
        return len(columns & set(names)), len(names)

    return max(delimiters, key=score)


def _records(text: str, delimiter: str, first_line: int) -> Iterator[TableRow]:
    """Yield the rows that have any text; blank ones count."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    cells: list[str] = []
    row = line = width = 0
    has_kept_texts = '="' in text
    while True:
        next_line = reader.line_num + first_line
        try:
            read = next(reader, None)
        except csv.Error as error:
            raise UnreadableFile(_csv_problem(str(error), row + 1, next_line)) from None
        if read is None:
            break
        row, line, cells, width = row + 1, next_line, read, width or len(read)
        if row > MAX_ROWS:
            message = f"the table has more than {MAX_ROWS:,} rows"
            raise UnreadableFile(RowProblem(row=row, line=line, message=message, hint="split it into several files"))
        if any(cells):
            yield TableRow(row, line, list(map(_plain, cells)) if has_kept_texts else cells)
    if len(cells) < width and any(cells) and not text.endswith(("\n", "\r")):
        message, hint = "the file ends within this row", "export it again; if it is complete, add a line break"
        raise UnreadableFile(RowProblem(row=row, line=line, message=message, hint=hint))


def _plain(cell: str) -> str:
    match = _KEPT_AS_TEXT.fullmatch(cell)
    return cell if match is None else match[1]


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their line breaks. `splitlines` also breaks at characters that belong to a cell."""
    start = 0
    for match in _LINE_BREAK.finditer(text):
        yield _checked_line(text, start, match.end())
        start = match.end()
    if start < len(text):
        yield _checked_line(text, start, len(text))


def _checked_line(text: str, start: int, end: int) -> str:
    if end - start > _MAX_LINE:
        line = len(_LINE_BREAK.findall(text, 0, start)) + 1
        message = f"the line has more than {_MAX_LINE:,} characters"
        raise UnreadableFile(RowProblem(line=line, message=message, hint="export it again, one person a line"))
    return text[start:end]


def _csv_problem(reason: str, row: int, line: int) -> RowProblem:
    for part, message, hint in _CSV_ERRORS:
        if part in reason:
            return RowProblem(row=row, line=line, message=message, hint=hint)
    return RowProblem(row=row, line=line, message=f"the row cannot be read: {reason}", hint="export the table again")
