"""Read the content lines of vCards: folded lines joined, parameters parsed, values decoded.

vCard 2.1 joins and escapes by other rules than 3.0 (RFC 2426) and 4.0 (RFC 6350), and phones still write it.
"""

from __future__ import annotations

import codecs
import quopri
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.sources.encoding import BYTE_ORDER_MARKS, FALLBACK_ENCODING

_BREAK: Final = re.compile(rb"\r\n|\n|\r")
_QUOTED: Final = re.compile(rb"[^:]*;(?:ENCODING=)?\"?QUOTED-PRINTABLE\b", re.IGNORECASE)
_BASE64: Final = re.compile(rb"[^:]*;(?:ENCODING=)?(?:BASE64|B)\b", re.IGNORECASE)
_BASE64_LINE: Final = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_FRAME: Final = re.compile(rb"(?:BEGIN|END)[ \t]*:", re.IGNORECASE)
_VERSION_2: Final = re.compile(rb"VERSION[ \t]*:[ \t]*2\.1[ \t]*", re.IGNORECASE)
_LINE: Final = re.compile(
    rb"[ \t]*(?:(?P<group>[A-Za-z0-9_-]+)\.)?(?P<name>[A-Za-z0-9_-]+)[ \t]*"
    rb"(?P<parameters>(?:;(?:\"[^\"]*\"|[^\":;])*)*):(?P<value>.*)",
    re.DOTALL,
)
_PARAMETER: Final = re.compile(r";((?:\"[^\"]*\"|[^\":;])*)")
_ENCODINGS: Final = frozenset({"QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"})
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_2: Final = re.compile(r"\\([;,\\])")
_CHARSET: Final = re.compile(
    r"utf-?(?:8|16|32)(?:[bl]e)?|(?:us-)?ascii|iso-?8859-\d+|latin-?1|(?:windows-|cp)\d+|shift[-_]?jis|gb\w+|big5\w*|euc-\w+|koi8-\w"
    r"|iso-2022-\w+",
    re.IGNORECASE,
)


class UnreadableLine(Exception):
    """A line of a card has no meaning: what is wrong with it, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a card: `item1.TEL;TYPE=CELL:+1 202 555 0143`.

    `line` is where it begins, `name` is in capitals, `group` in small letters. `value` has its escapes still in it,
    because they tell a separator from a character. `is_legacy`: it was read as Windows-1252.
    """

    line: int
    name: str
    value: str
    group: str = ""
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_legacy: bool = False

    @property
    def types(self) -> frozenset[str]:
        """The values of TYPE in capitals, which vCard 2.1 writes without `TYPE=`."""
        return frozenset(value.upper() for value in self.parameters.get("TYPE", ()))

    def text(self, version: str) -> str:
        """Return the value without its escapes."""
        return _unescaped(self.value, version)

    def parts(self, separators: str, version: str) -> list[str]:
        """Return the value split where one of the separators is not escaped, each part without its escapes."""
        found, part, escaped = [], "", False
        for char in self.value:
            if char in separators and not escaped:
                found.append(part)
                part = ""
            else:
                part += char
            escaped = char == "\\" and not escaped
        return [_unescaped(each, version).strip() for each in (*found, part)]


def _unescaped(value: str, version: str) -> str:
    if version == "2.1":
        return _ESCAPED_2.sub(r"\1", value)
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def joined_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each content line with the number of the line on which it begins, from 1; blank lines are left out.

    Lines are joined before they are decoded, since a fold may be in the middle of a character. In vCard 2.1 the space
    that begins a folded line belongs to the text.
    """
    parts: list[bytes] = []
    start, is_quoted, is_base64, keeps_space = 0, False, False, False
    for number, line in enumerate(_BREAK.split(_as_utf8(data)), 1):
        if is_quoted and parts[-1].endswith(b"=") and not _FRAME.match(line):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        elif parts and line[:1] in (b" ", b"\t"):
            parts.append(line if keeps_space else line[1:])
        elif is_base64 and _BASE64_LINE.fullmatch(line):
            parts.append(line)
        else:
            if parts:
                yield start, b"".join(parts)
            if _FRAME.match(line):
                keeps_space = False
            keeps_space = keeps_space or _VERSION_2.fullmatch(line) is not None
            parts, start = ([line] if line.strip() else []), number
            is_quoted, is_base64 = _QUOTED.match(line) is not None, _BASE64.match(line) is not None
    if parts:
        yield start, b"".join(parts)


def _as_utf8(data: bytes) -> bytes:
    """Return the bytes without a byte order mark; UTF-16, which only a mark tells, as UTF-8."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            return rest if encoding == "utf-8" else rest.decode(encoding, "replace").encode()
    return data


def parse_line(number: int, line: bytes, names: Collection[str]) -> Property | None:
    """Return the property of a content line; None if its name is not one of these.

    Raise UnreadableLine for a line without NAME:value, or with a value that cannot be decoded.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        message = "the line is no property of a card, which is NAME:value"
        raise UnreadableLine(message, "export the contacts again; a line break may be in a wrong place")
    name = found["name"].decode().upper()
    if name not in names:
        return None
    parameters = _parameters(found["parameters"].decode("utf-8", "replace"))
    value, is_legacy = _decoded(found["value"], parameters)
    return Property(number, name, value, (found["group"] or b"").decode().lower(), parameters, is_legacy)


def _parameters(text: str) -> dict[str, tuple[str, ...]]:
    """Return the values of each parameter by its name in capitals; one may be given several times."""
    parameters: dict[str, tuple[str, ...]] = {}
    for parameter in _PARAMETER.findall(text):
        name, equals, value = parameter.strip().partition("=")
        name = name.strip().upper()
        if not equals:
            name, value = ("ENCODING" if name in _ENCODINGS else "TYPE"), name
        values = tuple(each.strip() for each in value.replace('"', "").split(",") if each.strip())
        parameters[name] = parameters.get(name, ()) + values
    return parameters


def _decoded(value: bytes, parameters: Mapping[str, tuple[str, ...]]) -> tuple[str, bool]:
    """Return the value as text, and whether it had to be read as Windows-1252."""
    if "QUOTED-PRINTABLE" in map(str.upper, parameters.get("ENCODING", ())):
        value = quopri.decodestring(value)
    charset = next(iter(parameters.get("CHARSET", ())), "")
    if charset and not _is_known(charset):
        raise UnreadableLine("the character set of the line is not known", "export the contacts as UTF-8")
    try:
        return value.decode(charset or "utf-8"), False
    except UnicodeError:
        if charset:
            message = "the line is not in the character set that it names"
            raise UnreadableLine(message, "export the contacts as UTF-8") from None
    return value.decode(FALLBACK_ENCODING, "replace"), True


def _is_known(charset: str) -> bool:
    """Return whether this is a character set; Python has other codecs, too, under such names."""
    try:
        return _CHARSET.fullmatch(charset) is not None and bool(codecs.lookup(charset))
    except LookupError:
        return False
