"""Add and remove people: what a refusal means for one person, and how the others go on.

Only people of the step are sent: the live group may change meanwhile, the plan does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus
from reconciler.errors import (
    MAY_HAVE_TAKEN_EFFECT,
    ApiError,
    Conflict,
    Forbidden,
    HttpError,
    ServerError,
    Unprocessable,
)
from reconciler.messages import Message
from reconciler.model.desired import MAX_FURTHER_CALLS
from reconciler.model.identity import identity_of_jid
from reconciler.model.live import LiveGroup, PersonAnswer
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action

NOT_ABOUT_PEOPLE = frozenset({"PLAN_LIMIT_REACHED", "INSTANCE_NOT_FOUND"})
"""Codes of errors that are not about a participant."""

ALREADY_IN_ANSWER: Final = 409
"""What the service answers for a person who is in the group already."""

GROUP_FULL_ANSWER: Final = 419
"""What the service answers for a person who finds no room in the group."""

MAX_PRIVATE_IDS = 5
"""How many private ids a message names at most, of those of which one is the person's."""

PersonOutcomes: TypeAlias = dict[PersonRef, tuple[PersonStatus, Message]]
"""Why somebody was not added or removed as planned, as far as the calls themselves show it."""


def earlier_attempt_ambiguous(error: ApiError) -> bool:
    """Whether an earlier attempt of the failed call may have taken effect: then this run itself caused the 409."""
    return isinstance(error.__cause__, MAY_HAVE_TAKEN_EFFECT)


def may_be_about_a_person(error: HttpError) -> bool:
    """Whether a refused call may go through without one of its people."""
    is_refusal = error.status in (400, 403, 404, 406, 409, 422) or isinstance(error, ServerError)
    return is_refusal and error.code not in NOT_ABOUT_PEOPLE and not error.is_overlimit


