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

from reconciler.config.document import LocatedValue, MergedConfig, SourceLocation, Tree, as_mapping, as_text
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
from reconciler.model.restrictions import RESTRICTED, Restrictions
from reconciler.model.text import composed

_SPLIT_SECTIONS = ("groups", "people", "teams")
_TOP_KEY = re.compile(r"\n(?=[^ #\r\n])")
"""Where a line begins that is neither indented nor a comment."""
_SECTION = re.compile(r"(?P<name>[a-z_]+):(?P<nested> *(?:#[^\n]*)?\r?(?:\n|\Z))?")
_FIRST_ENTRY = re.compile(r"\n( +)[^ #\r\n]")
_PREAMBLE = re.compile(r"(?:(?: *(?:#[^\n]*)?\r?\n)*(?:---[ \t]*\r?\n)?(?: *(?:#[^\n]*)?\r?(?:\n|\Z))*)?")
"""Comments and blank lines, and among them perhaps the mark of a document's beginning."""
_ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
"""Line breaks of YAML, at which no text is cut here."""
_K = TypeVar("_K")
_Entries = Mapping[str, LocatedValue]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a file, parsed: the entries of its sections, each with its place, and sections without entries.

    `section` is what the part is about; "" for a whole file.
    """

    section: str
    sections: Mapping[str, _Entries]
    singles: Mapping[str, LocatedValue]
    has_version: bool


class _Unsure(Exception):
    """Something is wrong, or may be: only a full load can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """The last version that loaded: what the next one is compared with."""

    merged: MergedConfig
    people: People
    memberships: Memberships
    groups: Mapping[str, DesiredGroup]
    desired: Desired


@dataclass(slots=True)
class VersionLoader:
    """Loads versions of one configuration in their order; each takes as long as what is new in it."""

    _parts: dict[tuple[str, str], tuple[str, _Part]] = field(default_factory=dict)
    """The parts of the last version by file and section, each with its text."""
    _entries: dict[tuple[str, str], Mapping[str, tuple[str, LocatedValue]]] = field(default_factory=dict)
    """By file and section: key and value of each entry, by its text."""
    _merged: dict[str, tuple[Sequence[_Entries], _Entries]] = field(default_factory=dict)
    """By section: the entries of each part, and those of all parts together."""
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
        parts: dict[tuple[str, str], tuple[str, _Part]] = {}
        for content in contents:
            source = decode_utf8(content.file, content.data, self._problems)
            if source is None:
                raise _Unsure
            parts |= self._parts_of(content.file, source.text)
        self._parts = parts
        if not any(part.has_version for _, part in parts.values()):
            raise _Unsure
        merged = self._merge()
        restrictions = self._restrictions(merged, contents, folder, name)
        version = self._resolve(merged, restrictions)
        if self._problems.failed:
            raise _Unsure
        return version

    def _parts_of(self, file: str, text: str) -> dict[tuple[str, str], tuple[str, _Part]]:
        """Return the parts of a file; one that cannot be cut, or not safely, is one part."""
        pieces = _split(text)
        try:
            if pieces is not None and len(pieces) == len(dict(pieces)):
                return {(file, section): (piece, self._part(file, section, piece)) for section, piece in pieces}
        except _Unsure:
            pass
        return {(file, ""): (text, self._part(file, "", text))}

    def _part(self, file: str, section: str, text: str) -> _Part:
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
            raise _Unsure  # something is defined twice
        return _Part(section, {section: values}, {}, has_version=False)

    def _merge(self) -> MergedConfig:
        parts = [part for _, part in self._parts.values()]
        singles: dict[str, LocatedValue] = {}
        for part in parts:
            if not singles.keys().isdisjoint(part.singles):
                raise _Unsure
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

    def _section(self, section: str, parts: Sequence[_Part]) -> _Entries:
        """Return the entries of all parts; where no part changed, the very same as in the last version."""
        entries = [part.sections[section] for part in parts if section in part.sections]
        before, merged = self._merged.get(section, ((), {}))
        if len(before) != len(entries) or any(old is not new for old, new in zip(before, entries, strict=True)):
            merged = {key: value for each in entries for key, value in each.items()}
            if len(merged) != sum(map(len, entries)):
                raise _Unsure  # something is defined twice
            self._merged[section] = entries, merged
        return merged

    def _restrictions(
        self, merged: MergedConfig, contents: Sequence[FileContent], folder: str | None, name: str
    ) -> Restrictions | None:
        entry = merged.restrictions
        if entry is None:
            return None
        paths = rule_paths([content.file for content in contents], folder, name)
        restrictions = check_restrictions(merged, (), paths, (), self._problems)
        if restrictions is None or (folder is not None and any(content.linked for content in contents)):
            raise _Unsure
        for section in RESTRICTED:
            for key, each in merged.sections[section].items():
                if not restrictions.allow(paths[each.place.file], section, key):
                    raise _Unsure
        # Of a section without entries, and of a file that was not cut, only a full check knows what they may define.
        for (file, section), (_, part) in self._parts.items():
            is_plain = section in RESTRICTED and part.sections.get(section)
            if file != entry.place.file and section != "version" and not is_plain:
                raise _Unsure
        return restrictions

    def _resolve(self, merged: MergedConfig, restrictions: Restrictions | None) -> _Version:
        last, problems, own = self._last, self._problems, merged.sections["instance"]
        if last is not None and _same(last.merged, merged, "people") and last.merged.region == merged.region:
            people = last.people
        else:
            people = People(merged, problems)
        policy = read_policy(merged, people, problems)
        instance = people.phone(own["phone"]) if "phone" in own else None
        is_same = last is not None and last.desired.policy == policy and last.desired.account == instance
        known_members = _unchanged_members(last, people) if last is not None and is_same else {}
        memberships = Memberships(merged, people, policy, problems, known_members)
        known = {}
        if last is not None and is_same:
            known = _unchanged_groups(last, merged, people, memberships.team_members)
        resolver = GroupResolver(merged, people, memberships, problems, date.min)
        groups = {key: known.get(key) or resolver.group(key) for key in sorted(merged.sections["groups"])}
        checker = GroupChecker(merged, problems, memberships.incomplete, instance, policy.max_members)
        checker.check_members([group for key, group in groups.items() if key not in known])
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
        return _Version(merged=merged, people=people, memberships=memberships, groups=groups, desired=desired)


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


