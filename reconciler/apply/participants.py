"""Adding and removing people: what a 409 or a 422 means, and how the others go on.

Nothing here sends a person whom the step does not name: the world may move, the plan may not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.apply.ports import GroupApi
from reconciler.apply.result import PersonStatus
from reconciler.errors import MAY_HAVE_TAKEN_EFFECT, ApiError, Conflict, Forbidden, HttpError, Unprocessable
from reconciler.model.identity import identity_of_jid
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.plan.step import Action

NOT_ABOUT_PEOPLE = frozenset({"PLAN_LIMIT_REACHED"})
"""Codes of a 409 that say nothing about a participant (the subscription's limit is reached)."""


def earlier_attempt_ambiguous(error: ApiError) -> bool:
    """Whether an earlier attempt of the call that ended so may have taken effect: then a 409 is this run's own."""
    return isinstance(error.__cause__, MAY_HAVE_TAKEN_EFFECT)


@dataclass(slots=True)
class ParticipantCall:
    """One step's people on their way.

    `outcomes` gathers what is worth a word about any of them; `on_success` is told of every call that was answered with
    success, so that a later failure is not taken for "nothing happened".
    """

    api: GroupApi
    group_id: str
    action: Action
    outcomes: dict[PersonRef, tuple[PersonStatus, str]]
    on_success: Callable[[], None]

    def run(self, people: Sequence[PersonRef]) -> None:
        """Send these people, as one call where the server takes it, and whoever is still missing after a refusal.

        Raises the ApiError that is not about single people; by then some may be done.
        """
        if not people:
            return
        try:
            self._call([who.jid for who in people if who.jid is not None])
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
        """The world moved: read the group again and send what is still missing of the plan."""
        live = self.api.group(self.group_id)
        settled = _already(self.action, live)
        rest = [who for who in people if not settled(who)]
        for who in people:
            if settled(who) and not earlier_attempt_ambiguous(error):
                self.outcomes[who] = (self._already_there, "was so before this run's call")
        if len(rest) < len(people):
            self.run(rest)
        elif len(people) == 1:
            self.outcomes[people[0]] = (self._already_there, self._unseen(live))
        else:
            self._split(people, people_in_error(error.details, people))

    @property
    def _already_there(self) -> PersonStatus:
        return PersonStatus.ALREADY_IN if self.action is Action.ADD else PersonStatus.ALREADY_OUT

    def _unseen(self, live: LiveGroup) -> str:
        """What to say of somebody whom the server counts in, but whom the read does not show."""
        lids = [p.lid or p.id for p in live.participants if p.identity is None]
        if self.action is not Action.ADD or not lids:
            return "the server says so, the group's read does not show it"
        return f"there under a private id: note it as their `lid` under people (one of {', '.join(sorted(lids)[:5])})"

    def _after_bad_format(self, people: Sequence[PersonRef], error: Unprocessable) -> None:
        bad = list(people) if len(people) == 1 else people_in_error(error.details, people)
        if bad:
            for who in bad:
                self.outcomes[who] = (PersonStatus.BAD_NUMBER, error.message)
            self.run([who for who in people if who not in bad])
        else:
            self._split(people, [])

    def _after_forbidden(self, people: Sequence[PersonRef], error: Forbidden) -> None:
        """Somebody may have become the owner since the plan; if nobody did, the instance may not write here."""
        if self.action is not Action.REMOVE:
            raise error
        owners = self.api.group(self.group_id).owners
        now_owners = [who for who in people if who.identity in owners]
        if not now_owners:
            raise error
        for who in now_owners:
            self.outcomes[who] = (PersonStatus.STILL_IN, "owns the group by now: an owner cannot be removed")
        self.run([who for who in people if who not in now_owners])

    def _split(self, people: Sequence[PersonRef], apart: Sequence[PersonRef]) -> None:
        """Send in two parts: those the server named and the others, or else halves."""
        if apart and len(apart) < len(people):
            parts = [[who for who in people if who not in apart], list(apart)]
        else:
            half = len(people) // 2
            parts = [list(people[:half]), list(people[half:])]
        for part in parts:
            self.run(part)


def _already(action: Action, live: LiveGroup) -> Callable[[PersonRef], bool]:
    is_in = membership_of(live)
    return is_in if action is Action.ADD else lambda who: not is_in(who)


def membership_of(live: LiveGroup) -> Callable[[PersonRef], bool]:
    """Whether somebody is among the participants, by number or by the private id that the file notes."""
    identities = {p.identity for p in live.participants if p.identity is not None}
    lids = {p.lid for p in live.participants if p.lid is not None}
    return lambda who: who.identity in identities or who.lid in lids


def people_in_error(details: Any, people: Sequence[PersonRef]) -> list[PersonRef]:
    """The people a server's error details name, in whatever field; only those of this call."""
    identities = {identity for text in _texts(details) if (identity := identity_of_jid(text)) is not None}
    return [who for who in people if who.identity in identities]


def _texts(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value]
    if depth > 4:
        return []
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item, depth + 1)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, depth + 1)]
    return []
