"""A model of the world, small enough to be plainly right: groups, who is in them, and what each call does to them.

It is strict: a call the real server would refuse (adding somebody who is in, removing somebody who is not, writing
without being an admin) fails the test that made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from reconciler.model.desired import Desired
from reconciler.model.identity import Identity, identity_of_jid
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, Plan, Step
from tests.builders import ME, participant


@dataclass
class Room:
    """One group as it really is. `strangers` cannot be identified; `miscount` makes the list's number wrong."""

    name: str
    people: dict[Identity, Participant]
    description: str = ""
    strangers: tuple[Participant, ...] = ()
    owner: Identity | None = None
    miscount: int = 0
    hides_me: bool = False
    makes_me_admin: bool = True

    def as_read(self, group_id: str) -> LiveGroup:
        """What a read shows of it."""
        shown = tuple(p for i, p in self.people.items() if not (self.hides_me and i == ME.identity))
        everybody = (*shown, *self.strangers)
        return LiveGroup(
            id=group_id,
            name=Untrusted(self.name),
            description=Untrusted(self.description),
            participants=everybody,
            owner=self.owner,
            count=len(everybody) + self.miscount,
        )

    def owners(self) -> set[Identity | None]:
        """Who may not be removed by anybody."""
        return {self.owner, *(identity for identity, p in self.people.items() if p.is_owner)}

    def identities(self, noted: Mapping[str | None, Identity]) -> set[Identity | None]:
        """Everybody who is in it, as far as a number or a private id that the file notes tells; `noted` by lid."""
        strangers = {noted[p.lid] for p in self.strangers if p.lid is not None and p.lid in noted}
        return {*self.people, *strangers}

    def may_write(self) -> bool:
        """Whether the instance is an admin here."""
        me = self.people[ME.identity]
        return me.is_admin or me.is_owner or self.owner == ME.identity

    def doubtful(self, lids_in_file: set[str]) -> bool:
        """Whether its read looks wrong, said again from the design and not from the code."""
        unidentified = any(p.lid not in lids_in_file for p in self.strangers)
        return self.miscount != 0 or (self.hides_me and not unidentified)


@dataclass
class TinyWorld:
    """The groups the instance is in, by id, and those it could join, by invite code."""

    rooms: dict[str, Room] = field(default_factory=dict)
    outside: dict[str, tuple[str, Room]] = field(default_factory=dict)
    made: int = 0

    def lives(self) -> tuple[LiveGroup, ...]:
        """Every group the instance is in, as read."""
        return tuple(self.rooms[group_id].as_read(group_id) for group_id in sorted(self.rooms))

    def after(self, plan: Plan) -> TinyWorld:
        """The world after all calls of a plan, in the plan's order."""
        world, ids = deepcopy(self), {group.key: group.id for group in plan.groups}
        for step in plan.steps:
            world.call(step, ids)
        return world

    def call(self, step: Step, ids: dict[str, str | None]) -> None:
        """One call; `ids` learns the ids of groups that are made or joined."""
        if step.action is Action.CREATE:
            ids[step.group] = self._create(step)
            return
        if step.action is Action.JOIN:
            ids[step.group] = self._join(step.invite or "")
            return
        group_id = step.group_id or ids[step.group]
        assert group_id is not None
        room = self.rooms[group_id]
        if step.action is Action.LEAVE:
            del self.rooms[group_id]
            return
        assert room.may_write(), "403: the instance is no admin"
        self._change(room, step)

    def _change(self, room: Room, step: Step) -> None:
        if step.action is Action.PATCH:
            room.name = room.name if step.name is None else step.name
            room.description = room.description if step.description is None else step.description
        elif step.action is Action.ADD:
            for who in step.people:
                add(room, who)
        else:
            for who in step.people:
                remove(room, who)

    def _create(self, step: Step) -> str:
        self.made += 1
        group_id = f"12036309999999990{self.made}@g.us"
        room = Room(step.name or "", {ME.identity: participant(ME, admin=True, owner=True)})
        for who in step.people:
            add(room, who)
        self.rooms[group_id] = room
        return group_id

    def _join(self, code: str) -> str:
        group_id, room = self.outside.pop(code)
        room.people[ME.identity] = participant(ME, admin=room.makes_me_admin)
        self.rooms[group_id] = room
        return group_id


def add(room: Room, who: PersonRef) -> None:
    """Put somebody into a room by the address that was sent."""
    identity = identity_of_jid(who.jid or "")
    assert identity is not None, f"422: {who.jid}"
    assert identity not in room.people, f"409: {identity} is in already"
    room.people[identity] = participant(who.jid or "")


def remove(room: Room, who: PersonRef) -> None:
    """Take somebody out of a room by the address that was sent."""
    identity = identity_of_jid(who.jid or "")
    hidden = [stranger for stranger in room.strangers if who.lid is not None and stranger.lid == who.lid]
    assert identity in room.people or hidden, f"409: {identity} is not in"
    assert identity not in room.owners(), f"403: {identity} owns the group"
    if identity in room.people and not hidden:
        del room.people[identity]
    room.strangers = tuple(stranger for stranger in room.strangers if stranger not in hidden)


def lids_noted(desired: Desired) -> set[str]:
    """The private ids that the file knows somebody by."""
    return {person.lid for person in desired.people.values() if person.lid is not None}
