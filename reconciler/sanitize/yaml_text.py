"""Mask and escape lines of YAML, in which escapes and line breaks may be within a number. In doubt it masks more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reconciler.sanitize.escape import escape_controls
from reconciler.sanitize.mask import mask_text

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.)|$)")
_SHORT_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b"}
_SHORT_ESCAPES |= {"N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}
_KEY = re.compile(r"^\s*(?:- +)*[^\W\d][\w.\-]*: +")
# What cannot go on with the text of the line before: an empty line, an item, a comment, a key, a quoted text.
_BEGINS = re.compile(r"""^\s*(?:$|- |#|["'\[\]{}]|(?=\d*[^\W\d])[\w.\-]+ *:(?:\s|$))""")
_DIGITS = re.compile(r"\d(?:[\W_]*\d)+")


def yaml_diff(file: str, old: str, new: str, *, show_phones: bool) -> Iterator[str]:
    """Yield the unified diff of a YAML file, masked unless `show_phones`, and escaped."""
    from difflib import SequenceMatcher

    before, after = (_LINE_BREAK.split(text.rstrip("\r\n")) for text in (old, new))
    shown_before, shown_after = (yaml_lines(lines, show_phones=show_phones) for lines in (before, after))
    name = escape_controls(mask_text(file))
    yield from (f"--- {name}", f"+++ {name}")
    for group in SequenceMatcher(None, before, after).get_grouped_opcodes():
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@"
        for tag, from_old, to_old, from_new, to_new in group:
            if tag == "equal":
                yield from (f" {line}" for line in shown_before[from_old:to_old])
                continue
            yield from (f"-{line}" for line in shown_before[from_old:to_old])
            yield from (f"+{line}" for line in shown_after[from_new:to_new])


def _range(start: int, stop: int) -> str:
    """Return a range of lines as a unified diff writes it."""
    length = stop - start
    return str(start + 1) if length == 1 else f"{start + bool(length)},{length}"


def yaml_lines(lines: Sequence[str], *, show_phones: bool) -> list[str]:
    """Return the lines masked unless `show_phones`, and escaped; a number that goes on in the next line is masked."""
    if show_phones:
        return [escape_controls(line) for line in lines]
    shown: list[str] = []
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and not _BEGINS.match(lines[end]):
            end += 1
        shown += _masked(lines[at:end])
        at = end
    return [escape_controls(line) for line in shown]


def _masked(lines: Sequence[str]) -> list[str]:
    """Mask lines that may be one text: each by itself, unless a number is in several of them."""
    apart = [_masked_line(line) for line in lines]
    if len(lines) == 1 or mask_text(_joined(lines)) == _joined(apart):
        return apart
    return [_DIGITS.sub("•••", _decoded(line)) for line in lines]


def _joined(lines: Sequence[str]) -> str:
    """Return the text that lines make when YAML folds them."""
    return " ".join(_decoded(line).strip() for line in lines)


def _masked_line(line: str) -> str:
    key = _KEY.match(line)
    start = key.end() if key is not None else 0
    value, decoded = line[start:], _decoded(line[start:])
    masked = mask_text(decoded)
    return mask_text(line[:start]) + (masked if masked != decoded else mask_text(value))


def _decoded(text: str) -> str:
    """Return a text with the escapes of YAML and JSON replaced by what they mean; a quote stays escaped."""
    if "\\" not in text:
        return text
    decoded = _ESCAPE.sub(_character, text)
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3]
    if number is None:
        return match[0] if match[4] == '"' else _SHORT_ESCAPES.get(match[4] or "", match[4] or "")
    return chr(code) if (code := int(number, 16)) <= 0x10FFFF else "\ufffd"