def _parse(file: str, section: str, text: str) -> _Part:
    """Return a part of its own. Raises _Unsure where anything is wrong with it."""
    problems = ProblemCollector()
    document = read_yaml(file, text, problems)
    if document is None:
        raise _Unsure
    root = check(document, problems, in_folder=True).root
    if problems.failed or (section and list(document.root) != [section]):
        raise _Unsure
    sections = {name: _located(file, name, root[name]) for name in SECTIONS if name in root}
    singles: dict[str, LocatedValue] = {
        name: LocatedValue(root[name], SourceLocation(file, (name,), key=True))
        for name in ("region", "restrictions")
        if name in root
    }
    return _Part(section, sections, singles, has_version="version" in document.root)


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
        raise _Unsure
    return next(iter(entries.items()))


def _located(file: str, section: str, tree: Tree) -> _Entries:
    return {key: LocatedValue(value, SourceLocation(file, (section, key))) for key, value in as_mapping(tree).items()}


def _same(old: MergedConfig, new: MergedConfig, section: str) -> bool:
    before, after = old.sections[section], new.sections[section]
    # The order of people decides which alias of several is shown.
    return before is after or list(before.items()) == list(after.items())


def _unchanged_members(last: _Version, people: People) -> dict[str, Member]:
    """Return the members of the last version by how the file names them, without those who are somebody else now."""
    members = last.memberships.by_reference
    if people is last.people:
        return dict(members)
    known = people.by_identity
    return {
        reference: member
        for reference, member in members.items()
        if known.get(member.person.identity) == (member.person if member.person.alias is not None else None)
    }


def _unchanged_groups(
    last: _Version, merged: MergedConfig, people: People, teams: Mapping[str, Mapping[Identity, Member]]
) -> dict[str, DesiredGroup]:
    """Return the groups of the last version that mean the same in this one."""
    if not _same(last.merged, merged, "defaults"):
        return {}
    changed_people = _changed(last.people.by_identity, people.by_identity)
    changed_teams = _changed(last.memberships.team_members, teams)
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
    return {composed(as_text(team)) for team in teams} if isinstance(teams, list) else set()
