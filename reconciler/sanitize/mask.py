"""Mask phone numbers for terminals and logs: `+1 202 ••• ••43`.

Text that others write (names, descriptions, server messages) is searched for numbers. They may be written as in any
country, or to slip through. So one rule replaces the forms of all countries: eight digits with little between them are
a number, seven after a plus sign, unless they match one of the exceptions. That masks too much (`10, 20, 30, 40`)
rather than too little. Group ids, private ids (LIDs) and request ids stay readable, because support asks for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from reconciler.model.identity import is_group_id, is_invite_url, parse_jid

_MIN_DIGITS = 8
"""Digits of the shortest number without a plus sign; shorter ones are tables, rooms, years."""
_MIN_DIGITS_AFTER_PLUS = 7
# Superscripts, digits in circles and the like, which `\d` does not know (Unicode: Numeric_Type=Digit).
_OTHER_DIGITS = (
    "\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea"
    "\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\U00010a40-\U00010a43\U00010e60-\U00010e68"
    "\U00011052-\U0001105a\U0001f100-\U0001f10a"
)
_DIGIT = rf"[\d{_OTHER_DIGITS}]"
# Controls, zero width, bidi, fillers, marks on the character before (keycaps): a way to slip a number through.
_UNSEEN = (
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_PLUSES = "+\u207a\u208a\u2795\ufb29\ufe62\uff0b"
# Anything but a letter, what separates two values (`12 → 34`), and what comes before a server's name.
_BETWEEN = rf"(?!%2B|{_UNSEEN})(?:[^\w{_PLUSES}@=<>\"\u2192]|_)"
_HIDDEN = rf"{_UNSEEN}{{0,60}}+"
# Fewer than the marks in `+1 202 ••• ••43` and `49171•••••67`, so that masked numbers do not join.
_GAP = rf"{_HIDDEN}(?:{_BETWEEN}{_HIDDEN}){{0,4}}+"
# A plus sign right after a digit is a space in a web address.
_NEXT = rf"(?>(?:\+|%2B)?{_GAP}{_DIGIT})"
_RUN = re.compile(rf"(?:(?P<plus>[{_PLUSES}]|%2B)(?P<apart>{_GAP})|\()?(?P<digits>{_DIGIT}{_NEXT}*+)", re.IGNORECASE)
_SPACING = re.compile(_BETWEEN)
_SEVERAL = re.compile(rf"{_DIGIT}{_NEXT}{{4}}")
# Most texts are such ones, and the other patterns take ten times as long.
_TOO_FEW_DIGITS = re.compile(rf"[^0-9@]*+(?:[0-9][^0-9@]*+){{0,{_MIN_DIGITS_AFTER_PLUS - 1}}}")
_LISTED = (re.compile(r"([,;|/\n])"), re.compile(r"(\s)"))
# Not within a longer number: `+49 2012-10-11`, `1-2012-10-11`.
_ALONE = r"(?<![\d+])(?<!\d[.\-/])(?<![+]\d[ .\-])(?<![+]\d\d[ .\-])(?<![+]\d\d\d[ .\-])"
_YEAR, _MONTH, _DAY, _BYTE = (
    r"(?:19|20)[0-9]{2}",
    r"(?:1[0-2]|0?[1-9])",
    r"(?:3[01]|[12][0-9]|0?[1-9])",
    r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
)
_NOT_A_NUMBER = (
    r"(?<![\d+])\d{1,32}(?:[.:]\d{1,5}){0,3}@(?:hosted\.)?lid\b",  # a private id
    r"(?<!\d-)(?<![\d+])\d{1,32}@g\.us\b",
    r"\d{1,9}•{1,9}\d{0,2}-\d{1,32}@g\.us\b",  # an early group's id, masked
    r"(?<![A-Za-z0-9])(?:req|inst)_(?![1-9]\d{9,14}(?![\w\-]))[\w\-]{1,64}(?![\w\-@])",
    r"(?<![0-9a-z])(?=[0-9\-]{0,40}[a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])",  # a UUID
    r"(?<![0-9a-z+])[0-9a-f]{40}(?:[0-9a-f]{24})?(?![0-9a-z])",  # SHA-1, SHA-256
    r"\bcommit [0-9a-f]{9}(?![0-9a-z])",
    r"\.ya?ml:\d{1,7}:\d{1,6}(?!\d)",  # line and column
    rf"{_ALONE}[0-9]{{4}}-(?:1[0-2]|0[1-9])-(?:3[01]|[12][0-9]|0[1-9])(?![.\-/]?\d)",  # of any year, as we write them
    rf"{_ALONE}{_YEAR}(?P<ymd>[-./]){_MONTH}(?P=ymd){_DAY}(?![.\-/]?\d)",
    rf"{_ALONE}(?:{_DAY}(?P<dmy>[-./]){_MONTH}(?P=dmy)|{_MONTH}/{_DAY}/){_YEAR}(?![.\-/]?\d)",
    r"(?<![\d:+])(?:2[0-4]|[01]?[0-9]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?(?![\d:])",
    r"(?<![0-9a-z])(?:19|20)[0-9]{6}T[0-9]{6}Z?(?![0-9a-z])",
    rf"(?<![\d.+])(?!(?:\d\d\.){{3}}\d\d(?!\d))(?:{_BYTE}\.){{3}}{_BYTE}(?::\d{{1,5}})?(?![.\-]?\d)",  # an IPv4 address
    r"(?<![\d.,+])(?<!\d[ \-/(])[1-9]\d{0,2}(?:,\d{3}){1,2}(?:\.\d\d?)?(?![,.]?[ \-/]?\d)",  # 1,024
    # What a regular expression has of digits: the class `[0-9]`, and how often something is, `{2}` or `{1,3}`.
    r"\[\^?(?:[A-Za-z_]|[A-Za-z]-[A-Za-z]|0-9){1,6}\](?:\{(?:1000|\d{1,3})(?:,\d{0,3})?\})?(?![ \-]?\d)",
    r"(?:(?<=[A-Za-z.*+?])|(?<=[A-Za-z.*+?}\]]\)))\{(?:1000|\d{1,3})(?:,\d{0,3})?\}(?![ \-]?\d)",
)
_NUMBER_BEGINS = re.compile(rf"[{_PLUSES}](?:\W{{0,3}}\d){{1,5}}\W{{0,3}}$|\)[ ]?$")
"""Before the end of a number that looks like two years: `+55 11 2025-2026`."""
_YEAR_CONTEXT = 24
_KNOWN = re.compile(
    rf"(?P<stays>(?<![{_OTHER_DIGITS}])(?:{'|'.join(_NOT_A_NUMBER)})(?![ ,.\-/]{{0,2}}[{_OTHER_DIGITS}]))"
    rf"|(?P<years>{_ALONE}(?P<first>{_YEAR})[-/\u2013](?P<last>\d{{4}}|\d{{2}})(?![\d{_OTHER_DIGITS}]))"
    r"|(?P<creator>(?<!\d)\d{5,32})(?P<made>-\d{1,32}@g\.us\b)"
    r"|(?P<jid>(?<!\d)\d{5,32})(?:\.\d{1,3})?(?::\d{1,5})?@(?:s\.whatsapp\.net|c\.us)\b",
    re.IGNORECASE,
)
_TWO_DIGIT_CODES = re.compile(r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country calling codes of two digits (ITU-T E.164); 1 and 7 stand alone, all others have three."""
_LONG_RUN = re.compile(r"\d{5,}")
_MIN_DIGITS_OF_A_PERSON = 5
_BRACKET_CONTEXT = 300
_MIN_INTERNATIONAL, _MAX_INTERNATIONAL, _NORTH_AMERICAN = 11, 15, 11
"""Digits of a bare number that has its calling code. One of ten is national: `2025550143` is not of +20."""


