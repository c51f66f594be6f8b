"""Stop adding people and creating groups while WhatsApp refuses: going on is what accounts are banned for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from reconciler.apply.ports import GroupApi
from reconciler.errors import ApiError, Interrupted, RateLimited
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


@dataclass(slots=True)
class Breaker:
    """What one run knows of refusals; the groups of the run share it, from several threads.

    `reason` is why nobody is added and nothing is created any more; None while the run may go on.
    """

    reason: Message | None = None
    _refusing: set[Identity] = field(default_factory=set)
    _held: set[Identity] = field(default_factory=set)
    _noted: set[tuple[str, str]] = field(default_factory=set)
    _refused: int = 0
    _in_a_row: int = 0
    _lock: Lock = field(default_factory=Lock)

    def note(self, group: str, results: Iterable[tuple[PersonRef, bool]]) -> None:
        """Note who was added to a group and who was refused (true), in order; each person counts once a group."""
        with self._lock:
            for person, refused in results:
                if (group, person.ref_id) in self._noted:
                    continue
                self._noted.add((group, person.ref_id))
                self._refused += refused
                self._in_a_row = self._in_a_row + 1 if refused else 0
                if refused and person.identity is not None:
                    self._refusing.add(person.identity)
                self._open_if_too_many()

    def note_failed_call(self) -> None:
        """Note an add that was refused for everybody in it."""
        with self._lock:
            self._in_a_row += 1
            self._open_if_too_many()

    def watch(self, step: Step, error: ApiError, api: GroupApi) -> None:
        """Look at an error of an add or a create: whether it says that the account does too much, or is gone."""
        creating = step.action is Action.CREATE
        if error.is_overlimit or (creating and isinstance(error, RateLimited)):
            self._open(Message.of("too-much-at-once", answer=error.summary()))
        elif step.action.adds_people:
            self.check_connection(api)

    def check_connection(self, api: GroupApi) -> None:
        """Ask whether the instance is still connected, where a call after an add failed."""
        if self.reason is not None:
            return
        try:
            status = api.instance().status
        except (ApiError, Interrupted):
            return
        if status != "connected":
            self._open(Message.of("disconnected-meanwhile", status=Untrusted(status)))

    def hold(self, step: Step) -> Message | None:
        """Return why a step is not sent, None where it may be; note the people of a held step."""
        if self.reason is None or not step.action.adds_people:
            return None
        with self._lock:
            self._held.update(person.identity for person in step.people if person.identity is not None)
        return Message.of("adding-stopped", reason=self.reason)

    def is_held(self, person: PersonRef) -> bool:
        """Whether somebody is to come into another group, and that was not sent."""
        return person.identity in self._held

    def has_refused(self, person: PersonRef) -> bool:
        """Whether somebody refused in this run, so that nobody adds them to another group."""
        return person.identity in self._refusing

    def _open_if_too_many(self) -> None:
        total = len(self._noted)
        if self._in_a_row >= MAX_REFUSED_IN_A_ROW:
            self._open(Message.of("refused-in-a-row", count=self._in_a_row))
        elif total >= FEWEST_ADDS and self._refused > MAX_REFUSED_SHARE * total:
            self._open(Message.of("many-refused", refused=self._refused, total=total))

    def _open(self, reason: Message) -> None:
        if self.reason is None:
            self.reason = reason
