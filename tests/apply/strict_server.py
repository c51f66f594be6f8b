"""An API in memory, as strict as the documented one: a call with one wrong participant changes nothing at all.

409 when anybody of an add is in already or of a remove is not in; 422 for a bad participant, named or not; people
whose privacy settings refuse an add are silently left out. Every call is noted with whom it named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.errors import ApiError, Conflict, Forbidden, NotFound, Unprocessable
from reconciler.model.identity import Identity, identity_of_jid
from reconciler.model.live import Instance, ListedGroup, Listing, LiveGroup, Participant, PersonAnswer
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from tests.builders import ALPHA_ID, ME, participant, person

Call = tuple[str, tuple[str, ...]]


@dataclass
class StrictServer:
    """One group and the list of groups.

    `hidden` are in the group under a bare private id, so that no read shows their number. `bad` are refused with
    422, and named in the error's details where `names_them`. `private` cannot be added. `troubles` are raised by the
    first calls of that verb, one each (None: none), before they do anything; `late` after they took effect.
    """

    inside: set[Identity] = field(default_factory=set)
    hidden: dict[Identity, str] = field(default_factory=dict)
    owners: set[Identity] = field(default_factory=set)
    bad: set[Identity] = field(default_factory=set)
    private: set[Identity] = field(default_factory=set)
    names_them: bool = False
    troubles: dict[str, list[Exception | None]] = field(default_factory=dict)
    late: dict[str, list[ApiError]] = field(default_factory=dict)
    listed: list[ListedGroup] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    status: str = "connected"
    created: int = 0

    def create_group(self, name: str, jids: Sequence[str]) -> LiveGroup:
        self._note("create", jids)
        self._refuse_bad(jids)
        self.created += 1
        self.inside |= {ME.identity, *self._willing(jids)}
        new = ListedGroup(id=ALPHA_ID, name=Untrusted(name), count=len(self.inside))
        self.listed.append(new)
        self._late("create")
        return LiveGroup(id=new.id, name=Untrusted(name), description=Untrusted(""))

    def patch_group(self, group_id: str, name: str | None = None, description: str | None = None) -> None:
        raise AssertionError("no patch belongs here")

    def add_participants(self, group_id: str, jids: Sequence[str]) -> Sequence[PersonAnswer]:
        self._note("add", jids)
        self._refuse_bad(jids)
        self._conflict_if([jid for jid in jids if identity_of(jid) in self.inside | self.hidden.keys()])
        self.inside |= self._willing(jids)
        self._late("add")
        return [PersonAnswer(identity_of(jid), None, self.answers[jid]) for jid in jids if jid in self.answers]

    def remove_participants(self, group_id: str, jids: Sequence[str]) -> None:
        self._note("remove", jids)
        self._refuse_bad(jids)
        if any(identity_of(jid) in self.owners for jid in jids):
            raise Forbidden("owners cannot be removed", endpoint="DELETE", status=403)
        self._conflict_if([jid for jid in jids if identity_of(jid) not in self.inside | self.hidden.keys()])
        self.inside -= {identity_of(jid) for jid in jids}
        self._late("remove")

    def leave_group(self, group_id: str) -> None:
        raise AssertionError("no leave belongs here")

    def join_group(self, code: str) -> str | None:
        raise AssertionError("no join belongs here")

    def invite_link(self, group_id: str) -> str:
        raise AssertionError("no invite link belongs here")

    def group(self, group_id: str) -> LiveGroup:
        self._note("read", [])
        known = tuple(as_shown(identity, identity in self.owners) for identity in sorted(self.inside))
        return LiveGroup(
            id=group_id,
            name=Untrusted("Alpha"),
            description=Untrusted(""),
            participants=known + tuple(participant(lid) for lid in self.hidden.values()),
        )

    def instance(self) -> Instance:
        self._note("instance", [])
        return Instance("inst", self.status)

    def list_groups(self) -> Listing:
        self._note("list", [])
        return Listing(tuple(self.listed))

    def sent(self, verb: str) -> list[tuple[str, ...]]:
        """Whom each call of this verb named, as the last two digits of their numbers."""
        return [people for called, people in self.calls if called == verb]

    def _note(self, verb: str, jids: Sequence[str]) -> None:
        self.calls.append((verb, tuple(jid.split("@")[0][-2:] for jid in jids)))
        trouble = self.troubles[verb].pop(0) if self.troubles.get(verb) else None
        if trouble is not None:
            raise trouble

    def _late(self, verb: str) -> None:
        if self.late.get(verb):
            raise self.late[verb].pop(0)

    def _refuse_bad(self, jids: Sequence[str]) -> None:
        bad = [jid for jid in jids if identity_of(jid) in self.bad]
        if bad:
            raise Unprocessable("bad participant format", endpoint="POST", status=422, details=self._details(bad))

    def _conflict_if(self, jids: Sequence[str]) -> None:
        if jids:
            raise Conflict("participant conflict", endpoint="POST", status=409, details=self._details(jids))

    def _details(self, jids: Sequence[str]) -> Any:
        return {"participants": [{"id": jid} for jid in jids]} if self.names_them else {"requestId": "req_1"}

    def _willing(self, jids: Sequence[str]) -> set[Identity]:
        return {identity_of(jid) for jid in jids} - self.private


def identity_of(jid: str) -> Identity:
    """Who a JID is; a JID that is none would be a bug of the caller."""
    identity = identity_of_jid(jid)
    if identity is None:
        raise AssertionError(f"not a phone JID: {jid}")
    return identity


def as_shown(identity: Identity, is_owner: bool) -> Participant:
    return participant(person(identity.removeprefix("+")), owner=is_owner)


def whos(count: int) -> list[PersonRef]:
    """So many people of a plan: +1 202 555 0110 and on."""
    found = (person(f"120255501{10 + number}", f"p{10 + number}") for number in range(count))
    return [PersonRef(one.identity, one.jid, one.alias) for one in found]


def ids(people: Sequence[PersonRef]) -> set[Identity]:
    """The identities of people of a plan."""
    return {who.identity for who in people if who.identity is not None}


def limit_reached() -> Conflict:
    """The 409 that is about the subscription and about nobody of the call."""
    return Conflict("plan limit reached", endpoint="POST", status=409, code="PLAN_LIMIT_REACHED")


def gone() -> NotFound:
    return NotFound("no such group", endpoint="GET", status=404)
