"""The groups, people, memberships and changes that expressions are evaluated for, each distinct context once.

An expression sees only the variables that it uses. Memberships that agree in all of these are one context, which is
evaluated once: among a quarter of a million memberships, `member.reason` has a few values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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
"""What tells contexts apart: a number for each part of a subject that an expression uses."""
Rows: TypeAlias = Sequence[int]
"""Some of the subjects of a kind of rule, by their numbers, in their order."""


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
    values: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Contexts:
    """The contexts of one expression: of each part that it uses the column of the subjects, and its kinds."""

    everywhere: Mapping[str, Any]
    parts: Sequence[tuple[Sequence[int], _Kinds]]

    def keys(self, rows: Rows) -> Collection[Key]:
        """Return the key of each context that some subjects have."""
        if len(self.parts) == 1:
            ((column, kinds),) = self.parts
            things = set(map(column.__getitem__, rows))
            return [(kind,) for kind in sorted(set(map(kinds.kind_of.__getitem__, things)))]
        return set(self._keys_of(rows))

    def values(self, keys: Sequence[Key]) -> Sequence[Mapping[str, Any]]:
        """Return the values of each context by name, as the library takes them, but for those of `everywhere`."""
        found: list[dict[str, Any]] = [{}] * len(keys)
        for index, (_, kinds) in enumerate(self.parts):
            found = [before | kinds.values[key[index]] for before, key in zip(found, keys, strict=True)]
        return found

    def select(self, rows: Rows, keys: Collection[Key]) -> Rows:
        """Return the subjects, among some, that have one of these contexts."""
        if not keys:
            return ()
        if len(self.parts) == 1:
            ((column, kinds),) = self.parts
            chosen = {kind for (kind,) in keys}
            has = [kind in chosen for kind in kinds.kind_of]
            return [row for row in rows if has[column[row]]]
        chosen_keys = frozenset(keys)
        return [row for row, key in zip(rows, self._keys_of(rows), strict=True) if key in chosen_keys]

    def _keys_of(self, rows: Rows) -> Iterator[Key]:
        """Return the key of each subject."""
        if not self.parts:
            return repeat((), len(rows))
        columns = (map(kinds.kind_of.__getitem__, map(column.__getitem__, rows)) for column, kinds in self.parts)
        return zip(*columns, strict=True)


class Population:
    """Everything that expressions are evaluated for: the groups that the account is to be in, everybody, changes."""

    def __init__(self, subjects: Subjects, country_of: CountryOf, changes: Sequence[PlannedChange] = ()) -> None:
        self.facts = Facts(subjects, country_of)
        self.changes = changes
        self._kinds: dict[tuple[str, tuple[str, ...]], _Kinds] = {}

    def rows(self, each: Each) -> Rows:
        """Return all subjects of a kind of rule; members are in the order of their groups."""
        if each is Each.MEMBER:
            return range(sum(len(group.listed_members) for group in self.facts.groups))
        return range(len(self._things(each.value)))

    def contexts(self, each: Each, uses: Sequence[str]) -> Contexts:
        """Return the contexts of an expression that uses these names."""
        everywhere = {name: cel_value(EVERYWHERE[name](self.facts)) for name in uses if name in EVERYWHERE}
        parts = sorted({part_of(name) for name in uses if name not in everywhere})
        names = [(part, tuple(name for name in uses if part_of(name) == part)) for part in parts]
        return Contexts(everywhere, [(self._column(each, part), self._kinds_by(part, of)) for part, of in names])

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

    def subject(self, each: Each, row: int) -> Subject:
        """Return the subject of a number."""
        if each is Each.MEMBER:
            group = self.facts.groups[self._column(each, "group")[row]]
            person = self.facts.people[self._column(each, "person")[row]]
            return Subject(group, person, group.listed_members[person.identity])
        if each is Each.CHANGE:
            change = self.changes[row]
            return Subject(change.group, change.person, change=change)
        thing = self._things(each.value)[row]
        return Subject(group=thing) if each is Each.GROUP else Subject(person=thing)

    def _column(self, each: Each, part: str) -> Sequence[int]:
        """Return the index of each subject's group, person or terms."""
        if each is not Each.MEMBER:
            return self.rows(each)
        if part == "terms":
            return self._of_terms[0]
        return self._of_groups if part == "group" else self._of_people

    @cached_property
    def _of_groups(self) -> Sequence[int]:
        counts = (repeat(index, len(group.listed_members)) for index, group in enumerate(self.facts.groups))
        return list(chain.from_iterable(counts))

    @cached_property
    def _of_people(self) -> Sequence[int]:
        numbers = {person.identity: index for index, person in enumerate(self.facts.people)}
        members = chain.from_iterable(group.listed_members for group in self.facts.groups)
        return list(map(numbers.__getitem__, members))

    @cached_property
    def _of_terms(self) -> tuple[Sequence[int], Sequence[Member]]:
        """Return the terms of each membership, and one member of each terms."""
        kinds: dict[tuple[Any, ...], int] = {}
        terms: list[Member] = []
        column: list[int] = []
        for group in self.facts.groups:
            for member in group.listed_members.values():
                kind = kinds.setdefault((member.until, member.reason, member.teams), len(terms))
                if kind == len(terms):
                    terms.append(member)
                column.append(kind)
        return column, terms

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
        if part == "terms":
            return self._of_terms[1]
        if part == "person":
            return self.facts.people
        return self.changes if part == "change" else self.facts.every_group
