"""Turn the rows of people files into entries of the sections `people` and `teams`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.config.document import CellLocation, LocatedValue, MergedConfig, Tree, as_text
from reconciler.config.phone_numbers import InvalidPhoneNumber, read_address
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.source_options import texts_of
from reconciler.config.yaml_text import slug
from reconciler.errors import ProblemKind
from reconciler.model.desired import RowsWithoutPhone
from reconciler.model.text import composed, plural
from reconciler.sources.dates import NotOneDay, read_day
from reconciler.sources.model import SourceRow

_Fields = Mapping[str, Tree]
_DIGITS_OF_NUMBER: Final = 7
"""From so many digits on an id may be a phone number."""
_NOT_DIGITS = re.compile(r"[^0-9]")
_ADD_NUMBER: Final = "add the number, or remove the row"


@dataclass(frozen=True, slots=True)
class GivenPerson:
    """A person from a row, before the number is read: the row, and the teams."""

    row: int
    teams: tuple[str, ...]


@dataclass(slots=True)
class GivenFile:
    """A people file, and the people in it by alias. `name` is its path below the loaded folder.

    `entry` is the file and line that name it. Rows without a number, and of people who did not agree, are counted.
    """

    path: str
    name: str
    format: str
    entry: str
    digest: str
    linked: bool = False
    people: dict[str, GivenPerson] = field(default_factory=dict)
    without_phone: int = 0
    without_consent: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with what its problems and its entries need."""

    file: GivenFile
    fields: _Fields
    id_column: str
    row: SourceRow

    def cell(self, column: str = "") -> CellLocation:
        return CellLocation(self.file.path, row=self.row.row, line=self.row.line, column=column)


