"""The groups, people and memberships that expressions are evaluated for, and the values of their variables.

An expression sees only the variables that it uses. Memberships that agree in all of these are one context, which is
evaluated once: among a quarter of a million memberships, `member.reason` has a few values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import Any, Final, TypeAlias

from reconciler.model.desired import DesiredGroup, Member, Person
from reconciler.model.identity import Identity
from reconciler.model.rules import Each
from reconciler.rules.cel import Value, cel_value
from reconciler.rules.conditions import Subjects, admins_of
from reconciler.rules.variables import VARIABLES, ValueType

CountryOf: TypeAlias = Callable[[Identity], str]
"""Returns the two-letter code of a number's country, "" where it has none."""
Key: TypeAlias = tuple[int, ...]
"""What tells the contexts of a table apart: a number for each part that an expression uses, one after the other."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What a plan changes in a group; `person` is None where it changes the group itself."""

    action: str
    group: DesiredGroup
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What an expression is evaluated for: a group, a person, a member of a group or a change."""

    group: DesiredGroup | None = None
    person: Person | None = None
    member: Member | None = None
    change: PlannedChange | None = None


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Groups, people or terms by the values of some variables: the kind of each by its index, the values by kind."""

    kind_of: Sequence[int]
    values: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ContextTable:
    """The contexts of some expressions that belong together, and which subjects have them.

    `kinds` has what each expression uses of the parts of a subject. `rows` has a column for each of these, and
    `all_rows` returns the same for every subject: `rows` leaves out most of the repetitions.
    """

    everywhere: Sequence[Mapping[str, Any]]
    kinds: Sequence[Sequence[_Kinds]]
    rows: Sequence[Sequence[int]]
    all_rows: Callable[[], Sequence[Sequence[int]]]
    count: int
    subject: Callable[[int], Subject]

    def keys(self) -> Collection[Key]:
        """Return the key of each context."""
        return set(zip(*self.rows, strict=True)) if self.rows else {()} if self.count else set()

    def part(self, expression: int) -> slice:
        """Return which part of a key one of the expressions sees."""
        before = sum(map(len, self.kinds[:expression]))
        return slice(before, before + len(self.kinds[expression]))

    def values(self, part: Key, expression: int) -> dict[str, Any]:
        """Return the values for one of the expressions, by name, as the library takes them."""
        values = dict(self.everywhere[expression])
        for kinds, kind in zip(self.kinds[expression], part, strict=True):
            values.update(kinds.values[kind])
        return values

    def subjects(self, keys: Collection[Key]) -> Iterator[Subject]:
        """Yield every subject with one of these contexts: by group, then in the order of the members."""
        rows: Iterator[Key] = zip(*self.all_rows(), strict=True) if self.rows else repeat((), self.count)
        return (self.subject(index) for index, key in enumerate(rows) if key in keys)


