"""How names and descriptions are compared, so that a `|` block in YAML does not drift for ever."""

from __future__ import annotations

import unicodedata

MAX_NAME = 100
MAX_DESCRIPTION = 2048
MAX_MEMBERS = 1024
"""WhatsApp's own limits: characters of a name and a description, participants of a group."""


def comparable(text: str) -> str:
    """Unicode NFC, CRLF and CR as LF, no white space at the ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def same_text(one: str, other: str) -> bool:
    """Whether two names or descriptions count as equal."""
    return one == other or comparable(one) == comparable(other)
