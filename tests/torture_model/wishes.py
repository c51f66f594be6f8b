"""What the file asks for, as plain dicts, the text of the file, and what it comes to on a day.

A wish is {"lids": {alias}, "teams": {name: [alias]}, "policy": {…}, "groups": {key: {…}}} with the file's own words;
a member is an alias, or a dict with `person` and `until` or `join`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.torture_model.cast import INSTANCE, ME, NOBODY, NOBODYS_JID, PEOPLE, PHONE, TEAMS, digits_of, same

Wish = dict[str, Any]


def empty_wish() -> Wish:
    """A file without groups."""
    return {
        "lids": [],
        "teams": {team: [] for team in TEAMS},
        "policy": {"protected": [], "ignored": []},
        "groups": {},
    }


def text_of(wish: Wish) -> str:
    """The file: JSON, which is YAML."""
    people: dict[str, Any] = {
        alias: {"phone": someone.phone, "lid": someone.lid} if alias in wish["lids"] else someone.phone
        for alias, someone in PEOPLE.items()
    }
    document = {
        "version": 1,
        "instance": {"id": INSTANCE, "phone": PHONE},
        "people": {**people, NOBODY: NOBODYS_JID},
        "teams": wish["teams"],
        "policy": wish["policy"],
        "groups": wish["groups"],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def is_valid(wish: Wish) -> bool:
    """Whether the file can be taken at all: names, ids and lists do not contradict each other."""
    groups = wish["groups"].values()
    ids = [group["id"] for group in groups if "id" in group]
    # One key's earlier name is no other key's name, or both mean one group.
    names = [name for group in groups if "id" not in group for name in (group["name"], *group.get("previously", ()))]
    twice = any(same(name, other) for at, name in enumerate(names) for other in names[:at])
    torn = any(set(aliases(group.get("members", ()))) & set(group.get("absent", ())) for group in groups)
    return len(ids) == len(set(ids)) and not twice and not torn


def aliases(members: Iterable[Any]) -> list[str]:
    """Who is meant by the entries of a list."""
    return [entry["person"] if isinstance(entry, dict) else entry for entry in members]


@dataclass
class Want:
    """One group of the file on a day. `wanted` and `waiting` (to come by invite) are None where not managed."""

    key: str
    fields: dict[str, Any]
    wanted: set[str] | None
    waiting: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """By which names the group is found, the wanted one first."""
        return [self.fields["name"], *self.fields.get("previously", [])]

    @property
    def id(self) -> str | None:
        """The id the file notes."""
        return self.fields.get("id")

    @property
    def left(self) -> bool:
        """Whether the instance is to be out of it."""
        return bool(self.fields.get("state") == "left")

    @property
    def mode(self) -> str:
        """exact, additive or observe."""
        return str(self.fields.get("membership", "exact"))

    @property
    def all_wanted(self) -> set[str]:
        """Everybody who may be in on the file's word."""
        return self.wanted or set()


@dataclass
class Wanted:
    """The whole file on a day; people by their canonical digits."""

    groups: dict[str, Want]
    protected: set[str]
    ignored: set[str]
    lids: set[str]
    max_removals: str | None


def resolve(wish: Wish, day: str) -> Wanted:
    """What the file asks for on a day."""
    policy = wish["policy"]
    ignored = {digits_of(alias) for alias in policy["ignored"]}
    groups = {key: _want(key, group, wish["teams"], day, ignored) for key, group in wish["groups"].items()}
    protected = {digits_of(alias) for alias in policy["protected"]}
    lids = {digits_of(alias) for alias in wish["lids"]}
    return Wanted(groups, protected, ignored, lids, policy.get("max_removals"))


def _want(key: str, group: dict[str, Any], teams: dict[str, list[str]], day: str, ignored: set[str]) -> Want:
    absent = {digits_of(alias) for alias in group.get("absent", ())}
    if "members" not in group and "teams" not in group:
        return Want(key, group, None, absent=absent)
    through = {digits_of(alias) for team in group.get("teams", ()) for alias in teams[team]} - absent
    listed = {digits_of(alias) for alias in aliases(group.get("members", ()))}
    entries = [entry for entry in group.get("members", ()) if isinstance(entry, dict)]
    over = {digits_of(e["person"]) for e in entries if e.get("until", "9999") < day}
    waiting = {digits_of(e["person"]) for e in entries if "join" in e}
    # Somebody who is in a list and in a team has the longer of both memberships.
    wanted = (listed - (over - through)) | through
    return Want(key, group, wanted - ignored - {ME}, waiting, absent)
