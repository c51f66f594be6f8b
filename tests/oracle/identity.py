"""Who is who, and which texts count as one: the oracle's own rules. Every number is fictional."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

INSTANCE = "inst_tests"
PHONE = "+1 202 555 0100"
ME = "12025550100"
KEY = "wappfy_sk_tests_5f0c2e9a"
OWNER = "16175550199"
STRANGERS = ("12065550160", "12065550161")


@dataclass(frozen=True)
class Person:
    """A person of the file: the phone as written there, the canonical digits, and the JID's digits if they differ."""

    phone: str
    digits: str
    lid: str = ""
    jid_digits: str = ""


def canonical(digits: str) -> str:
    """Return one spelling for accounts that have two, for the countries in these tests."""
    if digits.startswith("55") and len(digits) == 12:
        return f"{digits[:4]}9{digits[4:]}"
    return f"52{digits[3:]}" if digits.startswith("521") and len(digits) == 13 else digits


def same_text(one: str, other: str) -> bool:
    """Return whether two texts count as one."""
    return _normalized(one) == _normalized(other)


def loose_text(text: str) -> str:
    """Return the letters and digits of a name alone, for the names in these tests."""
    return "".join(character for character in _normalized(text).casefold() if character.isalnum())


def _normalized(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
