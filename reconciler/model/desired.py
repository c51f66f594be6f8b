"""What the YAML describes, resolved: no aliases or teams, dates applied, every person an identity.

Also the limits of WhatsApp and its API that more than one stage keeps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum, StrEnum
from typing import Final, Literal

from reconciler.errors import Problem
from reconciler.model.identity import Identity
from reconciler.model.restrictions import Origins, Restrictions
from reconciler.model.rules import Finding, Rule


class Unmanaged(Enum):
    """The marker for "not in the configuration, so leave it as it is", which is not the same as empty."""

    UNMANAGED = "unmanaged"


UNMANAGED: Final = Unmanaged.UNMANAGED
UnmanagedType = Literal[Unmanaged.UNMANAGED]


class Membership(StrEnum):
    """What a group's member list means for people who are not on it."""

    EXACT = "exact"
    ADDITIVE = "additive"
    OBSERVE = "observe"


class CheckNumbers(StrEnum):
    """Which people a run looks up in the API before it adds them: are they on WhatsApp, and under which address?

    AMBIGUOUS: people of countries where one account may have either of two addresses. ALL: everybody who is new.
    """

    AMBIGUOUS = "ambiguous"
    ALL = "all"
    NONE = "none"


class RowsWithoutPhone(StrEnum):
    """What becomes of a row of a people file that has no number."""

    SKIP = "skip"
    ERROR = "error"


class State(StrEnum):
    """Whether the account is to be in the group or out of it."""

    PRESENT = "present"
    LEFT = "left"


class Lookalikes(StrEnum):
    """What to do about live groups that may be one to be created."""

    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the configuration. `jid` is the address for the API, `lid` their private id, where it is set.

    `alias` is the first alias that the configuration has for them, `other_aliases` the rest.
    """

    identity: Identity
    jid: str
    alias: str | None = None
    name: str | None = None
    lid: str | None = None
    other_aliases: tuple[str, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every alias that the configuration has for them, in its order."""
        return () if self.alias is None else (self.alias, *self.other_aliases)


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a group's list: until when (last day, UTC), why, whether only by invite, through which teams.

    `left`: their row left a people file, and they stay for the days of `grace` where they are live. Nobody adds them.
    """

    person: Person
    until: date | None = None
    reason: str | None = None
    by_invite: bool = False
    teams: tuple[str, ...] = ()
    left: bool = False

    @property
    def may_be_missing(self) -> bool:
        """Whether the live group may be without them: they come by invite, or left."""
        return self.by_invite or self.left


# The published schema has the same pattern.
_LIMIT = re.compile(
    r"(?P<count>[0-9]{1,6})(?:\.0+)?|(?P<percent>100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]{1,6})?) ?%", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many people a group or a people file may lose at most: a count, or a share of its people in percent."""

    source: str
    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str, source: str) -> Limit:
        """Parse `3` or `12.5%` (0 to 100), as YAML and the command line have it; raise ValueError for anything else."""
        match = _LIMIT.fullmatch(text.strip())
        if match is None:
            raise ValueError("neither a count nor a share from 0% to 100%")
        if match["count"] is not None:
            return cls(source, count=int(match["count"]))
        return cls(source, percent=float(match["percent"]))

    def allowed(self, people: int) -> int:
        """Return how many of the `people` may go; a share is rounded down but is at least one (0% allows none)."""
        if self.count is not None:
            return self.count
        percent = self.percent or 0.0
        return max(1, int(people * percent / 100 + 1e-9)) if percent > 0 else 0

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{self.percent:g}%"


