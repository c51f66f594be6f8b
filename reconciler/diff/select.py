"""Which keys of the file a run is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from reconciler.diff.revised import Revised
from reconciler.errors import UsageError
from reconciler.model.changed_since import ChangedSince
from reconciler.model.desired import DesiredGroup
from reconciler.model.shard import Shard


def select_key(groups: Iterable[DesiredGroup], key: str) -> DesiredGroup:
    """The group of this key; UsageError, with a suggestion, where the file has none."""
    by_key = {group.key: group for group in groups}
    if key not in by_key:
        raise UsageError(f"the file has no group {key}", suggestion(key, by_key))
    return by_key[key]


def select_keys(groups: Iterable[DesiredGroup], targets: Sequence[str]) -> frozenset[str]:
    """The keys asked for, or all; UsageError names every one that the file does not have."""
    keys = {group.key for group in groups}
    unknown = [target for target in targets if target not in keys]
    if unknown:
        raise UsageError(f"--target: the file has no group {', '.join(unknown)}", suggestion(unknown[0], keys))
    return frozenset(targets) if targets else frozenset(keys)


def in_shard(keys: frozenset[str], shard: Shard | None) -> frozenset[str]:
    """Those of the keys that are in a shard; all of them where there is none."""
    return keys if shard is None else frozenset(key for key in keys if shard.has(key))


def narrowed(
    groups: Iterable[DesiredGroup], targets: Sequence[str], ref: str, commit: str, compared: Revised | str
) -> ChangedSince:
    """Which of the groups asked for are left out, since they are as in the revision `ref`.

    `compared` is what changed since, or why that cannot be told; then, and where something changed that bears on
    all groups, none is left out. Raises UsageError for a target that the file does not have.
    """
    keys = select_keys(groups, targets)
    if isinstance(compared, str):
        return ChangedSince(ref, commit, everything=(compared,))
    everything = tuple(f"{words} changed" for words in compared.elsewhere)
    left_out = () if everything else tuple(sorted(keys - set(compared.changed)))
    return ChangedSince(ref, commit, left_out, compared.gone, compared.renamed, everything)


def suggestion(key: str, keys: Iterable[str]) -> str:
    """What to do about a key that the file does not have: the one that was meant, else some of those there are."""
    known = sorted(keys)
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"it has: {', '.join(known[:10]) or 'no groups'}"
