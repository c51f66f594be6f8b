"""Turn the rows of people files into entries of the sections `people` and `teams`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from reconciler.config.document import CellLocation, LocatedValue, MergedConfig, Tree, as_text
from reconciler.config.phone_numbers import InvalidPhoneNumber, read_address
from reconciler.config.problem_collector import ProblemCollector, quote_cell
from reconciler.config.row_entries import alias_of, person_entries, team_keys
from reconciler.config.source_options import texts_of
from reconciler.errors import ProblemKind
from reconciler.model.desired import RowsWithoutPhone
from reconciler.model.identity import Identity, identity_of_digits
from reconciler.model.text import composed, plural
from reconciler.sources.dates import NotOneDay, read_day
from reconciler.sources.model import SourceRow

_Fields = Mapping[str, Tree]
_DIGITS_OF_NUMBER: Final = 7
"""From so many digits on an id may be a phone number."""
_NOT_DIGITS = re.compile(r"[^0-9]")
_ADD_NUMBER: Final = "add the number, or remove the row"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person from a row, before the number is read: the row, the teams, the last day.

    `left`: the row is gone, and they stay for the days of `grace`.
    """

    row: int
    teams: tuple[str, ...]
    until: date | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class DeclinedRow:
    """Somebody who did not agree: the row, the numbers as it spells them, and the region of its source."""

    row: int
    phones: tuple[str, ...]
    region: str | None


