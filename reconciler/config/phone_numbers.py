"""Read phone numbers and JIDs as people write them; check numbers against the numbering plans of `phonenumbers`."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from reconciler.model.identity import (
    Identity,
    Jid,
    identity_of_digits,
    identity_of_jid,
    is_group_id,
    parse_jid,
    phone_jid,
)

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_SPACES = "\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_ALLOWED = re.compile(rf"\+?[0-9{_SPACES}{_DASHES}().\-/]+")
# Spaces without a width, soft hyphens, marks for text from left to right. Marks for text from right to left are not
# among them: they can show the digits in another order than the one in which they are read.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u202a\u202c\u202d\u2060\u2066\u2068\u2069\ufeff]")
_RIGHT_TO_LEFT = re.compile("[\u061c\u200f\u202b\u202e\u2067]")
_WITH_DECIMALS = re.compile(r".*[0-9].*[.,]0|\+?[0-9]{7,}[.,](?:0+|[0-9]{1,2})|\+?[0-9]{9,}[.,][0-9]+", re.ASCII)
_ROUNDED = re.compile(r"\+?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NOT_DIGITS = re.compile(r"[^0-9]")
_MAX_DIGITS = 40
_FEWEST_NATIONAL_DIGITS = 4
"""Digits of the shortest numbers of any country, without its code (Niue, Saint Helena)."""
_CODE_ALIASES = {"UK": "GB", "EL": "GR", "EN": "GB"}
"""Codes that people write for a country with another code."""
_OTHER_COUNTRY = "no number of `region` has this form; begin a number of another country with +"


class InvalidPhoneNumber(Exception):
    """A text is not a phone number: the reason, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NationalNumber(InvalidPhoneNumber):
    """A number begins with 0, and there is no region to tell its country."""


def is_rounded(text: str) -> bool:
    """Return whether a spreadsheet wrote a number with an exponent, and so without most of its digits."""
    return _ROUNDED.fullmatch(text.strip()) is not None


def is_region(code: str) -> bool:
    """Return whether national numbers of a country, by its two-letter code in capitals, can be read."""
    from phonenumbers import SUPPORTED_REGIONS

    return code in SUPPORTED_REGIONS


def region_hint(code: str) -> str:
    """Return what to write instead of a code that no country has."""
    other = _CODE_ALIASES.get(code)
    return f"did you mean {other}?" if other else "use a two-letter code such as US or DE"


def copied_number(text: str) -> str:
    """Return a text from a command line without what comes with a number that is copied: `tel:`, direction marks."""
    plain = _RIGHT_TO_LEFT.sub("", _UNSEEN.sub("", text)).strip()
    return plain[4:] if plain[:4].casefold() == "tel:" else plain


def read_address(text: str, region: str | None) -> Jid:
    """Return the digits of a phone number or JID, and whether they are a private id.

    National numbers are numbers of `region`. Raise InvalidPhoneNumber, whose message does not repeat the text.
    """
    if "@" not in text:
        return Jid(read_phone(text, region), is_lid=False)
    if is_group_id(text):
        raise InvalidPhoneNumber("is a group's id, not a person", "name a person; a group cannot be a member")
    jid = parse_jid(text)
    if jid is None:
        raise InvalidPhoneNumber("is not a person's JID", "write a JID as DIGITS@s.whatsapp.net")
    return jid


@cache
def read_phone(text: str, region: str | None) -> str:
    """Return the digits of the international number, without the plus sign.

    `+…` and `00…` are international; other digits are national in `region`, or international without a region.
    Raise InvalidPhoneNumber, whose message does not repeat the number.
    """
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

    number = _plain_number(text)
    is_national = region is not None and not number.startswith("+")
    if not is_national and not number.startswith("+"):
        if number.startswith("0"):
            raise NationalNumber(
                "is a national number, but the file sets no `region`",
                "set `region`, or write the number with + and the country code",
            )
        number = f"+{number}"
    try:
        parsed = parse(number, region if is_national else None)
    except NumberParseException as error:
        _refuse_date(text)
        raise InvalidPhoneNumber("is not a phone number", _parse_hint(error.error_type, is_national)) from None
    if not is_valid_number(parsed):
        _refuse_date(text)
        digits = f"{parsed.country_code}{parsed.national_number}"
        raise InvalidPhoneNumber(
            "is not a valid phone number", _OTHER_COUNTRY if is_national else _country_hint(digits, parsed)
        )
    digits = format_number(parsed, PhoneNumberFormat.E164)[1:]
    if is_national and _is_mobile(with_country_code(text, region, digits)):
        raise InvalidPhoneNumber(
            "has no +, and is a number of `region` both with a country code and without one",
            f"if it begins with the country code, write + before it; if not, write +{parsed.country_code} before it",
        )
    return digits


def _refuse_date(text: str) -> None:
    """Raise InvalidPhoneNumber for a day, as somebody writes it in place of a number; some numbers look like one."""
    with suppress(ValueError):
        if _DAY.fullmatch(text.strip()) and date.fromisoformat(text.strip()):
            raise InvalidPhoneNumber(
                "is a date, not a phone number", "write a phone number; the last day of a member is their `until`"
            )


def _is_mobile(digits: str | None) -> bool:
    from phonenumbers import PhoneNumberType, number_type, parse

    mobile = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return digits is not None and number_type(parse(f"+{digits}")) in mobile


