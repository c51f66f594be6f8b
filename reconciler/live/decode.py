"""Decode live state in either dialect into model values; raise InvalidResponse, by endpoint and field, elsewhere. Pure.

Guide dialect: `group_id`, `name`, `participant_count`, `is_admin`. Reference dialect: `id`, `subject`, whole groups in
the list, `admin: "admin" | "superadmin" | null`. Ids may be text or the objects that WhatsApp libraries pass on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from reconciler.errors import InvalidResponse
from reconciler.model.identity import Identity, Jid, identity_of_jid, is_group_id, parse_jid, phone_jid
from reconciler.model.live import (
    Contact,
    ContactCheck,
    Instance,
    ListedGroup,
    LiveGroup,
    OddEntry,
    Participant,
)
from reconciler.model.text import Untrusted, is_blank

UNKNOWN_FORM: Final = "this version does not know this form of the API's response"


@dataclass(frozen=True, slots=True)
class JsonValue:
    """JSON at one place of a response: `where` is "data[3].name"."""

    raw: Any
    endpoint: str
    where: str = "data"

    def type_error(self, expected: str) -> InvalidResponse:
        """Return the error for an unexpected type: "data[3].name: expected text, found a number"."""
        return InvalidResponse(
            f"{self.where}: expected {expected}, found {_kind(self.raw)}",
            endpoint=self.endpoint,
            hint=UNKNOWN_FORM,
        )

    def optional(self, *names: str) -> JsonValue | None:
        """Return the first of these fields that is not null; None if there is none."""
        if not isinstance(self.raw, dict):
            raise self.type_error("an object")
        present = (name for name in names if self.raw.get(name) is not None)
        return next((JsonValue(self.raw[name], self.endpoint, f"{self.where}.{name}") for name in present), None)

    def field(self, *names: str) -> JsonValue:
        """Return the first of these fields that is not null, else a null value under the first name."""
        return self.optional(*names) or JsonValue(None, self.endpoint, f"{self.where}.{names[0]}")

    def entries(self) -> Iterator[JsonValue]:
        """Return the entries of an array."""
        if not isinstance(self.raw, list):
            raise self.type_error("an array")
        return (JsonValue(item, self.endpoint, f"{self.where}[{at}]") for at, item in enumerate(self.raw))

    def text(self) -> str:
        """Return the text. Halves of surrogate pairs, where a server cut a name, become the replacement character."""
        if not isinstance(self.raw, str):
            raise self.type_error("text")
        return self.raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.raw, bool):
            raise self.type_error("true or false")
        return self.raw

    def count(self) -> int:
        """Return a whole number from 0."""
        if isinstance(self.raw, bool) or not isinstance(self.raw, int) or self.raw < 0:
            raise self.type_error("a whole number")
        return self.raw


def _kind(raw: Any) -> str:
    """Return the name of a value's type; its content is untrusted, so it is not repeated."""
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
_SEPARATORS = re.compile(r"[\s().-]")
_ROLE_FIELDS = frozenset({"admin", "is_admin", "isAdmin", "is_super_admin", "isSuperAdmin"})
_PHONE_FIELDS = ("phoneNumber", "phone_number", "pn", "jid")


class Dialect(StrEnum):
    """The form of the server's responses; it decides how people are removed and what request fields are called."""

    GUIDE = "guide"
    REFERENCE = "reference"


def dialect_of(data: Any) -> Dialect | None:
    """Return the dialect of a group's JSON, or of the first in a list that reveals it; None if no field does."""
    for group in data if isinstance(data, list) else [data]:
        if isinstance(group, dict) and ("group_id" in group or "subject" in group):
            return Dialect.GUIDE if "group_id" in group else Dialect.REFERENCE
    return None


def listed_group(value: JsonValue) -> ListedGroup:
    """Decode one entry of the list of groups; a field that the entry lacks is None.

    Raises InvalidResponse if its id cannot be read; whatever else cannot be read is the `fault` of this group alone.
    """
    group_id = id_of_group(value)
    try:
        return _listed_group(group_id, value)
    except InvalidResponse as error:
        return ListedGroup(id=group_id, name=_name_if_readable(value), fault=error.summary())


def list_entry(value: JsonValue) -> ListedGroup | OddEntry:
    """Decode one entry of the list of groups, whatever it is."""
    try:
        return listed_group(value)
    except InvalidResponse as error:
        text = json.dumps(value.raw, sort_keys=True)
        return OddEntry(id=text, name=_name_if_readable(value), fault=error.summary())


def _listed_group(group_id: str, value: JsonValue) -> ListedGroup:
    participants, count = value.optional("participants"), value.optional("participant_count")
    description = value.optional("description")
    return ListedGroup(
        id=group_id,
        name=_group_name(value),
        count=count.count() if count else None,
        participants=_participants(participants) if participants else None,
        description=Untrusted(description.text()) if description else None,
        owner=_owner(value),
    )


def live_group(value: JsonValue) -> LiveGroup:
    """Decode a group read whole; a missing description is an empty one."""
    description = value.optional("description")
    return LiveGroup(
        id=id_of_group(value),
        name=_group_name(value),
        description=Untrusted(description.text() if description else ""),
        participants=_participants(value.field("participants")),
        owner=_owner(value),
    )


