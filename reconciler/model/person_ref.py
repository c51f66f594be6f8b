"""A person as plans and reports refer to them: identity, address, alias, name, sort order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from datetime import date
from typing import Any

from reconciler.model.desired import Person
from reconciler.model.identity import Identity


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person in a plan. `alias` and `name` are the configuration's, `jid` is the address for the API.

    Somebody known only by a private id has a `lid`, but no identity and no jid. `teams` are those through which they
    are a member.
    """

    identity: Identity | None
    jid: str | None
    alias: str | None = None
    lid: str | None = None
    until: date | None = None
    reason: str | None = None
    _: KW_ONLY
    name: str | None = None
    teams: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, person: Person, until: date | None = None, reason: str | None = None, teams: tuple[str, ...] = ()
    ) -> PersonRef:
        """Return the reference to a person of the configuration, addressed as it spells them."""
        return cls(person.identity, person.jid, person.alias, person.lid, until, reason, name=person.name, teams=teams)

    @property
    def label(self) -> str | None:
        """What the person is called: the name, else the alias; None where the configuration has neither."""
        return self.name or self.alias

    @property
    def ref_id(self) -> str:
        """The id by which this is the same person in a plan and its result."""
        return self.identity or self.jid or self.lid or self.label or ""

    @property
    def sort_key(self) -> tuple[bool, str, str, str, str]:
        """The sort key of people everywhere: by label in any case first, then by number, then by private id."""
        label = self.label or ""
        return not label, label.casefold(), label, self.identity or self.jid or "~", self.lid or ""

    def to_json(self) -> dict[str, Any]:
        """Return the person for a document: `label` is what reports show."""
        return {
            "identity": self.identity,
            "jid": self.jid,
            "label": self.label,
            "alias": self.alias,
            "name": self.name,
            "lid": self.lid,
            "until": None if self.until is None else self.until.isoformat(),
            "reason": self.reason,
            "teams": list(self.teams),
        }


def pair_new_numbers(leaving: Iterable[PersonRef], joining: Iterable[PersonRef]) -> dict[PersonRef, PersonRef]:
    """Return who is one person with a new number, and the reference to their old one: both have one alias.

    An old number has an alias only where an earlier revision of the configuration gives it one.
    """
    old = {person.alias: person for person in leaving if person.alias}
    return {person: old[person.alias] for person in joining if person.alias in old}


def count_people(people: Iterable[PersonRef]) -> int:
    """Count distinct people: one person may be in several groups."""
    return len({person.ref_id for person in people})
