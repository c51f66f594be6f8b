"""Whose live group a key without an id is found by, once the key that stood for it is gone: told by names alone.

Which group of an earlier version of the file each group of the newer one is: keys are handles, and may move."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.diff.match import lookup_names, normalized_names
from reconciler.model.desired import DesiredGroup, Unmanaged
from reconciler.model.text import normalize


@dataclass(frozen=True, slots=True)
class GroupsByName:
    """Groups by the names that they are found by: the wanted one and the earlier ones."""

    by_name: Mapping[str, Sequence[DesiredGroup]]

    @classmethod
    def of(cls, groups: Iterable[DesiredGroup]) -> GroupsByName:
        """The bearers of each name among these groups, in their order."""
        by_name: dict[str, list[DesiredGroup]] = defaultdict(list)
        for group in groups:
            for name in sorted(normalized_names(group)):
                by_name[name].append(group)
        return cls(by_name)

    def sharing(self, group: DesiredGroup) -> tuple[DesiredGroup, ...]:
        """Those that share a name with a group, sorted by key."""
        found = {one.key: one for name in normalized_names(group) for one in self.by_name.get(name, ())}
        return tuple(found[key] for key in sorted(found))


def pair_renamed_keys(gone: Sequence[DesiredGroup], added: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    """By the key that is new, the group that is gone under another key, where both surely are one live group.

    The new one has no id, bears the name that the other wanted, and nobody else comes into question for either.
    """
    bearers = GroupsByName.of(gone)
    found = {group.key: bearers.sharing(group) for group in added}
    claims = Counter(one.key for sharing in found.values() for one in sharing)
    names = {group.key: normalized_names(group) for group in added if group.id is None}
    return {
        key: sharing[0]
        for key, sharing in found.items()
        if key in names and len(sharing) == 1 and claims[sharing[0].key] == 1 and _wanted(sharing[0]) & names[key]
    }


def _wanted(group: DesiredGroup) -> set[str]:
    """The name that the live group most likely has: any that is found by, where none is managed."""
    return normalized_names(group) if isinstance(group.name, Unmanaged) else {normalize(group.name)}


def pair_groups(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    """The older group of each newer key, in the order in which live groups are found: by the id, whatever the keys
    are, by the wanted name, by an earlier one; and only then by the key.

    Names count where the newer group has no id and nobody else comes into question.
    """
    by_id = {group.id: group for group in old if group.id is not None}
    pairs = {group.key: by_id[group.id] for group in new if group.id is not None and group.id in by_id}
    for further in (_by_wanted_name, pair_renamed_keys, _by_key):
        pairs |= further(*_unpaired(old, new, pairs))
    return pairs


def _by_wanted_name(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    bearers = {name: group for group in old for name in _looked_for_first(group)}
    names = Counter(name for group in old for name in _looked_for_first(group))
    claims = Counter(name for group in new for name in _may_find(group, names))
    return {
        group.key: bearers[name]
        for group in new
        for name in _looked_for_first(group)
        if group.id is None and names[name] == claims[name] == 1
    }


def _may_find(group: DesiredGroup, borne: Mapping[str, int]) -> set[str]:
    """The names by which a group may find a live one: by an earlier name only where none bears the wanted one."""
    first = _looked_for_first(group)
    return set(first) if any(name in borne for name in first) else normalized_names(group)


def _looked_for_first(group: DesiredGroup) -> tuple[str, ...]:
    """The name that a group is found by before all others, if it has any, in the form that compares."""
    return tuple(normalize(name) for name in lookup_names(group)[:1])


def _by_key(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    before = {group.key: group for group in old}
    return {group.key: before[group.key] for group in new if group.key in before}


def _unpaired(
    old: Sequence[DesiredGroup], new: Sequence[DesiredGroup], pairs: dict[str, DesiredGroup]
) -> tuple[list[DesiredGroup], list[DesiredGroup]]:
    taken = {group.key for group in pairs.values()}
    return [group for group in old if group.key not in taken], [group for group in new if group.key not in pairs]
