"""The events of a configuration's history, and the memberships that come of them. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from reconciler.history.config_diff import FieldChange, GroupChangeKind, ListChange
from reconciler.model.person_ref import PersonRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRef:
    """A commit that changed the configuration: full hash, date, and who made, merged and approved it.

    `pull_request` is its number as the subject or the message has it (`#12`, `!12`). `merged_by` is set for a merge by
    somebody else than the author.
    """

    oid: str
    at: datetime
    author: str
    subject: str = ""
    pull_request: str = ""
    merged_by: str = ""
    approved_by: tuple[str, ...] = ()


class EventKind(StrEnum):
    """What happened to a person's membership. ENDED: its `until` was over. CHANGED: its terms are others."""

    ENTERED = "entered"
    LEFT = "left"
    ENDED = "ended"
    CHANGED = "changed"


class EffectKind(StrEnum):
    """What the logs of applies show of an event. NEVER: no call in them made it."""

    APPLIED = "applied"
    REFUSED = "refused"
    FAILED = "failed"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Effect:
    """When an event took effect, or how its last attempt ended; `at` is None where there was none."""

    kind: EffectKind
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEvent:
    """One person and one group. `person` has the `until`, reason and teams of the membership.

    `old` and `new` are its terms where they changed. `other_number`: the same alias left or entered with another
    number, by the same commit. `effect` is None where no logs were given.
    """

    kind: EventKind
    person: PersonRef
    by_invite: bool = False
    old: str = ""
    new: str = ""
    other_number: bool = False
    effect: Effect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEvents:
    """What one commit, or one day, changed of a group; `key` is the one that it had then, `old_key` the one before.

    An added group has those `fields` that differ from the default. `effect` is that of a new group, or of a new name or
    description.
    """

    key: str
    name: str = ""
    change: GroupChangeKind = GroupChangeKind.CHANGED
    old_key: str | None = None
    fields: tuple[FieldChange, ...] = ()
    people: tuple[PersonEvent, ...] = ()
    lists: tuple[ListChange, ...] = ()
    effect: Effect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A commit, or a day on which memberships ended by their `until`: then `commit` is None.

    `at` is the commit's date, or that of the commit before where that is later; a day begins at 00:00 UTC. `invalid`
    is the reason why this version is not valid. `bridged` are the invalid versions before it, whose changes are among
    its own. `settings` and `lists` apply to all groups.
    """

    at: datetime
    commit: CommitRef | None = None
    groups: tuple[GroupEvents, ...] = ()
    settings: tuple[FieldChange, ...] = ()
    lists: tuple[ListChange, ...] = ()
    invalid: str = ""
    bridged: tuple[str, ...] = ()

    @property
    def has_news(self) -> bool:
        """Whether anything changed, or the version is not valid."""
        return bool(self.groups or self.settings or self.lists or self.invalid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The entries of a configuration's history, the newest first; `tip` is the commit from which it was read.

    `truncated`: the clone is shallow, so what was before its oldest commit is unknown.
    """

    path: str
    tip: str
    entries: tuple[Entry, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """A person in a group on a day. `since` is the commit that brought them in, None if unknown.

    `ended`: its `until` was over on that day. `since` goes through a change of the number.
    """

    person: PersonRef
    since: CommitRef | None
    by_invite: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembers:
    """A group on a day, with its members sorted; those whose `until` was over are in `ended`."""

    key: str
    name: str
    members: tuple[GroupMember, ...] = ()
    ended: tuple[GroupMember, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersOnDay:
    """The members of each group on a day, by the newest valid version of it; `commit` is None before the first."""

    path: str
    day: date
    commit: CommitRef | None
    groups: tuple[GroupMembers, ...] = ()
    truncated: bool = False
    invalid: str = ""
    """The newest version of that day, where it is not valid."""
