"""What the world holds, as immutable values read from its database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class ShownAs(StrEnum):
    """As what an account appears among participants: its phone JID, a LID with the phone beside it, a bare LID."""

    PHONE = "phone"
    LID_WITH_PHONE = "lid_with_phone"
    LID = "lid"


class Spelling(StrEnum):
    """How an account's phone JID is written in answers: today's way, the older way, with a device suffix."""

    NEW = "s.whatsapp.net"
    OLD = "c.us"
    DEVICE = "device"


class Status(StrEnum):
    """An instance's connection; groups work only when connected."""

    CREATED = "created"
    STARTING = "starting"
    SCAN_QR = "scan_qr"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"


class Kind(StrEnum):
    """An instance's type; groups work only on waha."""

    WAHA = "waha"
    CLOUD_API = "cloud_api"


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `digits` is the canonical number and the key, `jid_digits` the spelling the account lives under.

    `refuses_adds`: an add succeeds and the person stays out. `exists` False: WhatsApp does not know the number.
    """

    digits: str
    jid_digits: str
    lid: str | None = None
    shows: ShownAs = ShownAs.PHONE
    refuses_adds: bool = False
    exists: bool = True
    spelling: Spelling = Spelling.NEW

    @property
    def jid(self) -> str:
        """The address requests may use for this account."""
        return f"{self.jid_digits}@s.whatsapp.net"


@dataclass(frozen=True, slots=True)
class Instance:
    """A connected WhatsApp account behind an API key. `phone` is the canonical number of its account."""

    id: str
    name: str
    kind: Kind
    status: Status
    phone: str


@dataclass(frozen=True, slots=True)
class Member:
    """An account in a group; an owner is a super admin and an admin too."""

    digits: str
    is_admin: bool = False
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group whole. `owner` is the number that made it, None when nobody knows; `created_at` is Unix seconds."""

    id: str
    name: str
    description: str
    owner: str | None
    created_at: int
    invite_code: str
    members: tuple[Member, ...] = ()

    def member(self, digits: str) -> Member | None:
        """The membership of one canonical number, if it is in."""
        return next((member for member in self.members if member.digits == digits), None)


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """A group as a list shows it."""

    id: str
    name: str
    created_at: int
    count: int


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
    """A change that took effect through the API. `call` is the call's sequence number, `people` canonical digits
    that really came or went, `kind` one of create, patch, add, remove, leave, join, message.
    """

    seq: int
    call: int
    method: str
    path: str
    kind: str
    group_id: str
    people: tuple[str, ...] = ()
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in. `time` is Unix seconds; `path` is decoded and has the query; `body` is its text.

    `status` is None while the request is under way and "dropped" when no whole answer was given.
    """

    seq: int
    time: float
    method: str
    path: str
    status: int | Literal["dropped"] | None
    body: str
