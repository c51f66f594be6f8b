"""Decode the other answers: to writes, and with invite links, messages and webhooks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.live.decode import JsonValue, id_of_group, id_text
from reconciler.model import identity
from reconciler.model.identity import identity_of_jid, parse_jid
from reconciler.model.live import PersonAnswer, Webhook
from reconciler.model.text import Untrusted

_URL_HOST = re.compile(r"https?://(?:[^/?#@]*@)?([a-z0-9.-]+)", re.ASCII | re.IGNORECASE)
_STATUS = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_STATUS_FIELDS = ("status", "code", "error", "Error")
_PERSON_FIELDS = ("id", "jid", "JID", "participant", "phone_number", "phoneNumber", "lid")


@dataclass(frozen=True, slots=True)
class CreatedGroup:
    """The response to a create; `name` is None if it has none.

    It leaves out the participants in the response, which do not prove who is in the group.
    """

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that the server took: its id, or None where it is only accepted, not sent yet."""

    id: str | None


def created_group(value: JsonValue) -> CreatedGroup:
    """Decode the response to a create."""
    name = value.optional("name", "subject")
    return CreatedGroup(id_of_group(value), name.text() if name else None)


def person_answers(value: JsonValue) -> tuple[PersonAnswer, ...]:
    """Decode what an add answers for each person. The API documents no such answer, other JSON counts as none."""
    raw = value.raw.get("participants") if isinstance(value.raw, dict) else value.raw
    entries = [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
    return tuple(answer for entry in entries for answer in _person_answer(entry))


def _person_answer(entry: dict[str, Any]) -> Iterator[PersonAnswer]:
    statuses = [entry[name] for name in _STATUS_FIELDS if name in entry]
    ids = [entry[name] for name in _PERSON_FIELDS if isinstance(entry.get(name), str)]
    jids = [jid for text in ids if (jid := parse_jid(text)) is not None]
    lid = next((f"{jid.digits}@lid" for jid in jids if jid.is_lid), None)
    person = next((identity_of_jid(jid.phone_jid) for jid in jids if not jid.is_lid), None)
    status = next((int(text) for text in map(str, statuses) if _STATUS.fullmatch(text)), None)
    if status is not None and (person or lid):
        yield PersonAnswer(person, lid, status)


def invite_url(value: JsonValue) -> str:
    """Decode a group's invite link, a bare code too, as a whole URL."""
    value = value if isinstance(value.raw, str) else value.field("invite_code")
    code = identity.invite_code(value.text())
    if code is None:
        raise value.type_error(f"an invite code or a URL of {identity.INVITE_HOST}")
    return identity.invite_url(code)


def joined_id(value: JsonValue) -> str | None:
    """Decode the id of the group that was joined; None if the response lacks it."""
    return id_of_group(value) if isinstance(value.raw, dict) and value.optional("group_id", "id") else None


def sent_message(value: JsonValue) -> SentMessage:
    """Decode the response to a message: its id, or only the id of a job that is to send it."""
    own, job = value.optional("message_id", "id"), value.optional("jobId", "job_id")
    return (
        SentMessage(None) if own is None and job is not None else SentMessage(id_text(own or value.field("message_id")))
    )


def webhook(value: JsonValue) -> Webhook:
    """Decode one webhook; its secret, and the path of its URL, are left where they are."""
    events, instance_id, active = value.optional("events"), value.optional("instance_id"), value.optional("is_active")
    url, id_ = value.field("url").text(), value.field("id")
    if not isinstance(id_.raw, str | int):
        raise id_.type_error("an id")
    host = _URL_HOST.match(url)
    return Webhook(
        id=str(id_.raw),
        host=Untrusted(host[1] if host else ""),
        events=tuple(event.text() for event in events.entries()) if events else (),
        instance_id=instance_id.text() if instance_id else None,
        is_active=active.flag() if active else None,
    )
