"""A configuration as plain values, and where each value stands: its path in a document and its line in the text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from yaml import YAMLError

from reconciler.config.yaml_events import DocumentPath, event_mark, walk

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"
"""A document without types: every scalar is text; None is an empty value (nothing, `~` or `null`)."""


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
class CellLocation(SourceLocation):
    """A cell of a people file, or the whole file. Nothing is inside.

    `row` counts from 1, `line` too; they are 0 where there is none. `column` is the name of the column, or of the
    property in a file without rows. `part` is the file of an archive. `past`: the row was there in an
    earlier version of the file.
    """

    row: int = 0
    line: int = 0
    column: str = ""
    part: str = ""
    past: bool = False

    def at(self, *_: str | int) -> SourceLocation:
        """Return the cell itself."""
        return self

    def as_key(self) -> SourceLocation:
        """Return the cell itself."""
        return self


ALL_NAMES = "*"
"""Stands among the broken names for "all of them": no name is spelled like that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedConfig:
    """One configuration: the entries of each section by key, each with its place; the rules of all files.

    `broken` has the names of a section that exist but could not be read: a reference to them is no second mistake.
    `lines` has, by file, the line of each path that a message may name.
    """

    sections: Mapping[str, Mapping[str, LocatedValue]]
    region: LocatedValue | None = None
    restrictions: LocatedValue | None = None
    rules: tuple[LocatedValue, ...] = ()
    tests: tuple[LocatedValue, ...] = ()
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lines: Mapping[str, Mapping[DocumentPath, int]] = field(default_factory=dict)

    def file_and_line(self, place: SourceLocation) -> str:
        """Return `groups.yaml:31`; for a value behind a YAML alias, the nearest line above it."""
        lines, path = self.lines[place.file], place.path
        candidates = (lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines)
        return f"{place.file}:{next(candidates, 1)}"

    def is_broken(self, section: str, name: str) -> bool:
        """Return whether this name may stand for an entry that could not be read."""
        return not self.broken[section].isdisjoint((name, ALL_NAMES))

    def group_fields(self, key: str) -> dict[str, LocatedValue]:
        """Return the fields of a group, with the defaults for those that it does not have."""
        entry = self.sections["groups"][key]
        own = {name: LocatedValue(value, entry.place.at(name)) for name, value in as_mapping(entry.value).items()}
        return {**self.sections["defaults"], **own}


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
    spans: dict[DocumentPath, SourceSpan] = {}
    missing = set(paths)
    with suppress(YAMLError):  # the reader reports invalid YAML with its own line and column
        for path, key, value in walk(text, {each[:end] for each in paths for end in range(len(each) + 1)}):
            # The first of two equal keys is the one that counts; the second has its own mark.
            spans.setdefault(path, SourceSpan(event_mark(key), event_mark(value)))
            missing.discard(path)
            if not missing:
                break  # the reader may have stopped before a part that never ends
    if () not in spans:
        return {}
    return {path: next(spans[path[:end]] for end in range(len(path), -1, -1) if path[:end] in spans) for path in paths}


def mark_finder(
    texts: Mapping[str, str], places: Iterable[SourceLocation]
) -> Callable[[SourceLocation], tuple[int, int]]:
    """Return a function that returns the line and column (from 1) of each of these places; (0, 0) where there is none.

    `texts` has the text of each file: every text is read once.
    """
    paths: dict[str, set[DocumentPath]] = {}
    for place in places:
        if place.file in texts:
            paths.setdefault(place.file, set()).add(place.path)
    spans = {file: locate(texts[file], wanted) for file, wanted in paths.items()}

    def mark_of(place: SourceLocation) -> tuple[int, int]:
        if isinstance(place, CellLocation):
            return (place.line, 1) if place.line else (0, 0)
        span = spans[place.file].get(place.path) if place.file in spans else None
        return (0, 0) if span is None else span.key if place.key else span.value

    return mark_of
