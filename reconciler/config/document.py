"""A YAML document as plain values, and places in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

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
        """A place further down."""
        return SourceLocation(self.file, (*self.path, *steps))

    def as_key(self) -> SourceLocation:
        """The key that leads to this value."""
        return SourceLocation(self.file, self.path, key=True)


@dataclass(frozen=True, slots=True)
class LocatedValue:
    """A value together with its place, so that whatever is found wrong with it later can be located."""

    value: Tree
    place: SourceLocation


def as_mapping(tree: Tree) -> dict[str, Tree]:
    """The value, which the schema says is a mapping."""
    return cast("dict[str, Tree]", tree)


def as_items(tree: Tree) -> Iterator[tuple[int, Tree]]:
    """The sound items of a list with their indexes; what was taken out of it as broken is passed over."""
    return ((index, item) for index, item in enumerate(as_sequence(tree)) if item is not None)


def as_sequence(tree: Tree) -> list[Tree]:
    """The value, which the schema says is a list."""
    return cast("list[Tree]", tree)


def as_text(tree: Tree) -> str:
    """The value, which the schema says is a scalar."""
    return cast("str", tree)
