"""Merge the documents of a folder into one configuration, by key; a key in two files is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.config.document import DocumentPath, LocatedValue, SourceLocation, as_mapping
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.schema_check import ValidDocument
from reconciler.errors import ProblemKind

SECTIONS = ("instance", "people", "teams", "defaults", "policy", "groups")
_ALL_NAMES = "*"
"""Stands among the broken names for "all of them": no name is spelled like that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedConfig:
    """One configuration: the entries of each section by key, each with its place.

    `broken` has the names of a section that exist but could not be read: a reference to them is no second mistake.
    `lines` has, by file, the line of each path that a message may name.
    """

    sections: Mapping[str, Mapping[str, LocatedValue]]
    region: LocatedValue | None = None
    restrictions: LocatedValue | None = None
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lines: Mapping[str, Mapping[DocumentPath, int]] = field(default_factory=dict)

    def file_and_line(self, place: SourceLocation) -> str:
        """Return `groups.yaml:31`; for a value behind a YAML alias, the nearest line above it."""
        lines, path = self.lines[place.file], place.path
        candidates = (lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines)
        return f"{place.file}:{next(candidates, 1)}"

    def is_broken(self, section: str, name: str) -> bool:
        """Return whether this name may stand for an entry that could not be read."""
        return not self.broken[section].isdisjoint((name, _ALL_NAMES))

    def group_fields(self, key: str) -> dict[str, LocatedValue]:
        """Return the fields of a group, with the defaults for those that it does not have."""
        entry = self.sections["groups"][key]
        own = {name: LocatedValue(value, entry.place.at(name)) for name, value in as_mapping(entry.value).items()}
        return {**self.sections["defaults"], **own}


def merge(folder: str | None, documents: Sequence[ValidDocument], problems: ProblemCollector) -> MergedConfig:
    """Merge the documents in the order of their files; `folder` is the path that the user gave, None for one file."""
    if folder is not None and not any("version" in document.source.root for document in documents):
        hint = "add `version: 1` to one file of the folder"
        problems.error(ProblemKind.MISSING_KEY, SourceLocation(folder), "`version` is missing", hint)
    return MergedConfig(
        sections={section: _entries(section, documents, problems) for section in SECTIONS},
        region=_single("region", documents, problems),
        restrictions=_single("restrictions", documents, problems),
        broken={section: _broken_names(section, documents) for section in ("people", "teams", "region")},
        lines={document.file: document.source.lines for document in documents},
    )


def _single(section: str, documents: Sequence[ValidDocument], problems: ProblemCollector) -> LocatedValue | None:
    """Return a section that only one file may have; its place is that of the key."""
    first: LocatedValue | None = None
    for document in documents:
        if section not in document.root:
            continue
        entry = LocatedValue(document.root[section], SourceLocation(document.file, (section,), key=True))
        if first is None:
            first = entry
        else:
            message = f"`{section}` is defined twice, first at"
            problems.error(ProblemKind.DUPLICATE_KEY, entry.place, message, "keep one of them", other=first.place)
    return first


def _entries(section: str, documents: Sequence[ValidDocument], problems: ProblemCollector) -> dict[str, LocatedValue]:
    entries: dict[str, LocatedValue] = {}
    for document in documents:
        for key, value in as_mapping(document.root.get(section, {})).items():
            place = SourceLocation(document.file, (section, key))
            first = entries.setdefault(key, LocatedValue(value, place)).place
            if first != place:
                message = f"{quote_value(key)} is defined twice, first at"
                hint = "keep one of them"
                problems.error(ProblemKind.DUPLICATE_KEY, place.as_key(), message, hint, other=first.as_key())
    return entries


def _broken_names(section: str, documents: Sequence[ValidDocument]) -> frozenset[str]:
    paths = (path for document in documents for path in document.broken if path[:1] == (section,))
    return frozenset(str(path[1]) if len(path) == 2 else _ALL_NAMES for path in paths if len(path) <= 2)
