"""A value inside an answer that knows where it stands, so that an unknown shape is told by endpoint and field. Pure.

JSON in either dialect → model values. Tolerant where it is documented, strict elsewhere: BadAnswer. Pure.

Guide dialect: `group_id`, `name`, `participant_count`, `is_admin`. Reference dialect: `id`, `subject`, whole groups in
the list, `admin: "admin" | "superadmin" | null`. Ids may be text or the objects that WhatsApp libraries pass on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.errors import InvalidResponse
from reconciler.model import identity
from reconciler.model.identity import Identity, identity_of_jid, is_group_id, parse_jid, phone_jid
from reconciler.model.live import Contact, Instance, ListedGroup, LiveGroup, Participant


@dataclass(frozen=True, slots=True)
class JsonValue:
    """Any JSON at one place of an answer: `where` is "data[3].name"."""

    raw: Any
    endpoint: str
    where: str = "data"

    def type_error(self, expected: str) -> InvalidResponse:
        """The error for this value not being what it should: "data[3].name: expected text, found a number"."""
        return InvalidResponse(
            f"{self.where}: expected {expected}, found {_kind(self.raw)}",
            endpoint=self.endpoint,
            hint="the API answered in a shape that this version does not know",
        )

    def has(self, *names: str) -> bool:
        """Whether this is an object with one of these fields (null counts)."""
        return isinstance(self.raw, dict) and any(name in self.raw for name in names)

    def field(self, *names: str) -> JsonValue:
        """The first of these fields that is there and not null; a null value under the first name otherwise."""
        if not isinstance(self.raw, dict):
            raise self.type_error("an object")
        for name in names:
            if self.raw.get(name) is not None:
                return JsonValue(self.raw[name], self.endpoint, f"{self.where}.{name}")
        return JsonValue(None, self.endpoint, f"{self.where}.{names[0]}")

    @property
    def is_present(self) -> bool:
        """Whether there is anything but null here."""
        return self.raw is not None

    def entries(self) -> Iterator[JsonValue]:
        """The entries of an array."""
        if not isinstance(self.raw, list):
            raise self.type_error("an array")
        return (JsonValue(item, self.endpoint, f"{self.where}[{at}]") for at, item in enumerate(self.raw))

    def text(self) -> str:
        """A text. Halves of surrogate pairs, left where a name was cut, become the replacement character."""
        if not isinstance(self.raw, str):
            raise self.type_error("text")
        return self.raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.raw, bool):
            raise self.type_error("true or false")
        return self.raw

    def count(self) -> int:
        """A whole number, no less than 0."""
        if isinstance(self.raw, bool) or not isinstance(self.raw, int) or self.raw < 0:
            raise self.type_error("a whole number")
        return self.raw


def _kind(raw: Any) -> str:
    """What a value is, in words; its content may be anybody's, so that it is not repeated."""
    if raw is None:
        return "nothing"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return "a number"
    if isinstance(raw, str):
        return "other text" if raw else "an empty text"
    return "an array" if isinstance(raw, list) else "an object"


_NUMBER = re.compile(r"\+?(?P<digits>[1-9][0-9]{4,14})", re.ASCII)


_BETWEEN_DIGITS = re.compile(r"[\s().-]")


_PHONE_FIELDS = ("phoneNumber", "phone_number", "pn", "jid")


class Dialect(StrEnum):
    """Whose shapes an answer has; it decides how people are removed."""

    GUIDE = "guide"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class CreatedGroup:
    """What a create is answered with; `name` is None where the answer tells none.

    The participants in the answer are left out: they are no word on who really is in the group.
    """

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCheck:
    """Whether a number is on WhatsApp; `phone` as the server spells it, `jid` where its account lives."""

    exists: bool
    phone: str
    jid: str | None = None


def dialect_of(data: Any) -> Dialect | None:
    """The dialect of a group, or of the first group in a list; None where nothing tells."""
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict):
        return None
    if "group_id" in first:
        return Dialect.GUIDE
    return Dialect.REFERENCE if "subject" in first else None


def listed_group(value: JsonValue) -> ListedGroup:
    """One entry of the list of groups; what an entry does not carry is None."""
    participants, count, description = (
        value.field("participants"),
        value.field("participant_count"),
        _string_field(value),
    )
    return ListedGroup(
        id=_group_id(value),
        name=value.field("name", "subject").text(),
        count=count.count() if count.is_present else None,
        participants=_participants(participants) if participants.is_present else None,
        description=description,
        owner=_owner(value),
    )


def live_group(data: Any, endpoint: str) -> LiveGroup:
    """A group read whole; no description is an empty one."""
    value = JsonValue(data, endpoint)
    return LiveGroup(
        id=_group_id(value),
        name=value.field("name", "subject").text(),
        description=_string_field(value) or "",
        participants=_participants(value.field("participants")),
        owner=_owner(value),
    )


def participants(data: Any, endpoint: str) -> tuple[Participant, ...]:
    """The list of a group's participants."""
    return _participants(JsonValue(data, endpoint))


def created_group(data: Any, endpoint: str) -> CreatedGroup:
    """The answer to a create."""
    value = JsonValue(data, endpoint)
    name = value.field("name", "subject")
    return CreatedGroup(_group_id(value), name.text() if name.is_present else None)


