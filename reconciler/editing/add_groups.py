"""Add live groups that a file does not have, and their people; everything that is there stays, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from yaml.error import Mark
from yaml.events import MappingStartEvent

from reconciler.config import FileContent, load_contents
from reconciler.config.document import Tree, as_mapping
from reconciler.config.export import Entries, Existing
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.yaml_events import DocumentPath, used_anchors, walk
from reconciler.config.yaml_reader import read_yaml
from reconciler.diff.lookalike import Creation, LookalikeSearch
from reconciler.diff.match import match_groups, normalized_names
from reconciler.editing.yaml_edit import Insertion, YamlFile, is_shared
from reconciler.model.desired import Desired, Unmanaged
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.text import normalize

_ENTRY_INDENT = 2
_BREAK = r"(?>\r\n|\n|\r)"
_COMMENT_OR_BLANK = re.compile(rf"[ \t]*(?:#[^\r\n]*)?(?:{_BREAK}|\Z)")
_REST_OF_LINE = re.compile(rf"[^\r\n]*(?:{_BREAK}|\Z)")
_BLANK_LINE_BEFORE = re.compile(rf"{_BREAK}[ \t]*{_BREAK}(?:[ \t]*#[^\r\n]*{_BREAK})*[ \t]*\Z")
"""A blank line right before a place, apart from comments."""


class NotEditable(Exception):
    """A file whose layout cannot be edited safely; the text is the reason."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section in the text: the column of its keys, where text follows its last entry, and its last key's line."""

    column: int
    end: int
    last_key: int


def new_groups(groups: Sequence[LiveGroup], desired: Desired) -> list[LiveGroup]:
    """Return the live groups that a configuration does not have: by their id, or by name if a key has no id."""
    ids = {group.id for group in desired.groups if group.id is not None}
    names = {name for group in desired.groups if group.id is None for name in normalized_names(group)}
    return [group for group in groups if group.id not in ids and normalize(group.name) not in names]


def lookalikes(live: Sequence[LiveGroup], new: Sequence[LiveGroup], desired: Desired) -> dict[str, str]:
    """Return, by the ids of `new` groups, the key that no live group matches and that the group may be.

    Under a key of its own the group would block that key no more, and the next plan would create a second one.
    """
    matches = match_groups(desired.groups, [_entry(group) for group in live])
    creations = [
        Creation.of(match, desired) for match in matches.values() if match.creates and match.group.lookalikes is None
    ]
    search = LookalikeSearch.of(creations, (), desired)

    def key_of(group: LiveGroup) -> str | None:
        return next(iter(replace(search, others=[_entry(group)]).blocked({group.id: group})), None)

    found = ((group.id, key_of(group)) for group in new)
    return {group_id: key for group_id, key in found if key is not None}


def _entry(group: LiveGroup) -> ListedGroup:
    """Return a group that was read as the list would show it."""
    return ListedGroup(id=group.id, name=group.name, count=group.count, participants=group.participants)


def new_people(entries: Entries, desired: Desired) -> frozenset[str]:
    """Return the people of new groups who are not in a configuration, neither by an alias nor in a group."""
    known = {identity for group in desired.groups for identity in group.listed_members}
    return entries.members - desired.people.keys() - known


def existing_entries(file: YamlFile, desired: Desired) -> Existing:
    """Return what new entries of a file must not repeat."""
    names = {normalize(group.name) for group in desired.groups if not isinstance(group.name, Unmanaged)}
    return Existing(
        keys=_keys(file, "groups"),
        names=names,
        aliases={identity: person.alias for identity, person in desired.people.items() if person.alias is not None},
        taken=_keys(file, "people"),
        defaults=_keys(file, "defaults"),
    )


def add_entries(file: YamlFile, entries: Entries) -> bytes:
    """Return the bytes of the file with new entries.

    Raise NotEditable if its layout does not allow that, or if the result would mean anything else than the file and the
    entries; ConfigError if the result would not be valid.
    """
    added = {name: lines for name, lines in (("people", entries.people), ("groups", entries.groups)) if lines}
    wanted = {name: {**as_mapping(file.root.get(name) or {}), **_values(name, lines)} for name, lines in added.items()}
    # A section that is new follows everything that is there, also what is added to a section at the end.
    names = sorted(added, key=lambda name: name not in file.root)
    text = file.with_insertions(_joined(file, [_insertion(file, name, list(added[name].values())) for name in names]))
    if not file.means(text, {**file.root, **wanted}):
        raise NotEditable("its text cannot be edited without another change")
    load_contents([FileContent(file.source.file, text.encode())], as_of=date.min, folder=None, name=file.name)
    return file.encode(text)


