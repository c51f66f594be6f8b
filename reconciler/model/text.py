"""Text that somebody else wrote, and how names and descriptions compare, so that a `|` block in YAML never drifts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NoReturn

TEXT_FIELDS: Final = ("name", "description")
"""The texts that a desired group, a live group and a step have, in the order in which they are shown."""
_SPELLED_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae"})
_WORDS = re.compile(r"[\s._-]+")
_MIN_SLIP_LENGTH = 5
_MAX_SLIP_LENGTH = 100
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
# Letters and marks that show nothing: fillers, joiners, the blank Braille pattern, variation selectors.
_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_EMOJI_PARTS = frozenset("\u20e3")
"""What is a mark by its category, and makes an emoji of the character before it."""
_MAX_MORE_LETTERS = 3
_MAX_ACCENTED = 10_000
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


def composed(text: str) -> str:
    """Return a key, an alias or a team's name in the form that compares: Unicode NFC. Keyboards differ in it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def normalize(text: str | Untrusted) -> str:
    """Return the text in the form that compares: Unicode NFC, CRLF and CR as LF, no white space at the ends."""
    return composed(raw_text(text).replace("\r\n", "\n").replace("\r", "\n")).strip()


def texts_equal(one: str | Untrusted, other: str | Untrusted) -> bool:
    """Whether two names or descriptions count as equal."""
    return raw_text(one) == raw_text(other) or normalize(one) == normalize(other)


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: it is empty, white space, or characters that show nothing."""
    return all(unicodedata.category(char) in _INVISIBLE or _BLANK_LETTERS.match(char) for char in text)


def folded_name(name: str | Untrusted) -> str:
    """Return a name without what people change in passing: case, white space, punctuation, emoji.

    A name of nothing else keeps its characters, since without them all such names would be one.
    """
    text = unicodedata.normalize("NFKC", raw_text(name)).casefold()
    text = text.replace("i\u0307", "i")  # the small letter of "İ"
    text = "".join(c for c in text if not _BLANK_LETTERS.match(c) and unicodedata.category(c) not in _INVISIBLE)
    letters = "".join(c for c in text if unicodedata.category(c)[0] in "LNM" and c not in _EMOJI_PARTS)
    return unicodedata.normalize("NFC", letters or text)


def quote(text: str | Untrusted) -> str:
    """Return the text in double quotes, with the quotes and backslashes in it escaped: nothing in it can end it."""
    escaped = raw_text(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def closest_name(word: str, names: Iterable[str]) -> str | None:
    """Return the name that a mistyped word probably means; None if no name is close.

    A close name has about the same length and the same first or last letter.
    """
    return next(iter(closest_names(word, names, 1)), None)


def closest_names(word: str, names: Iterable[str], count: int) -> list[str]:
    """Return up to `count` names that a mistyped word may mean, the closest first."""
    import difflib

    size, first, last = len(word), word[:1].casefold(), word[-1:].casefold()
    candidates = [
        name
        for name in names
        if abs(len(name) - size) <= 3 and (name[:1].casefold() == first or name[-1:].casefold() == last)
    ]
    return difflib.get_close_matches(word, candidates[:_MAX_CANDIDATES], n=count, cutoff=0.65)


def mistyped_name(word: str, names: Iterable[str]) -> str | None:
    """Return the only name from which a word differs by one slip (a letter more, less, wrong, or two swapped).

    None if it has fewer than five letters, or if the two share a last word (`anna-koch`, `anja-koch`): these may be two
    people of one family. A name without its accents, or with `ae` for `ä`, is no slip but the same name.
    """
    if len(word) > _MAX_SLIP_LENGTH:
        return None
    names = list(dict.fromkeys(names))
    same = _spelled_alike(word, names)
    if same:
        return same[0] if len(same) == 1 else None
    close = [name for name in names if max(len(word), len(name)) >= _MIN_SLIP_LENGTH and _is_one_slip(word, name)]
    if len(close) != 1:
        return None
    mine, theirs = _WORDS.split(word), _WORDS.split(close[0])
    is_namesake = len(mine) > 1 and len(theirs) > 1 and mine[-1] == theirs[-1]
    return None if is_namesake else close[0]


def _spelled_alike(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that differ from a word only in accents, or in `ae` for `ä`."""
    plain, size = _plain_spellings(word), len(word)
    other = (name for name in names if abs(len(name) - size) <= _MAX_MORE_LETTERS and name != word)
    accented = other if not word.isascii() else (name for name in other if not name.isascii())
    return [name for name in islice(accented, _MAX_ACCENTED) if not plain.isdisjoint(_plain_spellings(name))]


def _plain_spellings(name: str) -> set[str]:
    """Return a name without its accents, and with its umlauts spelled out."""
    folded = composed(name).lower()
    letters = (char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
    return {"".join(letters), folded.translate(_SPELLED_OUT)}


def _is_one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    mine, theirs = one[start:], other[start:]
    swapped = mine[1::-1] == theirs[:2] and mine[2:] == theirs[2:]
    return mine[1:] == theirs[1:] or mine[1:] == theirs or mine == theirs[1:] or swapped


def plural(number: int, one: str, many: str = "") -> str:
    """Return `1 call`, `2 calls`; `many` where it is not `one` with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
