"""The documents of a folder as one: merged by key, and a key that two files define is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.config.document import DocumentPath, LocatedValue, SourceLocation, as_mapping
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.schema_check import ValidDocument
from reconciler.errors import ProblemKind

SECTIONS = ("instance", "people", "teams", "defaults", "policy", "groups")


ALL_SECTIONS = "*"
"""Stands among the broken names for "all of them": no name is spelled like that."""


@dataclass(frozen=True, slots=True)
class MergedConfig:
    """One configuration: per section the entries by key, each with its place.

    `broken` has the names of a section that exist but could not be read: referring to them is no further mistake.
    `lines` has the line of a trail in a file, for group keys and what else messages name by its line.
    """

    sections: Mapping[str, Mapping[str, LocatedValue]]
    region: LocatedValue | None = None
    restrictions: LocatedValue | None = None
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lines: Mapping[str, Mapping[DocumentPath, int]] = field(default_factory=dict)

    def where(self, place: SourceLocation) -> str:
        """File and line: `groups.yaml:31`; of what stands behind a YAML alias, the nearest line above it."""
        lines, trail = self.lines[place.file], place.path
        found = (lines[trail[:end]] for end in range(len(trail), 0, -1) if trail[:end] in lines)
        return f"{place.file}:{next(found, 1)}"

    def is_broken(self, section: str, name: str) -> bool:
        """Whether this name may stand for something that could not be read."""
        return not self.broken[section].isdisjoint((name, ALL_SECTIONS))


def merge(folder: str | None, parts: Sequence[ValidDocument], findings: ProblemCollector) -> MergedConfig:
    """Put the parts together in the order of their files; `folder` is what the user named, None for a single file."""
    if folder is not None and not any("version" in part.document.root for part in parts):
        hint = "one file of the folder must have `version: 1`"
        findings.error(ProblemKind.MISSING_KEY, SourceLocation(folder), "`version` is missing", hint)
    return MergedConfig(
        {section: _entries(section, parts, findings) for section in SECTIONS},
        _only("region", parts, findings),
        _only("restrictions", parts, findings),
        {section: _broken(section, parts) for section in ("people", "teams", "region")},
        {part.document.file: part.document.lines for part in parts},
    )


def _only(section: str, parts: Sequence[ValidDocument], findings: ProblemCollector) -> LocatedValue | None:
    """What the one file says that may have this section; its place is that of the key."""
    first: LocatedValue | None = None
    for part in parts:
        if section not in part.root:
            continue
        entry = LocatedValue(part.root[section], SourceLocation(part.document.file, (section,), key=True))
        if first is None:
            first = entry
        else:
            message = f"`{section}` is defined twice, first at"
            findings.error(ProblemKind.DUPLICATE_KEY, entry.place, message, "keep one of them", other=first.place)
    return first


def _entries(section: str, parts: Sequence[ValidDocument], findings: ProblemCollector) -> dict[str, LocatedValue]:
    entries: dict[str, LocatedValue] = {}
    for part in parts:
        for key, value in as_mapping(part.root.get(section, {})).items():
            place = SourceLocation(part.document.file, (section, key))
            if key in entries:
                first = entries[key].place
                message = f"{quote_value(key)} is defined twice, first at"
                findings.error(
                    ProblemKind.DUPLICATE_KEY, place.as_key(), message, "keep one of them", other=first.as_key()
                )
            else:
                entries[key] = LocatedValue(value, place)
    return entries


def _broken(section: str, parts: Sequence[ValidDocument]) -> frozenset[str]:
    trails = [trail for part in parts for trail in part.broken if trail[:1] == (section,) and len(trail) <= 2]
    return frozenset(str(trail[1]) if len(trail) == 2 else ALL_SECTIONS for trail in trails)
