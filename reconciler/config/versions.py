"""Load many versions of one configuration one after the other, and read again only what changed.

A file is cut where a group, a person or a team begins, and each part is parsed once. People files are read again only
if one of them changed. A group is resolved again only if its own lines changed, or somebody in it, or one of its teams,
or a setting of all groups. Whatever this way finds wrong is loaded again as a whole, so that no version is called
invalid, or valid, that `load_contents` would not call so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from reconciler.config.document import LocatedValue, MergedConfig, Tree, as_mapping, as_text
from reconciler.config.groups import GroupChecker, GroupResolver
from reconciler.config.loader import load_contents, rule_paths
from reconciler.config.memberships import MAX_MEMBERSHIPS, Memberships
from reconciler.config.people import People
from reconciler.config.policy import read_account_since, read_policy
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.restrictions import check_restrictions
from reconciler.config.source_files import FileContent, decode_utf8, find_people_files
from reconciler.config.sources import FileFinder, add_sources
from reconciler.config.version_parts import PartReader, Unsure
from reconciler.model.desired import Desired, DesiredGroup, Member, Person, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.restrictions import RESTRICTED, Restrictions
from reconciler.model.text import composed
from reconciler.sources.model import FileHistory

_K = TypeVar("_K")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """The last version that loaded: what the next one is compared with."""

    merged: MergedConfig
    people: People
    memberships: Memberships
    groups: Mapping[str, DesiredGroup]
    desired: Desired


@dataclass(frozen=True, slots=True)
class _PeopleFiles:
    """What was read of the people files of a version, and of what: `found` has the files of each search."""

    entries: Sequence[LocatedValue]
    before: MergedConfig
    as_of: date | None
    found: Mapping[tuple[str, str], Mapping[str, FileContent]]
    sections: Mapping[str, Mapping[str, LocatedValue]]


@dataclass(slots=True)
class VersionLoader:
    """Loads versions of one configuration in their order; each takes as long as what is new in it."""

    _parts: PartReader = field(default_factory=PartReader)
    _last: _Version | None = None
    _people_files: _PeopleFiles | None = None
    _problems: ProblemCollector = field(default_factory=ProblemCollector)
    """Of all versions since the last that was not sure: people who are kept report into it."""

    def load(
        self,
        contents: Sequence[FileContent],
        *,
        as_of: date,
        folder: str | None,
        name: str,
        find: FileFinder = find_people_files,
        history: Callable[[], FileHistory] | None = None,
    ) -> Desired:
        """Return what `load_contents` does, but with everybody whose `until` is over among the members.

        `sources`, `warnings`, `origins` and the places in files are left out. Raises ConfigError with every problem,
        as of the day `as_of`.
        """
        try:
            self._last = self._load(contents, as_of, folder, name, find)
        except Unsure:
            self._last, self._people_files, self._problems = None, None, ProblemCollector()
            loaded = load_contents(contents, as_of=as_of, folder=folder, name=name, find=find, history=history)
            return with_ended_members(loaded)
        return self._last.desired

    def _load(
        self, contents: Sequence[FileContent], as_of: date, folder: str | None, name: str, find: FileFinder
    ) -> _Version:
        if not contents or any(content.error for content in contents):
            raise Unsure
        sources = [decode_utf8(content.file, content.data, self._problems) for content in contents]
        if None in sources:
            raise Unsure
        merged = self._parts.read({source.file: source.text for source in sources if source is not None})
        restrictions = self._restrictions(merged, contents, folder, name)
        if self._parts.sources:
            paths = rule_paths([content.file for content in contents], folder, name)
            merged = self._with_people_files(merged, paths, find, as_of)
        version = self._resolve(merged, restrictions)
        if self._problems.failed:
            raise Unsure
        return version

    def _restrictions(
        self, merged: MergedConfig, contents: Sequence[FileContent], folder: str | None, name: str
    ) -> Restrictions | None:
        entry = merged.restrictions
        if entry is None:
            return None
        paths = rule_paths([content.file for content in contents], folder, name)
        restrictions = check_restrictions(merged, (), (), paths, (), self._problems)
        if restrictions is None or (folder is not None and any(content.linked for content in contents)):
            raise Unsure
        if self._parts.sources:
            raise Unsure  # a people file may define what its path does not allow
        for section in RESTRICTED:
            for key, each in merged.sections.get(section, {}).items():
                if not restrictions.allow(paths[each.place.file], section, key):
                    raise Unsure
        # Of a section without entries, and of a file that was not cut, only a full check knows what they may define.
        for (file, section), part in self._parts.parts.items():
            is_plain = section in RESTRICTED and part.sections.get(section)
            if file != entry.place.file and section != "version" and not is_plain:
                raise Unsure
        return restrictions

    def _with_people_files(
        self, merged: MergedConfig, paths: Mapping[str, str], find: FileFinder, as_of: date
    ) -> MergedConfig:
        """Return the configuration with the people and teams of its people files, read again if anything changed."""
        entries = self._parts.sources
        fields = [as_mapping(entry.value) for entry in entries]
        if any("grace" in each for each in fields):
            raise Unsure  # who left lately is in the history of the file
        day = as_of if any("oneroster" in each for each in fields) else None
        last = self._people_files
        if (
            last is None
            or (last.entries, last.as_of) != (entries, day)
            or not all(_same(last.before, merged, section) for section in ("people", "teams", "policy"))
            or last.before.region != merged.region
            or any(find(*search) != found for search, found in last.found.items())
        ):
            last = self._people_files = self._read_people_files(merged, entries, paths, find, as_of, day)
        return replace(merged, sections={**merged.sections, **last.sections})

    def _read_people_files(
        self,
        merged: MergedConfig,
        entries: Sequence[LocatedValue],
        paths: Mapping[str, str],
        find: FileFinder,
        as_of: date,
        day: date | None,
    ) -> _PeopleFiles:
        found: dict[tuple[str, str], Mapping[str, FileContent]] = {}

        def note(file: str, pattern: str) -> Mapping[str, FileContent]:
            found[file, pattern] = find(file, pattern)
            return found[file, pattern]

        full, _ = add_sources(merged, entries, paths, note, self._problems, as_of)
        if self._problems.failed:
            raise Unsure
        sections = {section: full.sections[section] for section in ("people", "teams")}
        return _PeopleFiles(entries, merged, day, found, sections)

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
            raise Unsure
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


def _same(old: MergedConfig, new: MergedConfig, section: str) -> bool:
    before, after = old.sections[section], new.sections[section]
    # The order of people decides which alias of several is shown.
    return before is after or list(before.items()) == list(after.items())


def _unchanged_members(last: _Version, people: People) -> dict[str | int, Member]:
    """Return the members of the last version by how the file names them, without those who are somebody else now."""
    # A number stands for an item of a people file, which may be another one now.
    members: dict[str | int, Member] = {
        name: member for name, member in last.memberships.by_reference.items() if isinstance(name, str)
    }
    if people is last.people:
        return members
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
    changed_words = _aliases(changed_people, last.people, people)
    changed_words |= _changed(last.memberships.team_members, teams)
    old, new = last.merged.sections["groups"], merged.sections["groups"]
    if not changed_words.isdisjoint(
        word for entry in merged.sections["defaults"].values() for word in _words(entry.value)
    ):
        return {}
    return {
        key: group
        for key, group in last.groups.items()
        if key in new
        and (new[key] is old[key] or new[key] == old[key])
        and (not changed_words or changed_words.isdisjoint(_words(new[key].value)))
        # Somebody who is listed by number, or through a team, may have another alias or name.
        and (not changed_people or changed_people.isdisjoint(_identities(group)))
    }


def _aliases(identities: Iterable[Identity], *versions: People) -> set[str]:
    people = (version.by_identity.get(identity) for identity in identities for version in versions)
    return {alias for person in people if person is not None for alias in person.aliases}


def _words(tree: Tree) -> Iterator[str]:
    """Yield every text in a value, as aliases and names of teams compare."""
    if isinstance(tree, str):
        yield composed(tree).strip()
    elif tree is not None:
        for each in tree.values() if isinstance(tree, dict) else tree:
            yield from _words(each)


def _changed(old: Mapping[_K, object], new: Mapping[_K, object]) -> set[_K]:
    if old is new:
        return set()
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _identities(group: DesiredGroup) -> set[Identity]:
    admins: Mapping[Identity, Person] = {} if isinstance(group.admins, Unmanaged) else group.admins
    return {*group.listed_members, *group.excepted, *group.absent, *admins}
