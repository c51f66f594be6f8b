"""How names and descriptions are compared, so that a `|` block in YAML does not drift for ever."""

from __future__ import annotations

import unicodedata


def normalize(text: str) -> str:
    """Unicode NFC, CRLF and CR as LF, no white space at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def texts_equal(one: str, other: str) -> bool:
    """Whether two names or descriptions count as equal."""
    return one == other or normalize(one) == normalize(other)


def quote(text: str) -> str:
    """The text in double quotes, with quotes and backslashes in it escaped: where it ends cannot be faked."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