@dataclass(slots=True)
class PeopleFileRows:
    """A people file, and the people in it by alias. `name` is its path below the loaded folder.

    `entry` is the file and line that name it. Rows without a number, and of people who did not agree, are counted.
    `source` is the entry itself, `pattern` its path below `folder`, which is the YAML file's. `ids` are the aliases of
    all rows that count. `gap` says why it is not known who left in the days of `grace`, "" where it is.
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
    ids: frozenset[str] = frozenset()
    gap: str = ""
    people: dict[str, PersonRow] = field(default_factory=dict)
    without_phone: int = 0
    without_consent: int = 0
    asks_consent: bool = False
    declined: list[DeclinedRow] = field(default_factory=list)


def declined_people(file: PeopleFileRows, region: str | None) -> dict[Identity, int]:
    """Return who did not agree, each with the row; a number that is not valid is left out. `region` is the file's."""
    found: dict[Identity, int] = {}
    for each in file.declined:
        for phone in each.phones:
            with suppress(InvalidPhoneNumber):
                found.setdefault(identity_of_digits(read_address(phone, each.region or region).digits), each.row)
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with what its problems and its entries need."""

    file: PeopleFileRows
    fields: _Fields
    id_column: str
    row: SourceRow

    def cell(self, column: str = "", line: int = 0) -> CellLocation:
        """Return the place of a cell. A vCard has lines instead of rows, and a file in an archive only rows."""
        row = self.row
        return CellLocation(
            self.file.path,
            row=0 if self.file.format == "vcard" else row.row,
            line=0 if row.part else line or row.line,
            column=column,
            part=row.part,
        )


class _DayTexts(dict[date, str]):
    """The text of each day, kept once."""

    def __missing__(self, day: date) -> str:
        self[day] = text = day.isoformat()
        return text


class PeopleRows:
    """The people and teams of all people files. The order of the rows of a file makes no difference."""

    def __init__(self, merged: MergedConfig, problems: ProblemCollector) -> None:
        self._merged = merged
        self._problems = problems
        self._first: dict[str, tuple[str, CellLocation]] = {}
        self._people: dict[str, LocatedValue] = {}
        self._members: dict[str, list[Tree]] = {}
        self._team_lists: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._days: dict[str, date] = {}
        self._day_texts = _DayTexts()
        self._spellings: dict[str, tuple[str, CellLocation]] = {}
        policy = merged.sections["policy"].get("rows_without_phone")
        self._requires_phone = policy is not None and policy.value == RowsWithoutPhone.ERROR

    def sections(self) -> dict[str, Mapping[str, LocatedValue]]:
        """Return the sections `people` and `teams` of the configuration with everybody and every team."""
        people, teams = (self._merged.sections[section] for section in ("people", "teams"))
        from_rows = {name: LocatedValue(list_, self._spellings[name][1]) for name, list_ in self._members.items()}
        return {"people": {**people, **self._people}, "teams": {**from_rows, **teams}}

    def add(self, file: PeopleFileRows, fields: _Fields, rows: Sequence[SourceRow], *, is_whole: bool) -> None:
        """Add the rows of a file. Unless it was read as a whole, no count is reported."""
        id_column = texts_of(fields["id"])[0] if "id" in fields else ""
        file.asks_consent = "consent" in fields
        with_alias = [
            (alias, each)
            for each in (_Row(file, fields, id_column, row) for row in rows)
            if (alias := self._alias(each)) is not None
        ]
        with_alias.sort(key=lambda pair: pair[0])
        file.ids = frozenset(alias for alias, _ in with_alias)
        without_phone: list[CellLocation] = []
        for alias, each in with_alias:
            if self._problems.limit_reached:
                return
            if not self._is_new(alias, each.row.id, each.cell(each.id_column)):
                continue
            if each.row.consents is False:
                file.without_consent += 1
                region = as_text(each.fields["region"]).upper() if "region" in each.fields else None
                phones = tuple(phone.text for phone in each.row.phones)
                file.declined.append(DeclinedRow(each.row.row, phones, region))
            elif not each.row.phones:
                without_phone.append(each.cell())
            else:
                self._add_person(alias, each)
        file.without_phone = len(without_phone)
        if is_whole:
            self._report_left_out(file, without_phone)

    def _alias(self, each: _Row) -> str | None:
        """Return the alias that an id makes."""
        key = alias_of(each.row)
        if not key:
            message = f"the id {quote_cell(each.row.id)} has no letter or digit"
            hint = "write an id, which stays the same"
        elif sum(map(str.isdigit, key)) >= _DIGITS_OF_NUMBER and _is_number_of(each.row):
            message = "the id is a phone number, and with a new number it would be another person"
            hint = "take a column that stays the same as the `id`"
        else:
            return key
        self._problems.error(ProblemKind.PEOPLE_FILE, each.cell(each.id_column), message, hint)
        return None

    def _is_new(self, alias: str, id_: str, place: CellLocation) -> bool:
        """Note the alias of an id; report one that the configuration has already.

        Two sources may read the same row: a teacher's, who is a parent, too.
        """
        text, first = self._first.setdefault(alias, (id_, place))
        if first is not place and (text, _row_of(first)) != (id_, _row_of(place)):
            message, hint = f"the id {quote_cell(id_)} is in two rows, first at", "keep one row for each person"
            if text != id_:
                message = f"the ids {quote_cell(text)} and {quote_cell(id_)} make one alias, {quote_cell(alias)}, at"
                hint = "change one of them"
            self._problems.error(ProblemKind.SAME_TWICE, place, message, hint, other=first)
            return False
        entry = self._merged.sections["people"].get(alias)
        if entry is not None:
            message, hint = f"the id {quote_cell(id_)} is also under `people`, at", "remove one of the two"
            self._problems.error(ProblemKind.SAME_TWICE, place, message, hint, other=entry.place.as_key())
        return entry is None

    def _add_person(self, alias: str, each: _Row) -> None:
        until = self._until(each)
        teams = tuple(dict.fromkeys(self._teams(each)))
        teams = self._team_lists.setdefault(teams, teams)
        entries = person_entries(alias, each.row, each.fields, self._merged)
        for number, (own, phone, facts) in enumerate(entries, 1):
            cell = each.cell(phone.column, phone.line)
            if number > 1 and not self._is_new(own, f"{each.row.id}, number {number}", cell):
                continue
            entry = self._people.setdefault(own, LocatedValue(facts, cell))
            if entry.value != facts:
                message = f"two sources read this row, and not in the same way: {quote_cell(each.row.id)}"
                hint = "write the same `phone`, `name` and `region` in both"
                self._problems.error(ProblemKind.PEOPLE_FILE, cell, message, hint)
            each.file.people[own] = PersonRow(each.row.row, teams, until)
            member: Tree = own if until is None else {"person": own, "until": self._day_texts[until]}
            for team in teams:
                self._members.setdefault(team, []).append(member)

    def _until(self, each: _Row) -> date | None:
        text = each.row.until
        if not text or text in self._days:
            return self._days.get(text)
        try:
            return self._days.setdefault(text, read_day(text))
        except NotOneDay as error:
            place = each.cell(as_text(each.fields["until"]) if "until" in each.fields else "")
            self._problems.error(ProblemKind.PEOPLE_FILE, place, f"{quote_cell(text)} {error.message}", error.hint)
            return None

    def _teams(self, each: _Row) -> Iterator[str]:
        """Yield the keys of the teams of a row; report a value that makes none."""
        for value, key in team_keys(each.row, each.fields):
            if key:
                yield self._team(key, value, each)
            else:
                message = f"{quote_cell(value)} makes no name for a team, which has a letter"
                self._problems.error(ProblemKind.PEOPLE_FILE, each.cell(), message, "set `team_prefix`, such as class-")

    def _team(self, key: str, value: str, each: _Row) -> str:
        """Note a team; report one that the YAML has too, and one that another value makes."""
        if key not in self._spellings:
            self._spellings[key] = value, each.cell()
            entry = self._merged.sections["teams"].get(key)
            if entry is not None:
                message = f"the team {quote_cell(key)} is also under `teams`, at"
                hint = "rename that one; it can contain this one: `teams: [NAME]`"
                self._problems.error(ProblemKind.SAME_TWICE, each.cell(), message, hint, other=entry.place.as_key())
        text, first = self._spellings[key]
        if text != value and _letters(text) != _letters(value):
            message = f"{quote_cell(text)} and {quote_cell(value)} make one team, {quote_cell(key)}, first at"
            self._problems.error(
                ProblemKind.SAME_TWICE, each.cell(), message, "change one of them in the file", other=first
            )
        return key

    def _report_left_out(self, file: PeopleFileRows, without_phone: Sequence[CellLocation]) -> None:
        """Report once how many rows do not count; each row without a number if the policy forbids these."""
        if self._requires_phone:
            for place in without_phone:
                message = "there is no number, and `policy.rows_without_phone` forbids that"
                self._problems.error(ProblemKind.PEOPLE_FILE, place, message, _ADD_NUMBER)
        elif without_phone:
            first = min(without_phone, key=lambda place: (place.row, place.line))
            count = plural(len(without_phone), "row is", "rows are")
            message = f"{count} left out, this one first: there is no number"
            self._problems.warning(ProblemKind.PEOPLE_FILE, first, message, _ADD_NUMBER)
        if file.without_consent:
            count = plural(file.without_consent, "person is", "people are")
            message = f"{count} left out without consent"
            hint = "if they agreed, correct the column of `consent`"
            if file.people or without_phone:
                self._problems.warning(ProblemKind.PEOPLE_FILE, CellLocation(file.path), message, hint)
            else:
                message = f"{message}, and nobody is left"
                self._problems.error(ProblemKind.PEOPLE_FILE, CellLocation(file.path), message, hint)


def _is_number_of(row: SourceRow) -> bool:
    """Return whether the id of a row is a number with +, or its own number, perhaps without the country code."""
    if row.id.startswith("+"):
        return True
    digits = _NOT_DIGITS.sub("", row.id)[-_DIGITS_OF_NUMBER:]
    return any(_NOT_DIGITS.sub("", phone.text).endswith(digits) for phone in row.phones)


def _row_of(place: CellLocation) -> tuple[str, str, int, int]:
    return place.file, place.part, place.row, place.line


def _letters(text: str) -> str:
    """Return a text without what a slug may lose for good reason: case, white space, hyphens."""
    return re.sub(r"[\s_-]+", "", composed(text).casefold())
