"""Where the values that are to change are in a YAML text, character by character; what stays is only skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

from yaml.error import Mark
from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.config.document import Tree
from reconciler.config.yaml_events import events_of
from reconciler.model.text import composed

Name: TypeAlias = "str | int"
"""The key of a mapping's entry, or the index of a list's."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value: its first character with its anchor, and the one after its last, without comments.

    `entries` are those of a list or mapping whose content is to change; of any other value there are none.
    """

    event: NodeEvent
    start: int
    end: int
    entries: tuple[Entry, ...] = ()

    @property
    def is_flow(self) -> bool:
        """Whether it is a list or a mapping in brackets or braces."""
        return isinstance(self.event, CollectionStartEvent) and bool(self.event.flow_style)

    @property
    def content_start(self) -> int:
        """The first character after the anchor and what follows it on the line, if there is an anchor."""
        return self.start if self.event.anchor is None else self.start + len(self.event.anchor) + 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, or an item (without `key`)."""

    key: ScalarEvent | None
    value: Node

    @property
    def start(self) -> int:
        """The first character of the key or the item; the dash before an item is not part of it."""
        return self.value.start if self.key is None else mark_of(self.key.start_mark)

    @property
    def key_end(self) -> int:
        """The character after the key."""
        return self.value.start if self.key is None else mark_of(self.key.end_mark)

    @property
    def end(self) -> int:
        """The character after the value, or after the colon of an empty one."""
        return self.value.end


def mark_of(mark: object) -> int:
    """Return the index of a mark in the text."""
    return int(cast("Mark", mark).index)


def compose(text: str, old: Tree, new: Tree) -> Node:
    """Return the root of a valid text that means `old`, with the entries that lead to a difference from `new`."""
    return _Composer(text).root(old, new)


class _Composer:
    """Makes nodes of events; `_end` is the end of what was read last, without the white space after it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = events_of(text)
        self._end = 0

    def root(self, old: Tree, new: Tree) -> Node:
        for _ in range(2):
            self._next()  # the starts of the stream and of the document
        return self._node(self._next(), old, new)

    def _node(self, event: Event, old: Tree, new: Tree) -> Node:
        start = mark_of(event.start_mark)
        entries: tuple[Entry, ...] = ()
        if isinstance(event, MappingStartEvent) and isinstance(old, dict) and isinstance(new, dict) and old != new:
            entries = self._mapping(event, old, new)
        elif isinstance(event, SequenceStartEvent) and isinstance(old, list) and isinstance(new, list) and old != new:
            entries = self._sequence(event, old, new)
        else:
            self._skip(event)
        return Node(cast("NodeEvent", event), start, self._end, entries)

    def _mapping(self, event: MappingStartEvent, old: dict[str, Tree], new: dict[str, Tree]) -> tuple[Entry, ...]:
        entries = []
        while not isinstance(key := self._next(), MappingEndEvent):
            assert isinstance(key, ScalarEvent)  # noqa: S101  the reader refuses other keys
            self._read(key)
            name = composed(key.value)
            entries.append(Entry(key, self._node(self._next(), old[name], new.get(name))))
        self._close(event, key)
        return tuple(entries)

    def _sequence(self, event: SequenceStartEvent, old: list[Tree], new: list[Tree]) -> tuple[Entry, ...]:
        pairs = paired_items(old, new)
        entries: list[Entry] = []
        while not isinstance(item := self._next(), SequenceEndEvent):
            index = len(entries)
            partner = pairs.get(index)
            entries.append(Entry(None, self._node(item, old[index], old[index] if partner is None else new[partner])))
        self._close(event, item)
        return tuple(entries)

    def _skip(self, event: Event) -> None:
        """Read up to the end of a value that begins with this event."""
        if not isinstance(event, CollectionStartEvent):
            self._read(event)
            return
        open_ = [event]
        while open_:
            event = self._next()
            if isinstance(event, CollectionStartEvent):
                open_.append(event)
            elif isinstance(event, CollectionEndEvent):
                self._close(open_.pop(), event)
            else:
                self._read(event)

    def _read(self, event: Event) -> None:
        self._end = mark_of(event.end_mark)
        if isinstance(event, ScalarEvent) and event.style in ("|", ">"):  # it ends where the next token begins
            start = mark_of(event.start_mark)
            while self._end > start and self._text[self._end - 1] in " \t\r\n":
                self._end -= 1

    def _close(self, start: CollectionStartEvent, end: Event) -> None:
        if start.flow_style:  # a block ends where the next token begins, so its last value says where it ends
            self._end = mark_of(end.end_mark)


def paired_items(old: list[Tree], new: list[Tree]) -> dict[int, int]:
    """Return the indexes of the items of two lists that are one item: equal ones, and one that replaces another."""
    from difflib import SequenceMatcher

    pairs: dict[int, int] = {}
    matcher = SequenceMatcher(None, [repr(item) for item in old], [repr(item) for item in new], autojunk=False)
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        pairs.update(zip(range(start, end), range(new_start, new_end), strict=False))
    return pairs
