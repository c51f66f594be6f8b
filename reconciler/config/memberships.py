"""Lists of members: who is in, until when and why, and what happens when somebody is in twice.

Teams with everything in them: the people, and the people of the teams in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reconciler.config.document import LocatedValue, SourceLocation, Tree, as_items, as_mapping, as_text
from reconciler.config.merge import MergedConfig
from reconciler.config.people import PeopleResolver
from reconciler.config.policy import CountryPolicy
from reconciler.config.problem_collector import ProblemCollector, did_you_mean, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.desired import Member
from reconciler.model.identity import Identity

MAX_MEMBERSHIPS = 1_000_000
"""Memberships of all groups and teams together. Beyond it a small file with nested teams fills the memory."""


_MOST_PATHS = 8
"""Ways through teams that are kept for one member: enough to see why they are in, whatever the nesting."""


class MemberListResolver:
    """Resolves lists of members; `taken` counts what all of them hold together."""

    def __init__(self, directory: PeopleResolver, countries: CountryPolicy, findings: ProblemCollector) -> None:
        self._countries = countries
        self._directory = directory
        self._findings = findings
        self._plain: dict[str, Member] = {}
        self._left = MAX_MEMBERSHIPS

    def members(self, entry: LocatedValue) -> dict[Identity, Member]:
        """The members of a list. Somebody listed twice is one member, with a warning."""
        found: dict[Identity, Member] = {}
        plain = self._plain
        for index, item in as_items(entry.value):
            member = plain.get(item) if isinstance(item, str) else None
            if member is None:
                if self._findings.limit_reached:
                    break
                member = self._member(item, entry.place.at(index))
                if member is None:
                    continue
            identity = member.person.identity
            if identity in found:
                label = self._directory.label(member.person)
                message = f"{label} is already in this list under another spelling or again"
                hint = "one membership counts; keep one of them"
                self._findings.warning(ProblemKind.SAME_TWICE, entry.place.at(index), message, hint)
                member = merge_memberships(found[identity], member)
            found[identity] = member
        self.count_memberships(len(found), entry.place)
        return found

    def count_memberships(self, count: int, place: SourceLocation) -> bool:
        """Count memberships; False, with an error once, when a run has far more than anybody can mean."""
        before, self._left = self._left, self._left - count
        if before >= 0 > self._left:
            message = f"groups and teams come to more than {MAX_MEMBERSHIPS:,} memberships"
            self._findings.error(
                ProblemKind.LIMIT, place, message, "look for teams that contain one another many times"
            )
        return self._left >= 0

    def _member(self, item: Tree, place: SourceLocation) -> Member | None:
        if not isinstance(item, dict):
            person = self._directory.person(as_text(item), place)
            if person is None:
                return None
            if not self._countries.check(person, place):
                return Member(person)  # not kept, so that each place where the number stands is told
            return self._plain.setdefault(as_text(item), Member(person))
        fields = as_mapping(item)
        said = "person" if "person" in fields else "phone"
        person = self._directory.person(as_text(fields[said]), place.at(said))
        until = self._date(fields.get("until"), place.at("until"))
        reason = fields.get("reason")
        if person is None:
            return None
        self._countries.check(person, place.at(said))
        return Member(person, until, as_text(reason).strip() if reason is not None else None, "join" in fields)

    def _date(self, value: Tree, place: SourceLocation) -> date | None:
        if value is None:
            return None
        try:
            return date.fromisoformat(as_text(value))
        except ValueError:
            message = f"{quote_value(as_text(value))} is no day of the calendar"
            self._findings.error(ProblemKind.VALUE, place, message, "expected YYYY-MM-DD")
            return None


def merge_memberships(one: Member, other: Member) -> Member:
    """One membership out of two of one person: the longer one, by invite if either says so, through all teams."""
    longer = other if _lasts_longer(other, one) else one
    teams = tuple(sorted({*one.teams, *other.teams})[:_MOST_PATHS])
    # Not dataclasses.replace, which takes twice as long: a file may have a million memberships.
    return Member(longer.person, longer.until, longer.reason, one.by_invite or other.by_invite, teams)


def _lasts_longer(one: Member, other: Member) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)


def merge_into(found: dict[Identity, Member], more: Mapping[Identity, Member]) -> None:
    """Put more members into a list; who is there already has the longer of both memberships."""
    for identity, member in more.items():
        found[identity] = merge_memberships(found[identity], member) if identity in found else member


_COST = 4
"""How much more memory a membership takes that has a way of its own through nested teams."""


MAX_TEAM_DEPTH = 50
"""Levels of teams within teams."""


class TeamResolver:
    """Resolves teams, each once."""

    def __init__(self, merged: MergedConfig, lists: MemberListResolver, findings: ProblemCollector) -> None:
        self._merged = merged
        self._entries = merged.sections["teams"]
        self._lists = lists
        self._findings = findings
        self._members: dict[str, Mapping[Identity, Member]] = {}
        self._open: list[str] = []
        self._cycles: set[frozenset[str]] = set()
        for name, entry in self._entries.items():
            self._of(name, entry.place)

    def members(self, entry: LocatedValue) -> dict[Identity, Member]:
        """The people of a list of teams; each member's `teams` tells the way: "staff/board"."""
        found: dict[Identity, Member] = {}
        for index, name in as_items(entry.value):
            team = self._of(as_text(name), entry.place.at(index))
            if not self._lists.count_memberships(len(team), entry.place):
                return {}
            merge_into(found, team)
        return found

    def _of(self, name: str, place: SourceLocation) -> Mapping[Identity, Member]:
        if name in self._members:
            return self._members[name]
        if name not in self._entries:
            self._unknown(name, place)
            return {}
        if name in self._open:
            self._cycle(name, place)
            return {}
        if len(self._open) >= MAX_TEAM_DEPTH:
            message = f"teams are nested more than {MAX_TEAM_DEPTH} levels deep"
            self._findings.error(ProblemKind.TEAM_CYCLE, place, message, "make the nesting flat")
            return {}
        self._open.append(name)
        self._members[name] = self._expanded(name, self._entries[name])
        self._open.pop()
        return self._members[name]

    def _expanded(self, name: str, entry: LocatedValue) -> dict[Identity, Member]:
        members, teams = LocatedValue(entry.value, entry.place), None
        if isinstance(entry.value, dict):
            fields = as_mapping(entry.value)
            members = LocatedValue(fields.get("members", []), entry.place.at("members"))
            teams = LocatedValue(fields["teams"], entry.place.at("teams")) if "teams" in fields else None
        found = {identity: _through(name, member) for identity, member in self._lists.members(members).items()}
        if teams is not None:
            inner = self.members(teams)
            self._lists.count_memberships(_COST * len(inner), entry.place)
            merge_into(found, {identity: _through(name, member) for identity, member in inner.items()})
        return found

    def _unknown(self, name: str, place: SourceLocation) -> None:
        if self._merged.is_broken("teams", name):
            return
        if name in self._merged.sections["people"]:
            message, hint = f"{quote_value(name)} is a person, not a team", "put it under `members`"
        else:
            near = did_you_mean(name, self._entries) if len(name) <= 100 else ""
            message, hint = f"there is no team {quote_value(name)}", near or "define it under `teams`"
        self._findings.error(ProblemKind.UNKNOWN_REFERENCE, place, message, hint)

    def _cycle(self, name: str, place: SourceLocation) -> None:
        ring = self._open[self._open.index(name) :]
        if frozenset(ring) not in self._cycles:
            self._cycles.add(frozenset(ring))
            way = " → ".join(quote_value(team)[1:-1] for team in [*ring, name])
            self._findings.error(
                ProblemKind.TEAM_CYCLE, place, f"teams contain each other: {way}", "take one of them out"
            )


def _through(team: str, member: Member) -> Member:
    ways = tuple(f"{team}/{way}" for way in member.teams) or (team,)
    # Not dataclasses.replace, which takes twice as long: a file may have a million memberships.
    return Member(member.person, member.until, member.reason, member.by_invite, ways)
