"""The contents of the world as immutable values: accounts, instances, groups, contacts, logged calls and effects.

Beside them, the error that every part of the sandbox raises for the person who runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

MAX_NAME = 100
"""WhatsApp's limit of characters in a group's name."""


class SandboxError(Exception):
    """The sandbox cannot do what the caller wants: a bad file, a port in use, an unknown group."""


class MissingWebServer(SandboxError):
    """The packages of the web server are not installed."""


class ShownAs(StrEnum):
    """The id of an account in participant lists: its phone JID, a LID with the phone beside it, or only a LID."""

    PHONE = "phone"
    LID_WITH_PHONE = "lid_with_phone"
    LID = "lid"


class Spelling(StrEnum):
    """How responses write an account's phone JID: the current form, the older form, or with a device suffix."""

    NEW = "s.whatsapp.net"
    OLD = "c.us"
    DEVICE = "device"


class InstanceStatus(StrEnum):
    """The connection of an instance; groups work only if it is connected."""

    CREATED = "created"
    STARTING = "starting"
    SCAN_QR = "scan_qr"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"


class InstanceType(StrEnum):
    """The type of an instance; groups work only on waha."""

    WAHA = "waha"
    CLOUD_API = "cloud_api"


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account."""

    digits: str  # the canonical number, which is the key
    jid_digits: str  # the spelling of the number in its JID
    lid: str | None = None
    shows: ShownAs = ShownAs.PHONE
    refuses_adds: bool = False  # adding the person succeeds but has no effect
    exists: bool = True  # False: the number is not on WhatsApp
    spelling: Spelling = Spelling.NEW

    @property
    def jid(self) -> str:
        """The JID that requests may use for this account."""
        return f"{self.jid_digits}@s.whatsapp.net"


@dataclass(frozen=True, slots=True)
class Instance:
    """A WhatsApp account that the API controls. `phone` is the canonical number of its account."""

    id: str
    name: str
    kind: InstanceType
    status: InstanceStatus
    phone: str


@dataclass(frozen=True, slots=True)
class Member:
    """An account in a group. An owner (super admin) is also an admin."""

    digits: str
    is_admin: bool = False
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its members. `owner` is its creator's number, None if unknown; `created_at` is in Unix seconds."""

    id: str
    name: str
    description: str
    owner: str | None
    created_at: int
    invite_code: str
    members: tuple[Member, ...] = ()

    def member(self, digits: str) -> Member | None:
        """Return the membership of a canonical number; None if it is not in the group."""
        return next((member for member in self.members if member.digits == digits), None)


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """A group as it appears in a list."""

    id: str
    name: str
    created_at: int
    participant_count: int


@dataclass(frozen=True, slots=True)
class Contact:
    """An entry of an instance's address book."""

    digits: str
    name: str | None = None
    short_name: str = ""
    push_name: str = ""
    is_business: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """A change made through the API."""

    seq: int
    call: int  # the sequence number of the call
    method: str
    path: str
    kind: str  # create, patch, add, remove, leave, join or message
    group_id: str
    people: tuple[str, ...] = ()  # the canonical digits of those who really joined or left
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the server received it."""

    seq: int
    time: float  # Unix seconds
    method: str
    path: str  # decoded, with the query
    status: int | Literal["dropped"] | None  # None: in progress; "dropped": the client got no complete response
    body: str