def text_to_paste(entries: Entries) -> str:
    """Return the entries as YAML, below the keys of their sections."""
    sections = (("people", entries.people), ("groups", entries.groups))
    return "\n".join(line for name, lines in sections if lines for line in (f"{name}:", *lines.values()))


def _keys(file: YamlFile, section: str) -> list[str]:
    value = file.root.get(section)
    return list(value) if isinstance(value, dict) else []


def _values(section: str, lines: Mapping[str, str]) -> dict[str, Tree]:
    """Return what entries mean, which is read from their own lines."""
    document = read_yaml("", "\n".join([f"{section}:", *lines.values()]), ProblemCollector())
    assert document is not None  # noqa: S101  this program wrote the lines
    return as_mapping(document.root[section])


def _joined(file: YamlFile, insertions: Sequence[Insertion]) -> Iterator[Insertion]:
    """Join insertions at one place into one, in their order, on lines of their own."""
    for index in dict.fromkeys(insertion.index for insertion in insertions):
        follows_line = file.text[:index].endswith(("\r", "\n"))
        text = "".join(each.text for each in insertions if each.index == index)
        yield Insertion(index, text if follows_line else file.line_break() + text)


def _insertion(file: YamlFile, name: str, entries: Sequence[str]) -> Insertion:
    """Return the entries as lines below those of their section, or below its key at the end of the text."""
    if name not in file.root:
        column, end, lines = _ENTRY_INDENT, len(file.text), ["", f"{name}:"]
    else:
        section = _find(file, name)
        column, end, lines = section.column, section.end, []
        if _BLANK_LINE_BEFORE.search(file.text, 0, section.last_key):
            entries = [f"\n{entry}" for entry in entries]
    lines += [_indented(line, column) for entry in entries for line in entry.split("\n")]
    return Insertion(end, "".join(line + file.line_break() for line in lines))


def _indented(line: str, column: int) -> str:
    return " " * column + line[_ENTRY_INDENT:] if line else ""


def _find(file: YamlFile, name: str) -> _Section:
    """Return a section of the file; raise NotEditable if its entries are not written one below the other."""
    text, used = file.text, used_anchors(file.text)
    last: DocumentPath = (name, next(reversed(_keys(file, name)), ""))
    column, last_key, end = 0, 0, 0
    for path, key, value in walk(text, _Below(last)):
        if path == () and cast("MappingStartEvent", value).flow_style:
            raise NotEditable("the whole file is written in braces")
        if path == (name,) and is_shared(value, used):
            raise NotEditable(f"`{name}` is shared through a YAML alias")
        if path == (name,) and cast("MappingStartEvent", value).flow_style:
            way_out = "" if _keys(file, name) else "; delete this line, which has no entries"
            raise NotEditable(f"`{name}` is written in braces{way_out}")
        if path == last:
            mark = cast("Mark", key.start_mark)
            column, last_key = mark.column, mark.index
        if path[: len(last)] == last:
            end = max(end, cast("Mark", value.end_mark).index)
    return _Section(column, _end_of_entry(text, end, column), last_key)


@dataclass(frozen=True, slots=True)
class _Below:
    """All paths that lead to a value, or go on from it."""

    path: DocumentPath

    def __contains__(self, path: object) -> bool:
        steps = cast("DocumentPath", path)
        return steps[: len(self.path)] == self.path[: len(steps)]


def _end_of_entry(text: str, index: int, column: int) -> int:
    """Return where the line of an index ends, and the comments below it that are indented like the entry or deeper."""
    end = at = cast("re.Match[str]", _REST_OF_LINE.match(text, len(text[:index].rstrip()))).end()
    while at < len(text) and (line := _COMMENT_OR_BLANK.match(text, at)):
        at = line.end()
        comment = line[0].lstrip(" \t")
        if comment.startswith("#") and len(line[0]) - len(comment) >= column:
            end = at
    return end
