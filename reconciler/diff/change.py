"""What one group of the file and its live group differ in, before order and guards."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.advice import Advice
from reconciler.model.desired import DesiredGroup
from reconciler.model.live import LiveGroup
from reconciler.model.plan import Found, TextChange
from reconciler.model.who import Who


@dataclass(frozen=True, slots=True)
class Change:
    """The differences of one group.

    At most one of `create`, `join` and `leave` is set. `add` and `remove` hold only people who may be added and
    removed; who may not stands in `advice` or, with the reason, in `blocked`. `stopped` says that the reason in
    `blocked` holds for the whole group: its differences are shown, and no step is made of them. `live_members` is
    the number of live participants without the instance.
    """

    group: DesiredGroup
    name: str
    found: Found = Found.NOWHERE
    id: str | None = None
    live: LiveGroup | None = None
    create: bool = False
    join: bool = False
    leave: bool = False
    text: tuple[TextChange, ...] = ()
    add: tuple[Who, ...] = ()
    remove: tuple[Who, ...] = ()
    blocked: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    stopped: bool = False
    live_members: int = 0

    @property
    def writes(self) -> bool:
        """Whether mending this takes any call that writes."""
        differs = self.create or self.join or self.leave or bool(self.text or self.add or self.remove)
        return differs and not self.stopped