def invite_url(data: Any, endpoint: str) -> str:
    """A group's invite link as a whole URL; a bare code in the answer is made one."""
    value = JsonValue(data, endpoint)
    value = value if isinstance(data, str) else value.field("invite_code")
    code = identity.invite_code(value.text())
    if code is None:
        raise value.type_error(f"an invite code or a URL of {identity.INVITE_HOST}")
    return identity.invite_url(code)


def joined_id(data: Any, endpoint: str) -> str | None:
    """The id of the group that was joined, where the answer tells it."""
    value = JsonValue(data, endpoint)
    return _group_id(value) if value.has("group_id", "id") and value.field("group_id", "id").is_present else None


def message_id(data: Any, endpoint: str) -> str:
    """The id of a message that was sent."""
    return _id_text(JsonValue(data, endpoint).field("message_id", "id"))


def contact(value: JsonValue) -> Contact:
    """One entry of the address book, under the name it was given there, else the one its owner goes by."""
    person = _participant(value)
    name = value.field("name", "short_name", "push_name")
    return Contact(person.id, person.identity, (name.text() or None) if name.is_present else None)


def contact_check(data: Any, endpoint: str) -> ContactCheck:
    """Whether a number is on WhatsApp."""
    value = JsonValue(data, endpoint)
    phone, jid = value.field("phone"), value.field("chat_id")
    return ContactCheck(
        value.field("exists").flag(),
        phone.text() if phone.is_present else "",
        _id_text(jid) if jid.is_present else None,
    )


def instance(data: Any, endpoint: str) -> Instance:
    """The instance behind the key."""
    value = JsonValue(data, endpoint)
    kind = value.field("type")
    return Instance(
        id=value.field("id").text(),
        status=value.field("status").text(),
        kind=kind.text() if kind.is_present else "waha",
    )


def _group_id(value: JsonValue) -> str:
    where = value.field("group_id", "id")
    text = _id_text(where)
    if not is_group_id(text):
        raise where.type_error("a group's id, which ends in @g.us")
    return text


def _id_text(value: JsonValue) -> str:
    """An id: text, or an object with `_serialized` or with `user` and `server`."""
    if not isinstance(value.raw, dict):
        return value.text()
    if value.has("_serialized"):
        return value.field("_serialized").text()
    return f"{value.field('user').text()}@{value.field('server').text()}"


def _string_field(value: JsonValue) -> str | None:
    description = value.field("description")
    return description.text() if description.is_present else None


def _owner(value: JsonValue) -> Identity | None:
    owner = value.field("owner")
    return _identity(_id_text(owner)) if owner.is_present else None


def _identity(text: str) -> Identity | None:
    """The person behind a phone JID, or behind a number written with or without its plus sign."""
    jid = _phone_jid(text)
    return identity_of_jid(jid) if jid is not None else None


def _phone_jid(text: str) -> str | None:
    """The address of a phone JID or of a number; None for anything else."""
    jid = parse_jid(text)
    if jid is not None:
        return None if jid.is_lid else jid.phone_jid
    number = _NUMBER.fullmatch(_BETWEEN_DIGITS.sub("", text))
    return phone_jid(number["digits"]) if number else None


def _participants(value: JsonValue) -> tuple[Participant, ...]:
    return tuple(_participant(entry) for entry in value.entries())


def _participant(value: JsonValue) -> Participant:
    """Somebody by a phone JID, by a private id (with a phone beside it or without), or by a form nobody knows."""
    spelled = _id_text(value.field("id"))
    own = parse_jid(spelled)
    jid = own.phone_jid if own is not None and not own.is_lid else _phone_beside(value)
    role = _role(value)
    return Participant(
        id=spelled,
        identity=identity_of_jid(jid) if jid is not None else None,
        jid=jid,
        lid=f"{own.digits}@lid" if own is not None and own.is_lid else _lid_beside(value),
        is_admin=role != "",
        is_owner=role == "superadmin",
    )


def _phone_beside(value: JsonValue) -> str | None:
    """The address of the first field beside an id that has a readable phone."""
    fields = (value.field(name) for name in _PHONE_FIELDS)
    texts = (str(f.raw) if type(f.raw) is int else _id_text(f) for f in fields if f.is_present)
    return next((jid for text in texts if (jid := _phone_jid(text)) is not None), None)


def _lid_beside(value: JsonValue) -> str | None:
    field = value.field("lid")
    jid = parse_jid(_id_text(field)) if field.is_present else None
    return f"{jid.digits}@lid" if jid is not None and jid.is_lid else None


def _role(value: JsonValue) -> str:
    """ "superadmin", "admin" or "": from the reference dialect's `admin`, else from the guide's two flags."""
    admin = value.field("admin")
    if admin.is_present:
        if admin.raw not in ("admin", "superadmin"):
            raise admin.type_error('"admin", "superadmin" or null')
        return admin.text()
    owner, is_admin = value.field("is_super_admin", "isSuperAdmin"), value.field("is_admin", "isAdmin")
    if owner.is_present and owner.flag():
        return "superadmin"
    return "admin" if is_admin.is_present and is_admin.flag() else ""
