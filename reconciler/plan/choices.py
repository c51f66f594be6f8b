"""What the command line says about a plan, and which groups of the file a run is about by that. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.diff.select import in_shard, select_keys
from reconciler.model.changed_since import ChangedSince
from reconciler.model.desired import Desired, DesiredGroup, RemovalLimit
from reconciler.model.shard import Shard, Share


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line says about a plan.

    `max_removals` overrides the file; `targets` are keys, none for all; `changed_since` says which of them to leave
    out, `shard` keeps only its part of the others. `before` are the groups of that earlier revision, where a key may
    stand for another live group than it did there (None: none can). `trying_out` is a run on the embedded server.
    """

    targets: tuple[str, ...] = ()
    max_removals: RemovalLimit | None = None
    calls_per_minute: float = 100.0
    shard: Shard | None = None
    changed_since: ChangedSince | None = None
    before: tuple[DesiredGroup, ...] | None = None
    trying_out: bool = False


def keys_asked_for(desired: Desired, choices: Choices) -> frozenset[str]:
    """The keys of the groups that a run is about, all its shards together.

    Raises UsageError for a target that the file does not have.
    """
    since = choices.changed_since
    return select_keys(desired.groups, choices.targets) - frozenset(since.left_out if since is not None else ())


def keys_to_plan(desired: Desired, choices: Choices) -> frozenset[str]:
    """The keys of the groups that are planned and read."""
    return in_shard(keys_asked_for(desired, choices), choices.shard)


def keys_to_match(desired: Desired, choices: Choices) -> frozenset[str]:
    """The keys whose live groups have to be sure: all where an earlier revision may have had them otherwise."""
    return keys_to_plan(desired, choices) if choices.before is None else select_keys(desired.groups, ())


def share_of(desired: Desired, choices: Choices) -> Share | None:
    """What the plan says of its shard; None where it is of all groups."""
    if choices.shard is None:
        return None
    return Share(choices.shard.index, choices.shard.count, len(keys_asked_for(desired, choices)))


def needs_live(desired: Desired, choices: Choices) -> bool:
    """Whether a plan takes any call: neither a shard with nothing in it does, nor a revision that wants the same."""
    return bool(keys_to_plan(desired, choices)) or choices.before is not None or tells_unmanaged(choices)


def tells_unmanaged(choices: Choices) -> bool:
    """Whether the plan says what is live and in no file: once, by the first shard of a run that looks at everything."""
    narrowed = choices.changed_since is not None and not choices.changed_since.everything
    return not choices.targets and not narrowed and (choices.shard is None or choices.shard.index == 1)