@dataclass(slots=True)
class ParticipantCall:
    """The calls for the people of one step.

    `outcomes` receives why somebody was not added or removed as planned. `on_success` is called after every
    call that the API reports as successful, so that a later failure does not count as "nothing happened". `before` is
    the group as the plan read it, where it did. `answers` receives what the service answered for single people.
    """

    api: GroupApi
    group_id: str
    action: Action
    outcomes: PersonOutcomes
    on_success: Callable[[], None]
    before: LiveGroup | None = None
    answers: dict[PersonRef, int] = field(default_factory=dict)
    hold: Callable[[Sequence[PersonRef]], Message | None] = lambda _: None
    """Returns why these people are not sent any more; None where they may be."""
    on_refusal: Callable[[HttpError], None] = lambda _: None
    """Receives each refusal that names nobody."""
    refused_calls: int = 0
    """How many calls were refused without a name, where none was accepted: nobody knows who the reason is."""
    _first: Sequence[PersonRef] = ()
    _sent: int = 0
    _accepted: bool = False
    _refusal: HttpError | None = None
    _read: LiveGroup | None = None
    _suspects: dict[PersonRef, Message] = field(default_factory=dict)
    """Who was refused alone, by an error that names nobody: they are the reason only if others are accepted."""
    _held: dict[PersonRef, Message] = field(default_factory=dict)
    """Who was not sent any more after a refusal."""

    def run(self, people: Sequence[PersonRef]) -> None:
        """Send these people, as one call where the server accepts it; after a refusal send those who are still missing.

        Raise the ApiError that is not about single people; some may be done by then.
        """
        self._first = people
        self._send(people)
        if (self._suspects or self._held) and self._refusal is not None and not self._accepted:
            raise self._refusal
        for person, message in (self._suspects | self._held).items():
            self.outcomes[person] = (self._refused_status, message)

    def _send(self, people: Sequence[PersonRef]) -> None:
        if not people:
            return
        if self._sent > MAX_FURTHER_CALLS:
            self.outcomes |= dict.fromkeys(people, (PersonStatus.NOT_KNOWN, self._unsorted_message()))
            return
        if (reason := self.hold(people)) is not None:
            self._held |= dict.fromkeys(people, reason)
            return
        self._sent += 1
        try:
            answers = self._call([person.jid for person in people if person.jid is not None])
        except HttpError as error:
            if not may_be_about_a_person(error):
                raise
            if earlier_attempt_ambiguous(error):
                self.on_success()
            self._after_refusal(people, error)
        else:
            self._accepted, self.refused_calls = True, 0
            self.on_success()
            self._note_answers(people, answers)

    def _call(self, jids: list[str]) -> Sequence[PersonAnswer]:
        if self.action is Action.ADD:
            return self.api.add_participants(self.group_id, jids)
        self.api.remove_participants(self.group_id, jids)
        return ()

    def _note_answers(self, people: Sequence[PersonRef], answers: Sequence[PersonAnswer]) -> None:
        """Note what the service answered for single people; only the read-back shows who is in."""
        by_id = {key: answer.status for answer in answers for key in (answer.identity, answer.lid) if key is not None}
        for person in people:
            status = by_id.get(person.identity or "", by_id.get(person.lid or ""))
            if status is None:
                continue
            self.answers[person] = status
            if status == ALREADY_IN_ANSWER:
                self.outcomes[person] = (PersonStatus.ALREADY_IN, Message.of("already-so"))

    def _after_refusal(self, people: Sequence[PersonRef], error: HttpError) -> None:
        named = people_in_error(error.details, people)
        if isinstance(error, Conflict):
            self._after_conflict(people, named, error)
        elif isinstance(error, Unprocessable):
            bad = note_bad_numbers(error, people, self.outcomes)
            self._send([person for person in people if person not in bad]) if bad else self._send_halves(people)
        else:
            self._after_other_refusal(people, named, error)

    def _after_conflict(self, people: Sequence[PersonRef], named: Sequence[PersonRef], error: HttpError) -> None:
        """Read the group, since it changed, and send what is still missing of the plan.

        The server counts those as in (or out) who are named by the error and not shown by the group: its answer.
        """
        live = self._live()
        is_settled = _already(self.action, live)
        rest = [person for person in people if not is_settled(person)]
        for person in people:
            if is_settled(person) and not earlier_attempt_ambiguous(error):
                self.outcomes[person] = (self._already_status, Message.of("already-so"))
        if len(rest) < len(people):
            self._send(rest)
            return
        unseen = people if len(people) == 1 else named
        for person in unseen:
            self.outcomes[person] = (self._already_status, self._unseen_message(live))
        if unseen:
            self._send([person for person in people if person not in unseen])
        else:
            self._send_halves(people)

    def _after_other_refusal(self, people: Sequence[PersonRef], named: Sequence[PersonRef], error: HttpError) -> None:
        """Find the people who are refused, and send the others; raise the error where it is about the group itself."""
        self._refusal = self._refusal or error
        live = self._live_unless_refused(error)
        may_own = self.action is Action.REMOVE and isinstance(error, Forbidden)
        now_owners = [person for person in people if may_own and person.identity in live.owners]
        if isinstance(error, Forbidden) and self._lost_rights(live):
            raise error
        if not named:
            self.refused_calls += not self._accepted
            self.on_refusal(error)
        message = refused_message(error)
        for person in named:
            self.outcomes[person] = (self._refused_status, message)
        for person in now_owners:
            self.outcomes[person] = (PersonStatus.STILL_IN, Message.of("owner-by-now"))
        is_settled = _already(self.action, live)
        rest = [p for p in people if p not in named and p not in now_owners and not is_settled(p)]
        if len(rest) < len(people):
            self._send(rest)
        elif len(people) == 1:
            self._suspects[people[0]] = message
        elif not self._accepted and self._sent > len(self._first).bit_length() + 1:
            raise error
        else:
            self._send_halves(people)

    def _lost_rights(self, live: LiveGroup) -> bool:
        """Whether an admin of the group as it was planned is not an admin any more: it may be the account."""
        admins = {p.id for p in self.before.participants if p.is_admin} if self.before is not None else set()
        return not admins <= {p.id for p in live.participants if p.is_admin}

    def _live(self) -> LiveGroup:
        """Return the group as read after the first refusal: what this step adds and removes later is known."""
        if self._read is None:
            self._read = self.api.group(self.group_id)
        return self._read

    def _live_unless_refused(self, error: HttpError) -> LiveGroup:
        try:
            return self._live()
        except HttpError:
            raise error from error.__cause__

    @property
    def _already_status(self) -> PersonStatus:
        return PersonStatus.ALREADY_IN if self.action is Action.ADD else PersonStatus.ALREADY_OUT

    @property
    def _refused_status(self) -> PersonStatus:
        return PersonStatus.NOT_ADDED if self.action is Action.ADD else PersonStatus.STILL_IN

    def _unseen_message(self, live: LiveGroup) -> Message:
        """Return what to know about somebody that the server reports but the group does not show."""
        lids = sorted(p.lid or p.id for p in live.participants if p.identity is None)
        if self.action is not Action.ADD or not lids:
            return Message.of("api-says-so")
        some = tuple(lids[:MAX_PRIVATE_IDS])
        if len(lids) > len(some):
            return Message.of("in-under-one-private-id", count=len(lids), ids=some)
        return Message.of("in-under-private-id", count=len(some), ids=some)

    def _unsorted_message(self) -> Message:
        """Return what to know about people that the calls did not sort out: they may be there under a private id."""
        lids = sorted(p.lid or p.id for p in self._read.participants if p.identity is None) if self._read else []
        if self.action is not Action.ADD or not lids:
            return Message.of("not-sorted-out", count=MAX_FURTHER_CALLS)
        some = tuple(lids[:MAX_PRIVATE_IDS])
        return Message.of("not-sorted-out-hidden", calls=MAX_FURTHER_CALLS, count=len(lids), ids=some)

    def _send_halves(self, people: Sequence[PersonRef]) -> None:
        half = len(people) // 2
        for part in (people[:half], people[half:]):
            self._send(part)


