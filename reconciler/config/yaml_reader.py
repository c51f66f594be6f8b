"""Read one YAML file into a tree without types, and report everything that makes it unusable.

Every scalar stays text, so that `+1 202…`, `0171…` or `no` never becomes a number, an octal or a truth value. The
reader stops as soon as aliases of aliases make a small file huge, or as soon as the nesting is too deep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.config.document import SourceLocation, Tree
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.yaml_errors import TEXT_KEYS, describe_yaml_error, noun_of
from reconciler.config.yaml_events import DocumentPath, event_mark, events_of
from reconciler.errors import ProblemKind
from reconciler.model.text import composed

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""The spellings of an empty value, if they stand without quotes."""
MAX_YAML_DEPTH = 100
"""Levels of nesting that a document may have. A sensible file has six."""
MAX_EXPANDED_NODES = 100_000
"""Values (or 64 characters of text each) that aliases may add to a document beyond what is written out."""
_YAML_TAG = "tag:yaml.org,2002:"
_IGNORED_KEY = "?"
"""Replaces, in a path, a key that cannot be used: the reader drops its value, but still counts its nesting."""
_PERHAPS_TEXT = re.compile(r"[ \t]+(#\w[^\r\n]*)")
_KEYS_WITH_LINES = frozenset(
    {"allowed_countries", "csv", "instance", "max_members", "max_removals", "path", "restrictions", "sources"}
)
"""Keys whose line a message about something else may need."""


@dataclass(slots=True)
class Document:
    """A readable file. `lines` has the line (from 1) of every group's key, and of `_KEYS_WITH_LINES`."""

    file: str
    root: dict[str, Tree]
    lines: dict[DocumentPath, int] = field(default_factory=dict)


class _Stop(Exception):
    """The rest of the file cannot be read; the reason is among the problems."""


@dataclass(slots=True)
class _Anchored:
    """The value of an anchor, its weight with all aliases written out, and its levels of nesting."""

    value: Tree
    weight: int
    height: int


def read_yaml(file: str, text: str, problems: ProblemCollector) -> Document | None:
    """Return the document of a file's text; None, and the reasons among the problems, if it is not a YAML mapping."""
    document = Document(file, {})
    try:
        root = _Reader(text, document, problems).document()
    except YAMLError as error:
        mistake = describe_yaml_error(error, text)
        problems.error(ProblemKind.YAML, SourceLocation(file), mistake.message, mistake.hint, mark=mistake.position)
        return None
    except _Stop:
        return None
    if not isinstance(root, dict):
        message = "the file must be a mapping with keys such as `version` and `groups` at the top level"
        problems.error(ProblemKind.YAML, SourceLocation(file), message, "run `reconciler schema` to see all keys")
        return None
    document.root = root
    return document


