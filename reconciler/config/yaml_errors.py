"""Say what is wrong with text that is not valid YAML, at the place where the mistake was made.

A parser notices a mistake where it cannot go on, which may be many lines below: a quote that nobody closed ends at the
next apostrophe.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from yaml import YAMLError
from yaml.error import MarkedYAMLError
from yaml.events import ScalarEvent
from yaml.reader import ReaderError

from reconciler.config.yaml_events import events_of
from reconciler.sanitize.escape import escape_controls

# Compiled after an error only: a class with ranges as wide as these takes milliseconds to compile.
_FORBIDDEN = "[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
_HINTS = (
    ("mapping values are not allowed", "quote text that contains a colon and a space, and check the indentation"),
    ("could not find expected ':'", "write a colon and a space after the key, and check the indentation"),
    ("unexpected end of stream", "close the quote or bracket that is still open"),
    ("did not find expected ',' or", "close the bracket, or add the missing comma"),
    ("did not find expected key", "check the indentation of this line and the one above"),
    ("did not find expected '-' indicator", "check the indentation of this line and the one above"),
    ("cannot start any token", "put the text in quotes"),
    ("alphabetic or numeric character", "put the text in quotes"),
    ("document start", "quote the whole text: it continues after its closing quote or bracket"),
)
_ODD_SPACE = "[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]"
_ODD_SPACE_IN_YAML = re.compile(rf"[ \t]*(?:-[ \t]+)*(?:[\w.-]+:|-)?({_ODD_SPACE})")
_MERGE_CONFLICT = re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE)
_SURROGATES = re.compile(r"\\u(d[89ab][0-9a-f]{2})(?:\\u(d[c-f][0-9a-f]{2}))?", re.IGNORECASE)
_TEXT_BEGINS = re.compile(r"(?P<key>[\w.-]+):[ \t]+(?P<sign>[*@%`|>,\]}]|[?:-](?=[ \t]|$)|[\[{\"'])")
_CLOSING = {"[": "]", "{": "}", '"': '"', "'": "'"}
_MAX_COLUMN = 1000
"""Characters of a line that are searched: a hostile file can have a million in one."""
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_HYPHEN_WITHOUT_SPACE = re.compile(r"[ \t]*-[^\s-]")
_COLON_WITHOUT_SPACE = re.compile(r"[ \t]*(?:- )?[\w.-]+:[^\s/]")


TEXT_KEYS = frozenset({"name", "description"})
"""Keys of texts that people write freely."""
_UNQUOTED = (
    "cannot start any token",
    "alphabetic or numeric",
    "comment or line break",
    "this context",
    "node content",
    "expected key",
)


class _Mark(Protocol):
    """A place in the text, as both parsers of PyYAML give it."""

    @property
    def index(self) -> int: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class YamlMistake:
    """What is wrong, what to do, and the line and column, both from 1; zeros if they are unknown."""

    message: str
    hint: str
    position: tuple[int, int]


def describe_yaml_error(error: YAMLError, text: str) -> YamlMistake:
    """Return the mistake behind an error in the text."""
    if isinstance(error, ReaderError):
        return _forbidden_character(text)
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return YamlMistake(f"invalid YAML: {escape_controls(str(error))}", "check the file's structure", (0, 0))
    mark, problem = error.problem_mark, error.problem or ""
    plain = _unresolved_conflict(text) or _odd_space_near(mark, text) or _half_character(problem, mark, text)
    if plain is not None:
        return plain
    if text[mark.index : mark.index + 1] == "\t" or "tab character" in problem:
        return YamlMistake("YAML does not allow a tab for indentation", "use spaces", _position(mark))
    earlier = _earlier_mistake(error, mark, text) or _text_without_quotes(problem, mark, text)
    if earlier is not None:
        return earlier
    hint = next((hint for part, hint in _HINTS if part in problem), "check this line and the one above")
    return YamlMistake(f"invalid YAML: {escape_controls(problem)}", hint, _position(mark))


def odd_space(text: str) -> str:
    """Return what to do about a space of another kind where YAML needs a plain one; "" if there is none."""
    match = _ODD_SPACE_IN_YAML.match(text)
    return f"replace the character U+{ord(match[1]):04X} with a plain space" if match else ""


def noun_of(key: str | int) -> str:
    """Return what the text under this key is called in a message."""
    return key if key in TEXT_KEYS else "text"


def source_lines(text: str) -> list[str]:
    """Return the lines of the text, as YAML counts them."""
    return _LINE_BREAK.split(text)


def _unresolved_conflict(text: str) -> YamlMistake | None:
    match = _MERGE_CONFLICT.search(text)
    if match is None:
        return None
    hint = "keep one of the two versions, and delete the lines with <<<<<<<, ======= and >>>>>>>"
    line = len(source_lines(text[: match.start()]))
    return YamlMistake("a merge conflict is not resolved: this line is one of git's markers", hint, (line, 1))


def _odd_space_near(noticed: _Mark, text: str) -> YamlMistake | None:
    """Return the mistake if a space of another kind is where YAML needs a plain one, on the line or the one above."""
    lines = source_lines(text)
    for line in range(noticed.line, max(-1, noticed.line - 3), -1):
        match = _ODD_SPACE_IN_YAML.match(lines[line]) if line < len(lines) else None
        if match is not None:
            message = "invalid YAML: the space here is not a plain one"
            return YamlMistake(message, odd_space(lines[line]), (line + 1, match.start(1) + 1))
    return None


def _half_character(problem: str, noticed: _Mark, text: str) -> YamlMistake | None:
    if "Unicode character escape" not in problem:
        return None
    match = _SURROGATES.search(text, max(noticed.index - 2, 0))  # libyaml stops behind the backslash and its letter
    if match is None:
        return None
    hint = "write the character itself"
    if match[2]:
        code = 0x10000 + ((int(match[1], 16) - 0xD800) << 10) + (int(match[2], 16) - 0xDC00)
        hint += f", or \\U{code:08x}"
    before = source_lines(text[: match.start()])
    message = f"invalid YAML: `{match[0][:6]}` is half of a character, as only JSON writes it"
    return YamlMistake(message, hint, (len(before), len(before[-1]) + 1))


def _text_without_quotes(problem: str, noticed: _Mark, text: str) -> YamlMistake | None:
    """Return the mistake if a text begins with a sign that has a meaning in YAML, or goes on after a quote."""
    if noticed.column > _MAX_COLUMN or not any(part in problem for part in _UNQUOTED):
        return None
    line = "".join(source_lines(text)[noticed.line : noticed.line + 1])[:_MAX_COLUMN]
    found = [match for match in _TEXT_BEGINS.finditer(line) if match.start("sign") <= noticed.column]
    if not found:
        return None
    sign, noun, at = found[-1]["sign"], noun_of(found[-1]["key"]), found[-1].start("sign")
    message = f"invalid YAML: a {noun} without quotes cannot begin with {'a backtick' if sign == '`' else f'`{sign}`'}"
    if sign in _CLOSING:
        if not line[: noticed.column].rstrip().endswith(_CLOSING[sign]):
            return None
        message = f"invalid YAML: the {noun} goes on after its `{_CLOSING[sign]}`"
    elif sign in "?:-" and noun == "text":
        return None
    whole = "whole " if sign in _CLOSING else ""
    return YamlMistake(message, f"put the {whole}{noun} in quotes", (noticed.line + 1, at + 1))


def _position(mark: _Mark | None) -> tuple[int, int]:
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)


def _earlier_mistake(error: MarkedYAMLError, noticed: _Mark, text: str) -> YamlMistake | None:
    """Return the mistake if it was made before the place where the parser noticed it."""
    context, opened = error.context or "", error.context_mark
    if opened is not None and "quoted scalar" in context and "unexpected end" in (error.problem or ""):
        hint = "close it on its own line; write an apostrophe inside single quotes twice"
        return YamlMistake("invalid YAML: this quote is never closed", hint, _position(opened))
    scalar = _last_scalar(text)
    if scalar is not None and scalar.style in ("'", '"') and _position(scalar.end_mark)[0] == noticed.line + 1:
        message = f"invalid YAML: the quote that opens here ends only in line {noticed.line + 1}"
        hint = "close it on its own line; write an apostrophe inside single quotes twice"
        return YamlMistake(message, hint, _position(scalar.start_mark))
    if opened is not None and "flow" in context and opened.line < noticed.line:
        bracket = text[opened.index : opened.index + 1]
        message = f"invalid YAML: the `{bracket}` that opens here is not closed before line {noticed.line + 1}"
        return YamlMistake(message, "close it, or add the missing comma", _position(opened))
    start = opened if "simple key" in context else scalar.start_mark if scalar is not None else None
    hint = _missing_space(source_lines(text)[start.line]) if start is not None else ""
    if start is not None and hint:
        return YamlMistake("invalid YAML: a space is missing", hint, _position(start))
    return None


def _last_scalar(text: str) -> ScalarEvent | None:
    """Return the text before the place where an error is noticed, if it goes over several lines."""
    last = None
    with suppress(YAMLError):
        next_event = events_of(text)
        while (event := next_event()) is not None:
            last = event
    if isinstance(last, ScalarEvent) and last.start_mark is not None and last.end_mark is not None:
        return last if last.start_mark.line < last.end_mark.line else None
    return None


def _missing_space(line: str) -> str:
    if _HYPHEN_WITHOUT_SPACE.match(line):
        return "write a space after the hyphen"
    return "write a space after the colon" if _COLON_WITHOUT_SPACE.match(line) else ""


def _forbidden_character(text: str) -> YamlMistake:
    match = re.search(_FORBIDDEN, text)
    start = match.start() if match else 0
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    message = f"YAML does not allow the character U+{ord(text[start]):04X}"
    return YamlMistake(message, "remove it, or write it as an escape in double quotes", (line, column))
