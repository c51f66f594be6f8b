"""Verify an apply: read each changed group back and compare it with what the calls reported.

Also what still differs from the configuration afterwards, where no step or person of the result shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from reconciler.apply.group_executor import GroupExecutor, fields_that_differ
from reconciler.apply.missing_people import NOT_THERE, missing_people
from reconciler.apply.participants import membership_of
from reconciler.apply.ports import GroupApi
from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepStatus
from reconciler.diff.change import AdviceKind, Change, MatchedBy
from reconciler.diff.compare import compare
from reconciler.diff.match import Match, lookup_names
from reconciler.errors import ApiError, Forbidden, Interrupted, NotFound
from reconciler.live.fetch import InviteLinkApi
from reconciler.messages import Message
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import texts_equal
from reconciler.plan.model import Action, GroupPlan, Step

_LEAVES_AS_IT_IS: Final = frozenset({AdviceKind.BUDGET, AdviceKind.DOUBTFUL, AdviceKind.KEPT, AdviceKind.REFUSED})
"""The advice about people who are missing or too many in a group, and stay as they are."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One group after its steps: people who are not where they should be, and what else remains different.

    `unconfirmed` are the steps that the API reported as successful, and of which the group shows nothing.
    """

    people: tuple[PersonOutcome, ...] = ()
    remaining: tuple[Message, ...] = ()
    live: LiveGroup | None = None
    unconfirmed: frozenset[Step] = frozenset()

    @property
    def unexplained(self) -> bool:
        """Whether somebody is missing, and neither the service nor the read itself gives a reason."""
        return any(outcome.message == NOT_THERE for outcome in self.people)


def read_back(run: GroupExecutor, group_id: str, api: GroupApi, entry: ListedGroup | None = None) -> ReadBack:
    """Return one changed group compared; an error of the API is in `remaining`, and never raised.

    Its `entry` in a list since then is enough where it proves that everything is as the steps left it. Else the group
    is read whole.
    """
    shown = _shown_by_list(run, entry) if entry is not None else None
    back = _compared(run, shown, leaving=False) if shown is not None else None
    if back is not None and not (back.people or back.remaining or back.unconfirmed):
        return back
    leaving = any(step.action is Action.LEAVE for step in run.plan.steps)
    try:
        live = api.group(group_id)
    except (NotFound, Forbidden) as error:
        if leaving and (isinstance(error, Forbidden) or error.is_about_group):
            return ReadBack(call_outcomes(run))
        entered = frozenset(_ran(run, Action.CREATE, Action.JOIN)) if isinstance(error, NotFound) else frozenset()
        return ReadBack(call_outcomes(run), (_not_read_back(error),), unconfirmed=entered)
    except (ApiError, Interrupted) as error:
        return ReadBack(call_outcomes(run), (_not_read_back(error),))
    return _compared(run, live, leaving=leaving)


def _compared(run: GroupExecutor, live: LiveGroup, *, leaving: bool) -> ReadBack:
    remaining = (Message.of("still-in-group"),) if leaving else _texts_that_differ(run, live)
    misplaced = _misplaced_people(run, live)
    contradicted = {outcome.person for outcome in misplaced}
    others = (
        outcome
        for outcome in call_outcomes(run)
        if outcome.person not in contradicted and not _is_placed(outcome, live)
    )
    people = (*others, *misplaced, *_joining_by_link(run))
    return ReadBack(people, remaining, live, _unconfirmed_steps(run, live))


def _shown_by_list(run: GroupExecutor, entry: ListedGroup) -> LiveGroup | None:
    """Return a group as its entry shows it, with what was read before for what no step changed and no entry has.

    None where name, people or description are not what the steps made of the group that the plan read.
    """
    before = run.plan.live
    if before is None or entry.fault is not None:
        return None
    sent = {field: text for step in run.plan.steps for field, text in step.texts.items()}
    removed = [person for step in run.plan.steps if step.action is Action.REMOVE for person in step.people]
    described = entry.description if entry.description is not None or "description" in sent else before.description
    if described is None or not texts_equal(described, sent.get("description", before.description)):
        return None
    if not texts_equal(entry.name, sent.get("name", before.name)):
        return None
    if entry.participants is None:
        if removed or entry.count is None or entry.count != before.count:
            return None
    else:
        gone = {key for person in removed for key in (person.identity, person.lid) if key is not None}
        left = {p.id for p in before.participants if p.identity not in gone and p.lid not in gone}
        if {p.id for p in entry.participants} != left:
            return None
    people = before.participants if entry.participants is None else entry.participants
    return replace(before, name=entry.name, description=described, participants=people, count=entry.count)


def _not_read_back(error: Exception) -> Message:
    return Message.of("not-read-back", error=str(error))


def call_outcomes(run: GroupExecutor) -> tuple[PersonOutcome, ...]:
    """Return the people who were not added or removed as planned, as the calls themselves show it."""
    return tuple(
        PersonOutcome(run.plan.key, person, status, message) for person, (status, message) in run.outcomes.items()
    )


def _texts_that_differ(run: GroupExecutor, live: LiveGroup) -> tuple[Message, ...]:
    return tuple(text for step in _ran(run, Action.CREATE, Action.PATCH) for text in fields_that_differ(step, live))


def _is_placed(outcome: PersonOutcome, live: LiveGroup) -> bool:
    """Whether somebody who was refused by a call is where they should be after all, as far as the group shows."""
    is_in = membership_of(live)(outcome.person)
    if outcome.status is PersonStatus.STILL_IN:
        return not is_in
    return outcome.status in (PersonStatus.NOT_ADDED, PersonStatus.NOT_KNOWN) and is_in


def _misplaced_people(run: GroupExecutor, live: LiveGroup) -> tuple[PersonOutcome, ...]:
    """Return who is not where the API reported them, except where an outcome of theirs shows it already."""
    key, is_in = run.plan.key, membership_of(live)
    added = _reported(run, PersonStatus.ALREADY_IN, Action.CREATE, Action.ADD)
    removed = _reported(run, PersonStatus.ALREADY_OUT, Action.REMOVE)
    present = [p for p in removed if is_in(p) and run.status_of(p) in (None, PersonStatus.ALREADY_OUT)]
    return (
        *missing_people(run, [person for person in added if not is_in(person)], live),
        *(PersonOutcome(key, person, PersonStatus.STILL_IN, _why_present(run, person)) for person in present),
    )


def with_doubt(back: ReadBack, listed: Mapping[str, ListedGroup]) -> ReadBack:
    """Return the read-back with people as not known where the list of groups counts others than it shows."""
    entry = listed.get(back.live.id) if back.live is not None else None
    if back.live is None or entry is None:
        return back
    count = entry.count if entry.participants is None else len(entry.participants)
    if count in (None, len(back.live.participants)):
        return back
    doubts = (Message.of("count-differs", read=len(back.live.participants), listed=count),)
    message = Message.of("not-seen-in-doubtful-read", doubts=doubts)
    people = (
        replace(o, status=PersonStatus.NOT_KNOWN, message=message) if o.message == NOT_THERE else o for o in back.people
    )
    return replace(back, people=tuple(people))


def _reported(run: GroupExecutor, already: PersonStatus, *actions: Action) -> list[PersonRef]:
    """Return everybody that the API reported as added (or removed), also those that it reported as so `already`."""
    return [
        person
        for result in run.results
        if result.step.action in actions
        for person in result.step.people
        if result.status is StepStatus.DONE or run.status_of(person) is already
    ]


def _why_present(run: GroupExecutor, person: PersonRef) -> Message:
    if run.status_of(person) is PersonStatus.ALREADY_OUT:
        return Message.of("counted-out-but-present")
    return Message.of("removed-but-present")


def _unconfirmed_steps(run: GroupExecutor, live: LiveGroup) -> frozenset[Step]:
    """Return the steps that the API reported as successful, and of which the group shows nothing."""
    is_in = membership_of(live)
    patches = [step for step in _ran(run, Action.PATCH) if fields_that_differ(step, live)]
    removals = [step for step in _ran(run, Action.REMOVE) if all(is_in(person) for person in step.people)]
    return frozenset([*patches, *removals, *_ran(run, Action.LEAVE)])


def _joining_by_link(run: GroupExecutor) -> tuple[PersonOutcome, ...]:
    """Return who must join a group that this run created by its link; for older groups the plan has the link."""
    if run.plan.id is not None:
        return ()
    people = [person for advice in run.plan.advice if advice.kind is AdviceKind.PENDING for person in advice.people]
    message = Message.of("joins-by-link")
    return tuple(PersonOutcome(run.plan.key, person, PersonStatus.PENDING, message) for person in people)


def _ran(run: GroupExecutor, *actions: Action) -> list[Step]:
    return [
        result.step
        for result in run.results
        if result.step.action in actions and result.status in (StepStatus.DONE, StepStatus.UNKNOWN)
    ]


def remaining_drift(
    live_groups: Mapping[str, LiveGroup], result: ApplyResult, desired: Desired | None
) -> tuple[tuple[str, Message], ...]:
    """Return, with its key, what still differs in the groups as they were read back (`live_groups`, by key).

    That is what no plan could know of a group before it was joined, and what somebody else changed meanwhile.
    Without `desired` it is only known that a joined group needs another plan.
    """
    changes = _compare_again(live_groups, desired) if desired is not None else {}
    found = ((key, _remaining_in_group(key, live, result, changes.get(key))) for key, live in live_groups.items())
    return tuple((key, message) for key, message in found if message is not None)


def sort_drift(drift: Iterable[tuple[str, Message]]) -> tuple[tuple[str, Message], ...]:
    """Return remaining drift sorted by key, then by its sentence."""
    return tuple(sorted(drift, key=lambda item: (item[0], item[1].to_text())))


def _remaining_in_group(key: str, live: LiveGroup, result: ApplyResult, change: Change | None) -> Message | None:
    steps = [step for step in result.steps if step.step.group == key]
    joined = any(step.step.action is Action.JOIN for step in steps)
    if any(step.status is not StepStatus.DONE for step in steps) or any(
        other == key for other, _ in result.remaining_drift
    ):
        return None
    if change is None:
        return Message.of("joined-plan-again") if joined else None
    with_outcome = {outcome.person.identity for outcome in result.people if outcome.group == key}
    planned = next((group for group in result.plan.groups if group.key == key), None)
    with_outcome |= _left_as_they_are(planned)
    people = [person for person in (*change.add, *change.remove) if person.identity not in with_outcome]
    known = {message.code for message in planned.blocked} if planned is not None else set()
    if not change.field_changes and not people and known.issuperset(message.code for message in change.blocked):
        return None
    if (
        joined
        and change.group.id is None
        and not any(texts_equal(live.name, name) for name in lookup_names(change.group))
    ):
        return Message.of("invite-leads-elsewhere", name=live.name, id=live.id)
    return Message.of("joined-and-differs") if joined else Message.of("changed-meanwhile")


def _left_as_they_are(group: GroupPlan | None) -> set[Identity | None]:
    """Return the people who are missing or too many in the group, and stay as they are by the plan."""
    advice = group.advice if group is not None else ()
    return {person.identity for one in advice if one.kind in _LEAVES_AS_IT_IS for person in one.people}


def _compare_again(live_groups: Mapping[str, LiveGroup], desired: Desired) -> dict[str, Change]:
    """Return, by key, the changes of the groups that the run was about, whatever their live groups are called now."""
    matches = [
        Match(group, MatchedBy.ID, ListedGroup(id=live_groups[group.key].id, name=live_groups[group.key].name))
        for group in desired.groups
        if group.key in live_groups
    ]
    changes = compare(matches, desired, {group.id: group for group in live_groups.values()})
    return {change.group.key: change for change in changes}


def with_invite_link(people: tuple[PersonOutcome, ...], api: InviteLinkApi, group_id: str) -> tuple[PersonOutcome, ...]:
    """Add the group's invite link to the outcomes of everybody who has to join by themselves.

    Where the link cannot be read, `link_failure` has the reason; after an apply nothing raises, not even an interrupt.
    """
    if not any(outcome.may_join_by_link for outcome in people):
        return people
    link: str | None = None
    failure: Message | None = None
    try:
        link = api.invite_link(group_id)
    except (ApiError, Interrupted) as error:
        failure = Message.of("link-not-read", error=str(error))
    return tuple(
        replace(outcome, link=link, link_failure=failure) if outcome.may_join_by_link else outcome for outcome in people
    )
