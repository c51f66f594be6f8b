"""After its steps each changed group is read back: what the calls promised is held against what is there.

What the file still wants of the groups after an apply, and no step or person of the result tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.apply.group_executor import GroupExecutor
from reconciler.apply.participants import membership_of
from reconciler.apply.ports import GroupApi, InviteLinkApi
from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepStatus
from reconciler.diff.change import AdviceKind, Change, MatchedBy
from reconciler.diff.compare import compare
from reconciler.diff.match import Match, lookup_names
from reconciler.errors import ApiError, Forbidden, Interrupted, NotFound
from reconciler.model.desired import Desired
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import quote, texts_equal
from reconciler.plan.step import Action, Step

_JOIN_BY_LINK = (PersonStatus.NOT_ADDED, PersonStatus.PENDING)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read-back found: people not where they should be, and what else differs, in words.

    `unconfirmed` are the actions that were answered with success, and of which nothing is to be seen.
    """

    people: tuple[PersonOutcome, ...] = ()
    remaining: tuple[str, ...] = ()
    live: LiveGroup | None = None
    unconfirmed: frozenset[Step] = frozenset()


def read_back(run: GroupExecutor, group_id: str, api: GroupApi) -> ReadBack:
    """Read one changed group and compare; never raises for the API's failures, they are `left_over`."""
    leaving = any(step.action is Action.LEAVE for step in run.plan.steps)
    try:
        live = api.group(group_id)
    except (NotFound, Forbidden) as error:
        if leaving and (isinstance(error, Forbidden) or error.is_about_group):
            return ReadBack(call_outcomes(run))
        entered = frozenset(_ran(run, Action.CREATE, Action.JOIN)) if isinstance(error, NotFound) else frozenset()
        return ReadBack(call_outcomes(run), (f"it could not be read back: {error}",), unconfirmed=entered)
    except (ApiError, Interrupted) as error:
        return ReadBack(call_outcomes(run), (f"it could not be read back: {error}",))
    left_over = ("the instance is still in it",) if leaving else _texts_that_differ(run, live)
    found = _misplaced(run, live)
    contradicted = {outcome.person for outcome in found}
    told = (outcome for outcome in call_outcomes(run) if outcome.person not in contradicted)
    return ReadBack((*told, *found, *_pending(run)), left_over, live, _not_seen(run, live))


def call_outcomes(run: GroupExecutor) -> tuple[PersonOutcome, ...]:
    """What the calls themselves said of single people."""
    return tuple(PersonOutcome(run.plan.key, who, state, text) for who, (state, text) in run.outcomes.items())


def _texts_that_differ(run: GroupExecutor, live: LiveGroup) -> tuple[str, ...]:
    return tuple(text for step in _ran(run, Action.CREATE, Action.PATCH) for text in _fields_that_differ(step, live))


def _misplaced(run: GroupExecutor, live: LiveGroup) -> tuple[PersonOutcome, ...]:
    """Who is not where the server said to have brought them, unless that was told of them already."""
    key, seen = run.plan.key, membership_of(live)
    promised_in = _promised(run, PersonStatus.ALREADY_IN, Action.CREATE, Action.ADD)
    missing = [who for who in promised_in if not seen(who) and not _may_be_hidden(run, who, live)]
    promised_out = _promised(run, PersonStatus.ALREADY_OUT, Action.REMOVE)
    staying = [who for who in promised_out if seen(who) and _state(run, who) in (None, PersonStatus.ALREADY_OUT)]
    return (
        *(PersonOutcome(key, who, PersonStatus.NOT_ADDED, _why_missing(run, who)) for who in missing),
        *(PersonOutcome(key, who, PersonStatus.STILL_IN, _how_staying(run, who)) for who in staying),
    )


def _promised(run: GroupExecutor, already: PersonStatus, *actions: Action) -> list[PersonRef]:
    """Everybody of a call that was answered with success; of one without a clear answer, whom it counted there."""
    return [
        who
        for result in run.results
        if result.step.action in actions
        for who in result.step.people
        if result.status is StepStatus.DONE or _state(run, who) is already
    ]


def _state(run: GroupExecutor, who: PersonRef) -> PersonStatus | None:
    return run.outcomes[who][0] if who in run.outcomes else None


def _may_be_hidden(run: GroupExecutor, who: PersonRef, live: LiveGroup) -> bool:
    """Whether somebody not seen is accounted for: refused as a bad number, or counted in under a private id."""
    counted_in = _state(run, who) is PersonStatus.ALREADY_IN
    return _state(run, who) is PersonStatus.BAD_NUMBER or (
        counted_in and any(participant.identity is None for participant in live.participants)
    )


def _why_missing(run: GroupExecutor, who: PersonRef) -> str:
    if _state(run, who) is PersonStatus.ALREADY_IN:
        return "the server counted them in, and they are not there when read back"
    return "added, and not there: privacy settings let only contacts add them"


