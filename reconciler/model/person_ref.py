"""People as plans and reports name them: who somebody is, how they are addressed, in which order they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reconciler.model.desired import Person
from reconciler.model.identity import Identity


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person in a plan. `label` is the alias, else the name; `jid` is the address that is sent.

    Somebody known only by a private id has no identity and no jid, but a `lid`.
    """

    identity: Identity | None
    jid: str | None
    label: str | None = None
    lid: str | None = None
    until: date | None = None
    reason: str | None = None

    @classmethod
    def of(cls, person: Person, until: date | None = None, reason: str | None = None) -> PersonRef:
        """Somebody the file names, addressed as it spells them."""
        return cls(person.identity, person.jid, person.alias or person.name, person.lid, until, reason)

    @property
    def ref_id(self) -> str:
        """By what somebody is the same person in two places of a plan and its result."""
        return self.identity or self.jid or self.lid or self.label or ""

    @property
    def sort_key(self) -> tuple[bool, str, str, str, str]:
        """How people are sorted everywhere: labels first, whatever their case; then numbers; then private ids."""
        label = self.label or ""
        return not label, label.casefold(), label, self.identity or self.jid or "~", self.lid or ""


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """Whom somebody asks about. `identity` is None for a private id (`lid`) whose number the file does not know."""

    who: PersonRef
    identity: Identity | None
    lid: str | None = None
