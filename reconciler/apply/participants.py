"""Add and remove people: what a 409, 422 or 403 means for one person, and how the others go on.

Only people of the step are sent: the live group may change meanwhile, the plan does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus
from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, Conflict, Forbidden, HttpError, Unprocessable
from reconciler.messages import Message
from reconciler.model.identity import identity_of_jid
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action

NOT_ABOUT_PEOPLE = frozenset({"PLAN_LIMIT_REACHED"})
"""Codes of a 409 that are not about a participant (the subscription's limit is reached)."""

PersonOutcomes: TypeAlias = dict[PersonRef, tuple[PersonStatus, Message]]
"""Why somebody was not added or removed as planned, as far as the calls themselves show it."""


def earlier_attempt_ambiguous(error: ApiError) -> bool:
    """Whether an earlier attempt of the failed call may have taken effect: then this run itself caused the 409."""
    return isinstance(error.__cause__, MAY_HAVE_TAKEN_EFFECT)


MAX_PRIVATE_IDS = 5
"""How many private ids a message names at most, of those of which one is the person's."""


@dataclass(slots=True)
class ParticipantCall:
    """The calls for the people of one step.

    `outcomes` receives why somebody was not added or removed as planned. `on_success` is called after every
    call that the API reports as successful, so that a later failure does not count as "nothing happened".
    """

    api: GroupApi
    group_id: str
    action: Action
    outcomes: PersonOutcomes
    on_success: Callable[[], None]

    def run(self, people: Sequence[PersonRef]) -> None:
        """Send these people, as one call where the server accepts it; after a refusal send those who are still missing.

        Raise the ApiError that is not about single people; some may be done by then.
        """
        if not people:
            return
        try:
            self._call([person.jid for person in people if person.jid is not None])
            self.on_success()
        except (Conflict, Unprocessable, Forbidden) as error:
            if earlier_attempt_ambiguous(error):
                self.on_success()
            self._after_refusal(people, error)

    def _call(self, jids: list[str]) -> None:
        if self.action is Action.ADD:
            self.api.add_participants(self.group_id, jids)
        else:
            self.api.remove_participants(self.group_id, jids)

    def _after_refusal(self, people: Sequence[PersonRef], error: HttpError) -> None:
        if isinstance(error, Unprocessable):
            self._after_bad_format(people, error)
        elif isinstance(error, Forbidden):
            self._after_forbidden(people, error)
        elif error.code in NOT_ABOUT_PEOPLE:
            raise error
        else:
            self._after_conflict(people, error)

    def _after_conflict(self, people: Sequence[PersonRef], error: HttpError) -> None:
        """Read the group again, since it changed, and send what is still missing of the plan."""
        live = self.api.group(self.group_id)
        is_settled = _already(self.action, live)
        rest = [person for person in people if not is_settled(person)]
        for person in people:
            if is_settled(person) and not earlier_attempt_ambiguous(error):
                self.outcomes[person] = (self._already_status, Message.of("already-so"))
        if len(rest) < len(people):
            self.run(rest)
        elif len(people) == 1:
            self.outcomes[people[0]] = (self._already_status, self._unseen_message(live))
        else:
            self._split(people, people_in_error(error.details, people))

    @property
    def _already_status(self) -> PersonStatus:
        return PersonStatus.ALREADY_IN if self.action is Action.ADD else PersonStatus.ALREADY_OUT

    def _unseen_message(self, live: LiveGroup) -> Message:
        """Return what to know about somebody that the server reports but the group does not show."""
        lids = [p.lid or p.id for p in live.participants if p.identity is None]
        if self.action is not Action.ADD or not lids:
            return Message.of("api-says-so")
        some = tuple(sorted(lids)[:MAX_PRIVATE_IDS])
        if len(lids) > len(some):
            return Message.of("in-under-one-private-id", count=len(lids), ids=some)
        return Message.of("in-under-private-id", ids=some)

    def _after_bad_format(self, people: Sequence[PersonRef], error: Unprocessable) -> None:
        bad = note_bad_numbers(error, people, self.outcomes)
        if bad:
            self.run([person for person in people if person not in bad])
        else:
            self._split(people, [])

    def _after_forbidden(self, people: Sequence[PersonRef], error: Forbidden) -> None:
        """Skip people who became owners since the plan; where nobody did, the account may not write here."""
        if self.action is not Action.REMOVE:
            raise error
        owners = self.api.group(self.group_id).owners
        now_owners = [person for person in people if person.identity in owners]
        if not now_owners:
            raise error
        for person in now_owners:
            self.outcomes[person] = (PersonStatus.STILL_IN, Message.of("owner-by-now"))
        self.run([person for person in people if person not in now_owners])

    def _split(self, people: Sequence[PersonRef], named: Sequence[PersonRef]) -> None:
        """Send in two parts: those that the server names and the others, or else halves."""
        if named and len(named) < len(people):
            parts = [[person for person in people if person not in named], list(named)]
        else:
            half = len(people) // 2
            parts = [list(people[:half]), list(people[half:])]
        for part in parts:
            self.run(part)


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


def people_in_error(details: Any, people: Sequence[PersonRef]) -> list[PersonRef]:
    """Return the people of this call that the server's error details name, in whatever field."""
    identities = {identity for text in _texts(details) if (identity := identity_of_jid(text)) is not None}
    return [person for person in people if person.identity in identities]


def _texts(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item, depth + 1)] if depth <= 4 else []