class _Reader:
    """Builds the tree from the events, by recursion that the depth limit bounds."""

    def __init__(self, text: str, document: Document, problems: ProblemCollector) -> None:
        self._text = text
        self._next = events_of(text)
        self._file = document.file
        self._lines = document.lines
        self._problems = problems
        self._anchors: dict[str, _Anchored | None] = {}
        self._unused_anchors: dict[str, tuple[DocumentPath, NodeEvent]] = {}
        self._measures: dict[int, tuple[int, int]] = {}
        self._expanded = 0

    def document(self) -> Tree:
        """Return the only document of the stream."""
        self._next()
        if not isinstance(start := self._next(), DocumentStartEvent):
            raise self._stop((), start, "the file is empty", "begin with `version: 1`")
        root = self._node(self._next(), ())
        self._next()
        while not isinstance(extra := self._next(), StreamEndEvent):
            content = self._next()
            if not (isinstance(content, ScalarEvent) and content.value == "" and content.implicit[0]):
                message = "the file contains several YAML documents"
                raise self._stop((), extra, message, "put each one into its own file, in one folder")
            self._next()  # a line with --- and nothing after it is an empty document, and does not count
        for path, event in self._unused_anchors.values():
            anchor = quote_value(f"&{event.anchor}")
            message = f"{anchor} is a YAML anchor, which nothing uses, and no part of the {path[-1]}"
            self._error(ProblemKind.YAML, path, event, message, f"put the {path[-1]} in quotes")
        return root

    def _node(self, event: Event, path: DocumentPath) -> Tree:
        if isinstance(event, AliasEvent):
            return self._alias(event, path)
        assert isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent))  # noqa: S101  YAML's grammar
        if event.tag is not None:
            tag = event.tag.replace(_YAML_TAG, "!!") if event.tag.startswith(_YAML_TAG) else event.tag
            message = f"the YAML tag {quote_value(tag)} is not allowed"
            is_text = path[-1:] and path[-1] in TEXT_KEYS
            hint = f"put the {path[-1]} in quotes" if is_text else "remove it: every value is text"
            self._error(ProblemKind.YAML, path, event, message, hint)
        if event.anchor is None:
            return self._content(event, path)
        self._anchors[event.anchor] = None
        if path and path[-1] in TEXT_KEYS:
            self._unused_anchors[event.anchor] = path, event
        value = self._content(event, path)
        self._anchors[event.anchor] = _Anchored(value, *self._measure(value))
        return value

    def _content(self, event: ScalarEvent | SequenceStartEvent | MappingStartEvent, path: DocumentPath) -> Tree:
        if isinstance(event, ScalarEvent):
            return None if event.implicit[0] and event.value in NULLS else event.value
        if len(path) >= MAX_YAML_DEPTH:
            message = f"the document is nested more than {MAX_YAML_DEPTH} levels deep"
            raise self._stop(path, event, message, "use fewer levels: a configuration needs about six")
        return self._sequence(path) if isinstance(event, SequenceStartEvent) else self._mapping(path)

    def _sequence(self, path: DocumentPath) -> list[Tree]:
        items: list[Tree] = []
        nulls = NULLS
        while True:
            event = self._next()
            # A fast path for most of a file: plain items of long lists.
            if isinstance(event, ScalarEvent) and event.tag is event.anchor is None:
                value = event.value
                items.append(None if value in nulls and event.implicit[0] else value)
            elif isinstance(event, SequenceEndEvent):
                return items
            else:
                items.append(self._node(event, (*path, len(items))))

    def _mapping(self, path: DocumentPath) -> dict[str, Tree]:
        pairs: dict[str, Tree] = {}
        at_groups = path == ("groups",)
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, path, pairs)
            if key is None:
                self._node(self._next(), (*path, _IGNORED_KEY))
                continue
            if (at_groups or key in _KEYS_WITH_LINES) and event.start_mark:
                self._lines[(*path, key)] = event.start_mark.line + 1
            value = self._next()
            if key in TEXT_KEYS:
                self._check_comment(value, (*path, key))
            pairs[key] = self._node(value, (*path, key))
        return pairs

    def _check_comment(self, event: Event, path: DocumentPath) -> None:
        """Warn if what follows a text is a comment for YAML, but looks like the end of that text: `Group #2`."""
        if not isinstance(event, ScalarEvent) or not event.implicit[0] or event.end_mark is None:
            return
        match = _PERHAPS_TEXT.match(self._text, event.end_mark.index)
        if match is not None:
            text = quote_value(event.value)
            message = f"{quote_value(match[1])} is a comment here, so the {path[-1]} is only {text}"
            hint = "if it belongs to the text, put all of it in quotes; if not, write a space after the #"
            self._problems.warning(ProblemKind.YAML, SourceLocation(self._file, path), message, hint)

    def _key(self, event: Event, path: DocumentPath, pairs: dict[str, Tree]) -> str | None:
        """Return the key, as it compares; None if it cannot be used, so that the caller drops its value."""
        if not isinstance(event, ScalarEvent):
            self._error(ProblemKind.YAML, path, event, "a key must be plain text", "remove the brackets or the alias")
            self._node(event, (*path, _IGNORED_KEY))
            return None
        plain, key = event.implicit[0], composed(event.value)
        if plain and key in NULLS:
            self._error(ProblemKind.YAML, path, event, "a key is empty", "give it a name, or put it in quotes")
        elif plain and key == "<<":
            self._error(ProblemKind.YAML, path, event, "merge keys are not supported", "use teams or defaults")
        elif key in pairs:
            first = SourceLocation(self._file, (*path, key), key=True)
            message = f"{quote_value(key)} is defined twice, first at"
            self._error(ProblemKind.DUPLICATE_KEY, first.path, event, message, "keep one of them", other=first)
        else:
            if event.tag is not None or event.anchor is not None:
                self._error(ProblemKind.YAML, path, event, "a key has a YAML tag or anchor", "remove it")
            return key
        return None

    def _alias(self, event: AliasEvent, path: DocumentPath) -> Tree:
        name = quote_value(f"*{event.anchor}")
        self._unused_anchors.pop(str(event.anchor), None)
        if event.anchor not in self._anchors:
            message = f"the alias {name} has no anchor before it"
            noun = noun_of(path[-1] if path else "")
            raise self._stop(path, event, message, f"put the {noun} in quotes if it begins with an asterisk")
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise self._stop(path, event, f"the alias {name} contains itself", "write its content out")
        self._expanded += anchored.weight
        if self._expanded > MAX_EXPANDED_NODES or len(path) + anchored.height > MAX_YAML_DEPTH:
            message = f"the alias {name} makes the document too large"
            raise self._stop(path, event, message, "use teams or defaults instead of YAML aliases")
        return anchored.value

    def _measure(self, value: Tree) -> tuple[int, int]:
        """Return weight and height of a value with all its aliases written out; measure each list and mapping once."""
        if isinstance(value, str):
            return 1 + len(value) // 64, 0
        if value is None:
            return 1, 0
        if id(value) not in self._measures:
            inner = [self._measure(item) for item in (value.values() if isinstance(value, dict) else value)]
            keys = sum(1 + len(key) // 64 for key in value) if isinstance(value, dict) else 0
            weight = 1 + keys + sum(weight for weight, _ in inner)
            self._measures[id(value)] = weight, 1 + max((height for _, height in inner), default=0)
        return self._measures[id(value)]

    def _error(
        self,
        kind: ProblemKind,
        path: DocumentPath,
        event: Event,
        message: str,
        hint: str,
        other: SourceLocation | None = None,
    ) -> None:
        if self._problems.limit_reached:
            raise _Stop
        self._problems.error(kind, SourceLocation(self._file, path), message, hint, mark=event_mark(event), other=other)

    def _stop(self, path: DocumentPath, event: Event, message: str, hint: str) -> _Stop:
        self._problems.error(ProblemKind.YAML, SourceLocation(self._file, path), message, hint, mark=event_mark(event))
        return _Stop()
