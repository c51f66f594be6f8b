"""The steps of a plan: what each does, when it runs, what it sends. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from reconciler.model.person_ref import PersonRef


class Action(StrEnum):
    """What one step does; each is one API call."""

    JOIN = "join"
    CREATE = "create"
    PATCH = "patch"
    ADD = "add"
    REMOVE = "remove"
    LEAVE = "leave"

    @property
    def enters_group(self) -> bool:
        """Whether the account is in the group only after this."""
        return self in (Action.CREATE, Action.JOIN)

    @property
    def is_destructive(self) -> bool:
        """Whether somebody loses something by this."""
        return self in (Action.REMOVE, Action.LEAVE)


class Phase(IntEnum):
    """When a step runs: all groups finish one phase before any starts the next.

    Steps that build up come first, so that somebody who moves is in the new group before leaving the old one. A group
    that is too full to add first swaps (removes, then adds) after everything else is built and before anything else
    is taken away.
    """

    BUILD = 0
    SWAP = 1
    REMOVE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One API call; `group_id` is None where only an earlier step (create, join) makes it known."""

    group: str
    action: Action
    phase: Phase
    group_id: str | None = None
    name: str | None = None
    description: str | None = None
    people: tuple[PersonRef, ...] = ()
    invite: str | None = None
