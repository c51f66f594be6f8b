"""Stop adding people and creating groups while WhatsApp refuses: going on is what accounts are banned for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from typing import Final

from reconciler.apply.ports import GroupApi
from reconciler.errors import ApiError, Interrupted, RateLimited, ReconcilerError
from reconciler.messages import Message
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, Step

MAX_REFUSED_IN_A_ROW: Final = 3
"""Refused people, one after another, after which nobody else is added."""
FEWEST_ADDS: Final = 10
"""Adds from which on the share of the refused counts."""
MAX_REFUSED_SHARE: Final = 0.3
"""The share of refused adds above which nobody else is added."""


class AddingStopped(ReconcilerError):
    """A create was not sent, because nobody is added any more in this run; `reason` is the message of its step."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.to_text())
        self.reason = reason


@dataclass(slots=True)
class Breaker:
    """What one run knows of refusals; the groups of the run share it, from several threads.

    `reason` is why nobody is added and nothing is created any more; None while the run may go on.
    """

    reason: Message | None = None
    _refusing: set[Identity] = field(default_factory=set)
    _willing: set[Identity] = field(default_factory=set)
    _held: set[Identity] = field(default_factory=set)
    _noted: set[tuple[str, str]] = field(default_factory=set)
    _tried: dict[Identity, str] = field(default_factory=dict)
    """The group that somebody is being added to while this run does not know yet whether they refuse."""
    _refused: int = 0
    _in_a_row: int = 0
    _changed: Condition = field(default_factory=Condition)

    @contextmanager
    def trying(self, group: str, people: Iterable[PersonRef]) -> Iterator[None]:
        """Try people in one group at a time: wait while it is not known how adding one of them to another group ended.

        All people that a group adds in one phase are taken together, so that two groups never wait for each other.
        """
        identities = {person.identity for person in people if person.identity is not None}
        with self._changed:
            while self.reason is None and self._tried_elsewhere(group, identities):
                self._changed.wait()
            taken = identities - self._willing - self._refusing - self._tried.keys()
            self._tried.update(dict.fromkeys(taken, group))
        try:
            yield
        finally:
            with self._changed:
                for identity in taken:
                    del self._tried[identity]
                self._changed.notify_all()

    def _tried_elsewhere(self, group: str, identities: set[Identity]) -> bool:
        unknown = (identities & self._tried.keys()) - self._willing - self._refusing
        return any(self._tried[identity] != group for identity in unknown)

    def note(self, group: str, results: Iterable[tuple[PersonRef, bool]]) -> None:
        """Note who was added to a group and who was refused (true), in order; each person counts once a group."""
        with self._changed:
            for person, refused in results:
                if (group, person.ref_id) in self._noted:
                    continue
                self._noted.add((group, person.ref_id))
                self._refused += refused
                self._in_a_row = self._in_a_row + 1 if refused else 0
                if person.identity is not None:
                    (self._refusing if refused else self._willing).add(person.identity)
                self._open_if_too_many()
            self._changed.notify_all()

    def note_refused_calls(self, count: int) -> None:
        """Note so many calls of one step, none of which the service accepted for anybody."""
        with self._changed:
            self._in_a_row += count
            self._open_if_too_many()

    def watch(self, step: Step, error: ApiError, api: GroupApi, *, is_first: bool = True) -> None:
        """Look at an error of an add or a create: whether it says that the account does too much, or is gone.

        The instance is read only after the first error of a step.
        """
        creating = step.action is Action.CREATE
        if error.is_overlimit or (creating and isinstance(error, RateLimited)):
            self._open(Message.of("too-much-at-once", answer=error.summary()))
        elif is_first and step.action.adds_people:
            self.check_connection(api)

    def check_connection(self, api: GroupApi) -> None:
        """Ask whether the instance is still connected, where something after an add is not as it should be."""
        if self.reason is not None:
            return
        try:
            status = api.instance().status
        except (ApiError, Interrupted):
            return
        if status != "connected":
            self._open(Message.of("disconnected-meanwhile", status=Untrusted(status)))

    def hold(self, people: Iterable[PersonRef]) -> Message | None:
        """Return why these people are not added, or created a group with; note them then. None where they may be."""
        if self.reason is None:
            return None
        with self._changed:
            self._held.update(person.identity for person in people if person.identity is not None)
        return Message.of("adding-stopped", reason=self.reason)

    def raise_if_stopped(self) -> None:
        """Raise AddingStopped where nobody is added any more."""
        if self.reason is not None:
            raise AddingStopped(Message.of("adding-stopped", reason=self.reason))

    def is_held(self, person: PersonRef) -> bool:
        """Whether somebody is to come into another group, and that was not sent."""
        return person.identity in self._held

    def has_refused(self, person: PersonRef) -> bool:
        """Whether somebody refused in this run, so that nobody adds them to another group."""
        return person.identity in self._refusing

    @property
    def anybody_refused(self) -> bool:
        """Whether the run saw a refusal, so that it looks at every add from now on."""
        return self._refused > 0 or self._in_a_row > 0

    def _open_if_too_many(self) -> None:
        total = len(self._noted)
        if self._in_a_row >= MAX_REFUSED_IN_A_ROW:
            self._open(Message.of("refused-in-a-row", count=self._in_a_row))
        elif total >= FEWEST_ADDS and self._refused > MAX_REFUSED_SHARE * total:
            self._open(Message.of("many-refused", refused=self._refused, total=total))

    def _open(self, reason: Message) -> None:
        with self._changed:
            self.reason = self.reason or reason
            self._changed.notify_all()
