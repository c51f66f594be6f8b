"""YAML text as a stream of parse events, from libyaml where there is one.

Events instead of composed nodes: libyaml composes by recursion in C and brings the whole process down on a file of a
hundred thousand brackets; its event stream does not recurse, so the reader can stop as soon as the nesting is too deep.
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
"""The spellings of nothing, where they stand without quotes."""


MAX_YAML_DEPTH = 100
"""Levels of nesting a document may have. A sensible file has six."""


# Compiled when it is needed, after an error: ranges as wide as these take milliseconds.
_FORBIDDEN = "[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"


_SURROGATE = re.compile("[\\ud800-\\udfff]")


_HINTS = (
    ("mapping values are not allowed", "quote a text that has a colon and a space in it, and check the indentation"),
    ("could not find expected ':'", "a key needs a colon and a space after it; check the indentation, too"),
    ("unexpected end of stream", "a quote or bracket is not closed"),
    ("did not find expected ',' or", "a bracket is not closed, or a comma is missing"),
    ("did not find expected key", "check the indentation here and in the line above"),
    ("did not find expected '-' indicator", "check the indentation here and in the line above"),
    ("cannot start any token", "put the text in quotes"),
    ("document start", "a text that goes on after its closing quote or bracket must be quoted as a whole"),
)


class _PurePythonParser(Reader, Scanner, Parser):
    """PyYAML's own parser, for where it was built without libyaml."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> Event:
        """The next event; half of a surrogate pair is an error here as it is in libyaml."""
        event: Event = super().get_event()  # type: ignore[no-untyped-call]  # the stubs do not say
        if isinstance(event, ScalarEvent) and _SURROGATE.search(event.value):
            mark = cast("Mark", event.start_mark)
            raise MarkedYAMLError(None, None, "found invalid Unicode character escape code", mark)
        return event


def pure_events(text: str) -> NextEvent:
    """The events from PyYAML's own parser; see `events_of`."""
    return _PurePythonParser(text).get_event


def _libyaml_events(text: str) -> NextEvent:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs do not list it

    return CParser(text).get_event  # type: ignore[return-value]  # asked only up to the end of the stream


def events_of(text: str) -> NextEvent:
    """A function that gives the text's next event each time it is called; it raises YAMLError where it is no YAML."""
    return _libyaml_events(text) if __with_libyaml__ else pure_events(text)


def describe_yaml_error(error: YAMLError, text: str) -> tuple[str, str, tuple[int, int]]:
    """What is wrong with a text that is no YAML, what to do, and its line and column from 1."""
    if isinstance(error, ReaderError):
        return _forbidden_character(text)
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return f"this is no YAML: {escape_controls(str(error))}", "check the file's structure", (0, 0)
    mark, problem = error.problem_mark, error.problem or ""
    place = (mark.line + 1, mark.column + 1)
    if text[mark.index : mark.index + 1] == "\t" or "tab character" in problem:
        return "a tab cannot indent YAML", "use spaces", place
    hint = next((hint for part, hint in _HINTS if part in problem), "check this line and the one above")
    return f"this is no YAML: {escape_controls(problem)}", hint, place


def _forbidden_character(text: str) -> tuple[str, str, tuple[int, int]]:
    match = re.search(_FORBIDDEN, text)
    start = match.start() if match else 0
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    message = f"the character U+{ord(text[start]):04X} is not allowed in YAML"
    return message, "remove it, or write it as an escape in double quotes", (line, column)
