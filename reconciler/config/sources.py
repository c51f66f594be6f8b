"""Take people and teams from the files that `sources` names, as if they stood under `people` and `teams`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from reconciler.config.document import (
    ALL_NAMES,
    CellLocation,
    LocatedValue,
    MergedConfig,
    SourceLocation,
    Tree,
    as_mapping,
    as_text,
)
from reconciler.config.phone_numbers import InvalidPhoneNumber, is_region, read_address, region_hint
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.schema_check import ValidDocument
from reconciler.config.source_files import FileContent
from reconciler.config.source_options import READERS
from reconciler.config.yaml_text import slug
from reconciler.errors import ProblemKind
from reconciler.model.text import composed, plural
from reconciler.sources.dates import NotOneDay, read_day
from reconciler.sources.model import RowProblem, SourceRow

FileFinder: TypeAlias = Callable[[str, str], Mapping[str, FileContent]]
"""Takes the name of a YAML file, and a path or a pattern; returns the files that fit, by their paths below its folder."""
_DIGITS_OF_NUMBER: Final = 7
"""From so many digits on an id may be a phone number."""
_NOT_DIGITS = re.compile(r"[^0-9]")


@dataclass(frozen=True, slots=True)
class GivenPerson:
    """Somebody whom a row gives, before their number is read: the row, their teams, their last day.

    `left`: the row is gone, and they stay for the days of `grace`.
    """

    row: int
    teams: tuple[str, ...]
    until: date | None = None
    left: bool = False


@dataclass(slots=True)
class GivenFile:
    """A people file, and whom it gives by alias. `name` is its path below the loaded folder.

    `entry` is the file and line that name it. Rows without a number, and of people who did not agree, are counted.
    `source` is the entry of `sources`, `pattern` its path below `folder`, which is the YAML file's; `ids` are the
    aliases of all rows that count. `gap` says why it is not known who left in the days of `grace`.
    """

    path: str
    name: str
    format: str
    entry: str
    digest: str
    source: LocatedValue
    pattern: str
    folder: PurePosixPath
    data: bytes
    linked: bool = False
    ids: set[str] = field(default_factory=set)
    gap: str = ""
    people: dict[str, GivenPerson] = field(default_factory=dict)
    without_phone: int = 0
    without_consent: int = 0


def add_sources(
    merged: MergedConfig,
    documents: Sequence[ValidDocument],
    names: Mapping[str, str],
    find: FileFinder,
    problems: ProblemCollector,
) -> tuple[MergedConfig, tuple[GivenFile, ...]]:
    """Return the configuration with everybody and every team that its people files give, and these files.

    `names` has the path of each YAML file below the loaded folder. Within a file people are sorted by alias, so that
    the order of its rows makes no difference.
    """
    if not any("sources" in document.source.root for document in documents):
        return merged, ()
    adder = _Adder(merged, names, find, problems)
    for document in documents:
        adder.add_document(document)
    return adder.merged(), tuple(adder.files)


class _Adder:
    """Collects the people and teams of all sources."""

    def __init__(
        self, merged: MergedConfig, names: Mapping[str, str], find: FileFinder, problems: ProblemCollector
    ) -> None:
        self._merged = merged
        self._names = names
        self._find = find
        self._problems = problems
        self._entries: dict[str, LocatedValue] = {}
        self._people: dict[str, LocatedValue] = {}
        self._first: dict[str, tuple[str, CellLocation]] = {}
        self._members: dict[str, list[Tree]] = {}
        self._spellings: dict[str, tuple[str, CellLocation]] = {}
        self._without_phone: dict[str, list[CellLocation]] = {}
        self._complete = True
        self.files: list[GivenFile] = []
        policy = merged.sections["policy"].get("rows_without_phone")
        self._requires_phone = policy is not None and policy.value == "error"

    def merged(self) -> MergedConfig:
        """Return the configuration with what was added; after a mistake any name may be missing."""
        sections, broken = self._merged.sections, self._merged.broken
        teams = {
            name: LocatedValue(members, self._spellings[name][1])
            for name, members in self._members.items()
            if name not in sections["teams"]
        }
        everything = {
            "people": {**sections["people"], **self._people},
            "teams": {**sections["teams"], **teams},
            "sources": self._entries,
        }
        if not self._complete:
            broken = {**broken, **{name: broken[name] | {ALL_NAMES} for name in ("people", "teams")}}
        return replace(self._merged, sections={**sections, **everything}, broken=broken)

    def add_document(self, document: ValidDocument) -> None:
        """Add every source of a YAML file."""
        if "sources" not in document.root:
            self._complete &= "sources" not in document.source.root
            return
        entries = LocatedValue(document.root["sources"], SourceLocation(document.file, ("sources",)))
        broken = {path[:2] for path in document.broken if path[:1] == ("sources",)}
        self._complete &= not broken
        for entry in entries.items():
            if entry.place.path not in broken:
                self._add_entry(entry)

    def _add_entry(self, entry: LocatedValue) -> None:
        fields = as_mapping(entry.value)
        formats = [name for name in READERS if name in fields]
        if len(formats) != 1:
            message = f"has {' and '.join(f'`{name}`' for name in formats)}, and a source is one of them"
            self._error(ProblemKind.VALUE, entry.place, message, "write an item of the list for each")
            return
        place = entry.place.at(formats[0])
        pattern = _below_folder(as_text(fields[formats[0]]))
        if pattern is None:
            message = f"{quote_value(as_text(fields[formats[0]]))} leads out of the folder of this file"
            hint = "put the file into this folder or below, and write its path from here with slashes"
            self._error(ProblemKind.VALUE, place, message, hint)
            return
        region = fields.get("region")
        if region is not None and not is_region(as_text(region).upper()):
            message = f"{quote_value(as_text(region))} is not a country's code"
            self._error(ProblemKind.VALUE, entry.place.at("region"), message, region_hint(as_text(region).upper()))
            return
        folder = PurePosixPath(self._names[place.file]).parent
        self._entries.setdefault(str(folder / pattern), entry)
        found = self._find(place.file, pattern)
        if not found:
            message = f"there is no file {quote_value(pattern)} in the folder of this file"
            self._error(ProblemKind.FILE, place, message, "correct the path, or put the file there")
        read = READERS[formats[0]](fields)
        for below, content in sorted(found.items()):
            if content.error:
                self._error(ProblemKind.FILE, SourceLocation(content.file), content.error, content.hint)
                continue
            file = GivenFile(
                path=content.file,
                name=str(folder / below),
                format=formats[0],
                entry=self._merged.file_and_line(place),
                digest=hashlib.sha256(content.data).hexdigest(),
                source=entry,
                pattern=pattern,
                folder=folder,
                data=content.data,
                linked=content.linked,
            )
            self.files.append(file)
            rows = read(content.data)
            for problem in rows.problems:
                self._report(file, problem)
            self._add_rows(file, fields, rows.rows)
            if not any(problem.severity == "error" for problem in rows.problems):
                self._report_left_out(file)

    def _add_rows(self, file: GivenFile, fields: Mapping[str, Tree], rows: Sequence[SourceRow]) -> None:
        with_alias = [(alias, row) for row in rows if (alias := self._alias(file, row)) is not None]
        with_alias.sort(key=lambda pair: pair[0])
        file.ids.update(alias for alias, _ in with_alias)
        for alias, row in with_alias:
            if self._problems.limit_reached:
                return
            place = _cell(file, row, row.phones[0].column if row.phones else "")
            if not self._is_new(alias, row, place):
                continue
            if row.consents is False:
                file.without_consent += 1
            elif not row.phones:
                self._without_phone.setdefault(file.path, []).append(place)
                file.without_phone += 1
            else:
                self._add_person(file, fields, alias, row, place)

    def _alias(self, file: GivenFile, row: SourceRow) -> str | None:
        """Return the alias that an id makes."""
        key, place = alias_of(row), _cell(file, row)
        if not key:
            message = f"the id {quote_value(row.id)} has no letter or digit"
            self._error(ProblemKind.PEOPLE_FILE, place, message, "write an id, which stays the same")
            return None
        if sum(map(str.isdigit, key)) >= _DIGITS_OF_NUMBER and _is_number_of(row):
            message = "the id is the phone number, and with a new number it would be another person"
            self._error(ProblemKind.PEOPLE_FILE, place, message, "take a column that stays the same as the `id`")
            return None
        return key

    def _is_new(self, alias: str, row: SourceRow, place: CellLocation) -> bool:
        """Note the alias of a row; report one that the configuration has already."""
        text, first = self._first.setdefault(alias, (row.id, place))
        if first is not place:
            same = text == row.id
            message = f"the id {quote_value(row.id)} is in two rows, first at"
            hint = "keep one row for each person; several teams fit into one cell with `split`"
            if not same:
                message = (
                    f"the ids {quote_value(text)} and {quote_value(row.id)} both become {quote_value(alias)}, first at"
                )
                hint = "change one of them"
            self._error(ProblemKind.SAME_TWICE, place, message, hint, other=first)
            return False
        entry = self._merged.sections["people"].get(alias)
        if entry is not None:
            message = f"the id {quote_value(row.id)} is also under `people`, at"
            self._error(ProblemKind.SAME_TWICE, place, message, "remove one of the two", other=entry.place.as_key())
        return entry is None

    def _add_person(
        self, file: GivenFile, fields: Mapping[str, Tree], alias: str, row: SourceRow, place: CellLocation
    ) -> None:
        until = self._until(file, fields, row)
        teams = tuple(dict.fromkeys(self._teams(file, fields, row)))
        region = fields.get("region")
        if "phones" in fields:
            national = region or (self._merged.region.value if self._merged.region is not None else None)
            numbers = list(phones_of(file, row, place, None if national is None else as_text(national).upper()))
        else:
            numbers = [(row.phones[0].text, place)]
        for number, (phone, cell) in enumerate(numbers, 1):
            own = alias if number == 1 else f"{alias}-{number}"
            if number > 1 and not self._is_new(own, replace(row, id=f"{row.id}-{number}"), cell):
                continue
            entry: dict[str, Tree] = {"phone": phone}
            entry |= {"name": row.name} if row.name else {}
            entry |= {"region": region} if region is not None else {}
            self._people[own] = LocatedValue(entry, cell)
            file.people[own] = GivenPerson(row.row, teams, None if until is None else date.fromisoformat(until))
            member: Tree = own if until is None else {"person": own, "until": until}
            for team in teams:
                self._members.setdefault(team, []).append(member)

    def _until(self, file: GivenFile, fields: Mapping[str, Tree], row: SourceRow) -> str | None:
        if not row.until:
            return None
        try:
            return read_day(row.until).isoformat()
        except NotOneDay as error:
            place = _cell(file, row, as_text(fields["until"]) if "until" in fields else "until")
            self._error(ProblemKind.PEOPLE_FILE, place, f"{quote_value(row.until)} {error.message}", error.hint)
            return None

    def _teams(self, file: GivenFile, fields: Mapping[str, Tree], row: SourceRow) -> Iterator[str]:
        """Yield the teams of a row: that of everybody, and those that it names."""
        everybody = fields.get("team")
        if everybody is not None:
            yield self._team(file, row, composed(as_text(everybody)), as_text(everybody))
        prefix = as_text(fields.get("team_prefix") or "")
        for value in row.teams:
            key = slug(f"{prefix}{value}")
            if not any(map(str.isalpha, key)):
                message = f"{quote_value(value)} cannot be a team's name, which has a letter"
                hint = "set `team_prefix`, such as class-"
                self._error(ProblemKind.PEOPLE_FILE, _cell(file, row), message, hint)
                continue
            yield self._team(file, row, key, value)

    def _team(self, file: GivenFile, row: SourceRow, key: str, value: str) -> str:
        """Note a team; report one that the YAML has too, and one that another value becomes."""
        if key not in self._spellings:
            place = _cell(file, row)
            self._spellings[key] = value, place
            entry = self._merged.sections["teams"].get(key)
            if entry is not None:
                message = f"the team {quote_value(key)} is also under `teams`, at"
                hint = "rename that one; it can contain this one: `teams: [NAME]`"
                self._error(ProblemKind.SAME_TWICE, place, message, hint, other=entry.place.as_key())
        text, first = self._spellings[key]
        if text != value and _letters(text) != _letters(value):
            message = f"{quote_value(text)} and {quote_value(value)} both become the team {quote_value(key)}, first at"
            self._error(ProblemKind.SAME_TWICE, _cell(file, row), message, "tell them apart in the file", other=first)
        return key

    def _report_left_out(self, file: GivenFile) -> None:
        """Tell once how many rows do not count; without a number each is an error if the policy says so."""
        without_phone = self._without_phone.pop(file.path, [])
        if self._requires_phone:
            for place in without_phone:
                message = "there is no number, and `policy.rows_without_phone` forbids that"
                self._error(ProblemKind.PEOPLE_FILE, place, message, "add the number, or remove the row")
        elif without_phone:
            first = min(without_phone, key=lambda place: place.row)
            count = plural(len(without_phone), "row is", "rows are")
            message = f"{count} left out, this one first: there is no number"
            self._problems.warning(ProblemKind.PEOPLE_FILE, first, message, "add the number, or remove the row")
        if file.without_consent:
            message = f"{plural(file.without_consent, 'person is', 'people are')} left out, who did not agree"
            self._problems.warning(ProblemKind.PEOPLE_FILE, CellLocation(file.path), message)

    def _report(self, file: GivenFile, problem: RowProblem) -> None:
        message, hint = (_filled(text, problem.values) for text in (problem.message, problem.hint))
        place = CellLocation(file.path, row=problem.row, line=problem.line, column=problem.column)
        if problem.severity == "error":
            self._error(ProblemKind.PEOPLE_FILE, place, message, hint)
        else:
            self._problems.warning(ProblemKind.PEOPLE_FILE, place, message, hint)

    def _error(
        self, kind: ProblemKind, place: SourceLocation, message: str, hint: str, other: SourceLocation | None = None
    ) -> None:
        self._complete = False
        self._problems.error(kind, place, message, hint, other=other)


def alias_of(row: SourceRow) -> str:
    """Return the alias that the id of a row makes, "" for an id without a letter or digit."""
    key = slug(row.id)
    return key if not key or any(map(str.isalpha, key)) else f"person-{key}"


def _filled(text: str, values: Sequence[str]) -> str:
    """Return a text with the quoted values in the places of `{0}`, `{1}` …"""
    return re.sub(r"\{([0-9]+)\}", lambda match: quote_value(values[int(match[1])]), text)


def _below_folder(path: str) -> str | None:
    """Return a path below a folder without `.` in it; None if it may lead out of the folder."""
    parts = [part for part in path.strip().split("/") if part != "."]
    leads_out = ".." in parts or "" in parts or "\\" in path or re.match(r"[A-Za-z]:", path)
    return None if leads_out else composed("/".join(parts)) or None


def _cell(file: GivenFile, row: SourceRow, column: str = "") -> CellLocation:
    return CellLocation(file.path, row=row.row, line=row.line, column=column)


def _is_number_of(row: SourceRow) -> bool:
    digits = _NOT_DIGITS.sub("", row.id)[-_DIGITS_OF_NUMBER:]
    return any(_NOT_DIGITS.sub("", phone.text).endswith(digits) for phone in row.phones)


def _letters(text: str) -> str:
    """Return a text without what a slug may lose for good reason: case, white space, hyphens."""
    return re.sub(r"[\s_-]+", "", composed(text).casefold())


def phones_of(
    file: GivenFile, row: SourceRow, first: CellLocation, region: str | None
) -> Iterator[tuple[str, CellLocation]]:
    """Yield all numbers of a row, each once, however it is spelled in `region`."""
    yield row.phones[0].text, first
    seen = {_digits(row.phones[0].text, region)}
    for phone in row.phones[1:]:
        digits = _digits(phone.text, region)
        if digits not in seen:
            seen.add(digits)
            yield phone.text, _cell(file, row, phone.column)


def _digits(text: str, region: str | None) -> str:
    try:
        return read_address(text, region).digits
    except InvalidPhoneNumber:
        return text
