"""Colours for a terminal, as plain ANSI sequences around text that is harmless already."""

from __future__ import annotations

from typing import Final

BOLD: Final = "1"
_BY_MARK = {"+": "32", "-": "31", "~": "33", "!": "1;31", "=": "36", "i": "2"}


def paint(text: str, codes: str, color: bool) -> str:
    """The text in the given SGR codes ("1;31"); unchanged without `color`."""
    return f"\x1b[{codes}m{text}\x1b[0m" if color and text else text


def marked(mark: str, text: str, color: bool) -> str:
    """`+ alice`: a mark and its words, in the mark's colour.

    Marks: `+` comes, `-` goes, `~` changes, `=` adopted, `!` needs a person, `i` is good to know.
    """
    return paint(f"{mark} {text}", _BY_MARK[mark], color)