def with_country_code(text: str, region: str | None, digits: str) -> str | None:
    """Return the digits of a text that was read as `digits`, but may have its country code and lack only the +.

    None if the text does not begin with the region's own code, or if no such number is valid. (That such a number is
    possible by its length says little: every Italian mobile number from 390 to 399 begins with Italy's code 39.)
    """
    from phonenumbers import country_code_for_region

    if region is None:
        return None
    number = _plain_number(text)
    if not number.startswith(str(country_code_for_region(region))):
        return None
    try:
        other = read_phone(f"+{number}", None)
    except InvalidPhoneNumber:
        return None
    return other if other != digits else None


def _plain_number(text: str) -> str:
    """Return only the digits, with a plus sign in front if the number is international."""
    stripped = _UNSEEN.sub("", text).strip()
    if not any(map(str.isdigit, stripped)):
        raise InvalidPhoneNumber("has no digits", "write a phone number")
    # The patterns for what spreadsheets do take long, and few numbers have an E, a dot or a comma.
    if ("e" in stripped or "E" in stripped) and is_rounded(stripped):
        raise InvalidPhoneNumber(
            "has lost its last digits: a spreadsheet rounded it",
            "format that column as text, enter the number again, and copy it from there",
        )
    if ("." in stripped or "," in stripped) and _WITH_DECIMALS.fullmatch(stripped):
        decimals = stripped[max(stripped.rfind("."), stripped.rfind(",")) :]
        raise InvalidPhoneNumber(
            f"ends in `{decimals}`, as a spreadsheet writes a number", f"delete the `{decimals}`, and check the digits"
        )
    if not _ALLOWED.fullmatch(stripped):
        raise InvalidPhoneNumber(_describe_bad_character(stripped), "write it with digits, spaces and + only")
    digits = _NOT_DIGITS.sub("", stripped)
    if len(digits) > _MAX_DIGITS or not digits:
        raise InvalidPhoneNumber("is not a phone number", "write 5 to 15 digits")
    if stripped.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _describe_bad_character(text: str) -> str:
    char = next((char for char in text if char != "+" and not _ALLOWED.fullmatch(char)), "")
    if not char:
        return "has a + that is not at the beginning"
    if char.isascii() and char.isalpha():
        return "contains letters, which no phone number has"
    name = f"`{char}` (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
    return f"contains the character {name}, which no phone number has"


def _parse_hint(error_type: int, is_national: bool) -> str:
    from phonenumbers import NumberParseException

    if error_type == NumberParseException.INVALID_COUNTRY_CODE:
        return "check the country code: no country has it"
    return _OTHER_COUNTRY if is_national else "it is too short or too long"


def _country_hint(digits: str, parsed: PhoneNumber) -> str:
    from phonenumbers import ValidationResult, is_possible_number_with_reason

    has_old_form = identity_of_digits(digits) != f"+{digits}"
    if has_old_form and digits.startswith("52"):
        return "this is the old Mexican form: remove the 1 after +52"
    if has_old_form and digits.startswith("55"):
        return f"this is the old Brazilian form: add the ninth digit, or write the JID {digits[:4]}…@s.whatsapp.net"
    if has_old_form and digits.startswith("229"):
        return "this is the old form of Benin: add 01 after +229"
    if has_old_form and digits.startswith("225"):
        current = identity_of_digits(digits)[4:6]
        return f"this is the old form of Ivory Coast: add the operator's two digits after +225, probably {current}"
    reason = is_possible_number_with_reason(parsed)
    is_short = len(digits) - len(str(parsed.country_code)) < _FEWEST_NATIONAL_DIGITS
    if is_short or reason == ValidationResult.TOO_SHORT:
        return "it is too short for its country"
    if reason == ValidationResult.TOO_LONG:
        return "it is too long for its country"
    return "no number of its country has this form"


@cache
def country_of(identity: Identity) -> str | None:
    """Return the two-letter code of the number's country; None for a number without a country (a satellite phone, say).

    An identity is in the form that is dialled today, so that it also stands for the older JIDs of Brazil, say.
    """
    from phonenumbers import NumberParseException, parse, region_code_for_number

    try:
        code = region_code_for_number(parse(identity))
    except NumberParseException:
        return None
    return code if code is not None and code.isalpha() else None


def country_code(identity: Identity) -> str:
    """Return the same, "" for a number without a country."""
    return country_of(identity) or ""


def address_text(jid: str | None, identity: Identity) -> str | None:
    """Return the number of a person if it is valid, or else the JID as the server spells it.

    None if neither would be read back as the same person.
    """
    parsed = parse_jid(jid or phone_jid(identity[1:]))
    if parsed is None or parsed.is_lid or identity_of_jid(parsed.phone_jid) != identity:
        return None
    try:
        is_valid = read_phone(f"+{parsed.digits}", None) == parsed.digits
    except InvalidPhoneNumber:
        is_valid = False
    return _spaced_number(parsed.digits) if is_valid else parsed.phone_jid


def _spaced_number(digits: str) -> str:
    from phonenumbers import PhoneNumberFormat, format_number, parse

    spaced = format_number(parse(f"+{digits}"), PhoneNumberFormat.INTERNATIONAL)
    return spaced if read_phone(spaced, None) == digits else f"+{digits}"