DEFAULT_REMOVALS = Limit("the default", percent=25.0)
DEFAULT_SOURCE_LOSS = Limit("the default of policy.max_source_loss", percent=25.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the account does in one day at most, so that it lives; None: no limit.

    `minutes_between_groups` is the pause between two groups that a run creates. `adds_per_day` counts memberships, the
    first members of a new group included.
    """

    adds_per_day: int | None = None
    groups_per_day: int | None = None
    minutes_between_groups: int | None = None
    checks_per_day: int | None = None
    removals_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration forbids or protects everywhere.

    `allowed_countries` are two-letter codes in capitals (None: all). `max_members` limits a group's list, without the
    account itself. `max_source_loss` is how many people a people file may lose while people are removed.
    """

    protected: frozenset[Identity] = frozenset()
    ignored: frozenset[Identity] = frozenset()
    max_removals: Limit | None = None
    max_source_loss: Limit | None = None
    writes_per_minute: int | None = None
    allowed_countries: frozenset[str] | None = None
    max_members: int | None = None
    check_numbers: CheckNumbers = CheckNumbers.AMBIGUOUS
    budget: Budget | None = None
    rows_without_phone: RowsWithoutPhone = RowsWithoutPhone.SKIP


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredGroup:
    """One group of the configuration. `members` has current memberships only; those that ended are in `expired`.

    `excepted` has the people of `except`, who are no members, with the teams that they would be in through.
    `lookalikes` allows it to be created although a live group may be it (None: it is not). Where a budget does not
    allow everything, the groups with the higher `priority` come first.
    """

    key: str
    id: str | None = None
    name: str | UnmanagedType = UNMANAGED
    previously: tuple[str, ...] = ()
    description: str | UnmanagedType = UNMANAGED
    members: Mapping[Identity, Member] | UnmanagedType = UNMANAGED
    expired: tuple[Member, ...] = ()
    absent: Mapping[Identity, Person] = field(default_factory=dict)
    excepted: Mapping[Identity, Member] = field(default_factory=dict)
    admins: Mapping[Identity, Person] | UnmanagedType = UNMANAGED
    membership: Membership = Membership.EXACT
    invite: str | None = None
    state: State = State.PRESENT
    max_removals: Limit | None = None
    lookalikes: Lookalikes | None = None
    priority: int = 0

    @property
    def listed_members(self) -> Mapping[Identity, Member]:
        """The members; nobody where they are not managed."""
        return {} if isinstance(self.members, Unmanaged) else self.members


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that the desired state was read from, and the SHA-256 of its bytes.

    `people_file`: it is not YAML but a file that `sources` names.
    """

    path: str
    digest: str
    people_file: bool = False


@dataclass(frozen=True, slots=True)
class SourcedPerson:
    """A person in a row of a people file: who it is, the row (from 1), and the teams from this row.

    `until` is their last day, where they have one. `left`: the row is gone, and they stay for the days of `grace`.
    """

    identity: Identity
    row: int
    teams: tuple[str, ...]
    until: date | None = None
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """A file that an entry of `sources` reads, and the people in it by alias. Two entries may read one file.

    `path` is that of its `InputFile`, `name` its path below the loaded folder, `format` the key that names it ("csv"),
    `entry` the file and line of that key. Rows without a number, and of people who did not agree, are only counted.
    `gap` says why it is not known who left it in the days of `grace`, "" where it is.
    """

    path: str
    name: str
    format: str
    entry: str
    people: Mapping[str, SourcedPerson]
    without_phone: int = 0
    without_consent: int = 0
    asks_consent: bool = False
    """Whether it has a column for who agreed."""
    declined: Mapping[Identity, int] = field(default_factory=dict)
    """Who did not agree, each with the row."""
    gap: str = ""
    shared_team: str = ""
    """The team of everybody in it (`team`), "" where there is none."""

    @property
    def has_lines(self) -> bool:
        """Whether its people have a line instead of a row: a vCard file has no rows."""
        return self.format == "vcard"

    @property
    def teams(self) -> frozenset[str]:
        """The teams that it gives."""
        return frozenset(team for person in self.people.values() for team in person.teams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The whole desired state. `people` has everybody with an alias; `groups` is sorted by key.

    `account` is the person behind the instance, `account_place` the file and line that name it, `account_since` the
    day since which it is used, `group_places` the file and line of each group by its key. `region` is the country of
    national numbers. `people_files` has the people of each people file. `origins` has the
    file of each key, `restrictions` which file may set what (None: every file everything).
    """

    groups: tuple[DesiredGroup, ...] = ()
    people: Mapping[Identity, Person] = field(default_factory=dict)
    instance_id: str | None = None
    account: Person | None = None
    policy: Policy = Policy()
    as_of: date = date.min
    sources: tuple[InputFile, ...] = ()
    warnings: tuple[Problem, ...] = ()
    region: str | None = None
    restrictions: Restrictions | None = None
    origins: Origins = field(default_factory=dict)
    account_place: str = ""
    group_places: Mapping[str, str] = field(default_factory=dict)
    account_since: date | None = None
    teams: Mapping[str, Mapping[Identity, Member]] = field(default_factory=dict)
    """Everybody in each team, including those whose last day has passed."""
    rules: tuple[Rule, ...] = ()
    tests: tuple[str, ...] = ()
    """The names of the tests of the rules."""
    rules_checked: date | None = None
    """The day for which the load checked the rules, beside `as_of`; None: it was not to."""
    findings: tuple[Finding, ...] = ()
    """What breaks the rules on one of the two days, changes of a plan left out."""
    failed_tests: tuple[Problem, ...] = ()
    """The tests of the rules that failed, where the load was to run them."""
    people_files: tuple[PeopleFile, ...] = ()

    @property
    def aliases(self) -> frozenset[str]:
        """Every alias of everybody, also those that people files give."""
        return frozenset(alias for person in self.people.values() for alias in person.aliases)

    @property
    def excluded_people(self) -> frozenset[Identity]:
        """Who is never added, removed or reported in any group: the account itself and ignored people."""
        return self.policy.ignored | ({self.account.identity} if self.account is not None else frozenset())

    @property
    def never_removed(self) -> frozenset[Identity]:
        """Who is never removed by a plan: excluded and protected people."""
        return self.excluded_people | self.policy.protected

    def for_instance(self, instance_id: str) -> Desired:
        """Return the same for a run with this instance; where the configuration is for another one, without `account`.

        The number in the configuration is then another account's: taken for this one's, it would let this account
        remove itself.
        """
        return self if self.instance_id in (None, instance_id) else replace(self, account=None)


MAX_NAME_LENGTH: Final = 100
"""Characters of a group's name."""
MAX_DESCRIPTION_LENGTH: Final = 2048
"""Characters of a group's description."""
MAX_PARTICIPANTS: Final = 1024
"""Participants of a group, the account itself included."""
MAX_MEMBERS: Final = MAX_PARTICIPANTS - 1
"""Participants of a group beside the account itself."""
MAX_PARTICIPANTS_PER_CALL: Final = 256
"""Participants that one call adds or removes."""
MAX_FURTHER_CALLS: Final = 32
"""Calls that follow a refused one at most, to find the people who it is about."""
