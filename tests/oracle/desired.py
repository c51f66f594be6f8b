"""A groups file as plain data, its text, and what it asks for on a day."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.identity import INSTANCE, ME, PHONE, Person, same_text


@dataclass
class GroupsFile:
    """What a file says, in the file's own words: groups by key, teams by name, people by alias.

    A member is an alias, or a dict with `person` and `until` or `join`. `lids`: whose LID the file gives too.
    """

    people: Mapping[str, Person]
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    teams: dict[str, list[str]] = field(default_factory=dict)
    protected: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    lids: list[str] = field(default_factory=list)
    max_removals: str | int | None = None

    def text(self) -> str:
        """Return the file: JSON, which is YAML."""
        limit = {} if self.max_removals is None else {"max_removals": self.max_removals}
        document = {
            "version": 1,
            "instance": {"id": INSTANCE, "phone": PHONE},
            "people": {
                alias: {"phone": person.phone, "lid": person.lid} if alias in self.lids else person.phone
                for alias, person in self.people.items()
            },
            "teams": self.teams,
            "policy": {"protected": self.protected, "ignored": self.ignored, **limit},
            "groups": self.groups,
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    def is_valid(self) -> bool:
        """Return whether names, ids and lists do not contradict each other."""
        groups = self.groups.values()
        ids = [group["id"] for group in groups if "id" in group]
        # One key's name or earlier name is no other key's name, or both mean one group; one that is left is no rival.
        names = [group["name"] for group in groups if "id" not in group or group.get("state") != "left"]
        names += [name for group in groups if "id" not in group for name in group.get("previously", ())]
        twice = any(same_text(name, other) for at, name in enumerate(names) for other in names[:at])
        listed = [(group, set(aliases(group.get("members", ())))) for group in groups]
        torn = any(members & {*group.get("absent", ()), *group.get("except", ())} for group, members in listed)
        return len(ids) == len(set(ids)) and not twice and not torn

    def on(self, day: str = "2026-01-01") -> Desired:
        """Return what the file asks for on a day."""
        ignored = self._digits(self.ignored)
        groups = {key: self._group(key, group, day, ignored) for key, group in self.groups.items()}
        limit = None if self.max_removals is None else str(self.max_removals)
        return Desired(groups, self._digits(self.protected), ignored, self._digits(self.lids), limit)

    def _digits(self, names: Iterable[str]) -> set[str]:
        return {self.people[alias].digits for alias in names}

    def _group(self, key: str, group: dict[str, Any], day: str, ignored: set[str]) -> DesiredGroup:
        absent = self._digits(group.get("absent", ()))
        if "members" not in group and "teams" not in group:
            return DesiredGroup(key, group, None, absent=absent)
        through_team = {d for team in group.get("teams", ()) for d in self._digits(self.teams[team])} - absent
        through_team -= self._digits(group.get("except", ()))
        listed = self._digits(aliases(group.get("members", ())))
        entries = [entry for entry in group.get("members", ()) if isinstance(entry, dict)]
        expired = self._digits(entry["person"] for entry in entries if entry.get("until", "9999") < day)
        invited = self._digits(entry["person"] for entry in entries if "join" in entry)
        # Somebody who is in a list and in a team has the longer of both memberships.
        members = (listed - (expired - through_team)) | through_team
        return DesiredGroup(key, group, members - ignored - {ME}, invited, absent)


def aliases(members: Iterable[Any]) -> list[str]:
    """Return the aliases in a list of members."""
    return [entry["person"] if isinstance(entry, dict) else entry for entry in members]


@dataclass
class DesiredGroup:
    """One group of the file on a day, people by canonical digits. `members` is None where the file manages none."""

    key: str
    fields: dict[str, Any]
    members: set[str] | None
    invited: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """The names that find the group, the desired one first."""
        return [*([self.fields["name"]] if "name" in self.fields else []), *self.fields.get("previously", [])]

    @property
    def id(self) -> str | None:
        """The id that the file gives."""
        return self.fields.get("id")

    @property
    def is_left(self) -> bool:
        """Whether the instance is to leave it."""
        return bool(self.fields.get("state") == "left")

    @property
    def membership(self) -> str:
        """exact, additive or observe."""
        return str(self.fields.get("membership", "exact"))

    @property
    def all_members(self) -> set[str]:
        """Everybody whom the file allows in."""
        return self.members or set()


@dataclass
class Desired:
    """The whole file on a day; people by canonical digits."""

    groups: dict[str, DesiredGroup]
    protected: set[str]
    ignored: set[str]
    lids: set[str]
    max_removals: str | None
