"""A YAML document as plain values, and where each value stands: its path in the document and its line in the text."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias, cast

from yaml import YAMLError
from yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.config.yaml_events import NextEvent, event_mark, events_of

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"
"""A document without types: every scalar is text; None is an empty value (nothing, `~` or `null`)."""
DocumentPath: TypeAlias = tuple[str | int, ...]
"""The way from the root to a value: keys and indexes (from 0)."""


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A value in a file, or with `key` the key that leads to it. `file` is the path as the user gave it."""

    file: str
    path: DocumentPath = ()
    key: bool = False

    def at(self, *steps: str | int) -> SourceLocation:
        """Return the place of a value inside this one."""
        return SourceLocation(self.file, (*self.path, *steps))

    def as_key(self) -> SourceLocation:
        """Return the place of the key that leads to this value."""
        return SourceLocation(self.file, self.path, key=True)


@dataclass(frozen=True, slots=True)
class LocatedValue:
    """A value together with its place, for problems that only a later step can see."""

    value: Tree
    place: SourceLocation

    def field(self, key: str) -> LocatedValue | None:
        """Return a field of this mapping; None if the mapping does not have it."""
        fields = as_mapping(self.value)
        return LocatedValue(fields[key], self.place.at(key)) if key in fields else None

    def items(self) -> Iterator[LocatedValue]:
        """Yield the items of this list."""
        return (LocatedValue(item, self.place.at(index)) for index, item in as_items(self.value))


def as_mapping(tree: Tree) -> dict[str, Tree]:
    """Return the value, which the schema makes a mapping."""
    return cast("dict[str, Tree]", tree)


def as_items(tree: Tree) -> Iterator[tuple[int, Tree]]:
    """Yield the items of a list with their indexes, without those that the schema check took out."""
    return ((index, item) for index, item in enumerate(as_sequence(tree)) if item is not None)


def as_sequence(tree: Tree) -> list[Tree]:
    """Return the value, which the schema makes a list."""
    return cast("list[Tree]", tree)


def as_text(tree: Tree) -> str:
    """Return the value, which the schema makes a scalar."""
    return cast("str", tree)


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """Line and column (from 1) of a value and of the key before it; for a list's item both are the item's."""

    key: tuple[int, int]
    value: tuple[int, int]


def locate(text: str, paths: Collection[DocumentPath]) -> dict[DocumentPath, SourceSpan]:
    """Return the lines and columns of values, found by a second pass over the text.

    A value that is not in the text itself (behind an alias, say) gets the span of the nearest value above it. If the
    text is invalid YAML from some point on, values after that point may be missing.
    """
    search = _Search(events_of(text), set(paths))
    with suppress(YAMLError, _AllFound):  # the reader reports invalid YAML with its own line and column
        search.run()
    return {path: span for path in paths if (span := search.nearest(path)) is not None}


class _AllFound(Exception):
    """The rest of the text need not be read; the reader may have stopped before a part that never ends."""


class _Search:
    """One pass over the events that enters only values on the way to a wanted path."""

    def __init__(self, next_event: NextEvent, paths: set[DocumentPath]) -> None:
        self._next = next_event
        self._prefixes = {path[:end] for path in paths for end in range(len(path) + 1)}
        self._missing = paths
        self._spans: dict[DocumentPath, SourceSpan] = {}

    def nearest(self, path: DocumentPath) -> SourceSpan | None:
        """Return the span of the path, or else of the closest value above it."""
        ends = range(len(path), -1, -1)
        return next((self._spans[path[:end]] for end in ends if path[:end] in self._spans), None)

    def run(self) -> None:
        """Read the first document."""
        for _ in range(2):
            self._next()  # the starts of the stream and of the document
        event: Event | None = self._next()
        if event is not None:
            self._visit(event, (), event_mark(event))

    def _visit(self, event: Event, path: DocumentPath, key: tuple[int, int]) -> None:
        if path not in self._prefixes:
            self._skip(event)
            return
        # The first of two equal keys is the one that counts; the second has its own mark.
        self._spans.setdefault(path, SourceSpan(key, event_mark(event)))
        self._missing.discard(path)
        if not self._missing:
            raise _AllFound
        if isinstance(event, SequenceStartEvent):
            index = 0
            while not isinstance(event := self._next(), SequenceEndEvent):
                self._visit(event, (*path, index), event_mark(event))
                index += 1
        elif isinstance(event, MappingStartEvent):
            while not isinstance(event := self._next(), MappingEndEvent):
                if isinstance(event, ScalarEvent):
                    self._visit(self._next(), (*path, event.value), event_mark(event))
                else:
                    self._skip(event)
                    self._skip(self._next())

    def _skip(self, event: Event) -> None:
        depth = 0
        while True:
            if isinstance(event, (SequenceStartEvent, MappingStartEvent)):
                depth += 1
            elif isinstance(event, (SequenceEndEvent, MappingEndEvent)):
                depth -= 1
            if depth == 0:
                return
            event = self._next()
