"""A plan: what would be called, in which order, what is blocked or refused and why. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from reconciler.model.desired import DEFAULT_REMOVALS, Person, RemovalLimit
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup
from reconciler.model.shard import Share
from reconciler.model.verdict import Baseline, Element, Judgement, Verdict


class Action(StrEnum):
    """What one step does; each is one API call."""

    JOIN = "join"
    CREATE = "create"
    PATCH = "patch"
    ADD = "add"
    REMOVE = "remove"
    LEAVE = "leave"

    @property
    def arrives(self) -> bool:
        """Whether the instance is in the group only after this."""
        return self in (Action.CREATE, Action.JOIN)

    @property
    def takes_away(self) -> bool:
        """Whether somebody loses something by this."""
        return self in (Action.REMOVE, Action.LEAVE)


class Phase(IntEnum):
    """When a step runs: all groups finish one phase before any starts the next.

    Building up comes first, so that somebody who moves is in the new group before leaving the old one. A group
    that is too full to add first swaps (removes, then adds) after everything else was built and before anything
    else is taken away.
    """

    BUILD = 0
    SWAP = 1
    TAKE = 2


class Found(StrEnum):
    """How a desired group was matched with a live one."""

    BY_ID = "id"
    BY_NAME = "name"
    BY_PREVIOUS_NAME = "previously"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Who:
    """A person in a plan. `label` is the alias, else the name; `jid` is the address that is sent.

    Somebody known only by a private id has no identity and no jid, but a `lid`.
    """

    identity: Identity | None
    jid: str | None
    label: str | None = None
    lid: str | None = None
    until: date | None = None
    reason: str | None = None

    @classmethod
    def of(cls, person: Person, until: date | None = None, reason: str | None = None) -> Who:
        """Somebody the file names, addressed as it spells them."""
        return cls(person.identity, person.jid, person.alias or person.name, person.lid, until, reason)

    @property
    def key(self) -> str:
        """By what somebody is the same person in two places of a plan and its result."""
        return self.identity or self.jid or self.lid or self.label or ""

    @property
    def order(self) -> tuple[bool, str, str, str, str]:
        """How people are sorted everywhere: labels first, whatever their case; then numbers; then private ids."""
        label = self.label or ""
        return not label, label.casefold(), label, self.identity or self.jid or "~", self.lid or ""


@dataclass(frozen=True, slots=True)
class TextChange:
    """A name or description: `old` is None where there is no live group yet."""

    field: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Step:
    """One API call. `group_id` is None when it is known only after an earlier step (a create, a join)."""

    group: str
    action: Action
    phase: Phase
    group_id: str | None = None
    name: str | None = None
    description: str | None = None
    people: tuple[Who, ...] = ()
    invite: str | None = None


class AdviceKind(StrEnum):
    """What a piece of advice is about."""

    ADMIN = "admin"
    DOUBTFUL = "doubtful"
    EXPIRED = "expired"
    EXPIRES = "expires"
    KEPT = "kept"
    OBSERVED = "observed"
    PENDING = "pending"
    REMATCHED = "rematched"
    UNIDENTIFIED = "unidentified"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to know that changes nothing and is nothing pending.

    `kind` is a stable word for machines; `text` says it of `people` and of the live groups called `names`, of whom
    there may be none.
    """

    kind: AdviceKind
    text: str
    people: tuple[Who, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def about(cls, kind: AdviceKind, text: str, people: Iterable[Who]) -> tuple[Advice, ...]:
        """The advice about these people in their order; none about nobody."""
        found = tuple(sorted(people, key=lambda who: who.order))
        return (cls(kind, text, found),) if found else ()


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """Everything about one group of the file.

    `text`, `add` and `remove` are the differences that the steps will mend; `blocked` says why some or all of
    them stay. `names` are the wanted and the earlier names by which a group without id is found. `live` is the
    live group as read (None: there is none, or no more than its list entry was needed).
    """

    key: str
    name: str
    id: str | None = None
    found: Found = Found.NOWHERE
    names: tuple[str, ...] = ()
    text: tuple[TextChange, ...] = ()
    add: tuple[Who, ...] = ()
    remove: tuple[Who, ...] = ()
    steps: tuple[Step, ...] = ()
    blocked: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    live_members: int = 0
    removal_limit: RemovalLimit = DEFAULT_REMOVALS
    live: LiveGroup | None = None
    verdicts: tuple[Judgement, ...] = ()
    """Whose doing each difference is, where drift was held against an earlier revision (`Plan.baseline`)."""

    def verdict_on(self, element: Element, who: Who | None = None) -> Verdict | None:
        """The verdict on the group, a text, or somebody to be added or removed; None where there is none."""
        key = None if who is None else who.key
        return next((one.verdict for one in self.verdicts if (one.element, one.who) == (element, key)), None)

    @property
    def adopted(self) -> bool:
        """Whether a live group was found by a name, so that only `pin` makes the match safe."""
        return self.found in (Found.BY_NAME, Found.BY_PREVIOUS_NAME)

    @property
    def pending(self) -> bool:
        """Whether the live group differs from the file in something that is to change."""
        return bool(self.steps or self.blocked)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the whole run is refused before its first write, and the flag or line that lifts it."""

    message: str
    lift: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRename:
    """One group, known by its id or found by its name, under another key than before."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """An earlier revision of the file, and to which groups a plan was narrowed by it.

    `ref` is as it was asked for, `commit` its full hash. `left_out` are the keys (of those asked for) that want
    nothing else than that revision did, and were neither planned nor read; `rematched` those that want nothing else
    either, and were planned since they stand for another live group by what changed about other keys. `gone` are the
    keys of that revision that the file has no more: their groups are left alone. `renamed` are those whose live group
    another key stands for. `everything` says why all groups were planned all the same; then nothing was left out.
    """

    ref: str
    commit: str
    left_out: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[KeyRename, ...] = ()
    everything: tuple[str, ...] = ()
    rematched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; `groups` is sorted by key and has unchanged groups too.

    `calls_per_minute` is the rate the estimate is made with. `targets` are the keys asked for (none: all);
    `changed_since` narrows them down (None: it was not asked for). `held` are
    the ids that any key of the file notes, also one that is no target, sorted: these live groups are never found by
    name.
    """

    instance_id: str
    as_of: date
    groups: tuple[GroupPlan, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    advice: tuple[Advice, ...] = ()
    calls_per_minute: float = 100.0
    writes_per_minute: int | None = None
    targets: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    spared: tuple[Identity, ...] = ()
    """Who may not be removed, whatever a step says: the instance, protected and ignored people; sorted."""
    share: Share | None = None
    """Which shard of the groups asked for this is; None for all of them."""
    changed_since: ChangedSince | None = None
    baseline: Baseline | None = None
    """The earlier revision that the groups' verdicts rest on; None for plain differences, and for what is saved."""

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
