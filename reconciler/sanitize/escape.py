"""Hostile text made harmless: nothing that is shown can move a cursor, fake a line or give a build server an order.

Live names, descriptions and server messages are written by strangers. Escape sequences, line breaks, bidirectional
overrides, zero width characters and Unicode tags are shown as escapes instead of being obeyed.
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
"""Letters and marks that draw nothing, so that two different names would look the same."""


_SHORT_ESCAPES = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}


# GitHub obeys a line that begins with "::", and "##[" or Azure's "##vso[" anywhere in a line.
_LINE_ORDER = re.compile(r"^(\s*):(?=:)")


_INLINE_ORDER = re.compile(r"##(?=\w*\[)")


def _hidden(code: int) -> bool:
    return unicodedata.category(chr(code)) in _HIDING_CATEGORIES or code in _TAGS or code in _BLANK_LETTERS


def escape(code: int) -> str:
    r"""A character as an escape that YAML and Python read alike: `\x1b`, `\u202e`, `\U000e0041`."""
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class _PlainTable(dict[int, str]):
    """A table for str.translate that is filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        shown = _SHORT_ESCAPES.get(code) or escape(code) if _hidden(code) else chr(code)
        self[code] = shown
        return shown


class _JsonTable(dict[int, str]):
    """The same for JSON text, whose own line breaks stay; those inside strings are escaped already."""

    def __missing__(self, code: int) -> str:
        if code == 0x0A or not _hidden(code):
            shown = chr(code)
        elif code <= 0xFFFF:
            shown = f"\\u{code:04x}"
        else:
            high, low = divmod(code - 0x10000, 0x400)
            shown = f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
        self[code] = shown
        return shown


_PLAIN = _PlainTable()


_JSON = _JsonTable()


def escape_controls(text: str) -> str:
    r"""One line that is safe on a terminal and in a build log: a line break reads `\n`, an escape `\x1b`."""
    visible = text.translate(_PLAIN)
    return _INLINE_ORDER.sub(r"#\\x23", _LINE_ORDER.sub(r"\1\\x3a", visible))


def quoted(text: str) -> str:
    """`plain` in double quotes, with quotes and backslashes in it escaped: where it ends cannot be faked."""
    return escape_controls(quote(text))


def mask_and_escape(text: str) -> str:
    """Numbers masked, then `plain`. In this order: a number with something unseen in it is no number once escaped."""
    return escape_controls(mask_text(text))


def for_display(text: str, *, show_phones: bool) -> str:
    """`safe`, or `plain` for a reader who asked for full numbers."""
    return escape_controls(text) if show_phones else mask_and_escape(text)


def json_text(value: object) -> str:
    """JSON to read and to save: indented by 2, UTF-8 kept, everything that hides or misleads as an escape.

    Reading it back gives the same value. Raises ValueError for a number JSON has no word for (NaN, infinity).
    """
    return _safe_json(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def json_line(value: object) -> str:
    """The same as `json_text` on a single line."""
    return _safe_json(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _safe_json(text: str) -> str:
    return _INLINE_ORDER.sub(r"#\\u0023", text.translate(_JSON))
