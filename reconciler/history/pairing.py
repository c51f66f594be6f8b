"""Pair the groups of two versions of the configuration: a key is only a handle, and may move from group to group.

Groups pair as they match live ones: by id, by the wanted name, by an earlier one, and only then by key. A name counts
where the newer group has no id and no other pair is possible.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reconciler.diff.match import lookup_names, normalized_names
from reconciler.model.desired import DesiredGroup, Unmanaged
from reconciler.model.text import normalize


def index_by_name(groups: Iterable[DesiredGroup]) -> Mapping[str, Sequence[DesiredGroup]]:
    """Return the groups by each name that they match live groups by: the wanted one and the earlier ones."""
    by_name: dict[str, list[DesiredGroup]] = defaultdict(list)
    for group in groups:
        for name in normalized_names(group):
            by_name[name].append(group)
    return by_name


def find_namesakes(group: DesiredGroup, by_name: Mapping[str, Sequence[DesiredGroup]]) -> tuple[DesiredGroup, ...]:
    """Return the groups that share a name with this one, sorted by key."""
    found = {one.key: one for name in normalized_names(group) for one in by_name.get(name, ())}
    return tuple(found[key] for key in sorted(found))


def pair_groups(
    old: Sequence[DesiredGroup], new: Sequence[DesiredGroup], known: Mapping[str, DesiredGroup] | None = None
) -> dict[str, DesiredGroup]:
    """Return the older group of each newer key that has one; `known` are pairs that are already sure."""
    pairs = dict(known or {})
    for pair_more in (_by_id, _by_wanted_name, _by_any_name, _by_key):
        taken = {group.key for group in pairs.values()}
        pairs |= pair_more(
            [group for group in old if group.key not in taken], [group for group in new if group.key not in pairs]
        )
    return pairs


def _by_id(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    by_id = {group.id: group for group in old if group.id is not None}
    return {group.key: by_id[group.id] for group in new if group.id is not None and group.id in by_id}


def _by_wanted_name(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    by_name = {name: group for group in old for name in _first_name(group)}
    count = Counter(name for group in old for name in _first_name(group))
    claims = Counter(name for group in new for name in _names_to_match(group, count))
    return {
        group.key: by_name[name]
        for group in new
        for name in _first_name(group)
        if group.id is None and count[name] == claims[name] == 1
    }


def _names_to_match(group: DesiredGroup, existing: Mapping[str, int]) -> set[str]:
    """Return the names by which a group may match: by an earlier one only where no group has the wanted one."""
    first = _first_name(group)
    return set(first) if any(name in existing for name in first) else normalized_names(group)


def _first_name(group: DesiredGroup) -> tuple[str, ...]:
    """Return the name that matches before all others, normalized, if there is one."""
    return tuple(normalize(name) for name in lookup_names(group)[:1])


def _by_any_name(removed: Sequence[DesiredGroup], added: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    """Pair a key that is new with the removed one that surely is the same live group.

    The new group has no id and the name that the removed one wanted, and either has no other candidate.
    """
    by_name = index_by_name(removed)
    namesakes = {group.key: find_namesakes(group, by_name) for group in added}
    claims = Counter(one.key for groups in namesakes.values() for one in groups)
    names = {group.key: normalized_names(group) for group in added if group.id is None}
    return {
        key: groups[0]
        for key, groups in namesakes.items()
        if key in names and len(groups) == 1 and claims[groups[0].key] == 1 and _likely_names(groups[0]) & names[key]
    }


def _likely_names(group: DesiredGroup) -> set[str]:
    """Return the name that the live group most likely has: any that matches, where none is managed."""
    return normalized_names(group) if isinstance(group.name, Unmanaged) else {normalize(group.name)}


def _by_key(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    before = {group.key: group for group in old}
    return {group.key: before[group.key] for group in new if group.key in before}
