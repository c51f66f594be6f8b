"""Decode the text of a file that another program exported: UTF-8, UTF-16 with its mark, or Windows-1252."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from reconciler.sources.model import RowProblem, UnreadableFile


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text without a byte order mark, and a warning if its encoding is a guess."""

    text: str
    problems: tuple[RowProblem, ...] = ()


def decode_text(data: bytes) -> DecodedText:
    """Return the text of a file; raise UnreadableFile for bytes that are not text."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoded = DecodedText(_decode(data, "utf-16", "UTF-16"))
    elif data.startswith(codecs.BOM_UTF8):
        decoded = DecodedText(_decode(data, "utf-8-sig", "UTF-8"))
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
    text = _decode(data, "cp1252", "UTF-8 or Windows-1252")
    message = "the file is not UTF-8, and is read as Windows-1252"
    return DecodedText(text, (RowProblem(line=line, message=message, hint="export it as UTF-8", severity="warning"),))


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
