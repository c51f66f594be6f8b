"""What one desired group and its live group differ in, and what is worth knowing about it. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.desired import DesiredGroup
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef


class AdviceKind(StrEnum):
    """What a piece of advice is about."""

    ADMIN = "admin"
    DOUBTFUL = "doubtful"
    EXPIRED = "expired"
    EXPIRES = "expires"
    KEPT = "kept"
    OBSERVED = "observed"
    PENDING = "pending"
    REMATCHED = "rematched"
    UNIDENTIFIED = "unidentified"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to know that changes nothing and is nothing pending.

    `kind` is a stable word for machines; `text` says it of `people` and of the live groups called `names`, of whom
    there may be none. `link` is the group's invite link as the API gave it, which they are to be sent.
    """

    kind: AdviceKind
    text: str
    people: tuple[PersonRef, ...] = ()
    names: tuple[str, ...] = ()
    link: str | None = None

    @classmethod
    def for_people(cls, kind: AdviceKind, text: str, people: Iterable[PersonRef]) -> tuple[Advice, ...]:
        """The advice about these people in their order; none about nobody."""
        found = tuple(sorted(people, key=lambda who: who.sort_key))
        return (cls(kind, text, found),) if found else ()


class MatchedBy(StrEnum):
    """How a desired group was matched with a live one."""

    ID = "id"
    NAME = "name"
    PREVIOUS_NAME = "previously"
    NONE = "nowhere"


@dataclass(frozen=True, slots=True)
class TextChange:
    """A name or description: `old` is None where there is no live group yet."""

    field: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """The differences of one group.

    At most one of `create`, `join` and `leave` is set. `add` and `remove` hold only people who may be added and
    removed; who may not stands in `advice` or, with the reason, in `blocked`. `fully_blocked` says that the reason in
    `blocked` holds for the whole group: its differences are shown, and no step is made of them. `live_members` is
    the number of live participants without the instance.
    """

    group: DesiredGroup
    name: str
    matched_by: MatchedBy = MatchedBy.NONE
    id: str | None = None
    live: LiveGroup | None = None
    create: bool = False
    join: bool = False
    leave: bool = False
    field_changes: tuple[TextChange, ...] = ()
    add: tuple[PersonRef, ...] = ()
    remove: tuple[PersonRef, ...] = ()
    blocked: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    fully_blocked: bool = False
    live_members: int = 0

    @property
    def writes(self) -> bool:
        """Whether mending this takes any call that writes."""
        differs = self.create or self.join or self.leave or bool(self.field_changes or self.add or self.remove)
        return differs and not self.fully_blocked
