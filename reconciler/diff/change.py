"""What one desired group and its live group differ in, and what is worth knowing about it. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

from reconciler.messages import Message
from reconciler.model.desired import DesiredGroup
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted


class AdviceKind(StrEnum):
    """What a piece of advice is about."""

    ACCEPTED = "accepted"
    ADMIN = "admin"
    BUDGET = "budget"
    DOUBTFUL = "doubtful"
    EXPIRED = "expired"
    EXPIRES = "expires"
    KEPT = "kept"
    MEMBERSHIP = "membership"
    NOT_ADDED = "not-added"
    NOT_CHECKED = "not-checked"
    NOT_ON_WHATSAPP = "not-on-whatsapp"
    OBSERVED = "observed"
    PENDING = "pending"
    REFUSED = "refused"
    REMATCHED = "rematched"
    UNIDENTIFIED = "unidentified"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to know about `people` or about the live groups called `names`; it changes nothing.

    `link` is the group's invite link as the API gave it, which somebody has to send to these people.
    """

    kind: AdviceKind
    message: Message
    people: tuple[PersonRef, ...] = ()
    _: KW_ONLY
    names: tuple[Untrusted, ...] = ()
    link: str | None = None

    @classmethod
    def for_people(cls, kind: AdviceKind, message: Message, people: Iterable[PersonRef]) -> tuple[Advice, ...]:
        """Return the advice about these people, sorted; none where there are none."""
        in_order = tuple(sorted(people, key=lambda person: person.sort_key))
        return (cls(kind, message, in_order),) if in_order else ()


class MatchedBy(StrEnum):
    """How a desired group was matched with a live one."""

    ID = "id"
    NAME = "name"
    PREVIOUS_NAME = "previously"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TextChange:
    """A name or description: `old` is None where there is no live group yet."""

    field: str
    old: Untrusted | None
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The differences of one group.

    At most one of `create`, `join` and `leave` is set. `add` and `remove` hold only people who may be added and
    removed; everybody else is in `advice` or, with the reason, in `blocked`. Where `fully_blocked` is set, the
    reason in `blocked` holds for the whole group: its differences are shown, but no step is planned. `live_members`
    is the number of live participants without the account itself.
    """

    group: DesiredGroup
    name: Untrusted
    matched_by: MatchedBy = MatchedBy.NONE
    id: str | None = None
    live: LiveGroup | None = None
    create: bool = False
    join: bool = False
    leave: bool = False
    field_changes: tuple[TextChange, ...] = ()
    add: tuple[PersonRef, ...] = ()
    remove: tuple[PersonRef, ...] = ()
    blocked: tuple[Message, ...] = ()
    advice: tuple[Advice, ...] = ()
    fully_blocked: bool = False
    live_members: int = 0

    @property
    def needs_writes(self) -> bool:
        """Whether applying this takes any call that writes."""
        differs = self.create or self.join or self.leave or bool(self.field_changes or self.add or self.remove)
        return differs and not self.fully_blocked
