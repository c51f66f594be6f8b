"""What the API says there is. Unknown is not absent: a field that it does not give is None, never empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reconciler.errors import ApiError, InvalidResponse
from reconciler.model.identity import Identity
from reconciler.model.text import Untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody in a live group.

    `id` is the server's spelling. `identity` is None when no phone number is known (a bare LID, an unknown
    form). `jid` is the phone JID to address the person by (device suffix off, `@s.whatsapp.net`), as the server
    spells its digits: the short Brazilian form stays short. `lid` is "76699677012110@lid" where known. `is_admin` is
    None where the server reports no roles.
    """

    id: str
    identity: Identity | None = None
    jid: str | None = None
    lid: str | None = None
    is_admin: bool | None = False
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """What the service answered for one person of an add: an HTTP-like status, 200 where they were added."""

    identity: Identity | None
    lid: str | None
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGroup:
    """A group read whole. `owner` is the identity in the group's own owner field, if there is one.

    `name` is empty where the server does not give it: unknown, not another name.
    `count` is the number of participants that the list gives for this group (None: the list gives none).
    """

    id: str
    name: Untrusted
    description: Untrusted
    participants: tuple[Participant, ...] = ()
    owner: Identity | None = None
    count: int | None = None

    @property
    def owners(self) -> frozenset[Identity]:
        """Who owns the group: by its own field, by the participant's, or by both."""
        owners = {self.owner, *(participant.identity for participant in self.participants if participant.is_owner)}
        return frozenset(identity for identity in owners if identity is not None)


ReadGroup: TypeAlias = "LiveGroup | InvalidResponse | None"
"""What came of reading one group: None if it disappeared, the error if the answer about it cannot be read."""

ReadCandidate: TypeAlias = "LiveGroup | ApiError | None"
"""What came of reading a group that may be one to be created: here any error concerns only that question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGroup:
    """A group as the list shows it: count, participants and description where the list has them.

    `name` is empty where the list does not tell it: the group may be called anything. `fault` is what cannot be read
    in the entry; then nothing of it counts but id and name.
    """

    id: str
    name: Untrusted
    count: int | None = None
    participants: tuple[Participant, ...] | None = None
    description: Untrusted | None = None
    owner: Identity | None = None
    fault: str | None = None

    def to_live_group(self) -> LiveGroup:
        """Return the entry as if it were read: whole in the reference dialect, else only with id, name and count."""
        description = self.description or Untrusted("")
        return LiveGroup(
            id=self.id,
            name=self.name,
            description=description,
            participants=self.participants or (),
            owner=self.owner,
            count=self.count,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OddEntry:
    """An entry of the list whose id cannot be read: it may be any group that its `name`, if told, does not exclude.

    `id` is the entry's own text, by which two reads of the list compare.
    """

    id: str
    name: Untrusted
    fault: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All groups the instance is in, sorted by id."""

    groups: tuple[ListedGroup, ...]
    complete: bool = True
    """False where a group can slip between two pages: list again before you take any group for absent."""
    odd: tuple[OddEntry, ...] = ()
    calls: int = 1
    """How many calls the list took, one for each page."""

    @property
    def shows_people(self) -> bool:
        """Whether the list shows who is in the groups, as in the reference dialect."""
        return any(group.participants is not None for group in self.groups)

    @property
    def names(self) -> dict[str, Untrusted]:
        """The names of all groups, by id."""
        return {group.id: group.name for group in self.groups}

    @property
    def counts(self) -> dict[str, int | None]:
        """How many people the list counts in each group, by id; None where it does not."""
        return {group.id: group.count for group in self.groups}


@dataclass(frozen=True, slots=True)
class Instance:
    """The account behind the API key's instance. `status` is "connected" when groups work, `kind` "waha" or other.

    `number` is the account's own, where the API tells it.
    """

    id: str
    status: str
    kind: str = "waha"
    number: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that Wappfy sends events to: only its host, because the rest of a URL may be a secret.

    `instance_id` is None where it gets the events of all instances, `is_active` where the API does not tell it.
    """

    id: str
    host: Untrusted
    events: tuple[str, ...] = ()
    instance_id: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One entry of the instance's address book."""

    id: str
    identity: Identity | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call to the API: `path` is below the instance, `body` None if the call has none."""

    method: str
    path: str
    body: Mapping[str, object] | None = field(default=None, hash=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One HTTP request as it was sent; each retry is a record of its own.

    `at` is UTC ISO-8601, `seconds` how long the answer took. `status` is None when no answer came; then `error` is
    what happened instead. `body` is what was sent, with full numbers: for files, never for a terminal.
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


@dataclass(frozen=True, slots=True)
class ContactCheck:
    """Whether a number is on WhatsApp: `phone` as the server spells it, `jid` of its account."""

    exists: bool
    phone: str
    jid: str | None = None
