"""Teams with everything in them: the people, and the people of the teams in them."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.config.findings import Findings
from reconciler.config.members import Lists, add_all
from reconciler.config.merge import Merged
from reconciler.config.quoting import did_you_mean, shown
from reconciler.config.tree import Entry, Place, mapping, numbered, text
from reconciler.errors import Kind
from reconciler.model.desired import Member
from reconciler.model.identity import Identity

_COST = 4
"""How much more memory a membership takes that has a way of its own through nested teams."""

DEEPEST = 50
"""Levels of teams within teams."""


class Teams:
    """Resolves teams, each once."""

    def __init__(self, merged: Merged, lists: Lists, findings: Findings) -> None:
        self._merged = merged
        self._entries = merged.sections["teams"]
        self._lists = lists
        self._findings = findings
        self._members: dict[str, Mapping[Identity, Member]] = {}
        self._open: list[str] = []
        self._cycles: set[frozenset[str]] = set()
        for name, entry in self._entries.items():
            self._of(name, entry.place)

    def members(self, entry: Entry) -> dict[Identity, Member]:
        """The people of a list of teams; each member's `teams` tells the way: "staff/board"."""
        found: dict[Identity, Member] = {}
        for index, name in numbered(entry.value):
            team = self._of(text(name), entry.place.at(index))
            if not self._lists.take(len(team), entry.place):
                return {}
            add_all(found, team)
        return found

    def _of(self, name: str, place: Place) -> Mapping[Identity, Member]:
        if name in self._members:
            return self._members[name]
        if name not in self._entries:
            self._unknown(name, place)
            return {}
        if name in self._open:
            self._cycle(name, place)
            return {}
        if len(self._open) >= DEEPEST:
            message = f"teams are nested more than {DEEPEST} levels deep"
            self._findings.error(Kind.TEAM_CYCLE, place, message, "make the nesting flat")
            return {}
        self._open.append(name)
        self._members[name] = self._expanded(name, self._entries[name])
        self._open.pop()
        return self._members[name]

    def _expanded(self, name: str, entry: Entry) -> dict[Identity, Member]:
        members, teams = Entry(entry.value, entry.place), None
        if isinstance(entry.value, dict):
            fields = mapping(entry.value)
            members = Entry(fields.get("members", []), entry.place.at("members"))
            teams = Entry(fields["teams"], entry.place.at("teams")) if "teams" in fields else None
        found = {identity: _through(name, member) for identity, member in self._lists.members(members).items()}
        if teams is not None:
            inner = self.members(teams)
            self._lists.take(_COST * len(inner), entry.place)
            add_all(found, {identity: _through(name, member) for identity, member in inner.items()})
        return found

    def _unknown(self, name: str, place: Place) -> None:
        if self._merged.is_broken("teams", name):
            return
        if name in self._merged.sections["people"]:
            message, hint = f"{shown(name)} is a person, not a team", "put it under `members`"
        else:
            near = did_you_mean(name, self._entries) if len(name) <= 100 else ""
            message, hint = f"there is no team {shown(name)}", near or "define it under `teams`"
        self._findings.error(Kind.UNKNOWN_REFERENCE, place, message, hint)

    def _cycle(self, name: str, place: Place) -> None:
        ring = self._open[self._open.index(name) :]
        if frozenset(ring) not in self._cycles:
            self._cycles.add(frozenset(ring))
            way = " → ".join(shown(team)[1:-1] for team in [*ring, name])
            self._findings.error(Kind.TEAM_CYCLE, place, f"teams contain each other: {way}", "take one of them out")


def _through(team: str, member: Member) -> Member:
    ways = tuple(f"{team}/{way}" for way in member.teams) or (team,)
    # Not dataclasses.replace, which takes twice as long: a file may have a million memberships.
    return Member(member.person, member.until, member.reason, member.by_invite, ways)
