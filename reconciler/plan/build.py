"""Changes become the plan: ordered, guarded, counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.diff.change import Change
from reconciler.diff.match import names_of
from reconciler.model.advice import Advice
from reconciler.model.changed_since import ChangedSince
from reconciler.model.desired import DEFAULT_REMOVALS, Desired, DesiredGroup, RemovalLimit
from reconciler.model.identity import Identity
from reconciler.model.live import Instance
from reconciler.model.plan import GroupPlan, Plan
from reconciler.model.shard import Shard, Share
from reconciler.plan.guard import refusals
from reconciler.plan.order import steps_of


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

    def share(self, asked_for: int) -> Share | None:
        """What the plan says of its shard, where so many groups were asked for in all."""
        return None if self.shard is None else Share(self.shard.index, self.shard.count, asked_for)


def build_plan(
    changes: Iterable[Change],
    desired: Desired,
    choices: Choices,
    *,
    instance_id: str,
    instance: Instance | None,
    advice: tuple[Advice, ...] = (),
    asked_for: int = 0,
) -> Plan:
    """The plan of all changes.

    `instance` is its state as just read, None when nothing is to be written. `asked_for` is how many groups the run
    is about, all its shards together.
    """
    groups = tuple(_group_plan(change, desired, choices) for change in changes)
    return Plan(
        instance_id=instance_id,
        as_of=desired.as_of,
        groups=groups,
        refusals=refusals(groups, desired, instance, instance_id, trying_out=choices.trying_out),
        advice=advice,
        calls_per_minute=choices.calls_per_minute,
        writes_per_minute=desired.policy.writes_per_minute,
        targets=choices.targets,
        changed_since=choices.changed_since,
        spared=spared_by(desired),
        share=choices.share(asked_for),
        held=tuple(sorted({group.id for group in desired.groups if group.id is not None})),
    )


def spared_by(desired: Desired) -> tuple[Identity, ...]:
    """Whom the file never lets a plan remove: the instance, protected and ignored people; sorted."""
    own = {desired.instance.identity} if desired.instance is not None else set()
    return tuple(sorted(own | desired.policy.protected | desired.policy.ignored))


def _group_plan(change: Change, desired: Desired, choices: Choices) -> GroupPlan:
    limit = choices.max_removals or change.group.max_removals or desired.policy.max_removals or DEFAULT_REMOVALS
    return GroupPlan(
        key=change.group.key,
        name=change.name,
        id=change.id,
        found=change.found,
        names=names_of(change.group),
        live=change.live,
        text=change.text,
        add=change.add,
        remove=change.remove,
        steps=steps_of(change),
        blocked=change.blocked,
        advice=change.advice,
        live_members=change.live_members,
        removal_limit=limit,
    )
