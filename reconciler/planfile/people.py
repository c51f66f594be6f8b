"""People in a saved plan read back: a number and its address must be one person's."""

from __future__ import annotations

import re

from reconciler.model.identity import Identity, identity_of_digits, identity_of_jid, parse_jid
from reconciler.model.live import Participant
from reconciler.model.who import Who
from reconciler.planfile.fields import Field

_IDENTITY = re.compile(r"\+[1-9][0-9]{4,15}", re.ASCII)


def people_in(field: Field) -> tuple[Who, ...]:
    """A list of people."""
    return tuple(_who(item) for item in field.items())


def _who(field: Field) -> Who:
    part = field.members_of(Who)
    identity, jid = _identity_and_jid(part)
    return Who(
        identity=identity,
        jid=jid,
        label=part["label"].none_or(Field.text),
        lid=part["lid"].none_or(Field.text),
        until=part["until"].none_or(Field.day),
        reason=part["reason"].none_or(Field.text),
    )


def _identity_and_jid(part: dict[str, Field]) -> tuple[Identity | None, str | None]:
    """A number and the address of the same person; a plan must not show one and send to another."""
    identity = part["identity"].none_or(identity_in)
    jid = part["jid"].none_or(_phone_jid)
    if jid is not None and identity_of_jid(jid) != identity:
        part["jid"].fail("the address of the person in `identity` beside it")
    return identity, jid


def identity_in(field: Field) -> Identity:
    """A number in the one spelling by which people are compared."""
    text = field.text()
    if not _IDENTITY.fullmatch(text) or identity_of_digits(text[1:]) != text:
        field.fail("an international number as + and digits, in its long form")
    return Identity(text)


def _phone_jid(field: Field) -> str:
    jid = parse_jid(field.text())
    if jid is None or jid.is_lid or jid.phone_jid != field.text():
        field.fail("a JID of the form {digits}@s.whatsapp.net")
    return jid.phone_jid


def participant_in(field: Field) -> Participant:
    """Somebody in the live group as it was read."""
    part = field.members_of(Participant)
    identity, jid = _identity_and_jid(part)
    return Participant(
        id=part["id"].text(),
        identity=identity,
        jid=jid,
        lid=part["lid"].none_or(Field.text),
        is_admin=part["is_admin"].flag(),
        is_owner=part["is_owner"].flag(),
    )
