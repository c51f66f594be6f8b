"""Which group of an earlier version of the file each group of the newer one is: keys are handles, and may move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reconciler.diff.heirs import heirs
from reconciler.diff.match import compared_names, names_of
from reconciler.model.desired import DesiredGroup
from reconciler.model.text import comparable


def counterparts(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    """The older group of each newer key, in the order in which live groups are found: by the id, whatever the keys
    are, by the wanted name, by an earlier one; and only then by the key.

    Names count where the newer group has no id and nobody else comes into question.
    """
    by_id = {group.id: group for group in old if group.id is not None}
    pairs = {group.key: by_id[group.id] for group in new if group.id is not None and group.id in by_id}
    for further in (_by_wanted_name, heirs, _by_key):
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
    return set(first) if any(name in borne for name in first) else compared_names(group)


def _looked_for_first(group: DesiredGroup) -> tuple[str, ...]:
    """The name that a group is found by before all others, if it has any, in the form that compares."""
    return tuple(comparable(name) for name in names_of(group)[:1])


def _by_key(old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    before = {group.key: group for group in old}
    return {group.key: before[group.key] for group in new if group.key in before}


def _unpaired(
    old: Sequence[DesiredGroup], new: Sequence[DesiredGroup], pairs: dict[str, DesiredGroup]
) -> tuple[list[DesiredGroup], list[DesiredGroup]]:
    taken = {group.key for group in pairs.values()}
    return [group for group in old if group.key not in taken], [group for group in new if group.key not in pairs]
