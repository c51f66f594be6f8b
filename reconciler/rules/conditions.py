"""What breaks each kind of ready-made rule, by set algebra over teams and groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import chain, combinations

from reconciler.model.desired import Desired, DesiredGroup, Membership, State, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.restrictions import glob_match
from reconciler.model.rules import (
    AtLeastAdmins,
    MaxGroupsPerPerson,
    MustContain,
    Naming,
    RequireConsent,
    RequireEnd,
    Rule,
    Separate,
    Together,
)
from reconciler.model.text import plural
from reconciler.rules.name_pattern import NamePattern

People = frozenset[Identity]


@dataclass(frozen=True, slots=True)
class Violation:
    """What breaks a rule, in words, and the group, the person and the team that it is about, each if there is one.

    `is_whole`: the words are the message of the rule itself.
    """

    text: str
    group: str | None = None
    person: Identity | None = None
    team: str | None = None
    is_whole: bool = False


class Subjects:
    """Who and what rules are about on a day: the groups that the account is to be in, and everybody in a team."""

    def __init__(self, desired: Desired, day: date) -> None:
        self.desired = desired
        self.day = day
        self.groups = tuple(group for group in desired.groups if group.state is State.PRESENT)
        self._teams: dict[str, People] = {}
        self._counts: dict[tuple[str, ...], Counter[Identity]] = {}
        self._selected: dict[tuple[str, ...], tuple[DesiredGroup, ...]] = {(): self.groups}

    @cached_property
    def groups_of(self) -> Mapping[Identity, Sequence[DesiredGroup]]:
        """Return the groups of each person, by key."""
        found: dict[Identity, list[DesiredGroup]] = {}
        for group in self.groups:
            for identity in group.listed_members:
                found.setdefault(identity, []).append(group)
        return found

    @cached_property
    def groups_of_those_who_end(self) -> Mapping[Identity, Sequence[DesiredGroup]]:
        """Return the groups, by key, of everybody in a team for which some rule requires an end."""
        conditions = (rule.condition for rule in self.desired.rules)
        teams = {team for one in conditions if isinstance(one, RequireEnd) for team in one.teams}
        people, found = self.any_team(sorted(teams)), dict[Identity, list[DesiredGroup]]()
        for group in self.groups:
            for identity in people.intersection(group.listed_members):
                found.setdefault(identity, []).append(group)
        return found

    def team(self, name: str) -> People:
        """Return who is in a team, without those whose last day has passed."""
        if name not in self._teams:
            members = self.desired.teams.get(name, {}).values()
            current = (one for one in members if one.until is None or one.until >= self.desired.as_of)
            self._teams[name] = frozenset(one.person.identity for one in current)
        return self._teams[name]

    def any_team(self, names: Sequence[str]) -> People:
        """Return who is in at least one of these teams."""
        return frozenset[Identity]().union(*map(self.team, names))

    def matching(self, rule: Rule) -> tuple[DesiredGroup, ...]:
        """Return the groups that a rule is about."""
        if rule.groups not in self._selected:
            self._selected[rule.groups] = tuple(
                group for group in self.groups if any(glob_match(pattern, group.key) for pattern in rule.groups)
            )
        return self._selected[rule.groups]

    def count_groups(self, rule: Rule) -> Mapping[Identity, int]:
        """Return in how many of the groups that a rule is about each person is."""
        if rule.groups not in self._counts:
            members = (group.listed_members.keys() for group in self.matching(rule))
            self._counts[rule.groups] = Counter(chain.from_iterable(members))
        return self._counts[rule.groups]

    def name(self, identity: Identity) -> str:
        """Return the alias of a person, else the number."""
        person = self.desired.people.get(identity)
        return (person.alias if person is not None else None) or identity

    def label(self, identity: Identity) -> str:
        """Return the name of a person in backticks."""
        return f"`{self.name(identity)}`"


def violations(rule: Rule, subjects: Subjects) -> Iterator[Violation]:
    """Yield everything that breaks a rule: by group, then by person."""
    match rule.condition:
        case RequireEnd() as condition:
            yield from _without_end(condition, rule, subjects)
        case Separate(teams):
            yield from _in_two_teams(teams, subjects)
        case Together() as condition:
            yield from _not_together(condition, subjects)
        case MustContain(team):
            yield from _missing_people(team, rule, subjects)
        case AtLeastAdmins(count):
            yield from _too_few_admins(count, rule, subjects)
        case MaxGroupsPerPerson(count):
            yield from _too_many_groups(count, rule, subjects)
        case RequireConsent():
            yield from _without_consent(rule, subjects)
        case Naming(pattern):
            yield from _misnamed(pattern, rule, subjects)


def nothing_to_check(rule: Rule, subjects: Subjects) -> str:
    """Return why a rule is about nothing, so that it holds whatever the file has; "" where it is about something."""
    if rule.groups and not subjects.matching(rule):
        return f"no group matches {', '.join(f'`{pattern}`' for pattern in rule.groups)}"
    empty: list[str] = []
    match rule.condition:
        case RequireEnd(teams) | Together(teams):
            empty = list(teams) if not subjects.any_team(teams) else []
        case Separate(teams):
            empty = [team for team in teams if not subjects.team(team)]
        case RequireConsent() if not any(file.asks_consent for file in subjects.desired.people_files):
            return "no entry of `sources` has `consent`"
        case MustContain(team):
            empty = [team] if not subjects.team(team) else []
    names = ", ".join(f"`{name}`" for name in empty)
    return f"nobody is in {names}" if empty else ""


def _without_end(condition: RequireEnd, rule: Rule, subjects: Subjects) -> Iterator[Violation]:
    within, latest = condition.within, None
    if within is not None:
        latest = subjects.day + timedelta(days=within)
    people = subjects.any_team(condition.teams)
    every = {group.key for group in subjects.matching(rule)}
    found: list[tuple[str, Identity, date | None]] = []
    for identity in people:
        for group in subjects.groups_of_those_who_end.get(identity, ()):
            until = group.listed_members[identity].until
            if group.key in every and (until is None or (latest is not None and until > latest)):
                found.append((group.key, identity, until))
    names = _either(condition.teams)
    for key, identity, until in sorted(found, key=lambda one: one[:2]):
        who = f"{subjects.label(identity)} is in {names}"
        needs = "needs an `until`" if within is None else f"needs an `until` within {plural(within, 'day')}"
        has = "has none" if until is None else f"has {until.isoformat()}"
        yield Violation(f"{who} and {needs} in `{key}`, but {has}", key, identity)


def _in_two_teams(teams: Sequence[str], subjects: Subjects) -> Iterator[Violation]:
    for first, second in combinations(teams, 2):
        for identity in sorted(subjects.team(first) & subjects.team(second)):
            text = f"{subjects.label(identity)} is in both `{first}` and `{second}`"
            yield Violation(text, person=identity, team=second)


def _not_together(condition: Together, subjects: Subjects) -> Iterator[Violation]:
    for team in condition.required:
        for who in condition.who:
            for identity in sorted(subjects.team(who) - subjects.team(team)):
                text = f"{subjects.label(identity)} is in `{who}`, but not in `{team}`"
                yield Violation(text, person=identity, team=who)


def _missing_people(team: str, rule: Rule, subjects: Subjects) -> Iterator[Violation]:
    people = subjects.team(team)
    for group in subjects.matching(rule):
        if isinstance(group.members, Unmanaged):
            if people:
                text = f"`{group.key}` needs everybody of `{team}`, but its members are not in the file"
                yield Violation(text, group.key)
            continue
        for identity in sorted(people.difference(group.members)):
            text = f"{subjects.label(identity)} is in `{team}`, but not in `{group.key}`"
            yield Violation(text, group.key, identity)


def _too_few_admins(count: int, rule: Rule, subjects: Subjects) -> Iterator[Violation]:
    for group in subjects.matching(rule):
        admins = len(admins_of(group, subjects))
        if admins < count:
            text = f"`{group.key}` has {plural(admins, 'admin')}, but needs at least {count}"
            yield Violation(text, group.key)


def admins_of(group: DesiredGroup, subjects: Subjects) -> tuple[Identity, ...]:
    """Return the admins that a group has by the file: in an exact group only those who are members, too."""
    if isinstance(group.admins, Unmanaged):
        return ()
    if isinstance(group.members, Unmanaged) or group.membership is not Membership.EXACT:
        return tuple(group.admins)
    account = subjects.desired.account
    own = account.identity if account is not None else None
    return tuple(identity for identity in group.admins if identity in group.members or identity == own)


def _too_many_groups(count: int, rule: Rule, subjects: Subjects) -> Iterator[Violation]:
    numbers = subjects.count_groups(rule)
    for identity in sorted(identity for identity, number in numbers.items() if number > count):
        text = f"{subjects.label(identity)} is in {plural(numbers[identity], 'group')}; the limit is {count}"
        yield Violation(text, person=identity)


def _without_consent(rule: Rule, subjects: Subjects) -> Iterator[Violation]:
    rows: dict[Identity, str] = {}
    for file in subjects.desired.people_files:
        for identity, row in file.declined.items():
            rows.setdefault(identity, f"row {row} of {file.name} says that they did not agree")
    for group in subjects.matching(rule):
        for identity in sorted(rows.keys() & group.listed_members.keys()):
            text = f"{subjects.label(identity)} is in `{group.key}`, but {rows[identity]}"
            yield Violation(text, group.key, identity)


def _misnamed(pattern: str, rule: Rule, subjects: Subjects) -> Iterator[Violation]:
    matches = NamePattern(pattern)
    for group in subjects.matching(rule):
        if isinstance(group.name, str) and not matches(group.name):
            yield Violation(f"the name of `{group.key}`, `{group.name}`, does not match `{pattern}`", group.key)


def _either(teams: Sequence[str]) -> str:
    return " or ".join(f"`{team}`" for team in teams)
