"""Text wrapped to a terminal: at ` · ` in a line of totals, at spaces elsewhere; what has no space stays whole."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_MIN_WIDTH: Final = 20
_COLOR: Final = re.compile("\x1b\\[[0-9;]*m")
_INDENT: Final = re.compile("(?:\x1b\\[[0-9;]*m)*( *)")


def wrap_text(text: str, width: int | None) -> str:
    """Return the text in lines of at most so many columns; as it is without a width."""
    if width is None:
        return text
    return "\n".join(_wrap_line(line, max(width, _MIN_WIDTH)) for line in text.split("\n"))


def _wrap_line(line: str, width: int) -> str:
    if _columns(line) <= width:
        return line
    match = _INDENT.match(line)
    indent = " " * (len(match[1]) if match else 0) + "  "
    lines, current = [], ""
    for part in _parts(line):
        if current.strip() and _columns(current + part.rstrip(" ")) > width:
            lines.append(current.rstrip(" "))
            current = indent + part.lstrip(" ")
        else:
            current += part
    return "\n".join([*lines, current.rstrip(" ")])


def _parts(line: str) -> list[str]:
    """Return the parts between which a line may be broken, with the spaces that follow them."""
    by_dots = re.findall(r".+?(?: · |$)", line)
    return by_dots if len(by_dots) > 1 else re.findall(r" *[^ ]+ *", line)


def _columns(text: str) -> int:
    """Return how many columns a line takes; colours take none, wide characters two."""
    shown = _COLOR.sub("", text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in shown)
