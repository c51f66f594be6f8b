"""One YAML file as a tree without types, and every way in which a file can be no usable YAML.

Every scalar stays text, so that `+1 202…`, `0171…` or `no` never becomes a number, an octal or a truth value. What
could make a small file huge (aliases of aliases) or deep is stopped while it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.config.events import DEEPEST, NULLS, events_of, trouble
from reconciler.config.findings import Findings
from reconciler.config.quoting import shown
from reconciler.config.tree import Place, Trail, Tree
from reconciler.errors import Kind

MOST_EXPANDED = 100_000
"""Values (or 64 characters of text each) that aliases may add to a document beyond what is written out."""

_YAML_TAG = "tag:yaml.org,2002:"
_DROPPED = "?"
"""Stands in a trail for a key that is none: what is below it is read and dropped, and still counts as nested."""


@dataclass(slots=True)
class Document:
    """A file that could be read. `lines` has the line (from 1) of every group's key, and of what else messages name."""

    file: str
    root: dict[str, Tree]
    lines: dict[Trail, int] = field(default_factory=dict)


_NAMED = frozenset({"allowed_countries", "max_members", "max_removals", "path", "restrictions"})
"""Keys that messages about something else name with their line."""


class _Stop(Exception):
    """The file cannot be read on; the reason is among the findings."""


@dataclass(slots=True)
class _Anchored:
    """What an anchor stands for: how much it weighs when written out, and how many levels it has."""

    value: Tree
    weight: int
    height: int


def read(file: str, text: str, findings: Findings) -> Document | None:
    """Read a file's text; None, and the reasons among the findings, where it is no YAML mapping."""
    document = Document(file, {})
    try:
        root = _Reader(text, document, findings).document()
    except YAMLError as error:
        message, hint, mark = trouble(error, text)
        findings.error(Kind.YAML, Place(file), message, hint, mark=mark)
        return None
    except _Stop:
        return None
    if not isinstance(root, dict):
        message = "the file must be a mapping with `version: 1`, `groups:` and so on at its left edge"
        findings.error(Kind.YAML, Place(file), message, "see `reconciler schema` for its keys")
        return None
    document.root = root
    return document


class _Reader:
    """Builds the tree from the events, going down by recursion that the depth limit bounds."""

    def __init__(self, text: str, document: Document, findings: Findings) -> None:
        self._next = events_of(text)
        self._file = document.file
        self._lines = document.lines
        self._findings = findings
        self._anchors: dict[str, _Anchored | None] = {}
        self._measures: dict[int, tuple[int, int]] = {}
        self._expanded = 0

    def document(self) -> Tree:
        """The one document of the stream."""
        self._next()
        if not isinstance(start := self._next(), DocumentStartEvent):
            raise self._stopped((), start, "the file is empty", "begin with `version: 1`")
        root = self._node(self._next(), ())
        self._next()
        if not isinstance(extra := self._next(), StreamEndEvent):
            message = "the file has several YAML documents"
            raise self._stopped((), extra, message, "put each into a file of its own, in one folder")
        return root

    def _node(self, event: Event, trail: Trail) -> Tree:
        if isinstance(event, AliasEvent):
            return self._alias(event, trail)
        assert isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent))  # noqa: S101  YAML's grammar
        if event.tag is not None:
            tag = event.tag.replace(_YAML_TAG, "!!") if event.tag.startswith(_YAML_TAG) else event.tag
            message = f"the YAML tag {shown(tag)} is not allowed"
            self._error(Kind.YAML, trail, event, message, "remove it: every value is text")
        if event.anchor is None:
            return self._content(event, trail)
        self._anchors[event.anchor] = None
        value = self._content(event, trail)
        self._anchors[event.anchor] = _Anchored(value, *self._measure(value))
        return value

    def _content(self, event: ScalarEvent | SequenceStartEvent | MappingStartEvent, trail: Trail) -> Tree:
        if isinstance(event, ScalarEvent):
            return None if event.implicit[0] and event.value in NULLS else event.value
        if len(trail) >= DEEPEST:
            message = f"the document is nested more than {DEEPEST} levels deep"
            raise self._stopped(trail, event, message, "no configuration needs that")
        return self._sequence(trail) if isinstance(event, SequenceStartEvent) else self._mapping(trail)

    def _sequence(self, trail: Trail) -> list[Tree]:
        items: list[Tree] = []
        nulls = NULLS
        while True:
            event = self._next()
            # The shortest way for what a file mostly has: plain items of long lists.
            if isinstance(event, ScalarEvent) and event.tag is event.anchor is None:
                value = event.value
                items.append(None if value in nulls and event.implicit[0] else value)
            elif isinstance(event, SequenceEndEvent):
                return items
            else:
                items.append(self._node(event, (*trail, len(items))))

    def _mapping(self, trail: Trail) -> dict[str, Tree]:
        pairs: dict[str, Tree] = {}
        of_groups = trail == ("groups",)
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, trail, pairs)
            if key is None:
                self._node(self._next(), (*trail, _DROPPED))
                continue
            if (of_groups or key in _NAMED) and event.start_mark:
                self._lines[(*trail, key)] = event.start_mark.line + 1
            pairs[key] = self._node(self._next(), (*trail, key))
        return pairs

    def _key(self, event: Event, trail: Trail, pairs: dict[str, Tree]) -> str | None:
        """The key; None where it is none, so that its value is read and dropped."""
        if not isinstance(event, ScalarEvent):
            self._error(Kind.YAML, trail, event, "a key must be a plain text", "take the brackets or the alias away")
            self._node(event, (*trail, _DROPPED))
            return None
        plain = event.implicit[0]
        if plain and event.value in NULLS:
            self._error(Kind.YAML, trail, event, "a key is empty", "give it a name, or put it in quotes")
        elif plain and event.value == "<<":
            self._error(Kind.YAML, trail, event, "merge keys are not supported", "use teams or defaults")
        elif event.value in pairs:
            first = Place(self._file, (*trail, event.value), key=True)
            message = f"{shown(event.value)} is defined twice, first at"
            self._error(Kind.DUPLICATE_KEY, first.trail, event, message, "keep one of them", other=first)
        else:
            if event.tag is not None or event.anchor is not None:
                self._error(Kind.YAML, trail, event, "a key has a YAML tag or anchor", "remove it")
            return event.value
        return None

    def _alias(self, event: AliasEvent, trail: Trail) -> Tree:
        name = shown(f"*{event.anchor}")
        if event.anchor not in self._anchors:
            message = f"the alias {name} has no anchor before it"
            raise self._stopped(trail, event, message, "quote a text that begins with an asterisk")
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise self._stopped(trail, event, f"the alias {name} contains itself", "write its content out")
        self._expanded += anchored.weight
        if self._expanded > MOST_EXPANDED or len(trail) + anchored.height > DEEPEST:
            message = f"the alias {name} makes the document too large"
            raise self._stopped(trail, event, message, "use teams or defaults instead of YAML aliases")
        return anchored.value

    def _measure(self, value: Tree) -> tuple[int, int]:
        """Weight and height of a value with all its aliases written out; each list and mapping is counted once."""
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
        self, kind: Kind, trail: Trail, event: Event, message: str, hint: str, other: Place | None = None
    ) -> None:
        if self._findings.full:
            raise _Stop
        self._findings.error(kind, Place(self._file, trail), message, hint, mark=_mark(event), other=other)

    def _stopped(self, trail: Trail, event: Event, message: str, hint: str) -> _Stop:
        self._findings.error(Kind.YAML, Place(self._file, trail), message, hint, mark=_mark(event))
        return _Stop()


def _mark(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