def _already(action: Action, live: LiveGroup) -> Callable[[PersonRef], bool]:
    is_in = membership_of(live)
    return is_in if action is Action.ADD else lambda person: not is_in(person)


def membership_of(live: LiveGroup) -> Callable[[PersonRef], bool]:
    """Return a test whether somebody is a participant, by number or by the private id in the configuration."""
    identities = {p.identity for p in live.participants if p.identity is not None}
    lids = {p.lid for p in live.participants if p.lid is not None}
    return lambda person: person.identity in identities or person.lid in lids


def note_bad_numbers(error: Unprocessable, people: Sequence[PersonRef], outcomes: PersonOutcomes) -> list[PersonRef]:
    """Note and return whose number the server refuses: the only person's, else those that the error names."""
    bad = list(people) if len(people) == 1 else people_in_error(error.details, people)
    for person in bad:
        outcomes[person] = (PersonStatus.BAD_NUMBER, Message.of("api-refused-person", answer=Untrusted(error.message)))
    return bad


def is_refusal(answer: int) -> bool:
    """Whether what the service answered for a person says that they are not added, for a reason of their own."""
    return answer >= 300 and answer not in (ALREADY_IN_ANSWER, GROUP_FULL_ANSWER)


def refused_message(error: HttpError) -> Message:
    """Return why somebody is refused, in the service's own words."""
    return Message.of("service-refused", status=error.status or 0, answer=Untrusted(error.message))


def people_in_error(details: Any, people: Sequence[PersonRef]) -> list[PersonRef]:
    """Return the people of this call that the server's error details name, in whatever field."""
    identities = {identity for text in _texts(details) if (identity := identity_of_jid(text)) is not None}
    return [person for person in people if person.identity in identities]


def _texts(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item, depth + 1)] if depth <= 4 else []
