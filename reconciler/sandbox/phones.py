"""Phone numbers and JIDs as the server sees them: parse them, compare their spellings, mask them for output.

Facts: accounts are `{digits}@s.whatsapp.net`, in an older form `@c.us`, sometimes with a device suffix. Brazilian
mobile numbers exist with and without the ninth digit, Mexican numbers with and without a 1 after 52, Argentine mobile
numbers with and without a 9 after 54, numbers of Benin with and without 01 and those of Ivory Coast with and without
their operator's two digits; both spellings reach the same account.
"""

from __future__ import annotations

import re

from reconciler.sandbox.records import SandboxError

_REQUEST_JID = re.compile(r"([0-9]{7,15})@s\.whatsapp\.net", re.ASCII)
_PHONE_JID = re.compile(r"([1-9][0-9]{6,14})(?::[0-9]+)?@(?:s\.whatsapp\.net|c\.us)", re.ASCII)
_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}", re.ASCII)
_LID = re.compile(r"[0-9]{5,32}(?:@lid)?", re.ASCII)
_GROUP_ID = re.compile(r"[0-9]+(?:-[0-9]+)?@g\.us", re.ASCII)
_PUNCTUATION = str.maketrans("", "", " ()-./\u00a0")
_IVORY_COAST_OPERATORS = frozenset({"22501", "22505", "22507", "22521", "22525", "22527"})
_TWO_DIGIT_COUNTRY_CODE = re.compile(r"2[07]|3[0-4]|3[69]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]", re.ASCII)


def canonical(digits: str) -> str:
    """Return one number for both spellings of an account.

    Brazil has the ninth digit, Mexico no 1, Argentina the 9, Benin the 01; Ivory Coast its last eight digits only.
    """
    if len(digits) == 12 and digits.startswith("55") and digits[4] in "6789":
        return f"{digits[:4]}9{digits[4:]}"
    if len(digits) == 13 and digits.startswith("521"):
        return f"52{digits[3:]}"
    if len(digits) == 12 and digits.startswith("54") and digits[2] != "9":
        return f"549{digits[2:]}"
    if len(digits) == 11 and digits.startswith("229"):
        return f"22901{digits[3:]}"
    if len(digits) == 13 and digits[:5] in _IVORY_COAST_OPERATORS:
        return f"225{digits[5:]}"
    return digits


def parse_request_jid(jid: str) -> str | None:
    """Return the digits of a JID in the only form that requests may use, `{phone}@s.whatsapp.net`; else None."""
    match = _REQUEST_JID.fullmatch(jid)
    return match[1] if match else None


def parse_query_phone(text: str) -> str | None:
    """Return the digits of a `phone` query parameter, with or without a plus sign; None if it is not a number."""
    text = text.strip()
    return text.lstrip("+") if _NUMBER.fullmatch(text) else None


def parse_phone(text: str) -> str:
    """Return the digits of a number as people write it (`+1 (202) 555-0143`) or of a phone JID; keep its spelling.

    Raises SandboxError if the text is neither.
    """
    jid = _PHONE_JID.fullmatch(text.strip())
    if jid:
        return jid[1]
    number = text.translate(_PUNCTUATION)
    if not _NUMBER.fullmatch(number):
        raise SandboxError(f"{text!r} is not a phone number; include the country code, for example +1 202 555 0143")
    return number.lstrip("+")


def parse_lid(text: str) -> str:
    """Return a LID that may lack its `@lid` in the complete form; raise SandboxError if it is not a LID."""
    if not _LID.fullmatch(text):
        raise SandboxError(f"{text!r} is not a LID; write it as 76699677012110@lid")
    return text if text.endswith("@lid") else f"{text}@lid"


def check_group_id(text: str) -> None:
    """Raise SandboxError unless the text is the id of a group."""
    if not _GROUP_ID.fullmatch(text):
        raise SandboxError(f"{text!r} is not a group id; write it as 120363012345678901@g.us")


def mask_phone(digits: str) -> str:
    """Return a number that is safe to print: country code, first three digits, last two (`+1 202 ••• ••43`)."""
    length = 1 if digits[0] in "17" else 2 if _TWO_DIGIT_COUNTRY_CODE.match(digits) else 3
    country, rest = digits[:length], digits[length:]
    return f"+{country} {rest[:3]} ••• ••{rest[-2:]}"
