"""Resolve lists of members and teams: who is a member, until when, why, and through which teams."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reconciler.config.document import (
    CellLocation,
    LocatedValue,
    MergedConfig,
    SourceLocation,
    Tree,
    as_items,
    as_sequence,
    as_text,
)
from reconciler.config.people import People
from reconciler.config.policy import check_country
from reconciler.config.problem_collector import ProblemCollector, did_you_mean, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.desired import Member, Policy
from reconciler.model.identity import Identity
from reconciler.model.text import composed

MAX_MEMBERSHIPS = 1_000_000
"""Memberships of all groups and teams together. Beyond it a small file with nested teams fills the memory."""
MAX_TEAM_DEPTH = 50
"""Levels of teams within teams."""
_MAX_TEAM_PATHS = 8
"""Paths through teams that one member keeps: enough to explain the membership, however deep the nesting."""
_NESTED_COST = 4
"""How much more memory a membership takes if it has a path of its own through nested teams."""


class Memberships:
    """Resolves lists of members, and each team once; counts all memberships of a run.

    `incomplete` has the places of lists in which an entry is in error: somebody may be meant who is not among the
    members. `by_reference` has the members without terms of their own, by how the file names them.
    """

    def __init__(
        self,
        merged: MergedConfig,
        people: People,
        policy: Policy,
        problems: ProblemCollector,
        known: Mapping[str | int, Member] | None = None,
    ) -> None:
        """Resolve the teams. `known` are members by how the file names them, as an earlier version resolved them."""
        self._merged = merged
        self._people = people
        self._policy = policy
        self._problems = problems
        self.by_reference: dict[str | int, Member] = dict(known or {})
        self._allowance = MAX_MEMBERSHIPS
        self._teams = merged.sections["teams"]
        self._team_members: dict[str, Mapping[Identity, Member]] = {}
        self._open_teams: list[str] = []
        self._cycles: set[frozenset[str]] = set()
        self.incomplete: set[SourceLocation] = set()
        self._incomplete_teams: set[str] = set()
        for name, entry in self._teams.items():
            self._team(name, entry.place)

    @property
    def team_members(self) -> Mapping[str, Mapping[Identity, Member]]:
        """Everybody in each team."""
        return self._team_members

    def members(self, entry: LocatedValue) -> dict[Identity, Member]:
        """Return the members of a list. A person who is listed twice is one member, with a warning."""
        members: dict[Identity, Member] = {}
        first: dict[Identity, int] = {}
        by_reference, is_from_file = self.by_reference, isinstance(entry.place, CellLocation)
        self._note_gaps(entry)
        for index, item in as_items(entry.value):
            # A row in several teams is one item of all of them.
            key = item if isinstance(item, str) else id(item) if is_from_file else ""
            member = by_reference.get(key)
            if member is None:
                if self._people.limit_reached:
                    break
                member = self._member(item, entry.place.at(index))
                if member is None:
                    self.incomplete.add(entry.place)
                    continue
                if is_from_file:
                    by_reference[key] = member
            identity = member.person.identity
            if identity in members and not is_from_file:
                message = f"{self._people.label(member.person)} is listed twice, first at"
                place, other = entry.place.at(index), entry.place.at(first[identity])
                self._problems.warning(ProblemKind.SAME_TWICE, place, message, "delete one of the two", other=other)
            if identity in members:
                member = _merge_members(members[identity], member)
            first.setdefault(identity, index)
            members[identity] = member
        self._count(len(members), entry.place)
        return members

    def of_teams(self, entry: LocatedValue) -> dict[Identity, Member]:
        """Return the people of a list of teams; each member's `teams` has the path: "staff/board"."""
        members: dict[Identity, Member] = {}
        self._note_gaps(entry)
        for index, item in as_items(entry.value):
            name = composed(as_text(item))
            team = self._team(name, entry.place.at(index))
            if name in self._incomplete_teams or name not in self._team_members:
                self.incomplete.add(entry.place)
            if not self._count(len(team), entry.place):
                return {}
            merge_into(members, team)
        return members

    def has_team(self, name: str, place: SourceLocation) -> bool:
        """Return whether there is a team of this name; report one that there is not."""
        if name not in self._teams:
            self._report_unknown_team(name, place, "name a team")
        return name in self._teams

    @property
    def teams(self) -> Mapping[str, Mapping[Identity, Member]]:
        """Return everybody in each team, including those whose last day has passed."""
        return self._team_members

    def _note_gaps(self, entry: LocatedValue) -> None:
        """Note a list from which the schema check took an entry out."""
        if None in as_sequence(entry.value):
            self.incomplete.add(entry.place)

    def _count(self, count: int, place: SourceLocation) -> bool:
        """Count memberships; return False, with one error, if a run has far more than anybody can mean."""
        before, self._allowance = self._allowance, self._allowance - count
        if before >= 0 > self._allowance:
            message = f"groups and teams add up to more than {MAX_MEMBERSHIPS:,} memberships"
            hint = "look for teams that contain one another many times"
            self._problems.error(ProblemKind.LIMIT, place, message, hint)
        return self._allowance >= 0

    def _member(self, item: Tree, place: SourceLocation) -> Member | None:
        entry = LocatedValue(item, place)
        fields = item if isinstance(item, dict) else {}
        reference = (entry.field("person") or entry.field("phone")) if isinstance(item, dict) else entry
        until = read_date(fields.get("until"), place.at("until"), self._problems)
        if reference is None:  # the schema check has taken it out
            return None
        person = self._people.person(as_text(reference.value), reference.place)
        if person is None:
            return None
        is_allowed = check_country(person, reference.place, self._policy, self._merged, self._problems)
        reason = fields.get("reason")
        if not is_allowed and isinstance(place, CellLocation):
            return None  # an error already, unless the row is gone
        # Only who left a people file has `left`; the schema knows no such key.
        member = Member(
            person,
            until,
            as_text(reason).strip() if reason is not None else None,
            "join" in fields,
            left="left" in fields,
        )
        if is_allowed and isinstance(item, str):
            self.by_reference[item] = member
        return member

    def _team(self, name: str, place: SourceLocation) -> Mapping[Identity, Member]:
        if name in self._team_members:
            return self._team_members[name]
        if name not in self._teams:
            self._report_unknown_team(name, place)
            return {}
        if name in self._open_teams:
            self._report_cycle(name, place)
            return {}
        if len(self._open_teams) >= MAX_TEAM_DEPTH:
            message = f"teams are nested more than {MAX_TEAM_DEPTH} levels deep"
            self._problems.error(ProblemKind.TEAM_CYCLE, place, message, "use fewer levels")
            return {}
        self._open_teams.append(name)
        self._team_members[name] = self._resolve_team(name, self._teams[name])
        self._open_teams.pop()
        return self._team_members[name]

    def _resolve_team(self, name: str, entry: LocatedValue) -> dict[Identity, Member]:
        members: LocatedValue | None = entry
        teams: LocatedValue | None = None
        if isinstance(entry.value, dict):
            members, teams = entry.field("members"), entry.field("teams")
        direct = self.members(members) if members is not None else {}
        through = {identity: _through(name, member) for identity, member in direct.items()}
        if teams is not None:
            nested = self.of_teams(teams)
            self._count(_NESTED_COST * len(nested), entry.place)
            merge_into(through, {identity: _through(name, member) for identity, member in nested.items()})
        if any(part is not None and part.place in self.incomplete for part in (members, teams)):
            self._incomplete_teams.add(name)
        return through

    def _report_unknown_team(self, name: str, place: SourceLocation, for_person: str = "move it to `members`") -> None:
        if self._merged.is_broken("teams", name):
            return
        if name in self._merged.sections["people"]:
            message, hint = f"{quote_value(name)} is a person, not a team", for_person
        else:
            suggestion = did_you_mean(name, self._teams) if len(name) <= 100 else ""
            message, hint = f"there is no team {quote_value(name)}", suggestion or "define it under `teams`"
        self._problems.error(ProblemKind.UNKNOWN_REFERENCE, place, message, hint)

    def _report_cycle(self, name: str, place: SourceLocation) -> None:
        cycle = self._open_teams[self._open_teams.index(name) :]
        if frozenset(cycle) not in self._cycles:
            self._cycles.add(frozenset(cycle))
            path = " → ".join(quote_value(team)[1:-1] for team in [*cycle, name])
            message = f"teams contain each other: {path}"
            self._problems.error(ProblemKind.TEAM_CYCLE, place, message, "remove one of these references")


