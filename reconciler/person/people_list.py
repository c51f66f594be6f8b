"""Everybody in the configuration: the file that they come from, their teams and their groups.

The fields are the document that `people --format json` prints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from reconciler.model.desired import Desired, Person, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef


@dataclass(frozen=True, slots=True, order=True)
class PersonSource:
    """Where an alias is defined: the file, and the row of a people file, or the line of a vCard (None for others)."""

    file: str
    row: int | None
    alias: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEntry:
    """A group in which somebody is a member, with the terms of `Member`, or only an admin."""

    key: str
    teams: tuple[str, ...] = ()
    until: date | None = None
    reason: str | None = None
    by_invite: bool = False
    admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """One person. Somebody who is only in the list of a group, by number, has no source."""

    person: PersonRef
    sources: tuple[PersonSource, ...] = ()
    teams: tuple[str, ...] = ()
    groups: tuple[GroupEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class PeopleList:
    """Everybody, sorted as people are everywhere, and the day on which memberships are evaluated."""

    as_of: date
    people: tuple[ListedPerson, ...]

    @property
    def by_file(self) -> Mapping[str, int]:
        """How many people come from each file, "" for those who have no alias."""
        counts: defaultdict[str, int] = defaultdict(int)
        for entry in self.people:
            for file in {source.file for source in entry.sources} or {""}:
                counts[file] += 1
        return dict(sorted(counts.items()))


def list_people(desired: Desired) -> PeopleList:
    """Return everybody who has an alias, or is a member or admin of a group now."""
    groups = _groups_by_person(desired)
    teams: defaultdict[Identity, set[str]] = defaultdict(set)
    for team, members in desired.teams.items():
        for identity in members:
            teams[identity].add(team)
    rows = {alias: (given.row, file.has_lines) for file in desired.people_files for alias, given in file.people.items()}
    entries = [
        ListedPerson(
            person=PersonRef.of(person),
            sources=_sources(person, desired.origins.get("people", {}), rows),
            teams=tuple(sorted(teams[person.identity])),
            groups=tuple(groups.get(person.identity, {}).values()),
        )
        for person in _everybody(desired)
    ]
    return PeopleList(desired.as_of, tuple(sorted(entries, key=lambda entry: entry.person.sort_key)))


def _everybody(desired: Desired) -> Iterable[Person]:
    people = dict(desired.people)
    for group in desired.groups:
        for member in group.listed_members.values():
            people.setdefault(member.person.identity, member.person)
        if not isinstance(group.admins, Unmanaged):
            for identity, admin in group.admins.items():
                people.setdefault(identity, admin)
    return people.values()


def _groups_by_person(desired: Desired) -> dict[Identity, dict[str, GroupEntry]]:
    """Return the groups of each person by key, in the order of the keys."""
    groups: defaultdict[Identity, dict[str, GroupEntry]] = defaultdict(dict)
    for group in desired.groups:
        admins = {} if isinstance(group.admins, Unmanaged) else group.admins
        for identity in {**group.listed_members, **admins}:
            member = group.listed_members.get(identity)
            groups[identity][group.key] = GroupEntry(
                key=group.key,
                teams=member.teams if member else (),
                until=member.until if member else None,
                reason=member.reason if member else None,
                by_invite=bool(member and member.by_invite),
                admin=identity in admins,
            )
    return groups


def _sources(
    person: Person, files: Mapping[str, str], rows: Mapping[str, tuple[int, bool]]
) -> tuple[PersonSource, ...]:
    return tuple(_source(alias, files.get(alias, ""), *rows.get(alias, (None, False))) for alias in person.aliases)


def _source(alias: str, file: str, row: int | None, is_line: bool) -> PersonSource:
    return PersonSource(file, None, alias, row) if is_line else PersonSource(file, row, alias)
