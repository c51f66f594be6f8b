"""Anchored patterns for paths and keys: `*` and `?` stay within one folder, `**` goes through folders.

    sales-*          sales-north, sales-south; not big-sales-north
    sales/*.yaml     sales/north.yaml; not sales/north/a.yaml
    sales/**         everything below sales/, at any depth
    **/people.yaml   people.yaml in any folder, the topmost too

A pattern is for the whole text. Every other character stands for itself, capitals are no small letters. A match takes
time in proportion to both lengths, whatever the pattern: nobody can write one that never ends.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import lru_cache


class _Wild(Enum):
    """What a piece of a pattern stands for, where it is no plain character."""

    ONE = "?"
    SOME = "*"
    ANY = "**"
    FOLDERS = "**/"
    """No folder at all, or those that the `WITHIN` after it runs through."""
    WITHIN = "within **/"


_Piece = str | _Wild
_PIECES = re.compile(r"(?:(?<=/)|\A)\*\*/|\*\*+|\*|\?|[^*?]", re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern; both are compared in Unicode's composed form."""
    pieces = _pieces(unicodedata.normalize("NFC", pattern))
    reached = _with_empty({0}, pieces)
    for char in unicodedata.normalize("NFC", text):
        reached = _with_empty(_after(char, reached, pieces), pieces)
        if not reached:
            return False
    return len(pieces) in reached


@lru_cache(maxsize=1024)
def _pieces(pattern: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    for piece in _PIECES.findall(pattern):
        if piece == "**/":
            pieces += [_Wild.FOLDERS, _Wild.WITHIN]
        elif piece.startswith("**"):
            pieces.append(_Wild.ANY)
        else:
            pieces.append({"*": _Wild.SOME, "?": _Wild.ONE}.get(piece, piece))
    return tuple(pieces)


def _with_empty(reached: set[int], pieces: tuple[_Piece, ...]) -> set[int]:
    """These places in the pattern, and those that can be reached from them without any text."""
    found: set[int] = set()
    waiting = list(reached)
    while waiting:
        at = waiting.pop()
        if at in found:
            continue
        found.add(at)
        piece = pieces[at] if at < len(pieces) else ""
        if piece in (_Wild.SOME, _Wild.ANY):
            waiting.append(at + 1)
        elif piece is _Wild.FOLDERS:
            waiting += [at + 1, at + 2]
    return found


def _after(char: str, reached: set[int], pieces: tuple[_Piece, ...]) -> set[int]:
    """The places in the pattern after one more character of the text."""
    found: set[int] = set()
    for at in reached:
        piece = pieces[at] if at < len(pieces) else _Wild.FOLDERS
        if piece == char or (piece is _Wild.ONE and char != "/"):
            found.add(at + 1)
        elif piece in (_Wild.ANY, _Wild.WITHIN) or (piece is _Wild.SOME and char != "/"):
            found.add(at)
            if piece is _Wild.WITHIN and char == "/":
                found.add(at + 1)
    return found
