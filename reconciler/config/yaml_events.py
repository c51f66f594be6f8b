"""Read the text of a YAML file as events: one after the other, with libyaml if it is installed.

Events instead of composed nodes: libyaml composes by recursion in C and crashes the whole process on a file of a
hundred thousand brackets. Its event stream does not recurse, so the reader can stop as soon as the nesting is too deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from typing import TypeAlias, cast

from yaml import BaseLoader, __with_libyaml__
from yaml.error import Mark, MarkedYAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.model.text import composed

DocumentPath: TypeAlias = tuple[str | int, ...]
"""The way from the root to a value: keys, in Unicode's composed form, and indexes (from 0)."""
NextEvent = Callable[[], Event]
_SURROGATE = re.compile("[\\ud800-\\udfff]")


class _PurePythonLoader(BaseLoader):
    """PyYAML's own loader, for installations without libyaml."""

    def get_event(self) -> Event:
        """Return the next event; reject half of a surrogate pair, as libyaml does."""
        event: Event = super().get_event()  # type: ignore[no-untyped-call]  # the stubs do not say
        if isinstance(event, ScalarEvent) and _SURROGATE.search(event.value):
            mark = cast("Mark", event.start_mark)
            raise MarkedYAMLError(None, None, "found invalid Unicode character escape code", mark)
        return event


def events_of(text: str) -> NextEvent:
    """Return a function that returns the next event of the text at each call, and raises YAMLError if it is invalid."""
    if not __with_libyaml__:
        return _PurePythonLoader(text).get_event
    from yaml import CBaseLoader

    return CBaseLoader(text).get_event  # type: ignore[return-value]  # asked only up to the end of the stream


def walk(text: str, wanted: Container[DocumentPath]) -> Iterator[tuple[DocumentPath, Event, Event]]:
    """Yield the wanted values of the first document: path, the event of the key (or again of the value), the value's.

    Only wanted values are entered. Raise YAMLError at the point from which the text is invalid.
    """
    next_event = events_of(text)
    for _ in range(2):
        next_event()  # the starts of the stream and of the document
    if (root := next_event()) is not None:
        yield from _walk(next_event, (), root, root, wanted)


def _walk(
    next_event: NextEvent, path: DocumentPath, key: Event, value: Event, wanted: Container[DocumentPath]
) -> Iterator[tuple[DocumentPath, Event, Event]]:
    if path not in wanted:
        _skip(next_event, value)
        return
    yield path, key, value
    if isinstance(value, SequenceStartEvent):
        index = 0
        while not isinstance(item := next_event(), SequenceEndEvent):
            yield from _walk(next_event, (*path, index), item, item, wanted)
            index += 1
    elif isinstance(value, MappingStartEvent):
        while not isinstance(key := next_event(), MappingEndEvent):
            if isinstance(key, ScalarEvent):
                yield from _walk(next_event, (*path, composed(key.value)), key, next_event(), wanted)
            else:
                _skip(next_event, key)
                _skip(next_event, next_event())


def _skip(next_event: NextEvent, event: Event) -> None:
    """Read up to the end of a value that begins with this event."""
    depth = int(isinstance(event, CollectionStartEvent))
    while depth > 0:
        event = next_event()
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)


def used_anchors(text: str) -> frozenset[str | None]:
    """Return the anchors of a valid text to which an alias leads."""
    events = iter(events_of(text), None)
    return frozenset(event.anchor for event in events if isinstance(event, AliasEvent))


def event_mark(event: Event) -> tuple[int, int]:
    """Return the line and column of an event, both from 1; zeros if the parser gives none."""
    mark = event.start_mark
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
