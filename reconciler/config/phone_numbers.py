"""Phone numbers as people write them, checked against the numbering plans that `phonenumbers` knows."""

from __future__ import annotations

import re
from functools import cache

from reconciler.model.identity import Identity, identity_of_digits

_ALLOWED = re.compile(r"\+?[0-9 ().\-/]+", re.ASCII)


_MOST_DIGITS = 40


_OTHER_COUNTRY = "no number of `region` looks like that; a number of another country begins with +"


class InvalidPhoneNumber(Exception):
    """A text is no phone number: the reason, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_region(code: str) -> bool:
    """Whether a country's two-letter code, in capitals, is one whose national numbers can be read."""
    from phonenumbers import SUPPORTED_REGIONS

    return code in SUPPORTED_REGIONS


def read_phone(text: str, region: str | None) -> str:
    """The digits of the international number, without the plus sign.

    `+…` and `00…` are international; other digits are national in `region`, or international where there is none.
    Raises BadNumber, whose message does not repeat the number.
    """
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

    number = _plain(text)
    national = region is not None and not number.startswith("+")
    if not national and not number.startswith("+"):
        if number.startswith("0"):
            raise InvalidPhoneNumber(
                "is a national number, and the file gives no region",
                "give `region`, or write the number with + and the country code",
            )
        number = f"+{number}"
    try:
        parsed = parse(number, region if national else None)
    except NumberParseException as error:
        raise InvalidPhoneNumber("is no phone number", _parse_hint(error.error_type, national)) from None
    if not is_valid_number(parsed):
        digits = f"{parsed.country_code}{parsed.national_number}"
        raise InvalidPhoneNumber("is no valid phone number", _OTHER_COUNTRY if national else _hint(digits, parsed))
    return format_number(parsed, PhoneNumberFormat.E164)[1:]


def with_country_code(text: str, region: str | None, digits: str) -> str | None:
    """What a text that was read as `digits` is when it has its country code already, and lacks only the plus sign.

    None where it does not look so: it does not begin with the region's own code, or no such number is valid. (That one
    is possible by its length says little: every Italian mobile number from 390 to 399 begins with Italy's code 39.)
    """
    from phonenumbers import country_code_for_region

    number = _plain(text)
    if region is None or not number.startswith(str(country_code_for_region(region))):
        return None
    try:
        other = read_phone(f"+{number}", None)
    except InvalidPhoneNumber:
        return None
    return other if other != digits else None


def _plain(text: str) -> str:
    """Only digits, with a plus sign in front where the number is international."""
    stripped = text.strip()
    if not any(map(str.isdigit, stripped)):
        raise InvalidPhoneNumber("has no digits", "write a phone number")
    if not _ALLOWED.fullmatch(stripped):
        raise InvalidPhoneNumber(_strange(stripped), "write it with digits, spaces and + only")
    digits = re.sub(r"[^0-9]", "", stripped)
    if len(digits) > _MOST_DIGITS or not digits:
        raise InvalidPhoneNumber("is no phone number", "a number has 5 to 15 digits")
    if stripped.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _strange(text: str) -> str:
    char = next((char for char in text if char != "+" and not _ALLOWED.fullmatch(char)), "")
    if not char:
        return "has a + that is not at its beginning"
    if char.isascii() and char.isalpha():
        return "has letters in it, which no phone number has"
    name = f"`{char}` (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
    return f"has the character {name} in it, which no phone number has"


def _parse_hint(kind: int, national: bool) -> str:
    from phonenumbers import NumberParseException

    if kind == NumberParseException.INVALID_COUNTRY_CODE:
        return "no country has the code it begins with"
    return _OTHER_COUNTRY if national else "it is too short or too long"


def _hint(digits: str, parsed: object) -> str:
    from phonenumbers import PhoneNumber, ValidationResult, is_possible_number_with_reason

    assert isinstance(parsed, PhoneNumber)  # noqa: S101  typed as an object only to keep the import lazy
    old = identity_of_digits(digits) != f"+{digits}"
    if old and digits.startswith("52"):
        return "this is the old Mexican form: drop the 1 after +52"
    if old and digits.startswith("55"):
        return f"this is the old Brazilian form: add the ninth digit, or write the JID {digits[:4]}…@s.whatsapp.net"
    reason = is_possible_number_with_reason(parsed)
    if reason == ValidationResult.TOO_SHORT:
        return "it is too short for its country"
    if reason == ValidationResult.TOO_LONG:
        return "it is too long for its country"
    return "no number of its country looks like that"


@cache
def country_of(identity: Identity) -> str | None:
    """The two-letter code of the country whose number this is; None for a number of no country (satellites, say).

    An identity is in the long form, so that the older JIDs of Brazil, Mexico and Argentina are judged as that.
    """
    from phonenumbers import NumberParseException, parse, region_code_for_number

    try:
        code = region_code_for_number(parse(identity))
    except NumberParseException:
        return None
    return code if code is not None and code.isalpha() else None
