"""One person across all groups: where the file wants them, where they are, and where that cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciler.model.desired import Member, Membership
from reconciler.model.person_ref import PersonRef


class Presence(StrEnum):
    """Whether the person is in a live group."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"
    NO_GROUP = "no group"
    """The file has the group, and there is no live one."""


@dataclass(frozen=True, slots=True)
class DesiredMembership:
    """What the file says of the person in one group.

    `member`: a membership that holds; `ended`: one whose time has run out. `admin` and `managed` are None and False
    where the file does not manage admins and members. `leaving`: the instance is to leave the group.
    """

    member: Member | None = None
    ended: Member | None = None
    absent: bool = False
    admin: bool | None = None
    managed: bool = False
    membership: Membership = Membership.EXACT
    leaving: bool = False

    @property
    def named(self) -> bool:
        """Whether the file says anything of this person here."""
        return bool(self.member or self.ended or self.absent or self.admin)


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """The person in one group. `key` and `in_file` are None for a live group that the file does not have.

    `reasons` say why it is unknown whether they are in, `held` why no plan moves them here, whatever the file wants.
    """

    key: str | None
    name: str
    id: str | None
    in_file: DesiredMembership | None
    presence: Presence
    is_admin: bool = False
    is_owner: bool = False
    reasons: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether the file wants the person in."""
        return self.in_file is not None and self.in_file.member is not None

    @property
    def told(self) -> bool:
        """Whether there is something to say: the person is in, or the file names them."""
        return self.presence is Presence.IN or (self.in_file is not None and self.in_file.named)


@dataclass(frozen=True, slots=True)
class PersonMemberships:
    """The person in all groups, those of the file first, by key; then the others by name and id.

    `groups` are those that have something to say of the person, `unsure` the others where they may be all the same.
    """

    instance_id: str
    as_of: date
    who: PersonRef
    protected: bool = False
    ignored: bool = False
    is_instance: bool = False
    groups: tuple[GroupMembership, ...] = ()
    unsure: tuple[GroupMembership, ...] = ()

    @property
    def wanted(self) -> int:
        """In how many groups the file wants them."""
        return sum(group.wanted for group in self.groups)

    @property
    def live(self) -> int:
        """In how many live groups they are."""
        return sum(group.presence is Presence.IN for group in self.groups)

    @property
    def unknown(self) -> int:
        """Of how many groups nobody can say whether they are in."""
        return len(self.unsure) + sum(group.presence is Presence.UNKNOWN for group in self.groups)
