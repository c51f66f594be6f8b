"""Compare names and descriptions, so that a `|` block in YAML does not drift for ever; quote and suggest names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_MAX_CANDIDATES = 500
"""Names that are compared with a mistyped one: a file may have a million."""


def normalize(text: str) -> str:
    """Return the text in Unicode NFC, with LF for CRLF and CR, without white space at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def texts_equal(one: str, other: str) -> bool:
    """Return whether two names or descriptions count as equal."""
    return one == other or normalize(one) == normalize(other)


def quote(text: str) -> str:
    """Return the text in double quotes; escape quotes and backslashes, so that its end cannot be faked."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def closest_name(word: str, names: Iterable[str]) -> str | None:
    """Return the name that a mistyped word probably means; None if no name is close.

    A close name has about the same length and the same first or last letter.
    """
    import difflib

    size, first, last = len(word), word[:1].casefold(), word[-1:].casefold()
    candidates = [
        name
        for name in names
        if abs(len(name) - size) <= 3 and (name[:1].casefold() == first or name[-1:].casefold() == last)
    ]
    matches = difflib.get_close_matches(word, candidates[:_MAX_CANDIDATES], n=1, cutoff=0.65)
    return matches[0] if matches else None
