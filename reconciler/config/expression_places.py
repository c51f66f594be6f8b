"""Find a line and column of an expression in the file that it stands in, whatever the style of the YAML text is."""

from __future__ import annotations

from contextlib import suppress

from yaml import YAMLError
from yaml.events import ScalarEvent

from reconciler.config.yaml_events import DocumentPath, walk

_BETWEEN = {"'": " \t\r\n'", '"': ' \t\r\n\\', None: " \t\r\n"}
"""What a text may have in the file that is not part of its value, by the quotes around it: indentation, escapes."""


def place_in_file(text: str, path: DocumentPath, line: int, column: int) -> tuple[int, int] | None:
    """Return the line and column, both from 1, of a character of the text at `path` in a YAML file.

    `line` and `column` are those in the value. None where that is unclear: behind an alias, or after an escape.
    """
    with suppress(YAMLError):
        for found, _, value in walk(text, {path[:end] for end in range(len(path) + 1)}):
            if found == path and isinstance(value, ScalarEvent):
                index = _index_in_file(text, value, _offset(value.value, line, column))
                return None if index is None else (text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
    return None


def _offset(value: str, line: int, column: int) -> int:
    lines = value.split("\n")
    return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1


def _index_in_file(text: str, event: ScalarEvent, offset: int) -> int | None:
    """Return the index in the file of a character of a value: follow both, and skip what only the file has."""
    if event.start_mark is None or event.end_mark is None:
        return None
    start, end = event.start_mark.index, event.end_mark.index
    style = text[start : start + 1]
    between = _BETWEEN.get(style, _BETWEEN[None])
    index = text.find("\n", start) + 1 if style in "|>" else start + (style in _BETWEEN)
    for char in event.value[: offset + 1]:
        if char in " \n" and text[index : index + 1] in "\r\n":  # a line that YAML folds
            place = index
            index += 1
            continue
        while index < end and text[index] != char and text[index] in between:
            index += 1
        if text[index : index + 1] != char:
            return None
        place = index
        index += 1
    return place
