"""Text written as YAML so that it reads back exactly, and so that neither reader nor terminal is misled by it."""

from __future__ import annotations

import re

from reconciler.hostile.escaping import escape

_PLAIN = re.compile(r"\w(?:[\w .()/&'+-]*[\w.)])?")
_NUMBER_LIKE = re.compile(r"[0-9][0-9a-fA-F_.xXoO+-]*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def scalar(text: str) -> str | None:
    """The text on one line, plain where that is safe for every YAML reader, else in double quotes.

    None where YAML cannot hold it (half of a surrogate pair).
    """
    if _is_plain(text):
        return text
    if any("\ud800" <= char <= "\udfff" for char in text):
        return None
    return '"' + "".join(map(_in_quotes, text)) + '"'


def block(text: str, indent: str) -> str | None:
    """The text as a `|-` block below an indentation, for several lines that print; None where that cannot be exact."""
    lines = text.split("\n")
    if len(lines) < 2 or text != text.strip() or not all(line.replace("\t", "").isprintable() for line in lines):
        return None
    return "\n".join(["|-", *(f"{indent}{line}" if line else "" for line in lines)])


def comment(text: str) -> str:
    """The text as a comment of one line; what does not print is escaped."""
    return "# " + "".join(char if char.isprintable() else escape(ord(char)) for char in text)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and text.isprintable()
        and text.casefold() not in _WORDS
        and not _NUMBER_LIKE.fullmatch(text)
    )


def _in_quotes(char: str) -> str:
    if char == "\n":
        return "\\n"
    return f"\\{char}" if char in '"\\' else char if char.isprintable() else escape(ord(char))
