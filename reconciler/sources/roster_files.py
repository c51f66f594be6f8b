"""Open the ZIP of a OneRoster export: the manifest lists its tables, and their rows become records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from reconciler.sources.archive import read_archive
from reconciler.sources.model import RowProblem, UnreadableFile
from reconciler.sources.table import Table, check_once, read_table

MANIFEST: Final = "manifest.csv"
USERS: Final = "users.csv"
ROLES: Final = "roles.csv"
CLASSES: Final = "classes.csv"
ENROLLMENTS: Final = "enrollments.csv"
SESSIONS: Final = "academicSessions.csv"
_VERSIONS: Final = ("1.1", "1.2")
_EXPORT_AGAIN: Final = "export the whole roster again"
_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    MANIFEST: ("propertyName", "value"),
    USERS: ("sourcedId", "enabledUser", "givenName", "familyName"),
    ROLES: ("userSourcedId", "role"),
    CLASSES: ("sourcedId", "title"),
    ENROLLMENTS: ("classSourcedId", "userSourcedId", "role"),
    SESSIONS: ("sourcedId", "startDate", "endDate"),
}
"""The columns that a table must have."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row of one of the tables."""

    file: str
    row: int
    line: int
    cells: Sequence[str]
    places: Mapping[str, int]
    """The place of each column in `cells`."""

    def __getitem__(self, column: str) -> str:
        """Return a cell, "" where the table does not have the column."""
        place = self.places.get(column)
        return "" if place is None else self.cells[place].strip()

    def items(self, column: str) -> tuple[str, ...]:
        """Return the values of a cell that has a list, with commas between them."""
        return tuple(filter(None, map(str.strip, self[column].split(","))))

    def problem(self, column: str, message: str, hint: str) -> RowProblem:
        """Return a mistake in this cell; `{0}` in the message is what the cell has."""
        return RowProblem(
            part=self.file,
            row=self.row,
            line=self.line,
            column=column,
            message=message,
            hint=hint,
            values=(self[column],),
        )


@dataclass(frozen=True, slots=True)
class RosterFiles:
    """The tables of an export as records, and the header of each; a table that the export does not have is empty."""

    version: str
    tables: Mapping[str, Sequence[Record]]
    headers: Mapping[str, Sequence[str]]

    def records(self, file: str) -> Sequence[Record]:
        """Return the rows of a table."""
        return self.tables.get(file, ())


def read_roster_files(data: bytes, needed: Sequence[str], problems: list[RowProblem]) -> RosterFiles | None:
    """Return the needed tables of an export; None, with the reasons among the problems, if one is not to be had.

    Raise UnreadableFile for an archive that cannot be read.
    """
    contents = read_archive(data, _COLUMNS)
    if MANIFEST not in contents:
        message = f"the archive has no {MANIFEST}, so this may be only a part of a roster"
        raise UnreadableFile(RowProblem(message=message, hint="export the roster as OneRoster CSV, version 1.1 or 1.2"))
    _, properties = _table(MANIFEST, contents[MANIFEST], problems)
    manifest = {record["propertyName"]: record["value"] for record in properties}
    version = manifest.get("oneroster.version", "").removeprefix("v")
    if version not in _VERSIONS:
        message = f"the manifest does not name the version OneRoster {' or '.join(_VERSIONS)}"
        problems.append(RowProblem(part=MANIFEST, message=message, hint="export the roster as OneRoster 1.2 or 1.1"))
        return None
    files = [*needed, *([ROLES] if version == "1.2" else [])]
    present = [file for file in files if _is_whole(file, manifest, contents, problems)]
    read = {file: _table(file, contents[file], problems) for file in present}
    if any(problem.severity == "error" for problem in problems):
        return None
    headers = {file: header for file, (header, _) in read.items()}
    return RosterFiles(version, {file: records for file, (_, records) in read.items()}, headers)


def _is_whole(file: str, manifest: Mapping[str, str], contents: Collection[str], problems: list[RowProblem]) -> bool:
    """Return whether the export has the whole table; a problem if it does not, unless it can do without."""
    mode = manifest.get(f"file.{file.removesuffix('.csv')}", "absent")
    has_file = file in contents
    if mode == "bulk" and has_file:
        return True
    if mode == "absent" and not has_file and file == SESSIONS:
        return False
    messages = {
        "bulk": f"{file} is missing, and the manifest lists it as there",
        "absent": f"{file} is there, and the manifest lists it as absent" if has_file else f"{file} is missing",
        "delta": f"{file} has only what changed (delta), not the whole roster",
    }
    message = messages.get(mode, f"the manifest lists {file} as {{0}}, which is not one of {', '.join(messages)}")
    problems.append(RowProblem(part=MANIFEST, message=message, hint=_EXPORT_AGAIN, values=(mode,)))
    return False


def _table(file: str, data: bytes, problems: list[RowProblem]) -> tuple[Sequence[str], Sequence[Record]]:
    """Return the header and the rows of a table; neither, and a problem, if it cannot be read."""
    try:
        table = read_table(data, _COLUMNS[file])
        problems += (replace(problem, part=file) for problem in table.problems)
        header = table.header.cells
        _require_columns(file, table)
        places = {column: place for place, column in enumerate(header)}
        return header, [Record(file, row.row, row.line, row.cells, places) for row in table.rows]
    except UnreadableFile as error:
        problems.append(replace(error.problem, part=file))
        return (), ()


def _require_columns(file: str, table: Table) -> None:
    missing = [column for column in _COLUMNS[file] if column not in table.header.cells]
    if missing:
        message = f"the table has no column {' and no column '.join(missing)}"
        raise UnreadableFile(RowProblem(row=table.header.row, line=1, message=message, hint=_EXPORT_AGAIN))
    check_once(table, table.header.cells)


def is_active(record: Record, problems: list[RowProblem]) -> bool:
    """Return whether a record is not marked as deleted. A whole export may leave the mark empty."""
    status = record["status"].lower()
    if status not in ("", "active", "tobedeleted", "inactive"):
        problems.append(record.problem("status", "{0} is no status", "write active or tobedeleted"))
    return status in ("", "active")


def has_begun(record: Record, column: str, as_of: date, problems: list[RowProblem]) -> bool:
    """Return whether the first day of a record is not after a day; a record without one has always begun."""
    first = _date(record, column, problems)
    return first is None or first <= as_of


def has_not_ended(record: Record, as_of: date, problems: list[RowProblem]) -> bool:
    """Return whether the last day of a record, `endDate`, is not before a day. A record without one does not end.

    The specification takes that day out, and many school systems write the last day that counts: so it counts here.
    """
    last = _date(record, "endDate", problems)
    return last is None or as_of <= last


def _date(record: Record, column: str, problems: list[RowProblem]) -> date | None:
    text = record[column].partition("T")[0]
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        problems.append(record.problem(column, "{0} is not a date", "write it as YYYY-MM-DD"))
        return None