def mask_number(identity_or_digits: str) -> str:
    """Mask an identity, digits or a phone JID as `+1 202 ••• ••43`: calling code, first three and last two digits.

    Of a short national number fewer digits are visible, never more than half.
    """
    return _mask_digits(_digits(identity_or_digits))


def mask_text(text: str) -> str:
    """Mask every phone number in free text.

    That is every JID, an early group's id, which begins with its creator's number, and any eight digits with little
    between them, seven after a plus sign; `_NOT_A_NUMBER` has the exceptions.
    """
    return _mask_numbers(text, user_input=False)


def mask_user_input(text: str) -> str:
    """Mask text that a user typed, where a number may be wrong: any seven digits, with or without a plus sign.

    A number without a plus sign gets none, because that may be what is wrong.
    """
    return _mask_numbers(text, user_input=True)


def mask_person(reference: str) -> str:
    """Mask what should be a person: a number in any form is masked whole, also one with a letter in it."""
    user, at, server = reference.partition("@")
    if at and (parse_jid(reference) is not None or is_group_id(reference) or _looks_like_phone(user)):
        return mask_address(reference)
    if at:
        return f"{mask_person(user)}@{mask_address(server)}"
    if sum(map(str.isdigit, reference)) < _MIN_DIGITS_OF_A_PERSON or _looks_like_phone(reference):
        return mask_user_input(reference)
    return f"{reference[:3]}•••{reference[-2:]}"


def mask_link(link: str) -> str:
    """Return an invite link of the API whole, or it would lead nowhere; mask anything else in its place.

    Do not use it for a link in a text: its author could disguise a number as a code.
    """
    return link if is_invite_url(link) else mask_text(link)


def mask_address(address: str) -> str:
    """Mask an identity, a JID or any other address of a participant; LIDs and group ids stay readable.

    This is stricter than `mask_text`: in an address of unknown form, five digits in a row are masked.
    """
    jid = parse_jid(address)
    if jid is not None and not jid.is_lid:
        return mask_number(jid.digits)
    if jid is not None or is_group_id(address):
        return mask_text(address)
    return _LONG_RUN.sub(lambda run: mask_number(run[0]), mask_text(address.removeprefix("+")))


