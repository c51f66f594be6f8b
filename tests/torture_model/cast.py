"""Who and what plays: people, names, texts, days. Every number is fictional."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

INSTANCE = "inst_model"
PHONE = "+1 202 555 0100"
ME = "12025550100"
KEY = "wappfy_sk_model_5f0c2e9a"
OWNER = "16175550199"
STRANGERS = ("12065550160", "12065550161")


@dataclass(frozen=True)
class Someone:
    """A person of the file: as the file writes them, as they are counted, and under which JID their account lives."""

    phone: str
    digits: str
    lid: str
    lives_under: str = ""


PEOPLE = {
    "alice": Someone("+1 202 555 0143", "12025550143", "76699677012110@lid"),
    "bob": Someone("+1 (202) 555-0144", "12025550144", "76699677012111@lid"),
    "carol": Someone("13035550145", "13035550145", "76699677012112@lid"),
    "dan": Someone("14045550146@c.us", "14045550146", "76699677012113@lid"),
    "erin": Someone("0015125550147", "15125550147", "76699677012114@lid"),
    "bia": Someone("+55 31 9 9634-8800", "5531996348800", "76699677012115@lid", "553196348800"),
    "max": Someone("+52 55 1234 5678", "525512345678", "76699677012116@lid", "5215512345678"),
}
"""Two of them live under the other spelling of their number."""

NOBODY = "zed"
NOBODYS_JID = "123456@s.whatsapp.net"
"""Somebody the file can name and the server cannot take: it answers 422."""

ALIASES = (*PEOPLE, NOBODY)
KEYS = ("alpha", "beta", "gamma", "delta")
TEAMS = ("crew", "board")
NAMES = ("Alpha", "Beta", "Gamma", "Delta", "Cafe\u0301 Ü")
HOSTILE_NAMES = ("::error::x", "\x1b[2J<b>&", "a\u202eb\nc | `d`", "  Alpha ", "Caf\u00e9 Ü")
"""What only hands give a group. The last two are Alpha and Café to whoever compares names rightly."""

TEXTS = ("", "Who rows when", "two\r\nlines \n", "Ünïcode e\u0301")
DAYS = ("2026-01-15", "2026-03-01", "2026-06-01", "2026-09-01")


def digits_of(alias: str) -> str:
    """By which number the truth knows somebody of the file."""
    return PEOPLE[alias].digits if alias in PEOPLE else "123456"


def canonical(digits: str) -> str:
    """One spelling for accounts that have two, for the countries that play."""
    if digits.startswith("55") and len(digits) == 12:
        return f"{digits[:4]}9{digits[4:]}"
    return f"52{digits[3:]}" if digits.startswith("521") and len(digits) == 13 else digits


def same(one: str, other: str) -> bool:
    """Whether two texts count as one."""
    return _folded(one) == _folded(other)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
