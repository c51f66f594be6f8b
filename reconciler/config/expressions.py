"""Read a rule that is an expression in CEL, and put its mistakes at their line and column in the file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from yaml import YAMLError
from yaml.events import ScalarEvent

from reconciler.config.document import LocatedValue, as_mapping, as_text
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.yaml_events import DocumentPath, walk
from reconciler.errors import ProblemKind
from reconciler.model.rules import Each, Expression
from reconciler.rules.cel import CelUnavailable
from reconciler.rules.expressions import compiled, message_parts
from reconciler.rules.names import ExpressionError

_BETWEEN = {"'": " \t\r\n'", '"': " \t\r\n\\"}
"""What a quoted text may have in the file that is not part of its value: indentation, the escapes of quotes."""
_WHITE_SPACE = " \t\r\n"


def read_expression(entry: LocatedValue, texts: Mapping[str, str], problems: ProblemCollector) -> Expression | None:
    """Return the condition of a rule with `require`; None, with the problems, where it has a mistake.

    `texts` has the text of each file.
    """
    fields = as_mapping(entry.value)
    each, found = Each(as_text(fields["each"])), dict[str, str]()
    for key in ("when", "require", "message"):
        text = as_text(fields[key]) if key in fields else ""
        found[key] = text
        try:
            if text and key == "message":
                message_parts(text.strip(), each)
            elif text:
                compiled(text, each)
        except CelUnavailable as error:
            problems.error(ProblemKind.VALUE, entry.place.at(key).as_key(), error.message, error.hint)
            return None
        except ExpressionError as error:
            place = entry.place.at(key)
            mark = place_in_file(texts.get(place.file, ""), place.path, text, error.line, error.column)
            problems.error(ProblemKind.VALUE, place, error.message, error.hint, mark=mark)
            del found[key]
    return Expression(each, found["require"], found["when"]) if len(found) == 3 else None


def place_in_file(text: str, path: DocumentPath, value: str, line: int, column: int) -> tuple[int, int] | None:
    """Return the line and column, both from 1, that a character of the value at `path` has in a YAML file.

    `line` and `column` are those in the value. None where that is unclear: behind an alias, or after an escape.
    """
    offset = sum(len(each) + 1 for each in value.split("\n")[: line - 1]) + column - 1
    with suppress(YAMLError):
        for found, _, event in walk(text, {path[:end] for end in range(len(path) + 1)}):
            if found == path and isinstance(event, ScalarEvent):
                index = _index_in_file(text, event, offset)
                return None if index is None else (text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
    return None


def _index_in_file(text: str, event: ScalarEvent, offset: int) -> int | None:
    """Return the index in the file of a character of a value: follow both, and skip what only the file has."""
    if event.start_mark is None or event.end_mark is None:
        return None
    index, end = event.start_mark.index, event.end_mark.index
    style = text[index : index + 1]
    between = _BETWEEN.get(style, _WHITE_SPACE)
    place = index = text.find("\n", index) + 1 if style in ("|", ">") else index + (style in _BETWEEN)
    for char in event.value[: offset + 1]:
        if char in " \n" and text[index : index + 1] in ("\r", "\n"):  # a line that YAML folds
            place, index = index, index + 1
            continue
        while index < end and text[index] != char and text[index] in between:
            index += 1
        if text[index : index + 1] != char:
            return None
        place, index = index, index + 1
    return place
