"""Decode the text of a file that another program exported: UTF-8, UTF-16 with its mark, or Windows-1252."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from reconciler.sources.model import RowProblem, UnreadableFile

BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The bytes with which a text may begin, each with its encoding."""
FALLBACK_ENCODING: Final = "cp1252"
"""How a text is read that is not UTF-8 and has no mark: as Windows writes it."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text without a byte order mark, and a warning if its encoding is a guess."""

    text: str
    problems: tuple[RowProblem, ...] = ()


def decode_text(data: bytes) -> DecodedText:
    """Return the text of a file; raise UnreadableFile for bytes that are not text."""
    mark, codec = next((each for each in BYTE_ORDER_MARKS if data.startswith(each[0])), (b"", ""))
    if mark:
        decoded = DecodedText(_decode(data[len(mark) :], codec, "UTF-8" if codec == "utf-8" else "UTF-16"))
    else:
        decoded = _decode_without_mark(data)
    if "\0" in decoded.text:
        line = _line_of(decoded.text.index("\0"), decoded.text)
        message = "the file has a NUL byte, which no text has"
        hint = "export it again, as CSV in UTF-8"
        raise UnreadableFile(RowProblem(line=line, message=message, hint=hint))
    return decoded


def _decode_without_mark(data: bytes) -> DecodedText:
    try:
        return DecodedText(data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    return DecodedText(_decode(data, FALLBACK_ENCODING, "UTF-8 or Windows-1252"), (not_utf8(line),))


def not_utf8(line: int) -> RowProblem:
    """Return the warning about the first line that is not UTF-8."""
    message = "the file is not UTF-8, and is read as Windows-1252"
    hint = "look at the names with accents, or export it as UTF-8"
    return RowProblem(line=line, message=message, hint=hint, severity="warning")


def _decode(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            RowProblem(line=line, message=f"the file is not {name}", hint="export it again, as UTF-8")
        ) from None


def _line_of(index: int, text: str) -> int:
    return text.count("\n", 0, index) + 1
