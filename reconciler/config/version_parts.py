"""Read the files of a version in parts: cut where a section, a group, a person or a team begins, each parsed once.

A part that is unchanged since the last version is not parsed again. A cut in the wrong place leaves a part that is not
complete, or has two entries; then the file is read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.config.document import LocatedValue, MergedConfig, SourceLocation, Tree, as_mapping
from reconciler.config.loader import SECTIONS
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.schema_check import check
from reconciler.config.yaml_reader import read_yaml

_KNOWN = frozenset({"version", "region", "restrictions", "sources", *SECTIONS})
"""Sections that are resolved version by version; with any other one the whole is loaded."""
_SPLIT_SECTIONS = ("groups", "people", "teams")
_TOP_KEY = re.compile(r"\n(?=[^ #\r\n])")
"""Where a line begins that is neither indented nor a comment."""
_SECTION = re.compile(r"(?P<name>[a-z_]+):(?P<nested> *(?:#[^\n]*)?\r?(?:\n|\Z))?")
_FIRST_ENTRY = re.compile(r"\n( +)[^ #\r\n]")
_PREAMBLE = re.compile(r"(?: *(?:#[^\n]*)?\r?\n)*+(?:---[ \t]*\r?\n)?(?: *(?:#[^\n]*)?\r?\n)*+")
"""Comments and blank lines, and among them perhaps the mark of a document's beginning."""
_ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
"""Line breaks of YAML, at which no text is cut here."""
_Entries = Mapping[str, LocatedValue]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file, parsed: the entries of its sections, each with its place, and sections without entries.

    `section` is what the part is about; "" for a whole file. `sources` are the entries of that list.
    """

    section: str
    sections: Mapping[str, _Entries]
    singles: Mapping[str, LocatedValue]
    has_version: bool
    sources: tuple[LocatedValue, ...] = ()


class Unsure(Exception):
    """Something is wrong, or may be: only a full load can tell."""


@dataclass(slots=True)
class PartReader:
    """Reads the files of versions in their order."""

    _parts: dict[tuple[str, str], tuple[str, Part]] = field(default_factory=dict)
    """The parts of the last version by file and section, each with its text."""
    _files: dict[str, tuple[str, dict[tuple[str, str], tuple[str, Part]]]] = field(default_factory=dict)
    """The text of each file, and its parts."""
    _entries: dict[tuple[str, str], Mapping[str, tuple[str, LocatedValue]]] = field(default_factory=dict)
    """By file and section: key and value of each entry, by its text."""
    _merged: dict[str, tuple[Sequence[_Entries], _Entries]] = field(default_factory=dict)
    """By section: the entries of each part, and those of all parts together."""

    def read(self, texts: Mapping[str, str]) -> MergedConfig:
        """Return the sections of all files, by their names and texts. Raises Unsure where anything may be wrong."""
        parts: dict[tuple[str, str], tuple[str, Part]] = {}
        files: dict[str, tuple[str, dict[tuple[str, str], tuple[str, Part]]]] = {}
        for file, text in texts.items():
            before, known = self._files.get(file, ("", None))
            files[file] = text, known if known is not None and before == text else self._parts_of(file, text)
            parts |= files[file][1]
        self._parts, self._files = parts, files
        if not any(part.has_version for part in self.parts.values()):
            raise Unsure
        return self._merge()

    @property
    def parts(self) -> Mapping[tuple[str, str], Part]:
        """The parts of the last version by file and section."""
        return {place: part for place, (_, part) in self._parts.items()}

    @property
    def sources(self) -> list[LocatedValue]:
        """The entries of `sources` of the last version, in the order of the files."""
        return [entry for part in self.parts.values() for entry in part.sources]

    def _parts_of(self, file: str, text: str) -> dict[tuple[str, str], tuple[str, Part]]:
        """Return the parts of a file; one that cannot be cut, or not safely, is one part."""
        pieces = _split(text)
        try:
            if pieces is not None and len(pieces) == len(dict(pieces)):
                return {(file, section): (piece, self._part(file, section, piece)) for section, piece in pieces}
        except Unsure:
            pass
        return {(file, ""): (text, self._part(file, "", text))}

    def _part(self, file: str, section: str, text: str) -> Part:
        """Return a part, parsed unless its text is that of the last version."""
        before, part = self._parts.get((file, section), ("", None))
        if part is not None and before == text:
            return part
        begin = _SECTION.match(text) if section in _SPLIT_SECTIONS else None
        if begin is None or not begin["nested"] or (entries := _entries(text)) is None:
            return _parse(file, section, text)
        known = self._entries.get((file, section))
        if known is None:
            found = _parse_entries(file, section, text, entries)
        else:
            found = {entry: known.get(entry) or _parse_entry(file, section, entry) for entry in entries}
        self._entries[file, section] = found
        values = dict(found.values())
        if len(values) < len(entries):
            raise Unsure  # something is defined twice
        return Part(section, {section: values}, {}, has_version=False)

    def _merge(self) -> MergedConfig:
        parts = list(self.parts.values())
        singles: dict[str, LocatedValue] = {}
        for part in parts:
            if not singles.keys().isdisjoint(part.singles):
                raise Unsure
            singles |= part.singles
        files = {file for file, _ in self._parts}
        return MergedConfig(
            sections={section: self._section(section, parts) for section in SECTIONS},
            region=singles.get("region"),
            restrictions=singles.get("restrictions"),
            broken={section: frozenset() for section in ("people", "teams", "region")},
            # Lines are for messages, and these are never shown.
            lines={file: {} for file in files},
        )

    def _section(self, section: str, parts: Sequence[Part]) -> _Entries:
        """Return the entries of all parts; where no part changed, the very same as in the last version."""
        entries = [part.sections[section] for part in parts if section in part.sections]
        before, merged = self._merged.get(section, ((), {}))
        if len(before) != len(entries) or any(old is not new for old, new in zip(before, entries, strict=True)):
            merged = {key: value for each in entries for key, value in each.items()}
            if len(merged) != sum(map(len, entries)):
                raise Unsure  # something is defined twice
            self._merged[section] = entries, merged
        return merged


def _split(text: str) -> list[tuple[str, str]] | None:
    """Return the sections of a text, each with its lines; None if unsure.

    Each cut is at the beginning of a line that begins a key, unless the text before it is not complete: an open
    bracket or quote, which is an error in a part of its own.
    """
    if _ODD_BREAK.search(text):
        return None
    parts: list[tuple[str, str]] = []
    starts = [0, *(found.end() for found in _TOP_KEY.finditer(text))]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        section = _SECTION.match(text, start, end)
        if section is None:
            if parts:
                return None
        elif parts or _PREAMBLE.fullmatch(text, 0, start):
            parts.append((section["name"], text[start:end]))
        else:
            return None
    return parts or None


def _entries(block: str) -> list[str] | None:
    """Return the entries of a section, each from the line of its key to the one before the next; None without any."""
    first = _FIRST_ENTRY.search(block)
    if first is None:
        return None
    # The literal text before the set makes the search fast.
    begin = re.compile(rf"\n{first[1]}(?=[^ #\r\n])")
    starts = [found.start() + 1 for found in begin.finditer(block)]
    return [block[start:end] for start, end in zip(starts, [*starts[1:], len(block)], strict=True)]


def _parse(file: str, section: str, text: str) -> Part:
    """Return a part of its own. Raises Unsure where anything is wrong with it."""
    problems = ProblemCollector()
    document = read_yaml(file, text, problems)
    if document is None:
        raise Unsure
    root = check(document, problems, in_folder=True).root
    if problems.failed or (section and list(document.root) != [section]) or not _KNOWN.issuperset(root):
        raise Unsure
    sections = {name: _located(file, name, root[name]) for name in SECTIONS if name in root}
    singles: dict[str, LocatedValue] = {
        name: LocatedValue(root[name], SourceLocation(file, (name,), key=True))
        for name in ("region", "restrictions")
        if name in root
    }
    sources = LocatedValue(root.get("sources") or [], SourceLocation(file, ("sources",)))
    return Part(section, sections, singles, "version" in document.root, tuple(sources.items()))


def _parse_entries(file: str, section: str, text: str, entries: Sequence[str]) -> dict[str, tuple[str, LocatedValue]]:
    """Return all entries of a section by their texts, parsed at once where each text begins with its own key."""
    values = _parse(file, section, text).sections[section]
    begin = [entry.lstrip(" ").partition(":")[0] for entry in entries]
    if begin == list(values):
        return dict(zip(entries, values.items(), strict=True))
    return {entry: _parse_entry(file, section, entry) for entry in entries}


def _parse_entry(file: str, section: str, text: str) -> tuple[str, LocatedValue]:
    entries = _parse(file, section, f"{section}:\n{text}").sections[section]
    if len(entries) != 1:
        raise Unsure
    return next(iter(entries.items()))


def _located(file: str, section: str, tree: Tree) -> _Entries:
    return {key: LocatedValue(value, SourceLocation(file, (section, key))) for key, value in as_mapping(tree).items()}
