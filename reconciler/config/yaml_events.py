"""Parse YAML text into a stream of events, with libyaml if it is installed.

Events instead of composed nodes: libyaml composes by recursion in C and crashes the whole process on a file of a
hundred thousand brackets. Its event stream does not recurse, so the reader can stop as soon as the nesting is too deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from yaml import YAMLError, __with_libyaml__
from yaml.error import Mark, MarkedYAMLError
from yaml.events import Event, ScalarEvent
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from reconciler.sanitize.escape import escape_controls

NextEvent = Callable[[], Event]
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""The spellings of an empty value, if they stand without quotes."""
MAX_YAML_DEPTH = 100
"""Levels of nesting that a document may have. A sensible file has six."""
# Compiled after an error only: a class with ranges as wide as these takes milliseconds to compile.
_FORBIDDEN = "[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
_SURROGATE = re.compile("[\\ud800-\\udfff]")
_HINTS = (
    ("mapping values are not allowed", "quote text that contains a colon and a space, and check the indentation"),
    ("could not find expected ':'", "write a colon and a space after the key, and check the indentation"),
    ("unexpected end of stream", "close the quote or bracket that is still open"),
    ("did not find expected ',' or", "close the bracket, or add the missing comma"),
    ("did not find expected key", "check the indentation here and in the line above"),
    ("did not find expected '-' indicator", "check the indentation here and in the line above"),
    ("cannot start any token", "put the text in quotes"),
    ("document start", "quote the whole text: it continues after its closing quote or bracket"),
)


class _PurePythonParser(Reader, Scanner, Parser):
    """PyYAML's own parser, for installations without libyaml."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> Event:
        """Return the next event; reject half of a surrogate pair, as libyaml does."""
        event: Event = super().get_event()  # type: ignore[no-untyped-call]  # the stubs do not say
        if isinstance(event, ScalarEvent) and _SURROGATE.search(event.value):
            mark = cast("Mark", event.start_mark)
            raise MarkedYAMLError(None, None, "found invalid Unicode character escape code", mark)
        return event


def pure_events(text: str) -> NextEvent:
    """Return the events of PyYAML's own parser; see `events_of`."""
    return _PurePythonParser(text).get_event


def _libyaml_events(text: str) -> NextEvent:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs do not list it

    return CParser(text).get_event  # type: ignore[return-value]  # asked only up to the end of the stream


def events_of(text: str) -> NextEvent:
    """Return a function that returns the next event of the text at each call, and raises YAMLError if it is invalid."""
    return _libyaml_events(text) if __with_libyaml__ else pure_events(text)


def event_mark(event: Event) -> tuple[int, int]:
    """Return the line and column of an event, both from 1; zeros if the parser gives none."""
    mark = event.start_mark
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)


def describe_yaml_error(error: YAMLError, text: str) -> tuple[str, str, tuple[int, int]]:
    """Return the message, the hint, and the line and column (from 1) of an error in the text."""
    if isinstance(error, ReaderError):
        return _describe_forbidden_character(text)
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return f"invalid YAML: {escape_controls(str(error))}", "check the file's structure", (0, 0)
    mark, problem = error.problem_mark, error.problem or ""
    position = (mark.line + 1, mark.column + 1)
    if text[mark.index : mark.index + 1] == "\t" or "tab character" in problem:
        return "YAML does not allow a tab for indentation", "use spaces", position
    hint = next((hint for part, hint in _HINTS if part in problem), "check this line and the one above")
    return f"invalid YAML: {escape_controls(problem)}", hint, position


def _describe_forbidden_character(text: str) -> tuple[str, str, tuple[int, int]]:
    match = re.search(_FORBIDDEN, text)
    start = match.start() if match else 0
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    message = f"YAML does not allow the character U+{ord(text[start]):04X}"
    return message, "remove it, or write it as an escape in double quotes", (line, column)
