"""What the changes of a text are made of: the text with its lines, what differs between two values, a splice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from yaml.events import AliasEvent, NodeEvent

from reconciler.config.document import Tree
from reconciler.config.yaml_events import DocumentPath
from reconciler.editing.yaml_nodes import Name, Node, paired_items
from reconciler.editing.yaml_style import Style
from reconciler.model.text import composed

SHARED = "its text is shared through a YAML alias"
UNSAFE = "its text cannot be edited safely"
_BREAK = r"(?>\r\n|\n|\r)"
_LINE_BREAK = re.compile(_BREAK)
_REST_OF_LINE = re.compile(rf"[^\r\n]*(?:{_BREAK}|\Z)")
_COMMENT_OR_BLANK = re.compile(rf"[ \t]*(?:#[^\r\n]*)?(?:{_BREAK}|\Z)")
_BETWEEN = re.compile(rf"(?:[ \t]+#[^\r\n]*|[ \t]+|{_BREAK}[ \t]*#[^\r\n]*|{_BREAK})*")
"""White space and comments."""


class NotEditable(Exception):
    """A value whose text cannot be edited: the path of the value, and why."""

    def __init__(self, path: DocumentPath, reason: str = UNSAFE) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Splice:
    """A text that replaces the characters from `start` up to `end`; nothing is replaced where both are equal."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file by lines, and the anchors that an alias uses.

    `written` has, by path, entries that are already YAML, as lines that are indented by two spaces.
    """

    text: str
    used: frozenset[str | None]
    written: Mapping[DocumentPath, str] = field(default_factory=dict)

    @property
    def line_break(self) -> str:
        """The first line break."""
        match = _LINE_BREAK.search(self.text)
        return match[0] if match else "\n"

    def line_start(self, index: int) -> int:
        """Return the first character of a line."""
        return max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) + 1

    def line_end(self, index: int) -> int:
        """Return the first character of the next line."""
        match = _REST_OF_LINE.match(self.text, index)
        return len(self.text) if match is None else match.end()

    def line_above(self, index: int) -> int:
        """Return the first character of the line before the one that begins at an index."""
        return self.line_start(index - (2 if self.text.endswith("\r\n", 0, index) else 1))

    def column(self, index: int) -> int:
        """Return how many characters of its line are before a character."""
        return index - self.line_start(index)

    def begins_line(self, index: int) -> bool:
        """Return whether only white space is before a character on its line."""
        return not self.text[self.line_start(index) : index].strip(" \t")

    def ends_line(self, index: int) -> bool:
        """Return whether at most white space and a comment follow on the line."""
        return _COMMENT_OR_BLANK.match(self.text, index) is not None

    def after_space(self, index: int) -> int:
        """Return the first character from here on that is neither white space nor in a comment."""
        match = _BETWEEN.match(self.text, index)
        return index if match is None else match.end()

    def ends_without_break(self) -> bool:
        """Return whether the last line has no line break."""
        return not self.text.endswith(("\n", "\r"))

    def is_shared(self, event: NodeEvent) -> bool:
        """Return whether a value is also in another place, through a YAML alias."""
        return isinstance(event, AliasEvent) or (event.anchor is not None and event.anchor in self.used)

    def entry_lines(
        self, path: DocumentPath, entries: tuple[tuple[str | None, Tree], ...], style: Style, column: int
    ) -> list[str]:
        """Return the lines of new entries in a block, each with its indentation."""
        found = []
        for key, value in entries:
            written = self.written.get((*path, key)) if key is not None else None
            lines = style.block(key, value) if written is None else [line[2:] for line in written.split("\n")]
            found += [" " * column + line if line else "" for line in lines]
        return found


@dataclass(frozen=True, slots=True)
class Difference:
    """How the entries of a list or mapping differ from the wanted ones.

    `kept` has entries by index, each with its key or index, the old and the new value. `inserted` has the new ones by
    the index of the entry that they come before.
    """

    kept: Mapping[int, tuple[Name, Tree, Tree]]
    inserted: Mapping[int, tuple[tuple[str | None, Tree], ...]]

    @classmethod
    def of(cls, node: Node, old: Tree, new: Tree) -> Difference:
        """Compare two lists or two mappings."""
        kept: dict[int, tuple[Name, Tree, Tree]]
        wanted: list[tuple[str | None, Tree]]
        if isinstance(old, list) and isinstance(new, list):
            pairs = paired_items(old, new)
            kept = {index: (index, old[index], new[partner]) for index, partner in pairs.items()}
            at = {partner: index for index, partner in pairs.items()}
            wanted = [(None, value) for value in new]
        else:
            assert isinstance(old, dict)  # noqa: S101  the caller compares two of a kind
            assert isinstance(new, dict)  # noqa: S101
            keys = [composed(entry.key.value) for entry in node.entries if entry.key is not None]
            kept = {index: (key, old[key], new[key]) for index, key in enumerate(keys) if key in new}
            at = {place: keys.index(key) for place, key in enumerate(new) if key in old}
            wanted = list(new.items())
        inserted: dict[int, tuple[tuple[str | None, Tree], ...]] = {}
        slot = 0
        for place, entry in enumerate(wanted):
            if place in at:
                slot = at[place] + 1
            else:
                inserted[slot] = (*inserted.get(slot, ()), entry)
        return cls(kept, inserted)