class Population:
    """Everything that expressions are evaluated for: the groups that the account is to be in, everybody, changes."""

    def __init__(self, subjects: Subjects, country_of: CountryOf, changes: Sequence[PlannedChange] = ()) -> None:
        self.subjects = subjects
        self.changes = changes
        self.country_of = country_of
        self._kinds: dict[tuple[str, tuple[str, ...]], _Kinds] = {}
        self._combined: dict[tuple[str, ...], Mapping[str, Sequence[int]]] = {}

    def table(self, each: Each, uses: Sequence[Sequence[str]]) -> ContextTable:
        """Return the contexts of expressions that use these names; `uses` has those of each expression."""
        columns = self._columns(each)
        used = [
            {part: names for part in columns if (names := tuple(name for name in of if _part_of(name) == part))}
            for of in uses
        ]
        parts = tuple(part for part in columns if any(part in by_part for by_part in used))
        fewer = self._combinations(parts) if each is Each.MEMBER else columns
        kinds = [[self._kinds_by(part, names) for part, names in by_part.items()] for by_part in used]
        used_kinds = list(zip(chain.from_iterable(used), chain.from_iterable(kinds), strict=True))
        return ContextTable(
            [{name: cel_value(_EVERYWHERE[name](self)) for name in of if name in _EVERYWHERE} for of in uses],
            kinds,
            [list(map(of.kind_of.__getitem__, fewer[part])) for part, of in used_kinds],
            lambda: [list(map(of.kind_of.__getitem__, columns[part])) for part, of in used_kinds],
            len(next(iter(columns.values()))),
            lambda index: self._subject(each, index),
        )

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody with an alias, in a team or in a group, by identity."""
        desired = self.subjects.desired
        found = dict(desired.people)
        for members in (*desired.teams.values(), *(group.listed_members for group in self.groups)):
            for identity, member in members.items():
                found.setdefault(identity, member.person)
        return tuple(found[identity] for identity in sorted(found))

    @property
    def groups(self) -> tuple[DesiredGroup, ...]:
        """The groups, by key."""
        return self.subjects.groups

    def values(self, subject: Subject, uses: Sequence[str]) -> dict[str, Value]:
        """Return the values of variables for one subject."""
        things = {
            "group": subject.group,
            "person": subject.person,
            "terms": subject.member,
            "change": subject.change,
        }
        values = {path: _EVERYWHERE[path](self) for path in uses if path in _EVERYWHERE}
        for path in uses:
            if path not in values:
                value = _getter(path)(self, things[_part_of(path)])
                if value is not None:
                    values[path] = value
        return values

    def name(self, identity: Identity) -> str:
        """Return the alias of a person, else the number."""
        person = self.subjects.desired.people.get(identity)
        return (person.alias if person is not None else None) or identity

    @cached_property
    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """The people of each team, by its name."""
        return {
            name: tuple(self.name(identity) for identity in sorted(self.subjects.team(name)))
            for name in sorted(self.subjects.desired.teams)
        }

    @cached_property
    def teams_of(self) -> Mapping[Identity, Sequence[str]]:
        """The teams of each person who is in one, by name."""
        found: dict[Identity, list[str]] = {}
        for name in sorted(self.subjects.desired.teams):
            for identity in self.subjects.team(name):
                found.setdefault(identity, []).append(name)
        return found

    def _columns(self, each: Each) -> Mapping[str, Sequence[int]]:
        """Return, by part, the index of each subject's group, person and terms."""
        if each is Each.GROUP:
            return {"group": range(len(self.groups))}
        if each is Each.PERSON:
            return {"person": range(len(self.people))}
        if each is Each.CHANGE:
            return {"change": range(len(self.changes))}
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

    def _combinations(self, parts: tuple[str, ...]) -> Mapping[str, Sequence[int]]:
        """Return these parts of the memberships with each combination once."""
        if parts not in self._combined:
            rows = set(zip(*(self._memberships[0][part] for part in parts), strict=True))
            self._combined[parts] = dict(zip(parts, zip(*rows, strict=True) if rows else repeat(()), strict=False))
        return self._combined[parts]

    def _kinds_by(self, part: str, names: tuple[str, ...]) -> _Kinds:
        """Return the kinds of groups, people or terms by the values of these names."""
        if (part, names) not in self._kinds:
            getters = [_getter(name) for name in names]
            numbers: dict[tuple[Value | None, ...], int] = {}
            kind_of = [
                numbers.setdefault(tuple([get(self, thing) for get in getters]), len(numbers))
                for thing in self._things(part)
            ]
            values = [
                {name: cel_value(value) for name, value in zip(names, row, strict=True) if value is not None}
                for row in numbers
            ]
            self._kinds[part, names] = _Kinds(kind_of, values)
        return self._kinds[part, names]

    def _things(self, part: str) -> Sequence[Any]:
        by_part: dict[str, Sequence[Any]] = {"group": self.groups, "person": self.people, "change": self.changes}
        return by_part[part] if part in by_part else self._memberships[1]

    def _subject(self, each: Each, index: int) -> Subject:
        if each is Each.GROUP:
            return Subject(group=self.groups[index])
        if each is Each.PERSON:
            return Subject(person=self.people[index])
        if each is Each.CHANGE:
            change = self.changes[index]
            return Subject(change.group, change.person, change=change)
        columns = self._memberships[0]
        group, person = self.groups[columns["group"][index]], self.people[columns["person"][index]]
        return Subject(group, person, group.listed_members[person.identity])


def _part_of(name: str) -> str:
    """Return which part of a subject a variable is about: its group, its person or the terms of its membership."""
    path = name.removeprefix("has(")
    if path in _EVERYWHERE:
        return ""
    if path.startswith("member.person."):
        return "person"
    root = path.partition(".")[0]
    return "terms" if root == "member" else root


def _getter(name: str) -> Callable[[Population, Any], Value | None]:
    """Return the function of the population and the group, person, member or change that returns a name's value."""
    if name.startswith("has("):
        value = _getter(name.removeprefix("has(").removesuffix(")"))
        return lambda population, thing: None if value(population, thing) is None else 1
    part, field = _part_of(name), name.rpartition(".")[2]
    if part != "change":
        return _GETTERS[f"{part}.{field}"]
    part = name.split(".")[1]
    if part == "action":
        return lambda _, change: str(change.action)
    get = _GETTERS[f"{part}.{field}"]
    if part == "group":
        return lambda population, change: get(population, change.group)
    nobody: Value = "" if VARIABLES[Each.CHANGE][name].type is ValueType.TEXT else ()
    return lambda population, change: nobody if change.person is None else get(population, change.person)


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
