"""What the API says there is. Unknown is not absent: a field that was not told is None, never empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.model.identity import Identity


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a live group.

    `id` is the server's spelling. `identity` is None when no phone number is known (a bare LID, an unknown
    form). `jid` is the phone JID to address the person by (device suffix off, `@s.whatsapp.net`), as the server
    spells its digits: the short Brazilian form stays short. `lid` is "76699677012110@lid" where known.
    """

    id: str
    identity: Identity | None = None
    jid: str | None = None
    lid: str | None = None
    is_admin: bool = False
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A group read whole. `owner` is the identity in the group's own owner field, if any was told.

    `count` is the number of participants that the list gave for this group (None: the list gave none).
    """

    id: str
    name: str
    description: str
    participants: tuple[Participant, ...] = ()
    owner: Identity | None = None
    count: int | None = None

    @property
    def owners(self) -> frozenset[Identity]:
        """Who owns the group: told by the group, by the participant, or by both."""
        told = {self.owner, *(participant.identity for participant in self.participants if participant.is_owner)}
        return frozenset(identity for identity in told if identity is not None)


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group as the list shows it: `count` where given; participants and description where the list carries them."""

    id: str
    name: str
    count: int | None = None
    participants: tuple[Participant, ...] | None = None
    description: str | None = None
    owner: Identity | None = None

    def to_live_group(self) -> LiveGroup:
        """The entry as if it were read: whole in the reference dialect, else no more than id, name and count."""
        return LiveGroup(self.id, self.name, self.description or "", self.participants or (), self.owner, self.count)


@dataclass(frozen=True, slots=True)
class Listing:
    """All groups the instance is in, sorted by id."""

    groups: tuple[ListedGroup, ...]
    complete: bool = True
    """False where groups can slip between two pages unseen: read again before anything is taken for absent."""

    @property
    def names(self) -> dict[str, str]:
        """The names of all groups, by id."""
        return {group.id: group.name for group in self.groups}


@dataclass(frozen=True, slots=True)
class Instance:
    """The account behind the API key's instance. `status` is "connected" when groups work, `kind` "waha" or other."""

    id: str
    status: str
    kind: str = "waha"


@dataclass(frozen=True, slots=True)
class Contact:
    """One entry of the instance's address book."""

    id: str
    identity: Identity | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP request as it was sent, retries one by one.

    `at` is UTC ISO-8601, `seconds` how long the answer took. `status` is None when none came; then `error` says
    what happened instead. `body` is what was sent (full numbers: for files, never for a terminal).
    """

    at: str
    method: str
    path: str
    attempt: int = 1
    status: int | None = None
    code: str | None = None
    error: str | None = None
    request_id: str | None = None
    seconds: float = 0.0
    body: Any = field(default=None, hash=False)
