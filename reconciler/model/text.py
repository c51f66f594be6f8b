"""How names and descriptions are compared, so that a `|` block in YAML does not drift for ever."""

from __future__ import annotations

import unicodedata


def comparable(text: str) -> str:
    """Unicode NFC, CRLF and CR as LF, no white space at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def same_text(one: str, other: str) -> bool:
    """Whether two names or descriptions count as equal."""
    return one == other or comparable(one) == comparable(other)


def in_quotes(text: str) -> str:
    """The text in double quotes, with quotes and backslashes in it escaped: where it ends cannot be faked."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
