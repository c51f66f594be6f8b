"""The memberships of one person across all groups: desired, live, and where either is unknown. Values only.

The fields are the document that `who --format json` prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from reconciler.model.desired import Membership
from reconciler.model.person_ref import PersonRef
from reconciler.timeline.model import CommitRef, GroupMembers


class Presence(StrEnum):
    """Whether the person is in a live group."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"
    NO_GROUP = "no group"
    """The configuration has the group, and there is no live one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredMembership:
    """What the configuration says about the person in one group.

    `teams`, `until`, `reason`, `by_invite` and `left` are the terms of the membership, of one that has expired too.
    `excepted_from` has the teams through which they would be a member without `except`. `admin` is None where admins
    are not managed; without `members_managed`, `membership` applies to `absent` people alone. `leaving`: the instance
    leaves the group.
    """

    member: bool = False
    expired: bool = False
    teams: tuple[str, ...] = ()
    until: date | None = None
    reason: str | None = None
    by_invite: bool = False
    left: bool = False
    absent: bool = False
    excepted_from: tuple[str, ...] = ()
    admin: bool | None = None
    members_managed: bool = False
    membership: Membership = Membership.EXACT
    leaving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembership:
    """The person in one group. `key` and `desired` are None for a live group that the configuration does not have.

    `unknown_because` says why the live side is unknown, `blocked_because` why no plan adds or removes them here.
    `since` is the commit that brought them in, None where it is unknown, or nobody asked.
    """

    key: str | None
    name: str
    id: str | None
    desired: DesiredMembership | None
    live: Presence
    is_admin: bool = False
    is_owner: bool = False
    unknown_because: tuple[str, ...] = ()
    blocked_because: tuple[str, ...] = ()
    since: CommitRef | None = None

    @property
    def is_desired(self) -> bool:
        """Whether the configuration wants the person in."""
        return self.desired is not None and self.desired.member

    @property
    def is_relevant(self) -> bool:
        """Whether the person is in the group, or the configuration names them there."""
        listed = self.desired
        if self.live is Presence.IN or listed is None:
            return self.live is Presence.IN
        return bool(listed.member or listed.expired or listed.absent or listed.excepted_from or listed.admin)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of a people file that gives the person: the file, the row from 1, and the alias that its id makes.

    A vCard has the `line` of its beginning instead of a row.
    """

    file: str
    row: int | None
    alias: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class MembershipSummary:
    """A person's memberships in numbers: groups that want them, live groups with them, groups where it is unknown."""

    desired: int
    live: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMemberships:
    """The person in all groups: those of the configuration by key, then the others by name and id.

    `rows` are those of the people files that give the person. `groups` are the relevant ones, `uncertain` the others
    where the person may be a participant. `with_reasons`: it was asked which commits brought them in.
    """

    instance_id: str
    as_of: date
    person: PersonRef
    protected: bool = False
    ignored: bool = False
    is_instance: bool = False
    rows: tuple[PersonRow, ...] = ()
    groups: tuple[GroupMembership, ...] = ()
    uncertain: tuple[GroupMembership, ...] = ()
    with_reasons: bool = False

    @property
    def summary(self) -> MembershipSummary:
        """The memberships in numbers."""
        return MembershipSummary(
            desired=sum(group.is_desired for group in self.groups),
            live=sum(group.live is Presence.IN for group in self.groups),
            unknown=len(self.uncertain) + sum(group.live is Presence.UNKNOWN for group in self.groups),
        )


def with_reasons(memberships: PersonMemberships, groups_on_day: Iterable[GroupMembers]) -> PersonMemberships:
    """Return the memberships with the commit that brought the person into each group, ended memberships too."""
    since = {
        group.key: member.since
        for group in groups_on_day
        for member in (*group.members, *group.ended)
        if member.person.identity is not None and member.person.identity == memberships.person.identity
    }
    groups = tuple(replace(group, since=since.get(group.key or "")) for group in memberships.groups)
    return replace(memberships, groups=groups, with_reasons=True)
