"""What the command line says about a plan, and which groups of the file a run is about by that. Pure.

Which keys of the file a run is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.errors import UsageError
from reconciler.model.desired import Desired, DesiredGroup, RemovalLimit
from reconciler.plan.model import ChangedSince
from reconciler.plan.shard import Shard, ShardInfo


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the command line says about a plan.

    `max_removals` overrides the file; `targets` are keys, none for all; `changed_since` says which of them to leave
    out, `shard` keeps only its part of the others. `previous_groups` are the groups of that earlier revision, where a key may
    stand for another live group than it did there (None: none can). `sandbox` is a run on the embedded server.
    """

    targets: tuple[str, ...] = ()
    max_removals: RemovalLimit | None = None
    calls_per_minute: float = 100.0
    shard: Shard | None = None
    changed_since: ChangedSince | None = None
    previous_groups: tuple[DesiredGroup, ...] | None = None
    sandbox: bool = False


def selected_keys(desired: Desired, choices: PlanOptions) -> frozenset[str]:
    """The keys of the groups that a run is about, all its shards together.

    Raises UsageError for a target that the file does not have.
    """
    since = choices.changed_since
    return select_keys(desired.groups, choices.targets) - frozenset(since.unchanged if since is not None else ())


def planned_keys(desired: Desired, choices: PlanOptions) -> frozenset[str]:
    """The keys of the groups that are planned and read."""
    return in_shard(selected_keys(desired, choices), choices.shard)


def matched_keys(desired: Desired, choices: PlanOptions) -> frozenset[str]:
    """The keys whose live groups have to be sure: all where an earlier revision may have had them otherwise."""
    return planned_keys(desired, choices) if choices.previous_groups is None else select_keys(desired.groups, ())


def shard_info(desired: Desired, choices: PlanOptions) -> ShardInfo | None:
    """What the plan says of its shard; None where it is of all groups."""
    if choices.shard is None:
        return None
    return ShardInfo(choices.shard.index, choices.shard.count, len(selected_keys(desired, choices)))


def needs_api(desired: Desired, choices: PlanOptions) -> bool:
    """Whether a plan takes any call: neither a shard with nothing in it does, nor a revision that wants the same."""
    return bool(planned_keys(desired, choices)) or choices.previous_groups is not None or reports_unmanaged(choices)


def reports_unmanaged(choices: PlanOptions) -> bool:
    """Whether the plan says what is live and in no file: once, by the first shard of a run that looks at everything."""
    narrowed = choices.changed_since is not None and not choices.changed_since.full_plan_reasons
    return not choices.targets and not narrowed and (choices.shard is None or choices.shard.index == 1)


def select_key(groups: Iterable[DesiredGroup], key: str) -> DesiredGroup:
    """The group of this key; UsageError, with a suggestion, where the file has none."""
    by_key = {group.key: group for group in groups}
    if key not in by_key:
        raise UsageError(f"the file has no group {key}", suggest_key(key, by_key))
    return by_key[key]


def select_keys(groups: Iterable[DesiredGroup], targets: Sequence[str]) -> frozenset[str]:
    """The keys asked for, or all; UsageError names every one that the file does not have."""
    keys = {group.key for group in groups}
    unknown = [target for target in targets if target not in keys]
    if unknown:
        raise UsageError(f"--target: the file has no group {', '.join(unknown)}", suggest_key(unknown[0], keys))
    return frozenset(targets) if targets else frozenset(keys)


def in_shard(keys: frozenset[str], shard: Shard | None) -> frozenset[str]:
    """Those of the keys that are in a shard; all of them where there is none."""
    return keys if shard is None else frozenset(key for key in keys if shard.contains(key))


def suggest_key(key: str, keys: Iterable[str]) -> str:
    """What to do about a key that the file does not have: the one that was meant, else some of those there are."""
    known = sorted(keys)
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"it has: {', '.join(known[:10]) or 'no groups'}"
