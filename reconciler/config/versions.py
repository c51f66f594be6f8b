"""Load many versions of one configuration one after the other, and read again only what changed.

A file is cut where a group, a person or a team begins, and each part is parsed once. A group is resolved again only if
its own lines changed, or somebody in it, or one of its teams, or a setting of all groups. Whatever this way finds wrong
is loaded again as a whole, so that no version is called invalid, or valid, that `load_contents` would not call so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from reconciler.config.document import LocatedValue, MergedConfig, SourceLocation, as_mapping, as_text
from reconciler.config.groups import GroupChecker, GroupResolver
from reconciler.config.loader import SECTIONS, FileContent, load_contents, rule_paths
from reconciler.config.memberships import MAX_MEMBERSHIPS, Memberships
from reconciler.config.people import People
from reconciler.config.policy import read_account_since, read_policy
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.restrictions import check_restrictions
from reconciler.config.schema_check import check
from reconciler.config.source_files import decode_utf8
from reconciler.config.yaml_reader import read_yaml
from reconciler.model.desired import Desired, DesiredGroup, Member, Person, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.restrictions import GLOBAL_SECTIONS, RESTRICTED, Restrictions

_SPLIT_SECTIONS = ("groups", "people", "teams")
_TOP_KEY = re.compile(r"\n(?=[^ #\r\n])")
"""Where a line begins that is neither indented nor a comment."""
_SECTION = re.compile(r"(?P<name>[a-z_]+):(?P<nested> *(?:#[^\n]*)?\r?(?:\n|\Z))?")
_FIRST_ENTRY = re.compile(r"\n( +)[^ #\r\n]")
_DOCUMENT_START = re.compile(r"---[ \t]*\r?")
_ODD_BREAK = re.compile(r"\r(?!\n)")
_K = TypeVar("_K")
_WHOLE = ""
"""Stands for the name of a part that is a whole file."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a file, parsed: every entry of a section, and every section without entries, each with its place."""

    entries: tuple[tuple[str, str, LocatedValue], ...]
    singles: tuple[tuple[str, LocatedValue], ...]
    has_version: bool
    lines: Mapping[tuple[str | int, ...], int]


