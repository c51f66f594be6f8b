"""Phone numbers made unreadable for terminals and logs: `+1 202 ••• ••43`.

Beside identities and JIDs, numbers also stand in text that others write (names, descriptions, server messages), so
text is searched for them. Group ids, private ids (LIDs) and request ids stay readable: they are what support asks for.
"""

from __future__ import annotations

import re
import unicodedata

from reconciler.model.identity import is_group_id, parse_jid

_TWO_DIGIT_CODES = re.compile(r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country calling codes of two digits (ITU-T E.164); 1 and 7 stand alone, all others have three."""

# Characters that are not seen (controls, zero width, bidi, fillers) are a way to slip a number through.
_UNSEEN_LETTERS = r"\u115f\u1160\u3164\uffa0"
_UNSEEN = (
    rf"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    rf"\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff{_UNSEEN_LETTERS}]{{0,40}}"
)
# Separators people write inside a number; not one of them is among the unseen, so that nothing matches in two ways.
_BETWEEN = r"[ \t-\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000().\-/\u2010-\u2015]"
_GAP = rf"{_UNSEEN}(?:{_BETWEEN}{_UNSEEN}){{0,2}}"
_NO_WORD_BEFORE, _NO_WORD_AFTER = (rf"(?{side}[^\W_{_UNSEEN_LETTERS}])" for side in ("<!", "!"))
_FIND = re.compile(
    rf"""
    (?P<keep> \d{{1,32}} (?:[.:]\d{{1,5}})* @ (?:hosted\.)?lid\b                        # a private id
            | (?<!\d-) (?<!\d) \d{{1,32}} @g\.us\b                                      # a group's id
            | \d{{1,9}}•{{1,9}}\d{{0,2}} -\d{{1,32}} @g\.us\b                           # one masked below
            | (?<![A-Za-z]) [A-Za-z]{{1,32}} _ [\w\-]{{1,64}} (?![\w\-@])               # req_…, inst_…
            | \b[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}\b )        # a UUID
    | (?P<creator> \d{{5,32}} ) (?P<made> -\d{{1,32}} @g\.us\b )                        # an early group's id
    | (?P<jid> \d{{5,32}} ) (?:\.\d{{1,3}})? (?::\d{{1,5}})? @ (?:s\.whatsapp\.net|c\.us)\b
    | (?:[+\uff0b]|%2B) {_UNSEEN} \(? (?P<plus> \d (?:{_GAP}\d){{6,14}} \d{{0,32}} )      # +1 (202) 555-0143
    | [+\uff0b]\s \(? (?P<apart> \d (?:{_GAP}\d){{9,14}} \d{{0,32}} )                   # + 49 171 5550143
    | {_NO_WORD_BEFORE} (?: (?P<national> \(?\d{{3}}\)?[ .\-]{{1,2}}\d{{3}}[ .\-]\d{{4}}      # (202) 555-0143
                                  | 0\d{{2,6}} (?=[ /\-]) (?:[ /\-]?\d){{6,12}} )       # 0171 5550143
                    | (?P<run> 1[ .\-]\(?\d{{3}}\)?[ .\-]{{1,2}}\d{{3}}[ .\-]\d{{4}}    # 1 202 555-0143
                             | \d(?:{_UNSEEN}\d){{9,14}} )                                # 12025550143
                  ) {_NO_WORD_AFTER}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LONG_RUN = re.compile(r"\d{5,}")
# Whatever has seven digits in a row and is no date may be somebody's number, mistyped or without its beginning.
_MAYBE_A_NUMBER = re.compile(r"(?<![\w•])\+?\d(?:[\W_]{0,3}\d){6,}(?!@g|@lid|@hosted|\d)")
_DATE = re.compile(r"[0-9]{1,4}([-./])[0-9]{1,2}\1[0-9]{1,4}")
_DIGITS_OF_A_NUMBER = 5


def mask_number(identity_or_digits: str) -> str:
    """`+1 202 ••• ••43`: calling code, first three and last two digits of the national number.

    Takes an identity, digits, or a phone JID. Of a short national number less is shown, never more than half.
    """
    return _masked(*_shown_parts(_digits(identity_or_digits)))


def mask_text(text: str) -> str:
    """Free text with every phone number in it masked.

    Found are numbers after a plus sign, JIDs, bare runs of 10–15 digits, the usual national spellings
    (`(202) 555-0143`, `0171 5550143`) and an early group's id, which begins with its creator's number. Digits that
    are part of a longer word or id stay.
    """
    return _FIND.sub(_replacement, text)


def mask_strictly(text: str) -> str:
    """The same for text that somebody typed, where a number may be wrong: whatever has seven digits or more goes.

    Dates, group ids and private ids stay. A number without a plus sign gets none, for that may be what is wrong.
    """
    return _MAYBE_A_NUMBER.sub(_strict_replacement, _FIND.sub(_as_typed, text))


def mask_person(reference: str) -> str:
    """What stands where a person should: a number in whatever form, also one with a letter in it, is masked whole."""
    if "@" in reference:
        return mask_address(reference)
    if sum(map(str.isdigit, reference)) < _DIGITS_OF_A_NUMBER or _MAYBE_A_NUMBER.fullmatch(reference):
        return mask_strictly(reference)
    return f"{reference[:3]}•••{reference[-2:]}"


def mask_address(address: str) -> str:
    """An identity, a JID or whatever else a server names a participant with; LIDs and group ids stay readable.

    Stricter than `mask_text`: in an address of unknown form every run of five or more digits is masked.
    """
    jid = parse_jid(address)
    if jid is not None and not jid.is_lid:
        return mask_number(jid.digits)
    if jid is not None or is_group_id(address):
        return mask_text(address)
    return _LONG_RUN.sub(lambda run: mask_number(run[0]), mask_text(address.removeprefix("+")))


def _replacement(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "keep":
        return match[0]
    if kind == "made":
        code, first, last = _shown_parts(_digits(match["creator"]))
        return f"{code}{first}•••••{last}{match['made']}"
    if kind == "national":
        return _masked("", *_shown_digits(_digits(match["national"])))
    return mask_number(match[kind or 0])


def _as_typed(match: re.Match[str]) -> str:
    masked = _replacement(match)
    return masked.removeprefix("+") if match.lastgroup == "run" else masked


def _strict_replacement(match: re.Match[str]) -> str:
    found = match[0]
    if _DATE.fullmatch(found):
        return found
    return mask_number(found) if found.startswith("+") else _masked("", *_shown_digits(_digits(found)))


def _digits(text: str) -> str:
    """The ASCII digits of a number in any script's digits, server and device of a JID left out."""
    user = re.split("[@:]", text, maxsplit=1)[0]
    return "".join(str(unicodedata.decimal(char)) for char in user if char.isdecimal())


def _shown_parts(digits: str) -> tuple[str, str, str]:
    """What of an international number may be seen: its calling code, first and last national digits."""
    digits = digits.removeprefix("00")
    if digits.startswith("0"):
        return "", *_shown_digits(digits)
    size = 1 if digits[:1] in {"1", "7"} else 2 if _TWO_DIGIT_CODES.match(digits) else 3
    return digits[:size], *_shown_digits(digits[size:])


def _shown_digits(national: str) -> tuple[str, str]:
    shown = min(5, len(national) // 2)
    last = min(2, shown)
    return national[: shown - last], national[len(national) - last :]


def _masked(code: str, first: str, last: str) -> str:
    return " ".join(part for part in (code and f"+{code}", first, "•••", f"••{last}") if part)