def read_date(value: Tree, place: SourceLocation, problems: ProblemCollector) -> date | None:
    """Return a day; None where there is none, and with a problem where it is not a day of the calendar."""
    if value is None:
        return None
    try:
        return date.fromisoformat(as_text(value))
    except ValueError:
        message = f"{quote_value(as_text(value))} is not a valid date"
        problems.error(ProblemKind.VALUE, place, message, "write a day of the calendar as YYYY-MM-DD")
        return None


def merge_into(members: dict[Identity, Member], others: Mapping[Identity, Member]) -> None:
    """Add members to a list; a person in both keeps the longer of both memberships."""
    for identity, member in others.items():
        members[identity] = _merge_members(members[identity], member) if identity in members else member


def _merge_members(first: Member, second: Member) -> Member:
    """Return one membership for two of one person: the longer one, by invite if either is, through all teams."""
    second_is_longer = first.until is not None and (second.until is None or second.until > first.until)
    longer = second if second_is_longer else first
    teams = tuple(sorted({*first.teams, *second.teams})[:_MAX_TEAM_PATHS])
    # Not dataclasses.replace, which takes twice as long: a file may have a million memberships.
    is_left = first.left and second.left
    return Member(longer.person, longer.until, longer.reason, first.by_invite or second.by_invite, teams, is_left)


def _through(team: str, member: Member) -> Member:
    paths = tuple(f"{team}/{path}" for path in member.teams) if member.teams else (team,)
    # Not dataclasses.replace, which takes twice as long: a file may have a million memberships.
    return Member(member.person, member.until, member.reason, member.by_invite, paths, member.left)