class _Unsure(Exception):
    """Something is wrong, or may be: only a full load can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """The last version that loaded: what the next one is compared with."""

    merged: MergedConfig
    people: People
    teams: Mapping[str, Mapping[Identity, Member]]
    groups: Mapping[str, DesiredGroup]
    desired: Desired


@dataclass(slots=True)
class VersionLoader:
    """Loads versions of one configuration in their order; each takes as long as what is new in it."""

    _parts: dict[tuple[str, str, str], _Part] = field(default_factory=dict)
    _last: _Version | None = None
    _problems: ProblemCollector = field(default_factory=ProblemCollector)
    """Of all versions since the last that was not sure: people who are kept report into it."""

    def load(self, contents: Sequence[FileContent], *, as_of: date, folder: str | None, name: str) -> Desired:
        """Return what `load_contents` does, but with everybody whose `until` is over among the members.

        `sources`, `warnings`, `origins` and the places in files are left out. Raises ConfigError with every problem,
        as of the day `as_of`.
        """
        try:
            self._last = self._load(contents, folder, name)
        except _Unsure:
            self._last, self._problems = None, ProblemCollector()
            return with_ended_members(load_contents(contents, as_of=as_of, folder=folder, name=name))
        return self._last.desired

    def _load(self, contents: Sequence[FileContent], folder: str | None, name: str) -> _Version:
        if not contents or any(content.error for content in contents):
            raise _Unsure
        problems = self._problems
        parts: dict[tuple[str, str, str], _Part] = {}
        for content in contents:
            source = decode_utf8(content.file, content.data, problems)
            if source is None:
                raise _Unsure
            parts |= self._parts_of(content.file, source.text)
        self._parts = parts
        if not any(part.has_version for part in parts.values()):
            raise _Unsure
        merged = _merge(list(parts.values()))
        restrictions = self._restrictions(merged, contents, folder, name, problems)
        version = self._resolve(merged, restrictions, problems)
        if problems.failed:
            raise _Unsure
        return version

    def _parts_of(self, file: str, text: str) -> dict[tuple[str, str, str], _Part]:
        """Return the parts of a file by their text; a file that cannot be cut, or not safely, is one part."""
        pieces = _split(text)
        try:
            if pieces is not None:
                keys = [(file, section, piece) for section, piece in pieces]
                parts = {key: self._parts.get(key) or _parse(*key) for key in keys}
                if len(parts) == len(keys):
                    return parts
        except _Unsure:
            pass
        key = (file, _WHOLE, text)
        return {key: self._parts.get(key) or _parse(*key)}

    def _restrictions(
        self,
        merged: MergedConfig,
        contents: Sequence[FileContent],
        folder: str | None,
        name: str,
        problems: ProblemCollector,
    ) -> Restrictions | None:
        entry = merged.restrictions
        if entry is None:
            return None
        paths = rule_paths([content.file for content in contents], folder, name)
        restrictions = check_restrictions(merged, (), paths, (), problems)
        if restrictions is None or (folder is not None and any(content.linked for content in contents)):
            raise _Unsure
        for section in RESTRICTED:
            for key, each in merged.sections[section].items():
                if not restrictions.allow(paths[each.place.file], section, key):
                    raise _Unsure
        # Of a section without entries, and of a file that was not cut, only a full check knows what they may define.
        if any(
            file != entry.place.file and (section in (_WHOLE, *GLOBAL_SECTIONS) or not part.entries)
            for (file, section, _), part in self._parts.items()
        ):
            raise _Unsure
        return restrictions

    def _resolve(self, merged: MergedConfig, restrictions: Restrictions | None, problems: ProblemCollector) -> _Version:
        last = self._last
        old = last.merged if last is not None else None
        own = merged.sections["instance"]
        if last is not None and old is not None and _same(old, merged, "people") and old.region == merged.region:
            people = last.people
        else:
            people = People(merged, problems)
        policy = read_policy(merged, people, problems)
        instance = people.phone(own["phone"]) if "phone" in own else None
        memberships = Memberships(merged, people, policy, problems)
        teams = memberships.team_members
        resolver = GroupResolver(merged, people, memberships, problems, date.min)
        known = {}
        if last is not None and last.desired.policy == policy and last.desired.account == instance:
            known = _unchanged_groups(last, merged, people, teams)
        groups = {key: known.get(key) or resolver.group(key) for key in sorted(merged.sections["groups"])}
        checker = GroupChecker(merged, problems, memberships.incomplete, instance, policy.max_members)
        new = [group for key, group in groups.items() if key not in known]
        checker.check_members(new)
        checker.check_ids_and_names(list(groups.values()))
        people.report_unknown_aliases()
        if sum(len(group.listed_members) for group in groups.values()) > MAX_MEMBERSHIPS // 2:
            raise _Unsure
        desired = Desired(
            groups=tuple(groups.values()),
            people=people.by_identity,
            instance_id=as_text(own["id"].value) if "id" in own else None,
            account=instance,
            account_since=read_account_since(own.get("since"), policy, problems),
            policy=policy,
            region=people.region,
            restrictions=restrictions,
        )
        return _Version(merged=merged, people=people, teams=teams, groups=groups, desired=desired)


def with_ended_members(desired: Desired) -> Desired:
    """Return the same with everybody whose `until` is over among the members, for questions about other days."""
    if not any(group.expired for group in desired.groups):
        return desired
    return replace(desired, groups=tuple(map(_with_ended, desired.groups)))


def _with_ended(group: DesiredGroup) -> DesiredGroup:
    if not group.expired:
        return group
    members = {**group.listed_members, **{member.person.identity: member for member in group.expired}}
    return replace(group, members=members, expired=())


def _split(text: str) -> list[tuple[str, str]] | None:
    """Return the parts of a text, each with its section and as a text that means the same by itself; None if unsure.

    Each cut is at the beginning of a line that begins a key, unless the text before it is not complete: an open
    bracket or quote, which is an error in a part of its own.
    """
    if _ODD_BREAK.search(text):
        return None
    parts: list[tuple[str, str]] = []
    starts = [0, *(found.end() for found in _TOP_KEY.finditer(text))]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        block = text[start:end]
        section = _SECTION.match(block)
        if section is None:
            # Before the first key may be comments, and the mark of a document's beginning.
            if parts or not all(_is_preamble(line) for line in block.split("\n")):
                return None
        elif section["name"] in _SPLIT_SECTIONS and section["nested"]:
            parts += [(section["name"], f"{section['name']}:\n{entry}") for entry in _entries(block)]
        else:
            parts.append((section["name"], block))
    return parts


def _is_preamble(line: str) -> bool:
    return line.strip()[:1] in ("", "#") or _DOCUMENT_START.fullmatch(line) is not None


def _entries(block: str) -> list[str]:
    """Return the entries of a section, each from the line of its key to the one before the next."""
    first = _FIRST_ENTRY.search(block)
    if first is None:
        return [block.partition("\n")[2]]
    # The literal text before the set makes the search fast.
    begin = re.compile(rf"\n{first[1]}(?=[^ #\r\n])")
    starts = [found.start() + 1 for found in begin.finditer(block)]
    return [block[start:end] for start, end in zip(starts, [*starts[1:], len(block)], strict=True)]


def _parse(file: str, section: str, text: str) -> _Part:
    problems = ProblemCollector()
    document = read_yaml(file, text, problems)
    if document is None:
        raise _Unsure
    root = check(document, problems, in_folder=True).root
    if problems.failed:
        raise _Unsure
    if section != _WHOLE:
        value = document.root.get(section)
        is_entry = section in _SPLIT_SECTIONS and text.startswith(f"{section}:\n")
        has_one = isinstance(value, dict) and len(value) == 1
        if list(document.root) != [section] or (is_entry and not has_one):
            raise _Unsure
    entries = [
        (name, key, LocatedValue(value, SourceLocation(file, (name, key))))
        for name in SECTIONS
        for key, value in as_mapping(root.get(name, {})).items()
    ]
    singles = [
        (name, LocatedValue(root[name], SourceLocation(file, (name,), key=True)))
        for name in ("region", "restrictions")
        if name in root
    ]
    return _Part(tuple(entries), tuple(singles), "version" in document.root, document.lines)


def _merge(parts: Sequence[_Part]) -> MergedConfig:
    sections: dict[str, dict[str, LocatedValue]] = {section: {} for section in SECTIONS}
    singles: dict[str, LocatedValue] = {}
    lines: dict[str, Mapping[tuple[str | int, ...], int]] = {}
    count = single_count = 0
    for part in parts:
        for section, key, value in part.entries:
            sections[section][key] = value
        for name, single in part.singles:
            singles[name] = single
            lines.setdefault(single.place.file, {})
        count += len(part.entries)
        single_count += len(part.singles)
    if count != sum(map(len, sections.values())) or single_count != len(singles):
        raise _Unsure  # something is defined twice
    files = {value.place.file for entries in sections.values() for value in entries.values()}
    return MergedConfig(
        sections=sections,
        region=singles.get("region"),
        restrictions=singles.get("restrictions"),
        broken={section: frozenset() for section in ("people", "teams", "region")},
        # Lines are for messages, and these are never shown.
        lines={file: {} for file in [*files, *lines]},
    )


def _same(old: MergedConfig, new: MergedConfig, section: str) -> bool:
    return list(old.sections[section].items()) == list(new.sections[section].items())


def _unchanged_groups(
    last: _Version, merged: MergedConfig, people: People, teams: Mapping[str, Mapping[Identity, Member]]
) -> dict[str, DesiredGroup]:
    """Return the groups of the last version that mean the same in this one."""
    if not _same(last.merged, merged, "defaults"):
        return {}
    changed_people = _changed(last.people.by_identity, people.by_identity)
    changed_teams = _changed(last.teams, teams)
    old, new = last.merged.sections["groups"], merged.sections["groups"]
    default_teams = merged.sections["defaults"].get("teams")
    return {
        key: group
        for key, group in last.groups.items()
        if key in new
        and (new[key] is old[key] or new[key] == old[key])
        and (not changed_people or changed_people.isdisjoint(_identities(group)))
        and (not changed_teams or changed_teams.isdisjoint(_teams(new[key], default_teams)))
    }


def _changed(old: Mapping[_K, object], new: Mapping[_K, object]) -> set[_K]:
    if old is new:
        return set()
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _identities(group: DesiredGroup) -> set[Identity]:
    admins: Mapping[Identity, Person] = {} if isinstance(group.admins, Unmanaged) else group.admins
    return {*group.listed_members, *group.absent, *admins}


def _teams(entry: LocatedValue, default: LocatedValue | None) -> set[str]:
    teams = as_mapping(entry.value).get("teams", default.value if default is not None else None)
    return {as_text(team) for team in teams} if isinstance(teams, list) else set()
