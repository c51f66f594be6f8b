"""Phone numbers as the server sees them: two spellings of one account, JIDs, and masking for people to read.

Facts: accounts are `{digits}@s.whatsapp.net`, in older spelling `@c.us`, perhaps with a device suffix. Brazilian
mobiles exist with and without the ninth digit, Mexican numbers with and without a 1 after 52, Argentine mobiles with
and without a 9 after 54; both spellings reach one account.
"""

from __future__ import annotations

import re

from reconciler.sandbox.errors import SandboxError

_STRICT = re.compile(r"([0-9]{7,15})@s\.whatsapp\.net", re.ASCII)
_LOOSE = re.compile(r"([1-9][0-9]{6,14})(?::[0-9]+)?@(?:s\.whatsapp\.net|c\.us)", re.ASCII)
_WRITTEN = re.compile(r"\+?[1-9][0-9]{6,14}", re.ASCII)
_PUNCTUATION = str.maketrans("", "", " ()-./\u00a0")

_COUNTRIES_OF_TWO_DIGITS = re.compile(r"2[07]|3[0-4]|3[69]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]", re.ASCII)


def canonical(digits: str) -> str:
    """The real number behind either spelling: Brazil with the ninth digit, Mexico without 1, Argentina with 9."""
    if len(digits) == 12 and digits.startswith("55") and digits[4] in "6789":
        return f"{digits[:4]}9{digits[4:]}"
    if len(digits) == 13 and digits.startswith("521"):
        return f"52{digits[3:]}"
    if len(digits) == 12 and digits.startswith("54") and digits[2] != "9":
        return f"549{digits[2:]}"
    return digits


def strict_digits(jid: str) -> str | None:
    """The digits of a JID in the one form that requests may use, `{phone}@s.whatsapp.net`; else None."""
    match = _STRICT.fullmatch(jid)
    return match[1] if match else None


def query_digits(text: str) -> str | None:
    """The digits of a `phone` query parameter (`5511999998888`, a plus sign allowed); None where it is no number."""
    plain = text.strip()
    return plain.lstrip("+") if _WRITTEN.fullmatch(plain) else None


def parse_phone(text: str) -> str:
    """The digits of a number a person wrote (`+1 (202) 555-0143`) or of a phone JID, in the spelling given.

    Raises SandboxError where there is none.
    """
    jid = _LOOSE.fullmatch(text.strip())
    if jid:
        return jid[1]
    plain = text.translate(_PUNCTUATION)
    if not _WRITTEN.fullmatch(plain):
        raise SandboxError(f"{text!r} is no phone number; write it with its country code, such as +1 202 555 0143")
    return plain.lstrip("+")


def mask_phone(digits: str) -> str:
    """A number fit for a screen: country code, first three digits, last two (`+1 202 ••• ••43`)."""
    length = 1 if digits[0] in "17" else 2 if _COUNTRIES_OF_TWO_DIGITS.match(digits) else 3
    country, rest = digits[:length], digits[length:]
    return f"+{country} {rest[:3]} ••• ••{rest[-2:]}"
