"""Text that somebody else wrote, and how names and descriptions compare, so that a `|` block in YAML never drifts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

TEXT_FIELDS: Final = ("name", "description")
"""The texts that a desired group, a live group and a step have, in the order in which they are shown."""
_MAX_CANDIDATES = 500
"""Names that are compared with a mistyped one: a file may have a million."""


@dataclass(frozen=True, slots=True, order=True)
class Untrusted:
    """Text that somebody else wrote: a live name or description, a server's words.

    It is not a string, so that nobody prints it by mistake: a renderer masks and escapes `raw` for its own format.
    """

    raw: str

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __str__(self) -> NoReturn:
        raise TypeError("somebody else wrote this text: render it first")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("somebody else wrote this text: render it first")

    def to_json(self) -> str:
        """Return the text itself: a document holds it as it is, and its reader escapes it."""
        return self.raw


def raw_text(text: str | Untrusted) -> str:
    """Return the text itself, also an untrusted one: to compare, send or save it, or to render it right here."""
    return text.raw if isinstance(text, Untrusted) else text


def normalize(text: str | Untrusted) -> str:
    """Return the text in the form that compares: Unicode NFC, CRLF and CR as LF, no white space at the ends."""
    return unicodedata.normalize("NFC", raw_text(text).replace("\r\n", "\n").replace("\r", "\n")).strip()


def texts_equal(one: str | Untrusted, other: str | Untrusted) -> bool:
    """Whether two names or descriptions count as equal."""
    return raw_text(one) == raw_text(other) or normalize(one) == normalize(other)


def quote(text: str | Untrusted) -> str:
    """Return the text in double quotes, with the quotes and backslashes in it escaped: nothing in it can end it."""
    escaped = raw_text(text).replace("\\", "\\\\").replace('"', '\\"')
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
