"""What a plan has to say beside its steps: things to know that change nothing. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.who import Who


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
    people: tuple[Who, ...] = ()
    names: tuple[str, ...] = ()
    link: str | None = None

    @classmethod
    def about(cls, kind: AdviceKind, text: str, people: Iterable[Who]) -> tuple[Advice, ...]:
        """The advice about these people in their order; none about nobody."""
        found = tuple(sorted(people, key=lambda who: who.order))
        return (cls(kind, text, found),) if found else ()
