"""The narrow view of the API that applying needs; the client, a recorder and the tests fulfil it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reconciler.apply.result import StepResult
from reconciler.model.live import Listing, LiveGroup
from reconciler.plan.step import Step


class Created(Protocol):
    """What a create answers with."""

    @property
    def id(self) -> str:
        """The new group's id."""


class InviteLinkApi(Protocol):
    """What reading an invite link needs of a client."""

    def invite_link(self, group_id: str) -> str:
        """Return the group's invite link, a whole URL."""


class GroupApi(InviteLinkApi, Protocol):
    """The calls an apply makes. Each raises from the ApiError tree; retries by meaning are the client's."""

    def create_group(self, name: str, jids: Sequence[str]) -> Created:
        """Make a group; never sent twice unless it surely was not processed."""

    def patch_group(self, group_id: str, name: str | None = None, description: str | None = None) -> None:
        """Set a group's name, description or both."""

    def add_participants(self, group_id: str, jids: Sequence[str]) -> None:
        """Add people; Conflict when one is in already, Unprocessable when one's format is bad."""

    def remove_participants(self, group_id: str, jids: Sequence[str]) -> None:
        """Remove people; Conflict when one is not in."""

    def leave_group(self, group_id: str) -> None:
        """Take the instance out of a group."""

    def join_group(self, code: str) -> str | None:
        """Join by an invite code; the group's id, where the answer told it."""

    def group(self, group_id: str) -> LiveGroup:
        """Read a group whole."""

    def list_groups(self) -> Listing:
        """All groups the instance is in."""


class Progress(Protocol):
    """Where an apply tells how far it is; called from several threads at once."""

    def started(self, step: Step) -> None:
        """A step begins."""

    def finished(self, result: StepResult) -> None:
        """A step ended, in whatever way."""

    def reading_back(self, key: str) -> None:
        """A changed group is read again."""