def _how_staying(run: GroupExecutor, who: PersonRef) -> str:
    if _state(run, who) is PersonStatus.ALREADY_OUT:
        return "the server counted them out, and they are there when read back"
    return "removed, and still there when read back"


def _not_seen(run: GroupExecutor, live: LiveGroup) -> frozenset[Step]:
    """The steps that were answered with success, and of which the group shows nothing."""
    seen = membership_of(live)
    texts = [step for step in _ran(run, Action.PATCH) if _fields_that_differ(step, live)]
    stayed = [step for step in _ran(run, Action.REMOVE) if all(seen(who) for who in step.people)]
    return frozenset([*texts, *stayed, *_ran(run, Action.LEAVE)])


def _fields_that_differ(step: Step, live: LiveGroup) -> list[str]:
    """What of a step's texts the group does not have, in words."""
    found = []
    if step.name is not None and not texts_equal(step.name, live.name):
        found.append(f"its name reads back as {quote(live.name)}, not {quote(step.name)}")
    if step.description is not None and not texts_equal(step.description, live.description):
        found.append("its description does not read back as it was sent")
    return found


def _pending(run: GroupExecutor) -> tuple[PersonOutcome, ...]:
    """People who are to come by the link of a group that this run made; in older groups the plan told the link."""
    if run.plan.id is not None:
        return ()
    waiting = [who for advice in run.plan.advice if advice.kind is AdviceKind.PENDING for who in advice.people]
    return tuple(
        PersonOutcome(run.plan.key, who, PersonStatus.PENDING, "to come by the invite link") for who in waiting
    )


def _ran(run: GroupExecutor, *actions: Action) -> list[Step]:
    return [
        result.step
        for result in run.results
        if result.step.action in actions and result.status in (StepStatus.DONE, StepStatus.UNKNOWN)
    ]


def remaining_drift(
    live: Mapping[str, LiveGroup], result: ApplyResult, desired: Desired | None
) -> tuple[tuple[str, str], ...]:
    """What the file still wants of the groups as they were read back (`live`, by key): the key and the words.

    That is what no plan could know of a group before it was joined, and what somebody else changed meanwhile.
    Without `desired` all that can be said is that a joined group has to be looked at.
    """
    changes = _changes(live, desired) if desired is not None else {}
    told = ((key, _remaining_in_group(key, group, result, changes.get(key))) for key, group in live.items())
    return tuple((key, text) for key, text in told if text)


def _remaining_in_group(key: str, live: LiveGroup, result: ApplyResult, change: Change | None) -> str:
    steps = [step for step in result.steps if step.step.group == key]
    joined = any(step.step.action is Action.JOIN for step in steps)
    if any(step.status is not StepStatus.DONE for step in steps) or any(
        told == key for told, _ in result.remaining_drift
    ):
        return ""
    if change is None:
        return "joined: plan again to see what else the file wants of it" if joined else ""
    told_of = {outcome.person.identity for outcome in result.people if outcome.group == key}
    people = [who for who in (*change.add, *change.remove) if who.identity not in told_of]
    if not change.field_changes and not people and not change.blocked:
        return ""
    if (
        joined
        and change.group.id is None
        and not any(texts_equal(live.name, name) for name in lookup_names(change.group))
    ):
        called = quote(live.name)
        return f"its invite leads into {called}, which has another name: note the `id` {live.id} in the file"
    if joined:
        return "joined, and its name, description or members differ from the file: plan and apply again"
    return "somebody else changed its name, description or members during this run: plan and apply again"


def _changes(live: Mapping[str, LiveGroup], desired: Desired) -> dict[str, Change]:
    """By key: the groups of the file against the live ones that the run was about, whatever these are called by now."""
    matches = [Match(group, MatchedBy.ID, _listed(live[group.key])) for group in desired.groups if group.key in live]
    changes = compare(matches, desired, {group.id: group for group in live.values()})
    return {change.group.key: change for change in changes}


def _listed(live: LiveGroup) -> ListedGroup:
    return ListedGroup(live.id, live.name, None, live.participants, live.description, live.owner)


def with_invite_link(people: tuple[PersonOutcome, ...], api: InviteLinkApi, group_id: str) -> tuple[PersonOutcome, ...]:
    """Add the group's invite link to the outcomes of everybody who has to join by themselves.

    Where the link cannot be had their message says why; nothing is raised after an apply, not even an interrupt.
    """
    if not any(outcome.status in _JOIN_BY_LINK for outcome in people):
        return people
    try:
        link, failure = api.invite_link(group_id), ""
    except (ApiError, Interrupted) as error:
        link, failure = None, f"; the invite link could not be had: {error}"
    return tuple(
        replace(outcome, message=outcome.message + failure, link=link) if outcome.status in _JOIN_BY_LINK else outcome
        for outcome in people
    )
