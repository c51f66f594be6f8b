"""Whose doing a difference is: told by a third version, what the revision that was applied last wanted. Values only.

What a plan is narrowed to by an earlier revision of the file. Values only.

A plan: what would be called, in which order, what is blocked or refused and why. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.model.desired import DEFAULT_REMOVALS, RemovalLimit
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.plan.shard import ShardInfo
from reconciler.plan.step import Step


class DriftCause(StrEnum):
    """Why the live groups differ from the file.

    BY_HAND: live is not as that revision wanted it, and the file has not moved there: somebody changed it, or it never
    took (a group that was blocked, somebody whose privacy settings refuse). NOT_APPLIED: the file moved
    since (or a last day went by), and live is still as that revision wanted it. BOTH: the file moved, and live is as
    neither wants it.
    """

    BY_HAND = "changed by hand"
    NOT_APPLIED = "not applied yet"
    BOTH = "both"


class DriftItem(StrEnum):
    """What of a group a verdict is on: that there is one (or that the instance is in it), a text, one person."""

    GROUP = "group"
    NAME = "name"
    DESCRIPTION = "description"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class ItemCause:
    """The verdict on one difference; `person` is the key of the person to be added or removed, None for all else."""

    item: DriftItem
    cause: DriftCause
    person: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedRevision:
    """The revision that verdicts rest on: `ref` is what was asked for or the tag that was found, `commit` its hash."""

    ref: str
    commit: str


@dataclass(frozen=True, slots=True)
class KeyRename:
    """One group, known by its id or found by its name, under another key than before."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """An earlier revision of the file, and to which groups a plan was narrowed by it.

    `ref` is as it was asked for, `commit` its full hash. `unchanged` are the keys (of those asked for) that want
    nothing else than that revision did, and were neither planned nor read; `rematched` those that want nothing else
    either, and were planned since they stand for another live group by what changed about other keys. `removed` are the
    keys of that revision that the file has no more: their groups are left alone. `renamed` are those whose live group
    another key stands for. `full_plan_reasons` says why all groups were planned all the same; then nothing was left out.
    """

    ref: str
    commit: str
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[KeyRename, ...] = ()
    full_plan_reasons: tuple[str, ...] = ()
    rematched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """Everything about one group of the file.

    `field_changes`, `add` and `remove` are the differences that the steps will mend; `blocked` says why some or all of
    them stay. `lookup_names` are the wanted and the earlier names by which a group without id is found. `live` is the
    live group as read (None: there is none, or no more than its list entry was needed).
    """

    key: str
    name: str
    id: str | None = None
    matched_by: MatchedBy = MatchedBy.NONE
    lookup_names: tuple[str, ...] = ()
    field_changes: tuple[TextChange, ...] = ()
    add: tuple[PersonRef, ...] = ()
    remove: tuple[PersonRef, ...] = ()
    steps: tuple[Step, ...] = ()
    blocked: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    live_members: int = 0
    removal_limit: RemovalLimit = DEFAULT_REMOVALS
    live: LiveGroup | None = None
    drift_causes: tuple[ItemCause, ...] = ()
    """Whose doing each difference is, where drift was held against an earlier revision (`Plan.baseline`)."""

    def cause_of(self, element: DriftItem, who: PersonRef | None = None) -> DriftCause | None:
        """The verdict on the group, a text, or somebody to be added or removed; None where there is none."""
        key = None if who is None else who.ref_id
        return next((one.cause for one in self.drift_causes if (one.item, one.person) == (element, key)), None)

    @property
    def adopted(self) -> bool:
        """Whether a live group was found by a name, so that only `pin` makes the match safe."""
        return self.matched_by in (MatchedBy.NAME, MatchedBy.PREVIOUS_NAME)

    @property
    def pending(self) -> bool:
        """Whether the live group differs from the file in something that is to change."""
        return bool(self.steps or self.blocked)

    @property
    def observe_only(self) -> bool:
        """Whether the live group differs from the file in something that nothing is to be done about."""
        return not self.pending and any(advice.kind is AdviceKind.OBSERVED for advice in self.advice)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the whole run is refused before its first write, and the flag or line that lifts it."""

    message: str
    override: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; `groups` is sorted by key and has unchanged groups too.

    `calls_per_minute` is the rate the estimate is made with. `targets` are the keys asked for (none: all);
    `changed_since` narrows them down (None: it was not asked for). `pinned_ids` are the ids that any key of the file notes,
    also one that is no target, sorted: these live groups are never found by name.
    """

    instance_id: str
    as_of: date
    groups: tuple[GroupPlan, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    advice: tuple[Advice, ...] = ()
    calls_per_minute: float = 100.0
    writes_per_minute: int | None = None
    targets: tuple[str, ...] = ()
    pinned_ids: tuple[str, ...] = ()
    never_removed: tuple[Identity, ...] = ()
    """Who may not be removed, whatever a step says: the instance, protected and ignored people; sorted."""
    shard: ShardInfo | None = None
    """Which shard of the groups asked for this is; None for all of them."""
    changed_since: ChangedSince | None = None
    baseline: AppliedRevision | None = None
    """The earlier revision that the groups' verdicts rest on; None for plain differences, and for what is saved."""
    foreign_format: int | None = None
    """The version of the saved plan's format where this program knows another, so that some of it may be missing."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All calls in the order in which they start: by phase, then group key, then the group's own order."""
        return tuple(sorted((s for g in self.groups for s in g.steps), key=lambda s: (s.phase, s.group)))

    @property
    def calls(self) -> int:
        """How many writing calls applying takes."""
        return sum(len(group.steps) for group in self.groups)

    @property
    def seconds(self) -> float:
        """How long these calls take at the rate limit (and at `writes_per_minute`, where that is slower)."""
        rate = min(self.calls_per_minute, self.writes_per_minute or self.calls_per_minute)
        return self.calls * 60.0 / rate

    @property
    def pending(self) -> bool:
        """Whether anything is to be done, stays blocked, or would be refused."""
        return bool(self.refusals) or any(group.pending for group in self.groups)
