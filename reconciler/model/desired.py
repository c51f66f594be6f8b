"""What the YAML asks for, resolved: aliases and teams gone, dates applied, every person an identity.

How much WhatsApp and the API take: the numbers that more than one stage holds to."""

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


class Unmanaged(Enum):
    """The marker for "the file does not say, so leave it": never confused with empty."""

    UNMANAGED = "unmanaged"


UNMANAGED: Final = Unmanaged.UNMANAGED


UnmanagedType = Literal[Unmanaged.UNMANAGED]


class Membership(StrEnum):
    """How far a group's member list binds."""

    EXACT = "exact"
    ADDITIVE = "additive"
    OBSERVE = "observe"


class State(StrEnum):
    """Whether the instance is to be in the group or out of it."""

    PRESENT = "present"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the file names. `jid` is what is sent to the API, `lid` a private id noted in the file.

    They go by `alias`, the file's first for them; the others are in `other_aliases`.
    """

    identity: Identity
    jid: str
    alias: str | None = None
    name: str | None = None
    lid: str | None = None
    other_aliases: tuple[str, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        """All that the file has for them, in its order."""
        return () if self.alias is None else (self.alias, *self.other_aliases)


@dataclass(frozen=True, slots=True)
class Member:
    """A person wanted in a group: until when (last day, UTC), why, whether only by invite, through which teams."""

    person: Person
    until: date | None = None
    reason: str | None = None
    by_invite: bool = False
    teams: tuple[str, ...] = ()


# The published schema has the same pattern.
_LIMIT = re.compile(
    r"(?P<count>[0-9]{1,6})(?:\.0+)?|(?P<percent>100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]{1,6})?) ?%", re.ASCII
)


@dataclass(frozen=True, slots=True)
class RemovalLimit:
    """How many members one plan may take out of a group: a count, or a share of the live members in percent."""

    source: str
    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str, source: str) -> RemovalLimit:
        """Read `3` or `12.5%` (0 to 100) as the file and the command line write it; ValueError for anything else."""
        match = _LIMIT.fullmatch(text.strip())
        if match is None:
            raise ValueError("neither a count nor a share from 0% to 100%")
        if match["count"] is not None:
            return cls(source, count=int(match["count"]))
        return cls(source, percent=float(match["percent"]))

    def allowed(self, live_members: int) -> int:
        """The number of removals allowed; a share is rounded down but is at least one (0% allows none)."""
        if self.count is not None:
            return self.count
        percent = self.percent or 0.0
        return max(1, int(live_members * percent / 100 + 1e-9)) if percent > 0 else 0

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{self.percent:g}%"


DEFAULT_REMOVALS = RemovalLimit("the default", percent=25.0)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the file forbids or protects everywhere.

    `allowed_countries` are two-letter codes in capitals (None: all). `max_members` counts whom a group wants, the
    instance left out.
    """

    protected: frozenset[Identity] = frozenset()
    ignored: frozenset[Identity] = frozenset()
    max_removals: RemovalLimit | None = None
    writes_per_minute: int | None = None
    allowed_countries: frozenset[str] | None = None
    max_members: int | None = None


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """One group of the file. `members` holds only those whose time has not run out; the others are in `expired`."""

    key: str
    id: str | None = None
    name: str | UnmanagedType = UNMANAGED
    previously: tuple[str, ...] = ()
    description: str | UnmanagedType = UNMANAGED
    members: Mapping[Identity, Member] | UnmanagedType = UNMANAGED
    expired: tuple[Member, ...] = ()
    absent: Mapping[Identity, Person] = field(default_factory=dict)
    admins: Mapping[Identity, Person] | UnmanagedType = UNMANAGED
    membership: Membership = Membership.EXACT
    invite: str | None = None
    state: State = State.PRESENT
    max_removals: RemovalLimit | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file the desired state was read from, and the SHA-256 of its bytes."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Desired:
    """The whole desired state. `people` knows every alias; `groups` is sorted by key.

    `region` is the country of national numbers. `origins` says which file each key is from, `restrictions` which
    file may say what (None: every file everything).
    """

    groups: tuple[DesiredGroup, ...] = ()
    people: Mapping[Identity, Person] = field(default_factory=dict)
    instance_id: str | None = None
    instance: Person | None = None
    policy: Policy = Policy()
    as_of: date = date.min
    sources: tuple[Source, ...] = ()
    warnings: tuple[Problem, ...] = ()
    region: str | None = None
    restrictions: Restrictions | None = None
    origins: Origins = field(default_factory=dict)

    @property
    def excluded_people(self) -> frozenset[Identity]:
        """Who is neither added nor removed nor reported anywhere: the instance, who sees to itself, and the ignored."""
        return self.policy.ignored | ({self.instance.identity} if self.instance is not None else frozenset())

    @property
    def never_removed(self) -> frozenset[Identity]:
        """Who is never removed by a plan: whoever is left alone, and protected people."""
        return self.excluded_people | self.policy.protected

    def for_instance(self, instance_id: str) -> Desired:
        """The same for a run with this instance: where the file names another one, this one's number is not known.

        Taken for this one's, the number that the file gives would let this instance remove itself.
        """
        return self if self.instance_id in (None, instance_id) else replace(self, instance=None)


MAX_NAME_LENGTH: Final = 100
"""Characters of a group's name."""


MAX_DESCRIPTION_LENGTH: Final = 2048
"""Characters of a group's description."""


MAX_PARTICIPANTS: Final = 1024
"""Participants of a group, the instance included."""


MAX_PARTICIPANTS_PER_CALL: Final = 256
"""Participants that one call adds or removes."""
