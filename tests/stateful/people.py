"""The people, names, texts and days of the random stories, and the accounts behind them. Every number is fictional."""

from __future__ import annotations

from typing import Any

from tests.oracle.identity import OWNER, STRANGERS, Person

PEOPLE = {
    "alice": Person("+1 202 555 0143", "12025550143", "76699677012110@lid"),
    "bob": Person("+1 (202) 555-0144", "12025550144", "76699677012111@lid"),
    "carol": Person("13035550145", "13035550145", "76699677012112@lid"),
    "dan": Person("14045550146@c.us", "14045550146", "76699677012113@lid"),
    "erin": Person("0015125550147", "15125550147", "76699677012114@lid"),
    "bia": Person("+55 31 9 9634-8800", "5531996348800", "76699677012115@lid", "553196348800"),
    "max": Person("+52 55 1234 5678", "525512345678", "76699677012116@lid", "5215512345678"),
}
"""The accounts of the last two have the other spelling of their number."""

NOBODY = "zed"
"""Somebody whom the file can name and the server cannot take: it answers 422."""

IN_THE_FILE = {**PEOPLE, NOBODY: Person("123456@s.whatsapp.net", "123456")}

ALIASES = tuple(IN_THE_FILE)
KEYS = ("alpha", "beta", "gamma", "delta")
TEAMS = ("crew", "board")
NAMES = ("Alpha", "Beta", "Gamma", "Delta", "Cafe\u0301 Ü")
HOSTILE_NAMES = ("::error::x", "\x1b[2J<b>&", "a\u202eb\nc | `d`", "  Alpha ", "Caf\u00e9 Ü")
"""Names that only people on their phones give. The last two equal Alpha and Café."""

TEXTS = ("", "Who rows when", "two\r\nlines \n", "Ünïcode e\u0301")
DAYS = ("2026-01-15", "2026-03-01", "2026-06-01", "2026-09-01")


def initial_accounts() -> dict[str, dict[str, Any]]:
    """Return how every account begins: it shows its phone, and can be added."""
    jids = {
        person.digits: (f"{person.jid_digits or person.digits}@s.whatsapp.net", person.lid)
        for person in PEOPLE.values()
    }
    return {
        digits: {
            "jid": jid,
            "lid": lid,
            "shows": "phone",
            "refuses_adds": False,
            "exists": True,
            "spelling": "s.whatsapp.net",
        }
        for digits, (jid, lid) in {**jids, **dict.fromkeys((OWNER, *STRANGERS), (None, None))}.items()
    }
