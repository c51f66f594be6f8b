"""Keys and aliases made from names."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 60


def slug(name: str) -> str:
    """The name in small ASCII letters, digits and single hyphens; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST].strip("-")


def unique(wanted: str, taken: set[str]) -> str:
    """The wanted key, with a number behind it where it is taken; the result is added to the taken ones."""
    key, number = wanted, 2
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    taken.add(key)
    return key
