"""Hostile text in HTML that no template escapes."""

from __future__ import annotations

from reconciler.hostile.escaping import shown

# The backtick was a quote to old browsers.
_SPECIAL = str.maketrans({char: f"&#{ord(char)};" for char in "\"'`"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def html_text(text: str, *, show_phones: bool = False) -> str:
    """The text for an element or a quoted attribute: masked, on one line, no tag and no entity in it.

    Nothing more than HTML is thought of: in HTML that stands in markdown use `markdown_text`.
    """
    return shown(text, show_phones=show_phones).translate(_SPECIAL)
