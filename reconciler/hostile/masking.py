"""Phone numbers made unreadable for terminals and logs: `+1 202 ••• ••43`.

Beside identities and JIDs, numbers also stand in text that others write (names, descriptions, server messages), so
text is searched for them. Group ids, private ids (LIDs) and request ids stay readable: they are what support asks for.
"""

from __future__ import annotations

import re

from reconciler.hostile.finding import (
    LEAST,
    LEAST_AFTER_PLUS,
    digits_of,
    is_one_run,
    is_unspaced,
    numbers_apart,
    replace_numbers,
)
from reconciler.model.identity import is_group_id, parse_jid
from reconciler.model.invite import is_invite_url

_TWO_DIGIT_CODES = re.compile(r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country calling codes of two digits (ITU-T E.164); 1 and 7 stand alone, all others have three."""

_LONG_RUN = re.compile(r"\d{5,}")
_DIGITS_OF_A_NUMBER = 5
_NEAR = 300
_TOGETHER, _LONGEST, _NORTH_AMERICAN = 10, 15, 11


def mask_number(identity_or_digits: str) -> str:
    """`+1 202 ••• ••43`: calling code, first three and last two digits of the national number.

    Takes an identity, digits, or a phone JID. Of a short national number less is shown, never more than half.
    """
    return _masked(*_shown_parts(_digits(identity_or_digits)))


def mask_text(text: str) -> str:
    """Free text with every phone number in it masked.

    Found are JIDs, an early group's id, which begins with its creator's number, and whatever has eight digits with
    little between them, seven after a plus sign; see `reconciler.hostile.finding` for what stays.
    """
    return replace_numbers(text, _known, lambda run: _run(run, LEAST, typed=False))


def mask_strictly(text: str) -> str:
    """The same for text that somebody typed, where a number may be wrong: whatever has seven digits or more goes.

    A number without a plus sign gets none, for that may be what is wrong.
    """
    return replace_numbers(text, _known, lambda run: _run(run, LEAST_AFTER_PLUS, typed=True))


def mask_person(reference: str) -> str:
    """What stands where a person should: a number in whatever form, also one with a letter in it, is masked whole."""
    user, at, server = reference.partition("@")
    if at and (parse_jid(reference) is not None or is_group_id(reference) or is_one_run(user)):
        return mask_address(reference)
    if at:
        return f"{mask_person(user)}@{mask_address(server)}"
    if sum(map(str.isdigit, reference)) < _DIGITS_OF_A_NUMBER or is_one_run(reference):
        return mask_strictly(reference)
    return f"{reference[:3]}•••{reference[-2:]}"


def mask_link(link: str) -> str:
    """An invite link that the API gave out: whole, or it would lead nowhere. Anything else in its place is masked.

    Not for a link that stands in a text: whoever wrote that may pass off a number as a code.
    """
    return link if is_invite_url(link) else mask_text(link)


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


def _known(match: re.Match[str]) -> str:
    if match["made"]:
        code, first, last = _shown_parts(_digits(match["creator"]))
        return f"{code}{first}•••••{last}{match['made']}"
    return mask_number(match["jid"])


def _run(match: re.Match[str], least: int, *, typed: bool) -> str:
    apart = match["apart"]
    least = LEAST_AFTER_PLUS if match["plus"] and apart in ("", "(") else least
    if len(digits_of(match["digits"])) < least:
        return match[0]
    first, *others = numbers_apart(match["digits"], least)
    shown = _with_plus(first) if match["plus"] else _without_plus(first, typed)
    others[1::2] = [_without_plus(other, typed) for other in others[1::2]]
    return "".join([_before(match, first), shown, *others])


def _before(match: re.Match[str], first: str) -> str:
    """The bracket before a number: it goes with the one that closes it, if the number stays apart from other digits."""
    opened = match["plus"] is None and match[0].startswith("(")
    near = match.string[max(0, match.start() - _NEAR) : match.start()]
    return "(" if opened and (")" not in first or digits_of(near)) else ""


def _with_plus(number: str) -> str:
    shown = _masked(*_shown_parts(digits_of(number)))
    return shown if shown.startswith("+") else f"+{shown}"


def _without_plus(number: str, typed: bool) -> str:
    """A bare number and the blanks before it; an international one where its digits stand together or begin as such."""
    digits, blanks = digits_of(number), number[: len(number) - len(number.lstrip())]
    together = _TOGETHER <= len(digits) <= _LONGEST and is_unspaced(number.strip())
    if together or digits.startswith("00") or (digits.startswith("1") and len(digits) == _NORTH_AMERICAN):
        shown = _masked(*_shown_parts(digits))
        return blanks + (shown.removeprefix("+") if typed else shown)
    return blanks + _masked("", *_shown_digits(digits))


def _digits(address: str) -> str:
    """The digits of a number or of a JID without its server and device."""
    return digits_of(re.split("[@:]", address, maxsplit=1)[0])


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
