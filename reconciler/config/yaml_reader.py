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

from reconciler.config.document import DocumentPath, SourceLocation, Tree
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.yaml_events import MAX_YAML_DEPTH, NULLS, describe_yaml_error, events_of
from reconciler.errors import ProblemKind

MAX_EXPANDED_NODES = 100_000
"""Values (or 64 characters of text each) that aliases may add to a document beyond what is written out."""


_YAML_TAG = "tag:yaml.org,2002:"


_DROPPED = "?"
"""Stands in a trail for a key that is none: what is below it is read and dropped, and still counts as nested."""


@dataclass(slots=True)
class Document:
    """A file that could be read. `lines` has the line (from 1) of every group's key, and of what else messages name."""

    file: str
    root: dict[str, Tree]
    lines: dict[DocumentPath, int] = field(default_factory=dict)


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


def read_yaml(file: str, text: str, findings: ProblemCollector) -> Document | None:
    """Read a file's text; None, and the reasons among the findings, where it is no YAML mapping."""
    document = Document(file, {})
    try:
        root = _Reader(text, document, findings).document()
    except YAMLError as error:
        message, hint, mark = describe_yaml_error(error, text)
        findings.error(ProblemKind.YAML, SourceLocation(file), message, hint, mark=mark)
        return None
    except _Stop:
        return None
    if not isinstance(root, dict):
        message = "the file must be a mapping with `version: 1`, `groups:` and so on at its left edge"
        findings.error(ProblemKind.YAML, SourceLocation(file), message, "see `reconciler schema` for its keys")
        return None
    document.root = root
    return document


class _Reader:
    """Builds the tree from the events, going down by recursion that the depth limit bounds."""

    def __init__(self, text: str, document: Document, findings: ProblemCollector) -> None:
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

    def _node(self, event: Event, trail: DocumentPath) -> Tree:
        if isinstance(event, AliasEvent):
            return self._alias(event, trail)
        assert isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent))  # noqa: S101  YAML's grammar
        if event.tag is not None:
            tag = event.tag.replace(_YAML_TAG, "!!") if event.tag.startswith(_YAML_TAG) else event.tag
            message = f"the YAML tag {quote_value(tag)} is not allowed"
            self._error(ProblemKind.YAML, trail, event, message, "remove it: every value is text")
        if event.anchor is None:
            return self._content(event, trail)
        self._anchors[event.anchor] = None
        value = self._content(event, trail)
        self._anchors[event.anchor] = _Anchored(value, *self._measure(value))
        return value

    def _content(self, event: ScalarEvent | SequenceStartEvent | MappingStartEvent, trail: DocumentPath) -> Tree:
        if isinstance(event, ScalarEvent):
            return None if event.implicit[0] and event.value in NULLS else event.value
        if len(trail) >= MAX_YAML_DEPTH:
            message = f"the document is nested more than {MAX_YAML_DEPTH} levels deep"
            raise self._stopped(trail, event, message, "no configuration needs that")
        return self._sequence(trail) if isinstance(event, SequenceStartEvent) else self._mapping(trail)

    def _sequence(self, trail: DocumentPath) -> list[Tree]:
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

    def _mapping(self, trail: DocumentPath) -> dict[str, Tree]:
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

    def _key(self, event: Event, trail: DocumentPath, pairs: dict[str, Tree]) -> str | None:
        """The key; None where it is none, so that its value is read and dropped."""
        if not isinstance(event, ScalarEvent):
            self._error(
                ProblemKind.YAML, trail, event, "a key must be a plain text", "take the brackets or the alias away"
            )
            self._node(event, (*trail, _DROPPED))
            return None
        plain = event.implicit[0]
        if plain and event.value in NULLS:
            self._error(ProblemKind.YAML, trail, event, "a key is empty", "give it a name, or put it in quotes")
        elif plain and event.value == "<<":
            self._error(ProblemKind.YAML, trail, event, "merge keys are not supported", "use teams or defaults")
        elif event.value in pairs:
            first = SourceLocation(self._file, (*trail, event.value), key=True)
            message = f"{quote_value(event.value)} is defined twice, first at"
            self._error(ProblemKind.DUPLICATE_KEY, first.path, event, message, "keep one of them", other=first)
        else:
            if event.tag is not None or event.anchor is not None:
                self._error(ProblemKind.YAML, trail, event, "a key has a YAML tag or anchor", "remove it")
            return event.value
        return None

    def _alias(self, event: AliasEvent, trail: DocumentPath) -> Tree:
        name = quote_value(f"*{event.anchor}")
        if event.anchor not in self._anchors:
            message = f"the alias {name} has no anchor before it"
            raise self._stopped(trail, event, message, "quote a text that begins with an asterisk")
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise self._stopped(trail, event, f"the alias {name} contains itself", "write its content out")
        self._expanded += anchored.weight
        if self._expanded > MAX_EXPANDED_NODES or len(trail) + anchored.height > MAX_YAML_DEPTH:
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
        self,
        kind: ProblemKind,
        trail: DocumentPath,
        event: Event,
        message: str,
        hint: str,
        other: SourceLocation | None = None,
    ) -> None:
        if self._findings.limit_reached:
            raise _Stop
        self._findings.error(kind, SourceLocation(self._file, trail), message, hint, mark=_mark(event), other=other)

    def _stopped(self, trail: DocumentPath, event: Event, message: str, hint: str) -> _Stop:
        self._findings.error(ProblemKind.YAML, SourceLocation(self._file, trail), message, hint, mark=_mark(event))
        return _Stop()


def _mark(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)
