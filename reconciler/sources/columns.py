"""Read people from a table whose columns the configuration names."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from reconciler.model.text import closest_name
from reconciler.sources.model import (
    ANY,
    EXPORT_OR_REMOVE,
    PhoneCell,
    RowProblem,
    SourceRow,
    SourceRows,
    UnreadableFile,
    placeholders,
)
from reconciler.sources.table import Table, TableRow, column_name, read_table, repeated_column

_YES: Final = "1 x y yes true ja wahr oui vrai si sí verdadero sim verdadeiro sì vero tak prawda ano да ✓ ✔"
_NO: Final = "- 0 n no false nein falsch non faux falso não nao nie fałsz ne нет ✗ ✘"
_AGREED: Final = frozenset(_YES.split())
_NOT_AGREED: Final = frozenset({"", *_NO.split()})
_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_MANGLED = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+[0-9]+|[0-9]+\.0+")
"""An id as a spreadsheet writes a number: 1E+5, 1001.0."""
_MAX_SHOWN = 5
_NO_DIGITS = sys.maxsize
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class TeamColumn:
    """A column whose values are teams; `split` is the text between several teams in one cell, "" for none."""

    column: str
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a source takes from which columns.

    `id` and `phone` are columns; the values of several `id` columns are joined. `name` has columns in braces, or is a
    column itself. `where` has the values of rows that count, by column. `consent` has the values by which somebody
    agreed; without values, common words for yes.
    """

    id: tuple[str, ...]
    phone: tuple[str, ...]
    name: str = ""
    teams: tuple[TeamColumn, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    until: str = ""
    consent: str = ""
    consent_values: tuple[str, ...] = ()
    sheet: str = ""

    @property
    def name_columns(self) -> tuple[str, ...]:
        """The columns of the name."""
        found = tuple(map(column_name, _IN_BRACES.findall(self.name)))
        return found or ((column_name(self.name),) if self.name else ())

    @property
    def all(self) -> tuple[str, ...]:
        """Every column, each once."""
        teams = (each.column for each in self.teams)
        others = (column for column in (self.until, self.consent) if column)
        return tuple(dict.fromkeys([*self.id, *self.phone, *self.name_columns, *teams, *self.where, *others]))


def read_columns(data: bytes, columns: Columns) -> SourceRows:
    """Return the people of a table, each row once, with every mistake in it."""
    problems: list[RowProblem] = []
    rows: list[SourceRow] = []
    try:
        table = read_table(data, columns.all, columns.sheet)
        problems += table.problems
        problems += (found := list(_check_header(table, columns.all)))
        if not found:
            rows += _Reader(table, columns, problems).rows()
    except UnreadableFile as error:
        problems.append(error.problem)
    return SourceRows(tuple(rows), tuple(problems))


def _check_header(table: Table, columns: Collection[str]) -> Iterator[RowProblem]:
    header = table.header
    for column in columns:
        count = header.cells.count(column)
        if count == 0:
            close = closest_name(column, filter(None, header.cells))
            names = [name for name in header.cells if name][:_MAX_SHOWN]
            more = ", …" if len(header.cells) > len(names) else ""
            yield RowProblem(
                row=header.row,
                line=header.line,
                message="there is no column {0}",
                hint="did you mean {1}?" if close else f"the columns are {placeholders(len(names), 1)}{more}",
                values=(column, close) if close else (column, *names),
            )
        elif count > 1:
            yield repeated_column(header, column)


class _Reader:
    """Makes a person of each row that counts."""

    def __init__(self, table: Table, columns: Columns, problems: list[RowProblem]) -> None:
        self._table = table
        self._columns = columns
        self._problems = problems
        self._index = {name: place for place, name in enumerate(table.header.cells)}
        self._ids = [(column, self._index[column]) for column in columns.id]
        self._until = self._index[columns.until] if columns.until else None
        self._phones = [(column, self._index[column]) for column in columns.phone]
        self._teams = [(self._index[each.column], each.split) for each in columns.teams]
        self._where = [(self._index[name], _folded(values)) for name, values in columns.where.items()]
        self._agreed = _folded(columns.consent_values)
        self._name = _name_maker(columns, self._index)
        # A hundred thousand rows have few teams and days: each is kept once.
        self._known_teams: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._known_days: dict[str, str] = {}

    def rows(self) -> Iterator[SourceRow]:
        """Yield everybody; report a table in which nobody counts."""
        seen: list[Sequence[str]] = []
        is_empty = True
        last: TableRow | None = None
        # The fewest digits in the last column, of the rows before the last one.
        fewest = _NO_DIGITS
        for row in self._table.rows:
            if self._table.is_open and last is not None:
                fewest = min(fewest, _count_digits(last.cells[-1]) or _NO_DIGITS)
            last = row
            if not self._counts(row.cells):
                seen += [row.cells] if len(seen) < _MAX_SHOWN else []
                continue
            is_empty = False
            person = self._person(row)
            if person is not None:
                yield person
        if is_empty:
            self._problems.append(self._nobody(seen))
        if last is not None and self._table.is_open:
            self._report_end(last, fewest)

    def _report_end(self, last: TableRow, fewest: int) -> None:
        """Report a last cell that may be cut and is an id or a number: a part of it is somebody else's.

        With fewer digits than each one above it, it is cut, as far as anybody can tell: then that is an error.
        """
        place = len(self._table.header.cells) - 1
        column = next((column for column, own in [*self._ids, *self._phones] if own == place), None)
        if column is not None and last.cells[place].strip():
            is_short = _count_digits(last.cells[place]) < fewest < _NO_DIGITS
            message = "the file ends in this cell without a line break, so the cell may be cut"
            if is_short:
                message = "the file ends in this cell without a line break, and each one above it has more digits"
            problem = RowProblem(
                row=last.row,
                line=last.line,
                column=column,
                message=message,
                hint="export it again; if it is complete, add a line break",
                severity="error" if is_short else "warning",
            )
            self._problems.append(problem)

    def _counts(self, cells: Sequence[str]) -> bool:
        for place, wanted in self._where:
            cell = cells[place].strip()
            if cell.casefold() not in wanted and not (cell and ANY in wanted):
                return False
        return True

    def _nobody(self, seen: Sequence[Sequence[str]]) -> RowProblem:
        header = self._table.header
        if not seen:
            message, hint = "there is no row below the header", EXPORT_OR_REMOVE
            return RowProblem(row=header.row, line=header.line, message=message, hint=hint)
        values = tuple(dict.fromkeys(cells[place].strip() for place, _ in self._where for cells in seen))[:_MAX_SHOWN]
        message = "no row counts by `where`"
        hint = f"correct `where`: the first rows have {placeholders(len(values))}"
        return RowProblem(row=header.row, line=header.line, message=message, hint=hint, values=values)

    def _person(self, row: TableRow) -> SourceRow | None:
        cells, columns = row.cells, self._columns
        parts = [cells[place].strip() for _, place in self._ids]
        if "" in parts:
            column = self._ids[parts.index("")][0]
            self._report(row, column, "the cell is empty", "write an id, which stays the same")
            return None
        for part, (column, _) in zip(parts, self._ids, strict=True):
            if _MANGLED.fullmatch(part):
                message, hint = (
                    "{0} is an id that a spreadsheet changed",
                    "make the column text, and write the id again",
                )
                self._report(row, column, message, hint, part)
                return None
        name = self._name(cells)
        if len(name) > _MAX_NAME:
            self._report(row, columns.name_columns[0], f"the name has more than {_MAX_NAME} characters", "shorten it")
            return None
        return SourceRow(
            row=row.row,
            line=row.line,
            id=" ".join(parts),
            phones=tuple(PhoneCell(text, column) for column, place in self._phones if (text := cells[place].strip())),
            name=name,
            teams=self._team_names(cells),
            until=self._day(cells[self._until].strip()) if self._until is not None else "",
            consents=self._consents(row) if columns.consent else None,
        )

    def _day(self, cell: str) -> str:
        return self._known_days.setdefault(cell, cell)

    def _team_names(self, cells: Sequence[str]) -> tuple[str, ...]:
        key = tuple([cells[place] for place, _ in self._teams])
        found = self._known_teams.get(key)
        if found is None:
            names: dict[str, None] = {}
            for place, split in self._teams:
                for part in cells[place].split(split) if split else (cells[place],):
                    if name := part.strip():
                        names[name] = None
            found = self._known_teams[key] = tuple(names)
        return found

    def _consents(self, row: TableRow) -> bool:
        column = self._columns.consent
        cell = row.cells[self._index[column]].strip()
        word = cell.casefold()
        if self._agreed:
            return word in self._agreed or bool(cell and ANY in self._agreed)
        if word not in _AGREED and word not in _NOT_AGREED:
            hint = "write yes or no, or name the values of those who agreed: `consent: {COLUMN: [VALUE]}`"
            self._report(row, column, "{0} is neither yes nor no", hint, cell)
        return word in _AGREED

    def _report(self, row: TableRow, column: str, message: str, hint: str, *values: str) -> None:
        self._problems.append(
            RowProblem(row=row.row, line=row.line, column=column, message=message, hint=hint, values=values)
        )


def _count_digits(cell: str) -> int:
    return sum(map(str.isdigit, cell))


def _folded(values: Collection[str]) -> frozenset[str]:
    return frozenset(value.strip().casefold() for value in values)


def _name_maker(columns: Columns, index: Mapping[str, int]) -> Callable[[Sequence[str]], str]:
    if not columns.name_columns:
        return lambda cells: ""
    if not _IN_BRACES.search(columns.name):
        get = itemgetter(index[columns.name_columns[0]])
        return lambda cells: " ".join(get(cells).split())
    # Text, column, text, column …
    parts = _IN_BRACES.split(columns.name)
    texts = list(zip(parts[2::2], (index[column_name(part)] for part in parts[1::2]), strict=True))

    def name(cells: Sequence[str]) -> str:
        filled = parts[0] + "".join([cells[place] + text for text, place in texts])
        return " ".join(filled.split())

    return name
