"""The values of the variables that expressions use, for one group, person, membership or change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import filterfalse
from typing import Any, Final, TypeAlias

from reconciler.model.desired import DesiredGroup, Member, Person, State, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.rules import Each
from reconciler.rules.cel import Value
from reconciler.rules.conditions import Subjects, admins_of
from reconciler.rules.variables import VARIABLES, ValueType

CountryOf: TypeAlias = Callable[[Identity], str]
"""Returns the two-letter code of a number's country, "" where it has none."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What a plan changes in a group; `person` is None where it changes the group itself."""

    action: str
    group: DesiredGroup
    person: Person | None = None


class Facts:
    """What the values come from: the groups that the account is to be in, everybody, the teams."""

    def __init__(self, subjects: Subjects, country_of: CountryOf) -> None:
        self.subjects = subjects
        self.country_of = country_of

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody with an alias, in a team, or a member or an admin of a group, by identity."""
        desired = self.subjects.desired
        found = dict(desired.people)
        for members in (*desired.teams.values(), *(group.listed_members for group in self.groups)):
            found |= {identity: members[identity].person for identity in filterfalse(found.__contains__, members)}
        for group in self.groups:
            if not isinstance(group.admins, Unmanaged):
                for identity, admin in group.admins.items():
                    found.setdefault(identity, admin)
        return tuple(found[identity] for identity in sorted(found))

    @property
    def groups(self) -> tuple[DesiredGroup, ...]:
        """The groups, by key."""
        return self.subjects.groups

    @cached_property
    def every_group(self) -> tuple[DesiredGroup, ...]:
        """The groups, and behind them those that the account is to leave."""
        return (*self.groups, *(one for one in self.subjects.desired.groups if one.state is not State.PRESENT))

    @cached_property
    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """The people of each team, by its name."""
        return {
            name: tuple(self.subjects.name(identity) for identity in sorted(self.subjects.team(name)))
            for name in sorted(self.subjects.desired.teams)
        }

    @cached_property
    def source_of(self) -> Mapping[Identity, str]:
        """The people file that has a person, by its path below the folder; nobody of the YAML alone."""
        files = self.subjects.desired.people_files
        by_alias = {alias: file.name for file in files for alias in file.people}
        people = self.subjects.desired.people.items()
        return {identity: by_alias[alias] for identity, one in people for alias in one.aliases if alias in by_alias}

    @cached_property
    def teams_of(self) -> Mapping[Identity, Sequence[str]]:
        """The teams of each person who is in one, by name."""
        found: dict[Identity, list[str]] = {}
        for name in sorted(self.subjects.desired.teams):
            for identity in self.subjects.team(name):
                found.setdefault(identity, []).append(name)
        return found


def part_of(name: str) -> str:
    """Return which part of a subject a variable is about: its group, its person or the terms of its membership."""
    path = name.removeprefix("has(")
    if path in EVERYWHERE:
        return ""
    if path.startswith("member.person."):
        return "person"
    root = path.partition(".")[0]
    return "terms" if root == "member" else root


def getter(name: str) -> Callable[[Facts, Any], Value | None]:
    """Return the function of the facts and the group, person, member or change that returns a name's value."""
    if name.startswith("has("):
        value = getter(name.removeprefix("has(").removesuffix(")"))
        return lambda facts, thing: None if value(facts, thing) is None else 1
    part, field = part_of(name), name.rpartition(".")[2]
    if part != "change":
        return _GETTERS[f"{part}.{field}"]
    part = name.split(".")[1]
    if part == "action":
        return lambda _, change: str(change.action)
    get = _GETTERS[f"{part}.{field}"]
    if part == "group":
        return lambda facts, change: get(facts, change.group)
    nobody: Value = "" if VARIABLES[Each.CHANGE][name].type is ValueType.TEXT else ()
    return lambda facts, change: nobody if change.person is None else get(facts, change.person)


def _through(_: Facts, member: Member) -> tuple[str, ...]:
    return tuple(sorted({name for path in member.teams for name in path.split("/")}))


def _teams_of_group(facts: Facts, group: DesiredGroup) -> tuple[str, ...]:
    return tuple(sorted({name for member in group.listed_members.values() for name in _through(facts, member)}))


def _names(facts: Facts, identities: Collection[Identity]) -> tuple[str, ...]:
    return tuple(facts.subjects.name(identity) for identity in identities)


EVERYWHERE: Final[Mapping[str, Callable[[Facts], Value]]] = {
    "today": lambda facts: facts.subjects.day,
    "file.groups": lambda facts: tuple(group.key for group in facts.groups),
    "file.people": lambda facts: tuple(facts.subjects.name(person.identity) for person in facts.people),
    "file.teams": lambda facts: facts.teams,
}
_GETTERS: Final[Mapping[str, Callable[[Facts, Any], Value | None]]] = {
    "group.key": lambda _, group: group.key,
    "group.name": lambda _, group: group.name if isinstance(group.name, str) else "",
    "group.members": lambda facts, group: _names(facts, group.listed_members),
    "group.teams": _teams_of_group,
    "group.admins": lambda facts, group: _names(facts, admins_of(group, facts.subjects)),
    "group.membership": lambda _, group: group.membership.value,
    "group.state": lambda _, group: group.state.value,
    "group.size": lambda _, group: len(group.listed_members),
    "person.alias": lambda _, person: person.alias or "",
    "person.label": lambda _, person: person.name or person.alias or person.identity,
    "person.country": lambda facts, person: facts.country_of(person.identity),
    "person.teams": lambda facts, person: tuple(facts.teams_of.get(person.identity, ())),
    "person.groups": lambda facts, person: tuple(
        group.key for group in facts.subjects.groups_of.get(person.identity, ())
    ),
    "person.source": lambda facts, person: facts.source_of.get(person.identity, ""),
    "terms.until": lambda _, member: member.until,
    "terms.reason": lambda _, member: member.reason or "",
    "terms.through": _through,
}