def contact(value: JsonValue) -> Contact:
    """Decode one entry of the address book, with its name there, else the name that the person chose."""
    person = _participant(value)
    fields = filter(None, map(value.optional, ("name", "short_name", "push_name", "pushname")))
    return Contact(person.id, person.identity, next(filter(None, (field.text() for field in fields)), None))


def contact_check(value: JsonValue) -> ContactCheck:
    """Decode the response to a check of a phone number."""
    phone, jid = value.optional("phone"), value.optional("chat_id")
    return ContactCheck(value.field("exists").flag(), phone.text() if phone else "", id_text(jid) if jid else None)


def instance(value: JsonValue) -> Instance:
    """Decode the instance behind the key."""
    kind = value.optional("type")
    return Instance(
        value.field("id").text(), value.field("status").text(), kind.text() if kind else "waha", _own_number(value.raw)
    )


def _own_number(raw: Mapping[str, Any]) -> Identity | None:
    """Return the number of an instance; None where no field has one. No document names the field, so none is wrong."""
    fields = (raw.get(name) for name in ("phone", "number", *_PHONE_FIELDS))
    jids = (_phone_jid(str(value)) for value in fields if type(value) in (str, int))
    return next((identity_of_jid(jid) for jid in jids if jid is not None), None)


def id_of_group(value: JsonValue) -> str:
    """Return the id of a group; raise InvalidResponse for anything else."""
    field = value.field("group_id", "id")
    text = id_text(field)
    if not is_group_id(text):
        raise field.type_error("a group's id, which ends in @g.us")
    return text


def _group_name(value: JsonValue) -> Untrusted:
    """Return the name of a group, as the first field that tells it; an empty text if none does.

    A field that is missing, null, empty, blank or invisible does not give the name: the group may have one.
    """
    names = (field.text() for name in ("name", "subject") if (field := value.optional(name)))
    return Untrusted(next((text for text in names if not is_blank(text)), ""))


def _name_if_readable(value: JsonValue) -> Untrusted:
    try:
        return _group_name(value)
    except InvalidResponse:
        return Untrusted("")


def id_text(value: JsonValue) -> str:
    """Return an id from a text, or from an object with `_serialized` or with `user` and `server`."""
    if not isinstance(value.raw, dict):
        return value.text()
    if "_serialized" in value.raw:
        return value.field("_serialized").text()
    return f"{value.field('user').text()}@{value.field('server').text()}"


def _owner(value: JsonValue) -> Identity | None:
    owner = value.optional("owner")
    jid = _phone_jid(id_text(owner)) if owner else None
    return identity_of_jid(jid) if jid is not None else None


def _phone_jid(text: str) -> str | None:
    """Return the phone JID of a JID, or of a number with or without its plus sign; None for anything else."""
    jid = parse_jid(text)
    if jid is not None:
        return None if jid.is_lid else jid.phone_jid
    number = _NUMBER.fullmatch(_SEPARATORS.sub("", text))
    return phone_jid(number["digits"]) if number else None


def _participants(value: JsonValue) -> tuple[Participant, ...]:
    people = tuple(_participant(entry) for entry in value.entries())
    if any(not _ROLE_FIELDS.isdisjoint(entry.raw) for entry in value.entries()):
        return people
    return tuple(replace(person, is_admin=None) for person in people)


def _participant(value: JsonValue) -> Participant:
    """Decode a person with a phone JID, with a private id (and perhaps a phone), or with an id of an unknown form.

    A phone that repeats the digits of the private id does not count: nobody knows that person's number.
    """
    text = id_text(value.field("id"))
    parsed = parse_jid(text)
    lid = parsed if parsed is not None and parsed.is_lid else _lid_field(value)
    echo = phone_jid(lid.digits) if lid is not None else None
    jid = parsed.phone_jid if parsed is not None and not parsed.is_lid else None
    if jid is None or jid == echo:
        jid = next((phone for phone in _phones(value) if phone != echo), None)
    role = _role(value)
    return Participant(
        id=text,
        identity=identity_of_jid(jid) if jid is not None else None,
        jid=jid,
        lid=f"{lid.digits}@lid" if lid is not None else None,
        is_admin=role != "",
        is_owner=role == "superadmin",
    )


def _phones(value: JsonValue) -> Iterator[str]:
    """Yield the phone JIDs of the fields that hold a readable phone number."""
    for field in filter(None, map(value.optional, _PHONE_FIELDS)):
        jid = _phone_jid(str(field.raw) if type(field.raw) is int else id_text(field))
        if jid is not None:
            yield jid


def _lid_field(value: JsonValue) -> Jid | None:
    field = value.optional("lid")
    text = id_text(field) if field else ""
    jid = parse_jid(f"{text}@lid" if text.isdigit() else text)
    return jid if jid is not None and jid.is_lid else None


def _role(value: JsonValue) -> str:
    """Return "superadmin", "admin" or "", from the reference dialect's `admin` or the guide's two flags."""
    admin = value.optional("admin")
    if admin:
        if admin.raw not in ("admin", "superadmin"):
            raise admin.type_error('"admin", "superadmin" or null')
        return admin.text()
    owner, is_admin = value.optional("is_super_admin", "isSuperAdmin"), value.optional("is_admin", "isAdmin")
    if owner and owner.flag():
        return "superadmin"
    return "admin" if is_admin and is_admin.flag() else ""
