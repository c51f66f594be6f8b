"""The groups, people and memberships that expressions are evaluated for, and the values of their variables.

An expression sees only the variables that it uses. Memberships that agree in all of these are one context, which is
evaluated once: among a quarter of a million memberships, `member.reason` has a few values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, Final, TypeAlias

from reconciler.model.desired import DesiredGroup, Member, Person
from reconciler.model.identity import Identity
from reconciler.rules.cel import Value
from reconciler.rules.conditions import Subjects, admins_of
from reconciler.model.rules import Each

CountryOf: TypeAlias = Callable[[Identity], str]
"""Returns the two-letter code of a number's country, "" where it has none."""
Key: TypeAlias = tuple[int, ...]
"""What tells one context of a table from the others."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an expression is evaluated for: a group, a person, or a member of a group."""

    group: DesiredGroup | None = None
    person: Person | None = None
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class ContextTable:
    """The contexts of one expression, and which subjects have them.

    Each used part (group, person, terms) has a column. `values` has, by part, the values of each kind; `all_rows` the
    kinds of each subject, `rows` the same without most of the repetitions.
    """

    everywhere: Mapping[str, Value]
    values: Sequence[Sequence[Mapping[str, Value]]]
    rows: Sequence[Sequence[int]]
    all_rows: Sequence[Sequence[int]]
    count: int
    subject: Callable[[int], Subject]

    def contexts(self) -> Iterator[tuple[Key, dict[str, Value]]]:
        """Yield each context once, in an order that depends on nothing but the file."""
        keys = sorted(set(zip(*self.rows, strict=True))) if self.rows else [()] * min(self.count, 1)
        for key in keys:
            values = dict(self.everywhere)
            for kinds, kind in zip(self.values, key, strict=True):
                values.update(kinds[kind])
            yield key, values

    def subjects(self, keys: Collection[Key]) -> Iterator[Subject]:
        """Yield every subject with one of these contexts: by group, then in the order of the members."""
        rows: Iterator[Key] = zip(*self.all_rows, strict=True) if self.all_rows else repeat((), self.count)
        return (self.subject(index) for index, key in enumerate(rows) if key in keys)