class PeopleRows:
    """The people and teams of all people files. The order of the rows of a file makes no difference."""

    def __init__(self, merged: MergedConfig, problems: ProblemCollector) -> None:
        self._merged = merged
        self._problems = problems
        self._first: dict[str, tuple[str, CellLocation]] = {}
        self._people: dict[str, LocatedValue] = {}
        self._members: dict[str, list[Tree]] = {}
        self._team_lists: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._team_keys: dict[str, str] = {}
        self._days: dict[str, str] = {}
        self._spellings: dict[str, tuple[str, CellLocation]] = {}
        policy = merged.sections["policy"].get("rows_without_phone")
        self._requires_phone = policy is not None and policy.value == RowsWithoutPhone.ERROR

    def sections(self) -> dict[str, Mapping[str, LocatedValue]]:
        """Return the sections `people` and `teams` of the configuration with everybody and every team."""
        people, teams = (self._merged.sections[section] for section in ("people", "teams"))
        given = {name: LocatedValue(list_, self._spellings[name][1]) for name, list_ in self._members.items()}
        return {"people": {**people, **self._people}, "teams": {**given, **teams}}

    def add(self, file: GivenFile, fields: _Fields, rows: Sequence[SourceRow], *, is_whole: bool) -> None:
        """Add the rows of a file. Unless it was read as a whole, no count is reported."""
        id_column = texts_of(fields["id"])[0] if "id" in fields else ""
        with_alias = [
            (alias, each)
            for each in (_Row(file, fields, id_column, row) for row in rows)
            if (alias := self._alias(each)) is not None
        ]
        with_alias.sort(key=lambda pair: pair[0])
        without_phone: list[CellLocation] = []
        for alias, each in with_alias:
            if self._problems.limit_reached:
                return
            if not self._is_new(alias, each.row.id, each.cell(each.id_column)):
                continue
            if each.row.consents is False:
                file.without_consent += 1
            elif not each.row.phones:
                without_phone.append(each.cell())
            else:
                self._add_person(alias, each)
        file.without_phone = len(without_phone)
        if is_whole:
            self._report_left_out(file, without_phone)

    def _alias(self, each: _Row) -> str | None:
        """Return the alias that an id makes."""
        key = slug(each.row.id)
        if not any(map(str.isalpha, key)):
            key = f"person-{key}" if key else ""
        if not key:
            message = f"the id {quote_value(each.row.id)} has no letter or digit"
            hint = "write an id, which stays the same"
        elif sum(map(str.isdigit, key)) >= _DIGITS_OF_NUMBER and _is_number_of(each.row):
            message = "the id is a phone number, and with a new number it would be another person"
            hint = "take a column that stays the same as the `id`"
        else:
            return key
        self._problems.error(ProblemKind.PEOPLE_FILE, each.cell(each.id_column), message, hint)
        return None

    def _is_new(self, alias: str, id_: str, place: CellLocation) -> bool:
        """Note the alias of an id; report one that the configuration has already."""
        text, first = self._first.setdefault(alias, (id_, place))
        if first is not place:
            message, hint = f"the id {quote_value(id_)} is in two rows, first at", "keep one row for each person"
            if text != id_:
                message = f"the ids {quote_value(text)} and {quote_value(id_)} make one alias, {quote_value(alias)}, at"
                hint = "change one of them"
            self._problems.error(ProblemKind.SAME_TWICE, place, message, hint, other=first)
            return False
        entry = self._merged.sections["people"].get(alias)
        if entry is not None:
            message, hint = f"the id {quote_value(id_)} is also under `people`, at", "remove one of the two"
            self._problems.error(ProblemKind.SAME_TWICE, place, message, hint, other=entry.place.as_key())
        return entry is None

    def _add_person(self, alias: str, each: _Row) -> None:
        until = self._until(each)
        teams = tuple(dict.fromkeys(self._teams(each)))
        teams = self._team_lists.setdefault(teams, teams)
        facts: dict[str, Tree] = {"name": each.row.name} if each.row.name else {}
        if "region" in each.fields:
            facts["region"] = each.fields["region"]
        for number, (phone, column) in enumerate(self._phones(each), 1):
            own, cell = alias if number == 1 else f"{alias}-{number}", each.cell(column)
            if number > 1 and not self._is_new(own, f"{each.row.id}, number {number}", cell):
                continue
            self._people[own] = LocatedValue({"phone": phone, **facts}, cell)
            each.file.people[own] = GivenPerson(each.row.row, teams)
            member: Tree = own if until is None else {"person": own, "until": until}
            for team in teams:
                self._members.setdefault(team, []).append(member)

    def _phones(self, each: _Row) -> Iterator[tuple[str, str]]:
        """Yield the number that counts with its column, or all numbers of a row, each once however it is spelled."""
        phones = each.row.phones if "phones" in each.fields else each.row.phones[:1]
        seen: set[str] = set()
        for phone in phones:
            digits = self._digits(phone.text, each.fields) if len(phones) > 1 else ""
            if digits not in seen:
                seen.add(digits)
                yield phone.text, phone.column

    def _digits(self, text: str, fields: _Fields) -> str:
        region = fields.get("region") or (self._merged.region.value if self._merged.region is not None else None)
        try:
            return read_address(text, as_text(region).upper() if region is not None else None).digits
        except InvalidPhoneNumber:
            return text

    def _until(self, each: _Row) -> str | None:
        text = each.row.until
        if not text or text in self._days:
            return self._days.get(text)
        try:
            return self._days.setdefault(text, read_day(text).isoformat())
        except NotOneDay as error:
            place = each.cell(as_text(each.fields["until"]) if "until" in each.fields else "")
            self._problems.error(ProblemKind.PEOPLE_FILE, place, f"{quote_value(text)} {error.message}", error.hint)
            return None

    def _teams(self, each: _Row) -> Iterator[str]:
        """Yield the teams of a row: that of everybody, and those that it names."""
        everybody = each.fields.get("team")
        if everybody is not None:
            yield self._team(composed(as_text(everybody)), as_text(everybody), each)
        prefix = as_text(each.fields.get("team_prefix") or "")
        for value in each.row.teams:
            name = f"{prefix}{value}"
            key = self._team_keys.get(name)
            if key is None:
                key = self._team_keys[name] = slug(name)
            if any(map(str.isalpha, key)):
                yield self._team(key, value, each)
            else:
                message = f"{quote_value(value)} makes no name for a team, which has a letter"
                self._problems.error(ProblemKind.PEOPLE_FILE, each.cell(), message, "set `team_prefix`, such as class-")

    def _team(self, key: str, value: str, each: _Row) -> str:
        """Note a team; report one that the YAML has too, and one that another value makes."""
        if key not in self._spellings:
            self._spellings[key] = value, each.cell()
            entry = self._merged.sections["teams"].get(key)
            if entry is not None:
                message = f"the team {quote_value(key)} is also under `teams`, at"
                hint = "rename that one; it can contain this one: `teams: [NAME]`"
                self._problems.error(ProblemKind.SAME_TWICE, each.cell(), message, hint, other=entry.place.as_key())
        text, first = self._spellings[key]
        if text != value and _letters(text) != _letters(value):
            message = f"{quote_value(text)} and {quote_value(value)} make one team, {quote_value(key)}, first at"
            self._problems.error(
                ProblemKind.SAME_TWICE, each.cell(), message, "change one of them in the file", other=first
            )
        return key

    def _report_left_out(self, file: GivenFile, without_phone: Sequence[CellLocation]) -> None:
        """Report once how many rows do not count; each row without a number if the policy forbids these."""
        if self._requires_phone:
            for place in without_phone:
                message = "there is no number, and `policy.rows_without_phone` forbids that"
                self._problems.error(ProblemKind.PEOPLE_FILE, place, message, _ADD_NUMBER)
        elif without_phone:
            first = min(without_phone, key=lambda place: place.row)
            count = plural(len(without_phone), "row is", "rows are")
            message = f"{count} left out, this one first: there is no number"
            self._problems.warning(ProblemKind.PEOPLE_FILE, first, message, _ADD_NUMBER)
        if file.without_consent:
            count = plural(file.without_consent, "person is", "people are")
            message = f"{count} left out, who did not agree"
            self._problems.warning(ProblemKind.PEOPLE_FILE, CellLocation(file.path), message)


def _is_number_of(row: SourceRow) -> bool:
    """Return whether the id of a row is a number with +, or its own number, perhaps without the country code."""
    if row.id.startswith("+"):
        return True
    digits = _NOT_DIGITS.sub("", row.id)[-_DIGITS_OF_NUMBER:]
    return any(_NOT_DIGITS.sub("", phone.text).endswith(digits) for phone in row.phones)


def _letters(text: str) -> str:
    """Return a text without what a slug may lose for good reason: case, white space, hyphens."""
    return re.sub(r"[\s_-]+", "", composed(text).casefold())
