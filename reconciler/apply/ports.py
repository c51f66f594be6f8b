"""The protocols that applying needs: the API's calls and progress. The client and the tests implement them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reconciler.apply.result import StepResult
from reconciler.live.fetch import InviteLinkApi
from reconciler.model.live import Instance, Listing, LiveGroup, PersonAnswer
from reconciler.plan.model import Step


class Created(Protocol):
    """The answer to a create."""

    @property
    def id(self) -> str:
        """The new group's id."""


class GroupApi(InviteLinkApi, Protocol):
    """The calls of an apply. Each raises an ApiError; the client retries what is safe to retry."""

    def create_group(self, name: str, jids: Sequence[str]) -> Created:
        """Create a group; never sent twice unless the first call certainly was not processed."""

    def patch_group(self, group_id: str, name: str | None = None, description: str | None = None) -> None:
        """Set a group's name, description or both."""

    def add_participants(self, group_id: str, jids: Sequence[str]) -> Sequence[PersonAnswer]:
        """Add people, and return what was answered for single ones.

        Raise Conflict when one is a member already, Unprocessable when one has a bad format.
        """

    def remove_participants(self, group_id: str, jids: Sequence[str]) -> None:
        """Remove people; raise Conflict when one is not a member."""

    def leave_group(self, group_id: str) -> None:
        """Take the account out of a group."""

    def join_group(self, code: str) -> str | None:
        """Join by an invite code; return the group's id, where the answer has it."""

    def group(self, group_id: str) -> LiveGroup:
        """Read a group whole."""

    def list_groups(self) -> Listing:
        """List all groups of the account."""

    def instance(self) -> Instance:
        """Read the instance itself."""


class Progress(Protocol):
    """Receives the progress of an apply; called from several threads at once."""

    def started(self, step: Step) -> None:
        """Receive that a step starts."""

    def finished(self, result: StepResult) -> None:
        """Receive that a step ended, in whatever way."""

    def reading_back(self, key: str) -> None:
        """Receive that a changed group is being read back."""