class Population:
    """Everything that expressions are evaluated for: the groups that the account is to be in, and everybody."""

    def __init__(self, subjects: Subjects, country_of: CountryOf) -> None:
        self._subjects = subjects
        self.country_of = country_of
        self._kinds: dict[tuple[str, tuple[str, ...]], tuple[list[int], list[dict[str, Value]]]] = {}
        self._pairs: dict[tuple[str, ...], Sequence[Sequence[int]]] = {}

    def table(self, each: Each, uses: Sequence[str]) -> ContextTable:
        """Return the contexts of an expression that uses these variables."""
        everywhere = {path: _EVERYWHERE[path](self) for path in uses if path in _EVERYWHERE}
        columns = self._columns(each)
        used: dict[str, tuple[str, ...]] = {}
        for part in columns:
            paths = tuple(path for path in uses if path not in everywhere and _part_of(path) == part)
            if paths:
                used[part] = paths
        kinds = [self._kinds_by(part, paths) for part, paths in used.items()]
        parts = [columns[part] for part in used]
        fewer = self._combinations(tuple(used), parts) if each is Each.MEMBER else parts
        return ContextTable(
            everywhere,
            [values for _, values in kinds],
            [list(map(of.__getitem__, column)) for (of, _), column in zip(kinds, fewer, strict=True)],
            [list(map(of.__getitem__, column)) for (of, _), column in zip(kinds, parts, strict=True)],
            len(next(iter(columns.values()))),
            lambda index: self._subject(each, index),
        )

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody with an alias, in a team or in a group, by identity."""
        desired = self._subjects.desired
        found = dict(desired.people)
        for members in (*desired.teams.values(), *(group.listed_members for group in self.groups)):
            for identity, member in members.items():
                found.setdefault(identity, member.person)
        return tuple(found[identity] for identity in sorted(found))

    @property
    def groups(self) -> tuple[DesiredGroup, ...]:
        """The groups, by key."""
        return self._subjects.groups

    def values(self, subject: Subject, uses: Sequence[str]) -> dict[str, Value]:
        """Return the values of variables for one subject."""
        things = {"group": subject.group, "person": subject.person, "terms": subject.member}
        values = {path: _EVERYWHERE[path](self) for path in uses if path in _EVERYWHERE}
        for path in uses:
            if path not in values:
                value = _getter(path)(self, things[_part_of(path)])
                if value is not None:
                    values[path] = value
        return values

    def name(self, identity: Identity) -> str:
        """Return the alias of a person, else the number."""
        person = self._subjects.desired.people.get(identity)
        return (person.alias if person is not None else None) or identity

    @cached_property
    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """The people of each team, by its name."""
        return {
            name: tuple(self.name(identity) for identity in sorted(self._subjects.team(name)))
            for name in sorted(self._subjects.desired.teams)
        }

    @cached_property
    def teams_of(self) -> Mapping[Identity, Sequence[str]]:
        """The teams of each person who is in one, by name."""
        found: dict[Identity, list[str]] = {}
        for name in sorted(self._subjects.desired.teams):
            for identity in self._subjects.team(name):
                found.setdefault(identity, []).append(name)
        return found

    @property
    def subjects(self) -> Subjects:
        """The same groups and teams as identities, for set algebra."""
        return self._subjects

    def _columns(self, each: Each) -> Mapping[str, Sequence[int]]:
        """Return, by part, the index of each subject's group, person and terms."""
        if each is Each.GROUP:
            return {"group": range(len(self.groups))}
        if each is Each.PERSON:
            return {"person": range(len(self.people))}
        return self._memberships[0]

    @cached_property
    def _memberships(self) -> tuple[Mapping[str, Sequence[int]], Sequence[Member]]:
        """Return the columns of all memberships, and one member of each terms."""
        numbers = {person.identity: index for index, person in enumerate(self.people)}
        kinds: dict[tuple[Any, ...], int] = {}
        terms: list[Member] = []
        groups, people, of_terms = [], [], []
        for index, group in enumerate(self.groups):
            for identity, member in group.listed_members.items():
                kind = kinds.setdefault((member.until, member.reason, member.teams), len(terms))
                if kind == len(terms):
                    terms.append(member)
                groups.append(index)
                people.append(numbers[identity])
                of_terms.append(kind)
        return {"group": groups, "person": people, "terms": of_terms}, terms

    def _combinations(self, parts: tuple[str, ...], columns: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
        """Return the same columns with each row once."""
        if parts not in self._pairs:
            self._pairs[parts] = list(zip(*set(zip(*columns, strict=True)), strict=True))
        return self._pairs[parts] or [[] for _ in parts]

    def _kinds_by(self, part: str, paths: tuple[str, ...]) -> tuple[list[int], list[dict[str, Value]]]:
        """Return the kind of each group, person or terms by the values of these variables, and the values of each."""
        if (part, paths) not in self._kinds:
            things: Sequence[Any] = self._things(part)
            getters = [_getter(path) for path in paths]
            numbers: dict[tuple[Value | None, ...], int] = {}
            kinds = [
                numbers.setdefault(tuple(get(self, thing) for get in getters), len(numbers)) for thing in things
            ]
            values = [
                {path: value for path, value in zip(paths, row, strict=True) if value is not None} for row in numbers
            ]
            self._kinds[part, paths] = kinds, values
        return self._kinds[part, paths]

    def _things(self, part: str) -> Sequence[Any]:
        return self.groups if part == "group" else self.people if part == "person" else self._memberships[1]

    def _subject(self, each: Each, index: int) -> Subject:
        if each is Each.GROUP:
            return Subject(group=self.groups[index])
        if each is Each.PERSON:
            return Subject(person=self.people[index])
        columns = self._memberships[0]
        group, person = self.groups[columns["group"][index]], self.people[columns["person"][index]]
        return Subject(group, person, group.listed_members[person.identity])


def _part_of(path: str) -> str:
    """Return which part of a subject a variable is about: its group, its person or the terms of its membership."""
    if path.startswith("member.person."):
        return "person"
    root = path.partition(".")[0]
    return "terms" if root == "member" else root


def _getter(path: str) -> Callable[[Population, Any], Value | None]:
    """Return the function of the population and the group, person or member that returns a variable's value."""
    return _GETTERS[f"{_part_of(path)}.{path.rpartition('.')[2]}"]


def _through(_: Population, member: Member) -> tuple[str, ...]:
    return tuple(sorted({name for path in member.teams for name in path.split("/")}))


def _teams_of_group(population: Population, group: DesiredGroup) -> tuple[str, ...]:
    return tuple(sorted({name for member in group.listed_members.values() for name in _through(population, member)}))


def _names(population: Population, identities: Collection[Identity]) -> tuple[str, ...]:
    return tuple(population.name(identity) for identity in identities)


_EVERYWHERE: Final[Mapping[str, Callable[[Population], Value]]] = {
    "today": lambda population: population.subjects.day,
    "file.groups": lambda population: tuple(group.key for group in population.groups),
    "file.people": lambda population: tuple(population.name(person.identity) for person in population.people),
    "file.teams": lambda population: population.teams,
}
_GETTERS: Final[Mapping[str, Callable[[Population, Any], Value | None]]] = {
    "group.key": lambda _, group: group.key,
    "group.name": lambda _, group: group.name if isinstance(group.name, str) else "",
    "group.members": lambda population, group: _names(population, group.listed_members),
    "group.teams": _teams_of_group,
    "group.admins": lambda population, group: _names(population, admins_of(group, population.subjects)),
    "group.membership": lambda _, group: group.membership.value,
    "group.size": lambda _, group: len(group.listed_members),
    "person.alias": lambda _, person: person.alias or "",
    "person.label": lambda _, person: person.name or person.alias or person.identity,
    "person.country": lambda population, person: population.country_of(person.identity),
    "person.teams": lambda population, person: tuple(population.teams_of.get(person.identity, ())),
    "person.groups": lambda population, person: tuple(
        group.key for group in population.subjects.groups_of.get(person.identity, ())
    ),
    "terms.until": lambda _, member: member.until,
    "terms.reason": lambda _, member: member.reason or "",
    "terms.through": _through,
}
