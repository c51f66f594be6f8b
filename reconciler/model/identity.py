"""One person, one identity: every spelling of a phone number or JID that means the same account.

Facts: WhatsApp JIDs are `{digits}@s.whatsapp.net` (older spelling `@c.us`), may carry a device suffix
(`…:7@s.whatsapp.net`) or be a private id (`…@lid`) from which no number can be computed. Brazilian mobiles exist
with and without the ninth digit, Mexican ones with and without a 1 after 52, Argentine ones with and without a 9
after 54; both forms are one account (seen by users of WAHA, Baileys and whatsmeow). So are the numbers that a country
made longer: Ivory Coast put two digits in front in 2021, Benin 01 in 2024, and accounts may keep the shorter form.

A group's invite is a code, or a URL that ends in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NewType

Identity = NewType("Identity", str)
"""A person, canonically: "+" and digits, the form in which the country dials today where an account has two."""

PHONE_SERVERS = frozenset({"s.whatsapp.net", "c.us"})
LID_SERVERS = frozenset({"lid", "hosted.lid"})
_JID = re.compile(r"(?P<user>[0-9]{1,32})(?:[.][0-9]{1,3})?(?::(?P<device>[0-9]{1,5}))?@(?P<server>[a-z.]+)", re.ASCII)
_PHONE_DIGITS = re.compile(r"[1-9][0-9]{4,14}", re.ASCII)
_GROUP_ID = re.compile(r"[0-9]+(?:-[0-9]+)?@g\.us", re.ASCII)
_BRAZIL_SHORT = re.compile(r"55[1-9][0-9][6-9][0-9]{7}", re.ASCII)
_MEXICO_LONG = re.compile(r"521[0-9]{10}", re.ASCII)
_TWO_ADDRESSES = re.compile(
    r"\+(?:55[1-9][0-9]9[0-9]{8}|52[0-9]{10}|549[0-9]{10}|225[0-9]{10}|22901[0-9]{8})", re.ASCII
)
_ARGENTINA_SHORT = re.compile(r"54[1-8][0-9]{9}", re.ASCII)
_BENIN_SHORT = re.compile(r"229[0-9]{8}", re.ASCII)
_IVORY_COAST = re.compile(r"225(?:[02][157])?(?P<old>[0-9]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Jid:
    """A participant's address, taken apart: digits, and whether they are a phone number or a private id."""

    digits: str
    is_lid: bool

    @property
    def phone_jid(self) -> str:
        """The form the API takes: no device, the newer server name."""
        return phone_jid(self.digits)


def phone_jid(digits: str) -> str:
    """Return the address, as the API takes it, of a number given as digits."""
    return f"{digits}@s.whatsapp.net"


def parse_jid(text: str) -> Jid | None:
    """Parse a participant's JID; return None for anything else (a group's id, a number, junk)."""
    match = _JID.fullmatch(text.strip())
    if match is None:
        return None
    digits, server = match["user"], match["server"]
    if server in LID_SERVERS:
        return Jid(digits, is_lid=True)
    if server in PHONE_SERVERS and _PHONE_DIGITS.fullmatch(digits):
        return Jid(digits, is_lid=False)
    return None


def lid_digits(lid: str | None) -> str | None:
    """Return the digits by which LIDs compare: without the server and the device; None where there is no LID."""
    jid = parse_jid(lid) if lid else None
    return None if jid is None else jid.digits


def identity_of_digits(digits: str) -> Identity:
    """Return the canonical identity of an international number given as digits, without a plus sign."""
    if _BRAZIL_SHORT.fullmatch(digits):
        return Identity(f"+{digits[:4]}9{digits[4:]}")
    if _MEXICO_LONG.fullmatch(digits):
        return Identity(f"+52{digits[3:]}")
    if _ARGENTINA_SHORT.fullmatch(digits):
        return Identity(f"+549{digits[2:]}")
    if _BENIN_SHORT.fullmatch(digits):
        return Identity(f"+22901{digits[3:]}")
    if ivory_coast := _IVORY_COAST.fullmatch(digits):
        return Identity(f"+225{_ivory_coast_prefix(ivory_coast['old'])}{ivory_coast['old']}")
    return Identity(f"+{digits}")


def _ivory_coast_prefix(old: str) -> str:
    """Return the two digits that came in front of an eight-digit number, by the operator to which it belonged.

    The eight digits alone tell people apart: other digits in front of the same eight give the same identity.
    """
    if old[0] in "23":
        return {"0": "25", "8": "21"}.get(old[2], "27")
    return "01" if old[1] in "0123" else "05" if old[1] in "456" else "07"


def has_two_addresses(identity: Identity) -> bool:
    """Whether the account of this number may have either of two addresses, so that adding one of them may fail."""
    return _TWO_ADDRESSES.fullmatch(identity) is not None


def identity_of_jid(text: str) -> Identity | None:
    """Return the identity of a phone JID in any spelling; None for a LID or anything else."""
    jid = parse_jid(text)
    return None if jid is None or jid.is_lid else identity_of_digits(jid.digits)


def is_group_id(text: str) -> bool:
    """Whether this is a group's id as WhatsApp writes it (`120363012345678901@g.us`)."""
    return _GROUP_ID.fullmatch(text) is not None


def chat_id(text: str) -> str | None:
    """Return the chat of a group's id or a person's phone JID, as the API takes it; None for anything else.

    A private id (LID) is not an address for messages.
    """
    bare = text.strip()
    if is_group_id(bare):
        return bare
    jid = parse_jid(bare)
    return None if jid is None or jid.is_lid else jid.phone_jid


INVITE_HOST: Final = "chat.whatsapp.com"
_CODE = re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII)
_URL = re.compile(
    rf"(?:https?://)?{re.escape(INVITE_HOST)}/(?:invite/)?(?P<code>{_CODE.pattern})/?(?:[?#].*)?", re.ASCII
)


def invite_code(text: str) -> str | None:
    """Return the bare code of an invite code or URL; None for anything else."""
    text = text.strip()
    match = _URL.fullmatch(text)
    return match["code"] if match else text if _CODE.fullmatch(text) else None


def invite_url(code: str) -> str:
    """Return the link that people open to join."""
    return f"https://{INVITE_HOST}/{code}"


def is_invite_url(text: str) -> bool:
    """Whether this is a link exactly as `invite_url` makes it."""
    code = invite_code(text)
    return code is not None and text == invite_url(code)
