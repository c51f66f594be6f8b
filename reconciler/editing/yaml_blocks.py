"""Change the entries of lists and mappings that are written in blocks, one entry below the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yaml.events import SequenceStartEvent

from reconciler.config.yaml_events import DocumentPath
from reconciler.editing.yaml_layout import Difference, NotEditable, Splice, Text
from reconciler.editing.yaml_nodes import Entry, Node
from reconciler.editing.yaml_style import Style


def block_changes(
    text: Text, node: Node, owner: Entry | None, difference: Difference, style: Style, path: DocumentPath
) -> Iterator[Splice]:
    """Yield the changes of the entries themselves, not those within them."""
    places = _places(text, node, path)
    block = _Block(text, node, path, places, [index for index in range(len(places)) if index in difference.kept])
    new = {slot: text.entry_lines(path, entries, style, block.column) for slot, entries in difference.inserted.items()}
    if not block.left and not text.begins_line(places[0]):
        yield block.replaced([line for lines in new.values() for line in lines])
    elif not block.left and not new:
        yield from block.emptied(owner)
    else:
        yield from (block.inserted(slot, lines) for slot, lines in new.items())
        yield from block.deleted()


@dataclass(frozen=True, slots=True)
class _Block:
    """A list or mapping: the place of each key or dash, and the indexes of the entries that stay."""

    text: Text
    node: Node
    path: DocumentPath
    places: list[int]
    left: list[int]

    @property
    def column(self) -> int:
        """The column of the keys or dashes."""
        return self.text.column(self.places[0])

    @property
    def brackets(self) -> str:
        """What is written for a value without entries."""
        return "[]" if isinstance(self.node.event, SequenceStartEvent) else "{}"

    def inserted(self, slot: int, lines: list[str]) -> Splice:
        """Return the change that adds lines before the entry with an index, or after the last one."""
        text, entries, end = self.text, self.node.entries, self.text.line_break
        before = [index for index in self.left if index < slot]
        if not before and text.begins_line(self.places[0]):
            at = text.line_start(self.places[0])
            return Splice(at, at, "".join(line + end for line in lines))
        if not before:  # the first entry follows a dash on its line
            at, indent = self.places[0], " " * self.column
            return Splice(at, at, (end.join(lines) + end + indent).removeprefix(indent))
        previous = before[-1]
        at = self._below(entries[previous].end, is_last=slot == len(entries))
        if not self.path or (previous > 0 and self._has_blank_line_above(self.places[previous])):
            lines = ["", *lines]
        if at == len(text.text) and text.ends_without_break():
            return Splice(at, at, "".join(end + line for line in lines))
        return Splice(at, at, "".join(line + end for line in lines))

    def deleted(self) -> Iterator[Splice]:
        """Yield the changes that take the lines of the other entries away."""
        text, entries = self.text, self.node.entries
        for index in (index for index in range(len(entries)) if index not in self.left):
            place, end = self.places[index], text.line_end(entries[index].end)
            if text.begins_line(place):
                start = text.line_start(place)
                if end == len(text.text) and text.ends_without_break() and start > 0:
                    start -= 2 if text.text.endswith("\r\n", 0, start) else 1
                yield Splice(start, end)
                continue
            following = self.places[self.left[0]]
            if "#" in text.text[end:following]:
                raise NotEditable(self.path)
            yield Splice(place, following)

    def emptied(self, owner: Entry | None) -> Iterator[Splice]:
        """Yield the changes that leave empty brackets after the key, and no entry."""
        if owner is None:
            raise NotEditable(self.path)
        if self.node.event.anchor is not None:
            at = self.node.content_start
        elif owner.key is not None:
            at = self.text.text.index(":", owner.key_end) + 1
        else:
            raise NotEditable(self.path)
        yield Splice(at, at, f" {self.brackets}")
        yield from self.deleted()

    def replaced(self, lines: list[str]) -> Splice:
        """Return the change that puts lines in the place of all entries, the first of which follows a dash."""
        written = self.text.line_break.join(lines).strip(" ") or self.brackets
        return Splice(self.places[0], self.node.entries[-1].end, written)

    def _below(self, end: int, *, is_last: bool) -> int:
        """Return where the line below an entry begins, after the comments that belong to the entry.

        These are indented more deeply than it; below the last entry also those right below at its own depth.
        """
        text = self.text
        found = at = text.line_end(end)
        may_be_even = is_last
        while at < len(text.text) and text.ends_line(at):
            line = text.text[at : text.line_end(at)]
            comment = line.lstrip(" \t")
            depth = len(line) - len(comment)
            at += len(line)
            if not comment.startswith("#"):
                may_be_even = False
            elif depth > self.column or (may_be_even and depth == self.column):
                found = at
            else:
                break
        return found

    def _has_blank_line_above(self, place: int) -> bool:
        """Return whether a blank line is right above an entry, or above the comments there."""
        text, at = self.text, self.text.line_start(place)
        while at > 0:
            start = text.line_above(at)
            line = text.text[start:at].strip()
            if not line.startswith("#"):
                return not line
            at = start
        return False


def _places(text: Text, node: Node, path: DocumentPath) -> list[int]:
    """Return where each key or dash is."""
    places: list[int] = []
    end = node.content_start
    for entry in node.entries:
        place = text.after_space(end) if entry.key is None else entry.start
        before = text.text[text.line_start(place) : place].strip(" \t")
        if entry.key is None and not text.text.startswith("-", place):
            raise NotEditable(path)
        if before.endswith("?") and not before.strip(" \t-?:"):
            raise NotEditable(path)  # its keys follow question marks
        if places and before:
            raise NotEditable(path)
        places.append(place)
        end = entry.end
    return places
