"""Where in a file's text a value stands: looked up by a second pass, only when there is something to report."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from yaml import YAMLError
from yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.config.document import DocumentPath
from reconciler.config.yaml_events import NextEvent, events_of


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """Line and column (from 1) of a value and of the key before it; for a list's item both are the item's."""

    key: tuple[int, int]
    value: tuple[int, int]


def locate(text: str, wanted: Collection[DocumentPath]) -> dict[DocumentPath, SourceSpan]:
    """Find the wanted values; what is not in the text itself (behind an alias, say) gets the nearest spot above it.

    A text that breaks off gives what stands before the break; then some trails may be missing.
    """
    search = _Search(events_of(text), set(wanted))
    with suppress(YAMLError, _AllFound):  # bad YAML is reported by the reader, with its own line and column
        search.run()
    return {trail: spot for trail in wanted if (spot := search.nearest(trail)) is not None}


class _AllFound(Exception):
    """The rest of the text need not be read; the reader may have stopped before a part that never ends."""


class _Search:
    """One pass over the events that goes down only where something is wanted."""

    def __init__(self, next_event: NextEvent, wanted: set[DocumentPath]) -> None:
        self._next = next_event
        self._prefixes = {trail[:end] for trail in wanted for end in range(len(trail) + 1)}
        self._missing = wanted
        self._spots: dict[DocumentPath, SourceSpan] = {}

    def nearest(self, trail: DocumentPath) -> SourceSpan | None:
        """The spot of the trail, else of the closest one above it."""
        ends = range(len(trail), -1, -1)
        return next((self._spots[trail[:end]] for end in ends if trail[:end] in self._spots), None)

    def run(self) -> None:
        """Read the first document."""
        for _ in range(2):
            self._next()  # the starts of the stream and of the document
        event: Event | None = self._next()
        if event is not None:
            self._node(event, (), _mark(event))

    def _node(self, event: Event, trail: DocumentPath, key: tuple[int, int]) -> None:
        if trail not in self._prefixes:
            self._skip(event)
            return
        # The first of two equal keys is the one that counts; the second has its own mark.
        self._spots.setdefault(trail, SourceSpan(key, _mark(event)))
        self._missing.discard(trail)
        if not self._missing:
            raise _AllFound
        if isinstance(event, SequenceStartEvent):
            index = 0
            while not isinstance(event := self._next(), SequenceEndEvent):
                self._node(event, (*trail, index), _mark(event))
                index += 1
        elif isinstance(event, MappingStartEvent):
            while not isinstance(event := self._next(), MappingEndEvent):
                if isinstance(event, ScalarEvent):
                    self._node(self._next(), (*trail, event.value), _mark(event))
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


def _mark(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
