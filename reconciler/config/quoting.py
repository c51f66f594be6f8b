"""Text of a file in a message: escaped, short, and never with a whole phone number."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from reconciler.config.tree import Trail

LONGEST = 60
"""Characters of a quoted text that are shown."""

_DATE = re.compile(r"[0-9]{1,4}([-./])[0-9]{1,2}\1[0-9]{1,4}")
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[\W_]{0,3}\d){6,}(?!@g|\d)")
_DIGITS_OF_A_NUMBER = 5
_MOST_NAMES = 500
_MOST_STEPS = 12


def masked(number: str) -> str:
    """A phone number with its middle hidden: `+1 202 ••• ••43`; an unreadable one keeps 3 and 2 characters."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    digits = re.sub(r"[^0-9]", "", number)
    if number.startswith("+"):
        for length in (1, 2, 3):
            if int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE:
                return f"+{digits[:length]} {digits[length : length + 3]} ••• ••{digits[-2:]}"
    return f"{number[:3]}•••{number[-2:]}"


def _mask(match: re.Match[str]) -> str:
    found = match[0]
    return found if _DATE.fullmatch(found) else masked(found)


def shown(text: str) -> str:
    """A text of the file in backticks: phone numbers masked, what does not print escaped, cut to 60 characters."""
    clear = escaped(_NUMBER.sub(_mask, text[: 4 * LONGEST]))
    return f"`{clear[: LONGEST - 1]}…`" if len(clear) > LONGEST or len(text) > 4 * LONGEST else f"`{clear}`"


def shown_person(reference: str) -> str:
    """Like `shown`, for what should be a person: a mistyped number (with a letter in it, say) is masked as a whole."""
    digits = sum(map(str.isdigit, reference))
    if digits < _DIGITS_OF_A_NUMBER or "@" in reference or _NUMBER.fullmatch(reference):
        return shown(reference)
    return shown(f"{reference[:3]}•••{reference[-2:]}")


def escaped(text: str) -> str:
    """The text with every character that does not print written as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def trail_text(trail: Trail) -> str:
    """A place in a document: `groups.project-alpha.members[2]`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{shown(step)[1:-1]}" for step in trail[:_MOST_STEPS]]
    return "".join(parts).removeprefix(".") + ("…" if len(trail) > _MOST_STEPS else "")


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A suggestion, "did you mean `description`?", or nothing when no name is near."""
    size, first, last = len(word), word[:1].casefold(), word[-1:].casefold()
    near = [
        name
        for name in names
        if abs(len(name) - size) <= 3 and (name[:1].casefold() == first or name[-1:].casefold() == last)
    ]
    found = difflib.get_close_matches(word, near[:_MOST_NAMES], n=1, cutoff=0.65)
    return f"did you mean {shown(found[0])}?" if found else ""
