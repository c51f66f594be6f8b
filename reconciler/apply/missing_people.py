"""Say why somebody who was added is not seen when the group is read back: never more than is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.apply.group_executor import GroupExecutor
from reconciler.apply.participants import ALREADY_IN_ANSWER, GROUP_FULL_ANSWER
from reconciler.apply.result import PersonOutcome, PersonStatus
from reconciler.messages import Message
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import Action

NOT_THERE: Final = Message.of("not-there")
_ANSWERS: Final = {
    403: Message.of("not-there-not-allowed"),
    404: Message.of("not-there-no-account"),
    408: Message.of("not-there-left-lately"),
    GROUP_FULL_ANSWER: Message.of("not-there-full"),
}
"""Why somebody is not there, by what the service answered for them."""


def missing_people(run: GroupExecutor, missing: list[PersonRef], live: LiveGroup) -> Iterator[PersonOutcome]:
    """Yield who was added, as the API reported it, and is not seen: by a private id, refused, or nobody knows."""
    key = run.plan.key
    claimed = [person for person in missing if run.status_of(person) is PersonStatus.ALREADY_IN]
    if len(claimed) > sum(participant.identity is None for participant in live.participants):
        message = Message.of("counted-in-but-missing")
        yield from (PersonOutcome(key, person, PersonStatus.NOT_ADDED, message) for person in claimed)
    unseen = [person for person in missing if run.status_of(person) is None]
    refused = [
        person for person in unseen if run.answers.get(person, 200) >= 300 and run.answers[person] != ALREADY_IN_ANSWER
    ]
    for person in refused:
        yield PersonOutcome(key, person, PersonStatus.NOT_ADDED, _why_refused(run.answers[person]))
    unseen = [person for person in unseen if person not in refused]
    if not unseen:
        return
    new_ids, doubts = _new_private_ids(run, live), _read_doubts(run, live)
    status, message = PersonStatus.NOT_ADDED, NOT_THERE
    if len(new_ids) == len(unseen) and not doubts:
        status, message = PersonStatus.BY_LID, Message.of("new-private-id", count=len(new_ids), ids=new_ids)
    elif new_ids:
        message = Message.of("perhaps-under-private-id", count=len(new_ids), people=len(unseen), ids=new_ids)
        status = PersonStatus.NOT_KNOWN
    elif doubts:
        status, message = PersonStatus.NOT_KNOWN, Message.of("not-seen-in-doubtful-read", doubts=doubts)
    yield from (PersonOutcome(key, person, status, message) for person in unseen)


def _new_private_ids(run: GroupExecutor, live: LiveGroup) -> tuple[str, ...]:
    """Return the private ids that stand for somebody added by this run: after the run less before it, sorted.

    Admins do not count: nobody is added as one, and the account itself may show so in a group that it created.
    """
    before = run.plan.live
    if before is not None and before.count not in (None, len(before.participants)):
        return ()
    if before is None and run.plan.id is not None:
        return ()
    old = {participant.id for participant in before.participants} if before is not None else set()
    noted = {person.lid for step in run.plan.steps for person in step.people}
    new = (p for p in live.participants if p.identity is None and p.id not in old and not (p.is_admin or p.is_owner))
    return tuple(sorted(p.lid for p in new if p.lid is not None and p.lid not in noted))


def _read_doubts(run: GroupExecutor, live: LiveGroup) -> tuple[Message, ...]:
    """Return why a read-back looks incomplete by itself: it shows nobody, or lacks people who were not removed."""
    if not live.participants:
        return (Message.of("no-participants"),)
    before = run.plan.live.participants if run.plan.live is not None else ()
    removed = {person.ref_id for step in run.plan.steps if step.action is Action.REMOVE for person in step.people}
    there = {p.identity or p.lid or p.id for p in live.participants} | removed
    gone = sum((p.identity or p.lid or p.id) not in there for p in before)
    return (Message.of("members-missing", count=gone),) if gone else ()


def _why_refused(answer: int) -> Message:
    return _ANSWERS.get(answer) or Message.of("not-there-answered", status=answer)
