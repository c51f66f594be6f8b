"""Keep who left a people file for the days of `grace`: as members until a day, found in the file's history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from pathlib import PurePosixPath
from typing import NoReturn

from reconciler.config.document import (
    CellLocation,
    LocatedValue,
    MergedConfig,
    SourceLocation,
    Tree,
    as_mapping,
    as_sequence,
    as_text,
)
from reconciler.config.people_rows import PeopleFileRows, PersonRow
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.row_entries import alias_of, person_entries, team_keys
from reconciler.config.source_files import has_wildcard, is_people_file
from reconciler.config.source_options import READERS, Reader
from reconciler.errors import ProblemKind, RevisionError
from reconciler.sources.dates import NotOneDay, read_day
from reconciler.sources.model import FileHistory, FileVersion, SourceRow


def keep_leavers(
    merged: MergedConfig,
    people_files: Sequence[PeopleFileRows],
    history: Callable[[], FileHistory] | None,
    as_of: date,
    problems: ProblemCollector,
) -> MergedConfig:
    """Return the configuration with everybody who left a source with `grace` lately, in the teams that they had.

    Where it is not known who left, there is a warning, and the files of that source have the reason as their `gap`.
    """
    by_entry = groupby(people_files, key=lambda file: file.source.place)
    sources = [files for _, several in by_entry if "grace" in as_mapping((files := list(several))[0].source.value)]
    keeper = _Keeper(merged)
    for files in sources:
        try:
            for leaver in _Source(files, history() if history is not None else _NoHistory(), as_of).leavers():
                keeper.keep(leaver)
        except RevisionError as error:
            for file in files:
                file.gap = error.message
            if history is None:
                continue
            message = f"who left these people in the days of grace is not known: {error.message}"
            hint = (
                f"{error.hint}; until it is known, nobody who is missing is removed from the groups of this source, "
                "unless --accept-source names the file"
            )
            problems.warning(ProblemKind.PEOPLE_FILE, files[0].source.place.at("grace"), message, hint)
    return keeper.merged() if sources else merged


class _NoHistory(FileHistory):
    """Knows nothing: these files were not read from a repository."""

    def versions(self, *_: object, **__: object) -> NoReturn:
        raise RevisionError("the history of the files is not read here")


@dataclass(frozen=True, slots=True)
class _Leaver:
    """Somebody whose row is gone or does not count any more: the row as it was, and the last day.

    `name` is the file that had it; `file` that file, or one of the same source where it is gone.
    """

    alias: str
    row: SourceRow
    name: str
    file: PeopleFileRows
    until: date


@dataclass(frozen=True, slots=True)
class _Source:
    """The people files of one source, and where to find out what they were."""

    files: Sequence[PeopleFileRows]
    history: FileHistory
    as_of: date

    def leavers(self) -> tuple[_Leaver, ...]:
        """Return who left and stays, by alias; who left twice stays from the last time. Raises RevisionError."""
        first, present = self.files[0], {alias for file in self.files for alias in file.ids}
        days = int(as_text(as_mapping(first.source.value)["grace"]).strip().removesuffix("d"))
        by_name = {file.name: file for file in self.files}
        read = READERS[first.format](as_mapping(first.source.value), self.as_of)
        excluded = present | self._declined() | {""}
        found: dict[str, tuple[date, str, SourceRow]] = {}
        for name, several in sorted(self._versions(days).items()):
            for day, row in _departures(name, several, read, by_name.get(name)):
                alias = alias_of(row)
                if alias not in excluded and (alias not in found or found[alias][0] < day):
                    found[alias] = day, name, row
        return tuple(
            _Leaver(alias, row, name, by_name.get(name, first), min(day + timedelta(days), _last_day(row) or date.max))
            for alias, (day, name, row) in sorted(found.items())
        )

    def _versions(self, days: int) -> Mapping[str, tuple[FileVersion, ...]]:
        pattern, folder = self.files[0].pattern, self.files[0].folder
        parts = PurePosixPath(pattern).parts
        fixed = next((index for index, part in enumerate(parts) if has_wildcard(part)), len(parts))

        def is_wanted(name: str) -> bool:
            path = PurePosixPath(name)
            return path.is_relative_to(folder) and is_people_file(pattern, path.relative_to(folder))

        since = date.fromordinal(max(1, self.as_of.toordinal() - days))
        place = folder.joinpath(*parts[:fixed])
        current = {file.name: file.data for file in self.files}
        return self.history.versions(
            "" if place == PurePosixPath() else str(place), is_wanted, current, since=since, today=self.as_of
        )

    def _declined(self) -> frozenset[str]:
        """Return who has a row now that does not count by `where`, and does not agree: grace is not for them."""
        fields = as_mapping(self.files[0].source.value)
        if not {"where", "consent"} <= fields.keys():
            return frozenset()
        read = READERS[self.files[0].format](
            {name: value for name, value in fields.items() if name != "where"}, self.as_of
        )
        rows = (row for file in self.files for row in read(file.data).rows)
        return frozenset(alias_of(row) for row in rows if row.consents is False)


def _departures(
    name: str, versions: Sequence[FileVersion], read: Reader, current: PeopleFileRows | None
) -> Iterator[tuple[date, SourceRow]]:
    """Yield the rows that a version does not have any more, each with the day of that version.

    `current` is the file as it is now, None where it is gone. A version with a mistake was never applied, so it does
    not count. Raises RevisionError where that is the oldest.
    """
    newer: tuple[date, frozenset[str]] | None = None
    rows: Sequence[SourceRow] | None = ()
    for version in versions:
        if newer is None and current is not None and version.data == current.data:
            newer, rows = (version.day, current.ids), ()
            continue
        rows = _rows(version, read)
        if rows is None:
            continue
        if newer is not None:
            day, remaining = newer
            yield from ((day, row) for row in rows if alias_of(row) not in remaining and row.consents is not False)
        newer = version.day, frozenset(map(alias_of, rows))
    if rows is None:
        raise RevisionError(f"{name} cannot be read as it was on {versions[-1].day}")


def _rows(version: FileVersion, read: Reader) -> Sequence[SourceRow] | None:
    """Return the rows of a version, nobody where there was no file; None for a file with a mistake."""
    if version.data is None:
        return ()
    found = read(version.data)
    return None if any(problem.severity == "error" for problem in found.problems) else found.rows


def _last_day(row: SourceRow) -> date | None:
    try:
        return read_day(row.until) if row.until else None
    except NotOneDay:
        return None


class _Keeper:
    """Adds people who left to the people and teams of a configuration; a name that is taken stays as it is."""

    def __init__(self, merged: MergedConfig) -> None:
        self._merged = merged
        self._people = dict(merged.sections["people"])
        self._teams = merged.sections["teams"]
        self._members: dict[str, list[Tree]] = {}
        self._places: dict[str, SourceLocation] = {}

    def merged(self) -> MergedConfig:
        """Return the configuration with everybody who was added."""
        teams = {key: LocatedValue(members, self._places[key]) for key, members in self._members.items()}
        sections = {**self._merged.sections, "people": self._people, "teams": {**self._teams, **teams}}
        return replace(self._merged, sections=sections)

    def keep(self, leaver: _Leaver) -> None:
        """Add somebody to the teams that they had, until their last day."""
        row, file, fields = leaver.row, leaver.file, as_mapping(leaver.file.source.value)
        place = CellLocation(file.path, row=row.row, line=row.line, past=True)
        teams = tuple(key for key in dict.fromkeys(key for _, key in team_keys(row, fields)) if self._is_free(key))
        for alias, _, entry in person_entries(leaver.alias, row, fields, self._merged):
            self._people.setdefault(alias, LocatedValue(entry, place))
            file.people.setdefault(alias, PersonRow(row.row, teams, leaver.until, left=True))
            member: dict[str, Tree] = {
                "person": alias,
                "until": leaver.until.isoformat(),
                "reason": f"left {leaver.name}",
                "left": "true",
            }
            for key in teams:
                self._list(key, place).append(member)

    def _list(self, key: str, place: CellLocation) -> list[Tree]:
        """Return a list of the members of a team to add to; a team that nobody else has is at the given place."""
        if key not in self._members:
            team = self._teams.get(key, LocatedValue([], place))
            self._members[key], self._places[key] = list(as_sequence(team.value)), team.place
        return self._members[key]

    def _is_free(self, key: str) -> bool:
        """Return whether a key names a team that only people files have, or nothing has."""
        return bool(key) and (key not in self._teams or isinstance(self._teams[key].place, CellLocation))
