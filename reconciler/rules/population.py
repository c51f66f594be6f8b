"""The groups, people, memberships and changes that expressions are evaluated for, each distinct context once.

An expression sees only the variables that it uses. Memberships that agree in all of these are one context, which is
evaluated once: among a quarter of a million memberships, `member.reason` has a few values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from typing import Any, TypeAlias

from reconciler.model.desired import DesiredGroup, Member, Person
from reconciler.model.rules import Each
from reconciler.rules.cel import Value, cel_value
from reconciler.rules.conditions import Subjects
from reconciler.rules.values import EVERYWHERE, CountryOf, Facts, PlannedChange, getter, part_of

Key: TypeAlias = tuple[int, ...]
"""What tells the contexts of a table apart: a number for each part that an expression uses, one after the other."""


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
        self.facts = Facts(subjects, country_of)
        self.changes = changes
        self._kinds: dict[tuple[str, tuple[str, ...]], _Kinds] = {}
        self._combined: dict[tuple[str, ...], Mapping[str, Sequence[int]]] = {}

    def table(self, each: Each, uses: Sequence[Sequence[str]]) -> ContextTable:
        """Return the contexts of expressions that use these names; `uses` has those of each expression."""
        columns = self._columns(each)
        used = [
            {part: names for part in columns if (names := tuple(name for name in of if part_of(name) == part))}
            for of in uses
        ]
        parts = tuple(part for part in columns if any(part in by_part for by_part in used))
        fewer = self._combinations(parts) if each is Each.MEMBER else columns
        kinds = [[self._kinds_by(part, names) for part, names in by_part.items()] for by_part in used]
        used_kinds = list(zip(chain.from_iterable(used), chain.from_iterable(kinds), strict=True))
        return ContextTable(
            [{name: cel_value(EVERYWHERE[name](self.facts)) for name in of if name in EVERYWHERE} for of in uses],
            kinds,
            [list(map(of.kind_of.__getitem__, fewer[part])) for part, of in used_kinds],
            lambda: [list(map(of.kind_of.__getitem__, columns[part])) for part, of in used_kinds],
            len(next(iter(columns.values()))),
            lambda index: self._subject(each, index),
        )

    def values(self, subject: Subject, uses: Sequence[str]) -> dict[str, Value]:
        """Return the values of variables for one subject."""
        things = {
            "group": subject.group,
            "person": subject.person,
            "terms": subject.member,
            "change": subject.change,
        }
        values = {path: EVERYWHERE[path](self.facts) for path in uses if path in EVERYWHERE}
        for path in uses:
            if path not in values:
                value = getter(path)(self.facts, things[part_of(path)])
                if value is not None:
                    values[path] = value
        return values

    def _columns(self, each: Each) -> Mapping[str, Sequence[int]]:
        """Return, by part, the index of each subject's group, person and terms."""
        if each is Each.GROUP:
            return {"group": range(len(self.facts.every_group))}
        if each is Each.PERSON:
            return {"person": range(len(self.facts.people))}
        if each is Each.CHANGE:
            return {"change": range(len(self.changes))}
        return self._memberships[0]

    @cached_property
    def _memberships(self) -> tuple[Mapping[str, Sequence[int]], Sequence[Member]]:
        """Return the columns of all memberships, and one member of each terms."""
        numbers = {person.identity: index for index, person in enumerate(self.facts.people)}
        kinds: dict[tuple[Any, ...], int] = {}
        terms: list[Member] = []
        groups, people, of_terms = [], [], []
        for index, group in enumerate(self.facts.groups):
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
            getters = [getter(name) for name in names]
            numbers: dict[tuple[Value | None, ...], int] = {}
            kind_of = [
                numbers.setdefault(tuple([get(self.facts, thing) for get in getters]), len(numbers))
                for thing in self._things(part)
            ]
            values = [
                {name: cel_value(value) for name, value in zip(names, row, strict=True) if value is not None}
                for row in numbers
            ]
            self._kinds[part, names] = _Kinds(kind_of, values)
        return self._kinds[part, names]

    def _things(self, part: str) -> Sequence[Any]:
        by_part: dict[str, Sequence[Any]] = {
            "group": self.facts.every_group,
            "person": self.facts.people,
            "change": self.changes,
        }
        return by_part[part] if part in by_part else self._memberships[1]

    def _subject(self, each: Each, index: int) -> Subject:
        if each is Each.GROUP:
            return Subject(group=self.facts.every_group[index])
        if each is Each.PERSON:
            return Subject(person=self.facts.people[index])
        if each is Each.CHANGE:
            change = self.changes[index]
            return Subject(change.group, change.person, change=change)
        columns = self._memberships[0]
        group, person = self.facts.groups[columns["group"][index]], self.facts.people[columns["person"][index]]
        return Subject(group, person, group.listed_members[person.identity])
