"""Change the entries of lists and mappings in brackets or braces, on one line or several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.config.problem_collector import format_path
from reconciler.config.yaml_events import DocumentPath
from reconciler.editing.yaml_layout import Difference, NotEditable, Splice, Text
from reconciler.editing.yaml_nodes import Entry, Node
from reconciler.editing.yaml_style import Style

_COMMENTS = "comments are between its entries"
_SEPARATOR = re.compile(r"[ \t]*(,[ \t]*)")


def bracket_changes(
    text: Text, node: Node, _: Entry | None, difference: Difference, style: Style, path: DocumentPath
) -> Iterator[Splice]:
    """Yield the changes of the entries themselves, not those within them."""
    if any((*path, key) in text.written for entries in difference.inserted.values() for key, _ in entries if key):
        _refuse_lines(node, path)
    count = len(node.entries)
    brackets = _Brackets(text, node, path, [index for index in range(count) if index in difference.kept])
    new = {
        slot: [style.flow_entry(key, value) for key, value in entries] for slot, entries in difference.inserted.items()
    }
    if count and not brackets.left and not new and brackets.in_lines_alone(0, count - 1):
        yield from brackets.without_lines(0, count - 1)
        return
    if not brackets.left:
        yield brackets.replaced([each for entries in new.values() for each in entries])
        return
    yield from (splice for slot, entries in new.items() for splice in brackets.inserted(slot, entries))
    yield from brackets.deleted(ends_with_new=count in new)


def _refuse_lines(node: Node, path: DocumentPath) -> None:
    """Raise NotEditable: an entry that is already written, in lines, does not fit into braces."""
    if not path:
        raise NotEditable(path, "the whole file is written in braces")
    way_out = "" if node.entries else "; delete this line, which has no entries"
    raise NotEditable(path, f"`{format_path(path)}` is written in braces{way_out}")


@dataclass(frozen=True, slots=True)
class _Brackets:
    """A list or mapping, and the indexes of the entries that stay."""

    text: Text
    node: Node
    path: DocumentPath
    left: list[int]

    @property
    def in_lines(self) -> bool:
        """Whether each entry is on lines of its own."""
        text, entries, close = self.text, self.node.entries, self.node.end - 1
        begin = all(text.begins_line(entry.start) for entry in entries)
        return begin and (len(entries) > 1 or text.begins_line(close))

    @property
    def separator(self) -> str:
        """What is between two entries on one line."""
        entries = self.node.entries
        match = _SEPARATOR.fullmatch(self.text.text, entries[0].end, entries[1].start) if len(entries) > 1 else None
        return ", " if match is None else match[1]

    def replaced(self, entries: list[str]) -> Splice:
        """Return the change that puts other entries in the place of all."""
        text, close = self.text.text, self.node.end - 1
        if not self.node.entries:
            return Splice(close, close, ", ".join(entries))
        start, end = self.node.entries[0].start, self.node.entries[-1].end
        comma = self._comma(len(self.node.entries) - 1)
        end = end if comma is None else comma + 1
        if not entries:
            start = text.rindex("[" if text[close] == "]" else "{", self.node.start, start) + 1
            end = close
        if "#" in text[start:end]:
            raise NotEditable(self.path, _COMMENTS)
        return Splice(start, end, ", ".join(entries))

    def inserted(self, slot: int, new: list[str]) -> Iterator[Splice]:
        """Yield the changes that add entries before the one with an index, or after the last one."""
        text, entries = self.text, self.node.entries
        before = [index for index in self.left if index < slot]
        if not before:
            first = entries[self.left[0]].start
            between = self._line_between(first) if self.in_lines else self.separator
            yield Splice(first, first, "".join(each + between for each in new))
            return
        previous = entries[before[-1]]
        comma = self._comma(before[-1])
        end = previous.end if comma is None else comma + 1
        if not self.in_lines or not text.ends_line(end):
            between = self._line_between(previous.start) if self.in_lines else self.separator
            yield Splice(previous.end, previous.end, "".join(between + each for each in new))
            return
        if comma is None:
            yield Splice(previous.end, previous.end, ",")
        indent, below = " " * text.column(previous.start), text.line_end(end)
        lines = [f"{indent}{each}," for each in new]
        if comma is None:
            lines[-1] = lines[-1].removesuffix(",")
        yield Splice(below, below, "".join(line + text.line_break for line in lines))

    def deleted(self, *, ends_with_new: bool) -> Iterator[Splice]:
        """Yield the changes that take the other entries away, run by run."""
        count = len(self.node.entries)
        gone = [index for index in range(count) if index not in self.left]
        starts = [index for index in gone if index - 1 not in gone]
        for start in starts:
            stop = start
            while stop + 1 in gone:
                stop += 1
            if self.in_lines_alone(start, stop):
                yield from self.without_lines(start, stop, ends_with_new=ends_with_new)
            else:
                yield self._without(start, stop)

    def in_lines_alone(self, start: int, stop: int) -> bool:
        """Return whether entries are on lines of their own, with nothing but a comma and a comment after them."""
        return self.in_lines and all(self._is_alone(index) for index in range(start, stop + 1))

    def without_lines(self, start: int, stop: int, *, ends_with_new: bool = False) -> Iterator[Splice]:
        """Yield the changes that take whole lines away, and the comma that would be the last one."""
        text, entries = self.text, self.node.entries
        for index in range(start, stop + 1):
            comma = self._comma(index)
            end = entries[index].end if comma is None else comma
            yield Splice(text.line_start(entries[index].start), text.line_end(end))
        is_last = stop == len(entries) - 1 and self._comma(stop) is None
        if is_last and start > 0 and not ends_with_new and (before := self._comma(start - 1)) is not None:
            yield Splice(before, before + 1)

    def _without(self, start: int, stop: int) -> Splice:
        """Return the change that takes entries away together with the comma before them, or after the first ones."""
        entries = self.node.entries
        splice = (
            Splice(entries[start - 1].end, entries[stop].end)
            if start > 0
            else Splice(entries[0].start, entries[stop + 1].start)
        )
        if "#" in self.text.text[splice.start : splice.end]:
            raise NotEditable(self.path, _COMMENTS)
        return splice

    def _is_alone(self, index: int) -> bool:
        """Return whether nothing but a comma and a comment follows an entry on its last line."""
        comma = self._comma(index)
        return self.text.ends_line(self.node.entries[index].end if comma is None else comma + 1)

    def _comma(self, index: int) -> int | None:
        """Return where the comma after an entry is; None if there is none."""
        at = self.text.after_space(self.node.entries[index].end)
        return at if self.text.text.startswith(",", at) else None

    def _line_between(self, index: int) -> str:
        """Return a comma, a line break and the indentation of a character's line."""
        return "," + self.text.line_break + " " * self.text.column(index)
