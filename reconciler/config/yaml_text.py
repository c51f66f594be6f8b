"""Write text as YAML that reads back exactly, and names as keys."""

from __future__ import annotations

import re
import unicodedata

from reconciler.sanitize.escape import escape

YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Words that some YAML readers take for something other than text."""
_MAX_KEY_LENGTH = 60
_PLAIN = re.compile(r"\w(?:[\w .()/&'+-]*[\w.)])?")
_NUMBER_LIKE = re.compile(r"[0-9][0-9a-fA-F_.xXoO+-]*")
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Letters and marks that do not show."""


def yaml_scalar(text: str) -> str | None:
    """Return the text on one line, plain if that is safe for every YAML reader, or else in double quotes.

    None if YAML cannot hold it (half of a surrogate pair).
    """
    if _is_plain(text):
        return text
    if any("\ud800" <= char <= "\udfff" for char in text):
        return None
    return '"' + "".join(map(_double_quoted, text)) + '"'


def yaml_block(text: str, indent: str) -> str | None:
    """Return printable text of several lines as a `|-` block below an indentation; None if that would not be exact."""
    lines = text.split("\n")
    if len(lines) < 2 or text != text.strip() or not all(line.replace("\t", "").isprintable() for line in lines):
        return None
    return "\n".join(["|-", *(f"{indent}{line}" if line else "" for line in lines)])


def yaml_comment(text: str) -> str:
    """Return the text as a comment of one line, with unprintable characters escaped."""
    return "# " + "".join(char if char.isprintable() else escape(ord(char)) for char in text)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and text.isprintable()
        and text.casefold() not in YAML_WORDS
        and not _NUMBER_LIKE.fullmatch(text)
    )


def _double_quoted(char: str) -> str:
    if char == "\n":
        return "\\n"
    return f"\\{char}" if char in '"\\' else char if char.isprintable() else escape(ord(char))


def slug(name: str) -> str:
    """Return the name as a key: its letters and digits in lower case, joined by single hyphens; empty without any.

    Letters of every script stay as they are, ä and ß too: nobody has to guess how a name was transliterated.
    """
    if name.isascii() and name.isalnum():
        return name.lower()[:_MAX_KEY_LENGTH]
    key, is_latin = "", True
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKD", name))
    for char in unicodedata.normalize("NFKC", visible).lower():
        category = unicodedata.category(char)
        if category[0] == "L" or category == "Nd":
            key += char
            is_latin = char.isascii() or unicodedata.name(char, "").startswith("LATIN")
        elif category[0] == "M" and key and not is_latin:
            key += char  # part of a letter; Latin letters have theirs in them
        elif category[0] not in "MC" or char.isspace():
            key += "" if key.endswith("-") else "-"
    return unicodedata.normalize("NFC", key.strip("-"))[:_MAX_KEY_LENGTH].strip("-")


def unique_key(wanted: str, taken: set[str]) -> str:
    """Return the wanted key, with a number if it is taken, and add it to the taken keys."""
    key, number = wanted, 2
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    taken.add(key)
    return key
