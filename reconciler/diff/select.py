"""Which keys of the file a run is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from reconciler.errors import UsageError
from reconciler.model.desired import DesiredGroup
from reconciler.model.shard import Shard


def select_keys(groups: Iterable[DesiredGroup], targets: Sequence[str]) -> frozenset[str]:
    """The keys asked for, or all; UsageError names every one that the file does not have."""
    keys = {group.key for group in groups}
    unknown = [target for target in targets if target not in keys]
    if unknown:
        near = difflib.get_close_matches(unknown[0], sorted(keys), n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has: {', '.join(sorted(keys)[:10]) or 'no groups'}"
        raise UsageError(f"--target: the file has no group {', '.join(unknown)}", hint)
    return frozenset(targets) if targets else frozenset(keys)


def in_shard(keys: frozenset[str], shard: Shard | None) -> frozenset[str]:
    """Those of the keys that are in a shard; all of them where there is none."""
    return keys if shard is None else frozenset(key for key in keys if shard.has(key))
