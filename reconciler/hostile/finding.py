"""Where in a text phone numbers stand, however they are spelled, and what of many digits is none.

A stranger's number may be written as in any country, or to slip through. So there is one rule in place of all the
countries' forms: digits with little between them are a number from eight on, from seven after a plus sign, unless they
are on the list of what stays. That takes too much (`10, 20, 30, 40`) rather than too little.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

LEAST = 8
"""Digits of the shortest number that is sought without a plus sign; shorter ones are tables, rooms, years."""

LEAST_AFTER_PLUS = 7

# Superscripts, digits in circles and the like, which `\d` does not know (Unicode: Numeric_Type=Digit).
_OTHER_DIGITS = (
    "\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea"
    "\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\U00010a40-\U00010a43\U00010e60-\U00010e68"
    "\U00011052-\U0001105a\U0001f100-\U0001f10a"
)
_DIGIT = rf"[\d{_OTHER_DIGITS}]"
# Controls, zero width, bidi, fillers, marks that sit on the character before (keycaps): a way to slip a number through.
_UNSEEN = (
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_PLUSES = "+\u207a\u208a\u2795\ufb29\ufe62\uff0b"
# Whatever is no letter. Not what stands between two values (`12 → 34`), nor before a server's name.
_BETWEEN = rf"(?!%2B|{_UNSEEN})(?:[^\w{_PLUSES}@=<>\"\u2192]|_)"
_HIDDEN = rf"{_UNSEEN}{{0,60}}+"
# Fewer than the marks in `+1 202 ••• ••43` and `49171•••••67`, so that what is masked stays apart.
_GAP = rf"{_HIDDEN}(?:{_BETWEEN}{_HIDDEN}){{0,4}}+"
# A plus sign right after a digit is a blank of a web address.
_NEXT = rf"(?>(?:\+|%2B)?{_GAP}{_DIGIT})"
_RUN = re.compile(rf"(?:(?P<plus>[{_PLUSES}]|%2B)(?P<apart>{_GAP})|\()?(?P<digits>{_DIGIT}{_NEXT}*+)", re.IGNORECASE)
_SPACING = re.compile(_BETWEEN)
_SEVERAL = re.compile(rf"{_DIGIT}{_NEXT}{{4}}")
_LISTED = (re.compile(r"([,;|/\n])"), re.compile(r"(\s)"))

# Not within a longer number: `+49 2012-10-11`, `1-2012-10-11`.
_ALONE = r"(?<![\d+])(?<!\d[.\-/])(?<![+]\d[ .\-])(?<![+]\d\d[ .\-])(?<![+]\d\d\d[ .\-])"
_YEAR, _MONTH, _DAY, _BYTE = (
    r"(?:19|20)[0-9]{2}",
    r"(?:1[0-2]|0?[1-9])",
    r"(?:3[01]|[12][0-9]|0?[1-9])",
    r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
)
_STAYS = (
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
)
_BEGUN = re.compile(rf"[{_PLUSES}](?:\W{{0,3}}\d){{1,5}}\W{{0,3}}$|\)[ ]?$")
"""Before the end of a number that looks like two years: `+55 11 2025-2026`."""
_NEAR = 24

_KNOWN = re.compile(
    rf"(?P<stays>(?<![{_OTHER_DIGITS}])(?:{'|'.join(_STAYS)})(?![ ,.\-/]{{0,2}}[{_OTHER_DIGITS}]))"
    rf"|(?P<years>{_ALONE}(?P<first>{_YEAR})[-/\u2013](?P<last>\d{{4}}|\d{{2}})(?![\d{_OTHER_DIGITS}]))"
    r"|(?P<creator>(?<!\d)\d{5,32})(?P<made>-\d{1,32}@g\.us\b)"
    r"|(?P<jid>(?<!\d)\d{5,32})(?:\.\d{1,3})?(?::\d{1,5})?@(?:s\.whatsapp\.net|c\.us)\b",
    re.IGNORECASE,
)


def replace_numbers(text: str, known: Callable[[re.Match[str]], str], run: Callable[[re.Match[str]], str]) -> str:
    """The text with what `known` and `run` make of the numbers in it; what is no number stays.

    known: gets an address that holds a number, in the group `jid`, or in `creator` with `made` after it.
    run: gets digits with little between them, however many: `digits`, and after a plus sign `plus` and what is `apart`.
    """
    if not _SEVERAL.search(text):
        return text
    parts: list[str] = []
    at = 0
    for match in _KNOWN.finditer(text):
        if match["years"] and not _is_season(match):
            continue
        parts += _between(text, at, match.start(), run)
        parts.append(match[0] if match["stays"] or match["years"] else known(match))
        at = match.end()
    return "".join([*parts, *_between(text, at, len(text), run)])


def is_one_run(text: str) -> bool:
    """Whether this is nothing but digits with little between them, enough for a number."""
    return _RUN.fullmatch(text) is not None and len(digits_of(text)) >= LEAST_AFTER_PLUS


def is_unspaced(run: str) -> bool:
    """Whether nothing that is seen stands between the digits."""
    return _SPACING.search(run) is None


def digits_of(text: str) -> str:
    """The digits in a text, of whatever script or shape, as ASCII digits."""
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdigit())


def numbers_apart(digits: str, least: int) -> list[str]:
    """A run of digits as the numbers that are listed in it and what stands between them; itself where it is but one."""
    for separator in _LISTED:
        parts = separator.split(digits)
        if len(parts) > 1 and all(len(digits_of(part)) >= least for part in parts[::2]):
            return parts
    return [digits]


def _between(text: str, start: int, end: int, run: Callable[[re.Match[str]], str]) -> Iterator[str]:
    """A stretch of the text in pieces, its runs replaced; `run` sees the whole text around them."""
    at = start
    for match in _RUN.finditer(text, start, end):
        yield text[at : match.start()]
        yield run(match)
        at = match.end()
    yield text[at:end]


def _is_season(match: re.Match[str]) -> bool:
    """Whether two years follow each other (`2025-2026`, `2025/26`) and end no number."""
    following = str(int(match["first"]) + 1)
    before = match.string[max(0, match.start() - _NEAR) : match.start()]
    return match["last"] in (following, following[-2:]) and not _BEGUN.search(before)
