"""Whose live group a key without an id is found by, once the key that stood for it is gone: told by names alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.diff.match import compared_names
from reconciler.model.desired import DesiredGroup, Unmanaged
from reconciler.model.text import comparable


@dataclass(frozen=True, slots=True)
class Bearers:
    """Groups by the names that they are found by: the wanted one and the earlier ones."""

    by_name: Mapping[str, Sequence[DesiredGroup]]

    @classmethod
    def of(cls, groups: Iterable[DesiredGroup]) -> Bearers:
        """The bearers of each name among these groups, in their order."""
        by_name: dict[str, list[DesiredGroup]] = defaultdict(list)
        for group in groups:
            for name in sorted(compared_names(group)):
                by_name[name].append(group)
        return cls(by_name)

    def sharing(self, group: DesiredGroup) -> tuple[DesiredGroup, ...]:
        """Those that share a name with a group, sorted by key."""
        found = {one.key: one for name in compared_names(group) for one in self.by_name.get(name, ())}
        return tuple(found[key] for key in sorted(found))


def heirs(gone: Sequence[DesiredGroup], added: Sequence[DesiredGroup]) -> dict[str, DesiredGroup]:
    """By the key that is new, the group that is gone under another key, where both surely are one live group.

    The new one has no id, bears the name that the other wanted, and nobody else comes into question for either.
    """
    bearers = Bearers.of(gone)
    found = {group.key: bearers.sharing(group) for group in added}
    claims = Counter(one.key for sharing in found.values() for one in sharing)
    names = {group.key: compared_names(group) for group in added if group.id is None}
    return {
        key: sharing[0]
        for key, sharing in found.items()
        if key in names and len(sharing) == 1 and claims[sharing[0].key] == 1 and _wanted(sharing[0]) & names[key]
    }


def _wanted(group: DesiredGroup) -> set[str]:
    """The name that the live group most likely has: any that is found by, where none is managed."""
    return compared_names(group) if isinstance(group.name, Unmanaged) else {comparable(group.name)}
