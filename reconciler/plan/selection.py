"""What the command line asks of a plan, and which groups of the configuration a run is about because of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import UsageError
from reconciler.model.desired import Desired, DesiredGroup, Person, RemovalLimit
from reconciler.model.identity import Identity
from reconciler.model.text import closest_name
from reconciler.plan.model import ChangedSince
from reconciler.plan.shard import Shard, ShardInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the command line asks of a plan.

    `max_removals` overrides the configuration; `targets` are keys, none for all; `changed_since` excludes some of
    them, `shard` selects a part of the rest. `previous_groups` are the groups of that earlier revision, where a key may
    match another live group than it did there (None: none can), `previous_people` all its people. `sandbox` is a
    run on the embedded server.
    """

    targets: tuple[str, ...] = ()
    max_removals: RemovalLimit | None = None
    calls_per_minute: float = 100.0
    shard: Shard | None = None
    changed_since: ChangedSince | None = None
    previous_groups: tuple[DesiredGroup, ...] | None = None
    previous_people: Mapping[Identity, Person] = field(default_factory=dict)
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which groups a run is about.

    `planned` are the keys of the groups that are planned and read, `matched` those whose live groups have to be sure:
    all, where an earlier revision may have matched another one. `shard` is what the plan reports about its shard,
    `reports_unmanaged` whether it lists the live groups that no key matches.
    """

    planned: frozenset[str]
    matched: frozenset[str]
    shard: ShardInfo | None
    reports_unmanaged: bool
    needs_api: bool
    """Whether the plan takes any call: not for a shard without groups, nor where no group changed."""


def select_groups(desired: Desired, options: PlanOptions) -> Selection:
    """Return which groups a run with these options is about; raise UsageError for a target that does not exist."""
    since, shard = options.changed_since, options.shard
    selected = select_keys(desired.groups, options.targets) - frozenset(since.unchanged if since is not None else ())
    planned = selected if shard is None else frozenset(key for key in selected if shard.contains(key))
    rematches = options.previous_groups is not None
    narrowed = bool(options.targets) or (since is not None and not since.full_plan_reasons)
    # The first shard of a run that is about everything lists the unmanaged groups, so that they are listed once.
    reports_unmanaged = not narrowed and (shard is None or shard.index == 1)
    return Selection(
        planned=planned,
        matched=select_keys(desired.groups, ()) if rematches else planned,
        shard=None if shard is None else ShardInfo(shard.index, shard.count, len(selected)),
        reports_unmanaged=reports_unmanaged,
        needs_api=bool(planned) or rematches or reports_unmanaged,
    )


def select_key(groups: Iterable[DesiredGroup], key: str) -> DesiredGroup:
    """Return the group of this key; raise UsageError, with a suggestion, where there is none."""
    by_key = {group.key: group for group in groups}
    if key not in by_key:
        raise UsageError(f"the configuration has no group {key}", suggest_key(key, by_key))
    return by_key[key]


def select_keys(groups: Iterable[DesiredGroup], targets: Sequence[str]) -> frozenset[str]:
    """Return the targets, or all keys where there are none; raise UsageError with every key that does not exist."""
    keys = {group.key for group in groups}
    unknown = [target for target in targets if target not in keys]
    if unknown:
        raise UsageError(
            f"--target: the configuration has no group {', '.join(unknown)}", suggest_key(unknown[0], keys)
        )
    return frozenset(targets) if targets else frozenset(keys)


def suggest_key(key: str, keys: Iterable[str]) -> str:
    """Return a hint for a key that does not exist: the one that is most alike, else some of those that exist."""
    existing = sorted(keys)
    closest = closest_name(key, existing)
    return f"did you mean {closest}?" if closest else f"it has: {', '.join(existing[:10]) or 'no groups'}"
