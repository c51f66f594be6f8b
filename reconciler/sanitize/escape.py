"""Escape text of others, so that it cannot move a cursor, fake a line or be a command to a build server.

Strangers write live names, descriptions and server messages. Escape sequences, line breaks, bidirectional overrides,
zero width characters and Unicode tags are shown as escapes.
"""

from __future__ import annotations

import json
import re
import unicodedata

from reconciler.model.text import quote
from reconciler.sanitize.mask import mask_text

# Controls, formats, half surrogates, private use, not assigned; line and paragraph separators.
_HIDING_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_TAGS = range(0xE0000, 0xE1000)
_BLANK_LETTERS = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0})
"""Invisible letters and marks, with which two different names would look the same."""
_SHORT_ESCAPES = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
# GitHub takes a line that begins with "::" for a command, and "##[" or Azure's "##vso[" anywhere in a line.
_LINE_ORDER = re.compile(r"^(\s*):(?=:)")
_INLINE_ORDER = re.compile(r"##(?=\w*\[)")


def _is_hidden(code: int) -> bool:
    return unicodedata.category(chr(code)) in _HIDING_CATEGORIES or code in _TAGS or code in _BLANK_LETTERS


def escape(code: int) -> str:
    r"""Return a character as an escape that YAML and Python both read: `\x1b`, `\u202e`, `\U000e0041`."""
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class _PlainTable(dict[int, str]):
    """A table for str.translate that fills itself as characters occur."""

    def __missing__(self, code: int) -> str:
        text = _SHORT_ESCAPES.get(code) or escape(code) if _is_hidden(code) else chr(code)
        self[code] = text
        return text


class _JsonTable(dict[int, str]):
    """The same for JSON text: its own line breaks stay; those inside strings are escaped already."""

    def __missing__(self, code: int) -> str:
        if code == 0x0A or not _is_hidden(code):
            text = chr(code)
        elif code <= 0xFFFF:
            text = f"\\u{code:04x}"
        else:
            high, low = divmod(code - 0x10000, 0x400)
            text = f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
        self[code] = text
        return text


_PLAIN = _PlainTable()
_JSON = _JsonTable()


def escape_controls(text: str) -> str:
    r"""Return one line that is safe on a terminal and in a build log: a line break as `\n`, an escape as `\x1b`."""
    if text.isascii() and text.isprintable() and "##" not in text and "::" not in text:
        return text
    visible = text.translate(_PLAIN)
    return _INLINE_ORDER.sub(r"#\\x23", _LINE_ORDER.sub(r"\1\\x3a", visible))


def quoted(text: str) -> str:
    """Return the text escaped and in double quotes, with its own quotes escaped too: nothing in it can end it."""
    return escape_controls(quote(text))


def mask_and_escape(text: str) -> str:
    """Mask, then escape. In this order: once escaped, a number with an invisible character in it is not found."""
    return escape_controls(mask_text(text))


def for_display(text: str, *, show_phones: bool) -> str:
    """Return the text escaped, and masked too unless the reader asked for full numbers."""
    return escape_controls(text) if show_phones else mask_and_escape(text)


def json_text(value: object) -> str:
    """Return JSON to read and to save: indented by 2, UTF-8 kept, invisible and misleading characters as escapes.

    It reads back as the same value. Raise ValueError for a number that JSON does not have (NaN, infinity).
    """
    return _safe_json(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def json_line(value: object) -> str:
    """Return the same as `json_text` on a single line."""
    return _safe_json(json.dumps(value, ensure_ascii=False, allow_nan=False))


def json_ascii(value: object) -> str:
    """Return the same on a single line in ASCII, which every locale and stream can write."""
    return _INLINE_ORDER.sub(r"#\\u0023", json.dumps(value, allow_nan=False))


def _safe_json(text: str) -> str:
    return _INLINE_ORDER.sub(r"#\\u0023", text.translate(_JSON))
