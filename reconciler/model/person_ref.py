"""A person as plans and reports refer to them: identity, address, label, sort order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reconciler.model.desired import Person
from reconciler.model.identity import Identity


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person in a plan. `label` is the alias, else the name; `jid` is the address for the API.

    Somebody known only by a private id has a `lid`, but no identity and no jid.
    """

    identity: Identity | None
    jid: str | None
    label: str | None = None
    lid: str | None = None
    until: date | None = None
    reason: str | None = None

    @classmethod
    def of(cls, person: Person, until: date | None = None, reason: str | None = None) -> PersonRef:
        """Return the reference to a person of the configuration, addressed as it spells them."""
        return cls(person.identity, person.jid, person.alias or person.name, person.lid, until, reason)

    @property
    def ref_id(self) -> str:
        """The id by which this is the same person in a plan and its result."""
        return self.identity or self.jid or self.lid or self.label or ""

    @property
    def sort_key(self) -> tuple[bool, str, str, str, str]:
        """The sort key of people everywhere: by label in any case first, then by number, then by private id."""
        label = self.label or ""
        return not label, label.casefold(), label, self.identity or self.jid or "~", self.lid or ""