def _mask_numbers(text: str, *, user_input: bool) -> str:
    if text.isascii() and _TOO_FEW_DIGITS.fullmatch(text):
        return text
    if not _SEVERAL.search(text):
        return text
    parts: list[str] = []
    at = 0
    for match in _KNOWN.finditer(text):
        if match["years"] and not _is_season(match):
            continue
        parts += _mask_runs(text, at, match.start(), user_input)
        parts.append(match[0] if match["stays"] or match["years"] else _mask_known(match))
        at = match.end()
    return "".join([*parts, *_mask_runs(text, at, len(text), user_input)])


def _is_season(match: re.Match[str]) -> bool:
    """Whether two years follow each other (`2025-2026`, `2025/26`) and are not the end of a number."""
    following = str(int(match["first"]) + 1)
    before = match.string[max(0, match.start() - _YEAR_CONTEXT) : match.start()]
    return match["last"] in (following, following[-2:]) and not _NUMBER_BEGINS.search(before)


def _mask_known(match: re.Match[str]) -> str:
    """Mask an address of a known form: the creator in an early group's id, or a JID."""
    if match["made"]:
        code, first, last = _visible_parts(_digits(match["creator"]))
        return f"{code}{first}•••••{last}{match['made']}"
    return mask_number(match["jid"])


def _mask_runs(text: str, start: int, end: int, user_input: bool) -> Iterator[str]:
    """Yield a part of the text in pieces, its numbers masked, with an eye to what is around that part."""
    at = start
    for match in _RUN.finditer(text, start, end):
        yield text[at : match.start()]
        yield _mask_run(match, user_input)
        at = match.end()
    yield text[at:end]


def _mask_run(match: re.Match[str], user_input: bool) -> str:
    after_plus = match["plus"] and match["apart"] in ("", "(")
    least = _MIN_DIGITS_AFTER_PLUS if after_plus or user_input else _MIN_DIGITS
    if len(_digits_in(match["digits"])) < least:
        return match[0]
    first, *others = _split_numbers(match["digits"], least)
    visible = _mask_with_plus(first) if match["plus"] else _mask_without_plus(first, user_input)
    others[1::2] = [_mask_without_plus(other, user_input) for other in others[1::2]]
    return "".join([_bracket_before(match, first), visible, *others])


def _split_numbers(digits: str, least: int) -> list[str]:
    """Split a run of digits into the numbers that it lists and what separates them; a single number stays whole."""
    for separator in _LISTED:
        parts = separator.split(digits)
        if len(parts) > 1 and all(len(_digits_in(part)) >= least for part in parts[::2]):
            return parts
    return [digits]


def _bracket_before(match: re.Match[str], first: str) -> str:
    """Return the bracket before a number, unless its closing one goes too and no other digits are near."""
    opened = match["plus"] is None and match[0].startswith("(")
    near = match.string[max(0, match.start() - _BRACKET_CONTEXT) : match.start()]
    return "(" if opened and (")" not in first or _digits_in(near)) else ""


def _mask_with_plus(number: str) -> str:
    visible = _mask_digits(_digits_in(number))
    return visible if visible.startswith("+") else f"+{visible}"


def _mask_without_plus(number: str, user_input: bool) -> str:
    """Mask a bare number and keep the spaces before it; as an international one where its digits look like one."""
    digits, blanks = _digits_in(number), number[: len(number) - len(number.lstrip())]
    together = _MIN_INTERNATIONAL <= len(digits) <= _MAX_INTERNATIONAL and not _SPACING.search(number.strip())
    if together or digits.startswith("00") or (digits.startswith("1") and len(digits) == _NORTH_AMERICAN):
        visible = _mask_digits(digits)
        return blanks + (visible.removeprefix("+") if user_input else visible)
    return blanks + _join_parts("", *_visible_digits(digits))


def _looks_like_phone(text: str) -> bool:
    """Whether this is only digits with little between them, and enough for a number."""
    return _RUN.fullmatch(text) is not None and len(_digits_in(text)) >= _MIN_DIGITS_AFTER_PLUS


def _digits_in(text: str) -> str:
    """Return the digits in a text, of any script or shape, as ASCII digits."""
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdigit())


def _digits(address: str) -> str:
    """Return the digits of a number or of a JID without its server and device."""
    return _digits_in(re.split("[@:]", address, maxsplit=1)[0])


def _mask_digits(digits: str) -> str:
    return _join_parts(*_visible_parts(digits))


def _visible_parts(digits: str) -> tuple[str, str, str]:
    """Return what is visible of an international number: its calling code, first and last national digits."""
    digits = digits.removeprefix("00")
    if digits.startswith("0"):
        return "", *_visible_digits(digits)
    size = 1 if digits[:1] in {"1", "7"} else 2 if _TWO_DIGIT_CODES.match(digits) else 3
    return digits[:size], *_visible_digits(digits[size:])


def _visible_digits(national: str) -> tuple[str, str]:
    visible = min(5, len(national) // 2)
    last = min(2, visible)
    return national[: visible - last], national[len(national) - last :]


def _join_parts(code: str, first: str, last: str) -> str:
    return " ".join(part for part in (code and f"+{code}", first, "•••", f"••{last}") if part)
