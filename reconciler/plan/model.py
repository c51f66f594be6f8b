"""A plan: its steps in their order, what is blocked or refused and why, what it was narrowed to. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Final

from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.messages import Message
from reconciler.model.desired import DEFAULT_REMOVALS, Limit
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.rules import Finding, RuleOverride
from reconciler.model.text import TEXT_FIELDS, Untrusted, is_blank
from reconciler.plan.revision import AppliedRevision, ChangedSince, DriftCause, DriftItem, ItemCause
from reconciler.plan.shard import ShardInfo


class Action(StrEnum):
    """What one step does; each is one API call."""

    JOIN = "join"
    CREATE = "create"
    PATCH = "patch"
    ADD = "add"
    REMOVE = "remove"
    LEAVE = "leave"

    @property
    def enters_group(self) -> bool:
        """Whether the account is in the group only after this."""
        return self in (Action.CREATE, Action.JOIN)

    @property
    def adds_people(self) -> bool:
        """Whether people come into the group by this."""
        return self in (Action.CREATE, Action.ADD)

    @property
    def is_destructive(self) -> bool:
        """Whether somebody loses something by this."""
        return self in (Action.REMOVE, Action.LEAVE)


class Phase(IntEnum):
    """When a step runs: all groups finish one phase before any starts the next.

    Steps that build up come first, so that somebody who moves is in the new group before leaving the old one. A group
    that is too full to add first swaps (removes, then adds) after everything else is built and before anything else
    is taken away.
    """

    BUILD = 0
    SWAP = 1
    REMOVE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One API call; `group_id` is None where only an earlier step (create, join) makes it known."""

    group: str
    action: Action
    phase: Phase
    group_id: str | None = None
    name: str | None = None
    description: str | None = None
    people: tuple[PersonRef, ...] = ()
    invite: str | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The texts that it sends, by field."""
        texts = {field: getattr(self, field) for field in TEXT_FIELDS}
        return {field: text for field, text in texts.items() if text is not None}


_MOST_UNSEEN_ADDS: Final = 10
"""How many people are added to groups that are not read at once, before one of these groups is."""
WAITING_REMOVALS: Final = frozenset({"removal-over-budget", "removal-after-add"})
"""The codes of the advice about people who are removed on another day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlan:
    """Everything about one group of the configuration.

    `field_changes`, `add` and `remove` are the differences that the steps remove; `blocked` has the reasons why some
    or all of them remain. `name` is the desired name or, where that is not managed, the live one. `lookup_names` are
    the desired and the previous names that find a group without id. `live` is the live group as read (None: there is
    none, or its list entry was enough).
    """

    key: str
    name: Untrusted
    id: str | None = None
    matched_by: MatchedBy = MatchedBy.NONE
    lookup_names: tuple[str, ...] = ()
    field_changes: tuple[TextChange, ...] = ()
    add: tuple[PersonRef, ...] = ()
    remove: tuple[PersonRef, ...] = ()
    steps: tuple[Step, ...] = ()
    blocked: tuple[Message, ...] = ()
    advice: tuple[Advice, ...] = ()
    live_members: int = 0
    removal_limit: Limit = DEFAULT_REMOVALS
    live: LiveGroup | None = None
    drift_causes: tuple[ItemCause, ...] = ()
    """The cause of each difference, where drift was compared with an applied revision (`Plan.baseline`)."""

    def cause_of(self, item: DriftItem, person: PersonRef | None = None) -> DriftCause | None:
        """Return the cause of a difference in the group, a text or a person; None where it is not known."""
        ref_id = None if person is None else person.ref_id
        return next((one.cause for one in self.drift_causes if (one.item, one.person) == (item, ref_id)), None)

    @property
    def adopted(self) -> bool:
        """Whether the live group was matched by name, so that `pin` makes the match safe."""
        return self.matched_by in (MatchedBy.NAME, MatchedBy.PREVIOUS_NAME)

    @property
    def has_changes(self) -> bool:
        """Whether the live group differs in something that is to change."""
        return bool(self.steps or self.blocked) or any(
            advice.kind is AdviceKind.NOT_ON_WHATSAPP for advice in self.advice
        )

    @property
    def waits(self) -> bool:
        """Whether a part of the group is pending: it does not fit the budget, or somebody refused lately."""
        return any(advice.kind in (AdviceKind.BUDGET, AdviceKind.REFUSED) for advice in self.advice)

    @property
    def waiting_removals(self) -> int:
        """How many people are to be removed later, when the budget allows it."""
        return sum(len(advice.people) for advice in self.advice if advice.message.code in WAITING_REMOVALS)

    @property
    def observe_only(self) -> bool:
        """Whether the live group differs only in what is observed and not changed."""
        return not (self.has_changes or self.waits) and any(
            advice.kind is AdviceKind.OBSERVED for advice in self.advice
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a guard refuses the whole run before its first write, and the flag or line that overrides it."""

    message: Message
    override: Message
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLoss:
    """How many people a people file gave at the revision that was applied last, and how many of them it lost.

    `people_before` is None where that is not known. `reason` says why it is not known who was in the file before, ""
    where it is. An `accepted` file may have lost any number of people.
    """

    file: str
    people_before: int | None = None
    lost: int = 0
    reason: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole plan; `groups` is sorted by key and has unchanged groups too.

    `calls_per_minute` is the rate of the estimate. `targets` are the selected keys (none: all), `excludes` those
    that are not planned; `not_selected` counts the groups that these two leave out. `changed_since` narrows the rest
    (None: not used). `pinned_ids` are the ids of all keys of the configuration, also of those that are
    not selected, sorted: these live groups are never matched by name.
    """

    instance_id: str
    as_of: date
    groups: tuple[GroupPlan, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What was found about the rules of the whole file, in the order of the rules."""
    overridden_rules: tuple[RuleOverride, ...] = ()
    """The rules that an apply of this plan may break."""
    advice: tuple[Advice, ...] = ()
    calls_per_minute: float = 100.0
    writes_per_minute: int | None = None
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    not_selected: int = 0
    pinned_ids: tuple[str, ...] = ()
    never_removed: tuple[Identity, ...] = ()
    """Who is never removed, whatever a step says: the account itself, protected and ignored people; sorted."""
    shard: ShardInfo | None = None
    """Which shard of the selected groups this is; None for all of them."""
    changed_since: ChangedSince | None = None
    baseline: AppliedRevision | None = None
    """The revision that the drift causes compare with; None where there are none, and in saved plans."""
    lookalike_reads: int = 0
    """How many live groups were read because one of them might be a group that is to be created."""
    allowed_lookalikes: tuple[str, ...] = ()
    """The keys to be created whatever live group looks like them, sorted."""
    live_ids: tuple[str, ...] = ()
    """The ids of all groups that were live when the plan was made, sorted; none where it creates nothing."""
    source_losses: tuple[SourceLoss, ...] = ()
    """What became of each people file since the revision that was applied last, by the file."""
    number_checks: int = 0
    """How many numbers the API was asked about, one call each, before people are added."""
    pending_until: date | None = None
    """The day on which everything that waits for the budget is done, if each day is used; None where nothing waits, or
    it takes more than a year."""
    minutes_between_groups: int | None = None
    """The pause between two groups that the run creates (None: none, as always on the embedded server)."""
    list_calls: int = 0
    """How many calls the list of groups took when the plan was made; 0 where the groups were not listed."""
    list_shows_people: bool = False
    """Whether that list shows who is in the groups."""
    foreign_format: int | None = None
    """The version of the saved plan's format, where this program has another one and may not show all of it."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All calls in the order in which they start: by phase, then by group key, then in the group's own order."""
        return tuple(sorted((s for g in self.groups for s in g.steps), key=lambda s: (s.phase, s.group)))

    @property
    def calls(self) -> int:
        """How many calls that write an apply takes."""
        return sum(len(group.steps) for group in self.groups)

    @property
    def read_backs(self) -> int:
        """How many calls read the changed groups back."""
        listed = len(self.read_back_by_list)
        each = sum(bool(group.steps) for group in self.groups) - listed
        return each + (self.list_calls if listed else 0) + len(self.read_after_adds)

    @property
    def read_after_adds(self) -> frozenset[str]:
        """The keys of the groups that are read after their adds already, and again after their removals.

        That is one whenever ten people were added to such groups since the last one, so that refusals stop later adds.
        """
        return _read_after_adds(self.groups)

    @property
    def read_back_by_list(self) -> frozenset[str]:
        """The keys of the groups that the list reads back: where it can prove what changed, with fewer calls."""
        proven = (group for group in self.groups if group.steps and _list_can_prove(group, self.list_shows_people))
        keys = frozenset(group.key for group in proven)
        return keys if 0 < self.list_calls < len(keys) else frozenset()

    @property
    def seconds(self) -> float:
        """How many seconds these calls take at the rate limit, the writes at `writes_per_minute` if that is slower.

        Where the pauses between creates take longer, that is how many.
        """
        rate = min(self.calls_per_minute, self.writes_per_minute or self.calls_per_minute)
        reads = self.read_backs + self.lookalike_reads + self.number_checks
        sent = self.calls * 60.0 / rate + reads * 60.0 / self.calls_per_minute
        creates = sum(step.action is Action.CREATE for group in self.groups for step in group.steps)
        return max(sent, 60.0 * (self.minutes_between_groups or 0) * (creates - 1))

    @property
    def waits(self) -> bool:
        """Whether anything is pending that does not fit the budget, or that somebody refused lately."""
        return any(group.waits for group in self.groups)

    @property
    def has_changes(self) -> bool:
        """Whether anything is to be done, is blocked, or would be refused."""
        return bool(self.refusals) or any(group.has_changes for group in self.groups)


def _list_can_prove(group: GroupPlan, shows_people: bool) -> bool:
    """Whether the list of groups can prove what all the steps of a group did.

    A name, where the list counts the same people as before; what else, if the list tells people. Never an add: who is
    refused has to be known at once. A list may leave out an empty description.
    """
    if group.live is None or (group.live.count is None and not shows_people):
        return False
    allowed = (Action.PATCH, Action.REMOVE) if shows_people else (Action.PATCH,)
    return all(
        step.action in allowed and (step.description is None or (shows_people and not is_blank(step.description)))
        for step in group.steps
    )


def _read_after_adds(groups: Sequence[GroupPlan]) -> frozenset[str]:
    adding = [group for group in groups if any(step.action.adds_people for step in group.steps)]
    unseen, keys = 0, []
    for group in adding[:-1]:
        first = [step for step in group.steps if step.phase is Phase.BUILD]
        if len(first) == len(group.steps):
            continue
        unseen += sum(len(step.people) for step in first if step.action.adds_people)
        if unseen >= _MOST_UNSEEN_ADDS:
            keys.append(group.key)
            unseen = 0
    return frozenset(keys)
