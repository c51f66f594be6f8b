"""What people do by hand while an apply runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from reconciler.sandbox import SandboxError, World
from tests.torture.reference import DELTA, EPSILON, ETA, GAMMA, INSTANCE, OWNER, PEOPLE, PHONE, STRANGER, ZETA


@dataclass(frozen=True)
class Hand:
    """One change: of which group of the file, what is done, and whose name may rightly be created afterwards.

    listed: only a list of all groups shows it. for_good: the file cannot come true any more until somebody corrects
    it, which each run says anew with exit code 3.
    """

    key: str
    act: Callable[[World], object]
    creates: frozenset[str] = frozenset()
    listed: bool = False
    for_good: bool = False

    def move(self, world: World) -> None:
        """Do it, unless there is nothing to do it to."""
        with suppress(SandboxError):
            self.act(world)


def comes(key: str, group_id: str, who: str, *, admin: bool = False, owner: bool = False) -> Hand:
    return Hand(key, lambda world: world.add_participant(group_id, who, admin=admin, owner=owner))


def goes(key: str, group_id: str, who: str, creates: str = "") -> Hand:
    return Hand(key, lambda world: world.remove_participant(group_id, who), frozenset({creates} - {""}))


def renamed(key: str, group_id: str, creates: str = "") -> Hand:
    return Hand(key, lambda world: world.rename_group(group_id, "By hand"), frozenset({creates} - {""}))


def vanishes(key: str, group_id: str, creates: str = "") -> Hand:
    return Hand(key, lambda world: world.delete_group(group_id), frozenset({creates} - {""}))


def _new_alpha(world: World, act: Callable[[str], object]) -> None:
    """Do something to the group that the run has made, once it is there."""
    for group in world.groups(INSTANCE):
        if group.name == "Alpha":
            act(group.id)


HANDS: dict[str, Hand] = {
    "a stranger joins gamma": comes("gamma", GAMMA, STRANGER),
    "a stranger joins delta": comes("delta", DELTA, STRANGER),
    "a wanted person joins gamma by herself": comes("gamma", GAMMA, PEOPLE["ann"]),
    "another admin adds a wanted person to delta": comes("delta", DELTA, PEOPLE["kim"], admin=True),
    "somebody unwanted leaves gamma": goes("gamma", GAMMA, PEOPLE["gus"]),
    "somebody unwanted leaves delta": goes("delta", DELTA, PEOPLE["ben"]),
    "a wanted person leaves gamma": goes("gamma", GAMMA, PEOPLE["dan"]),
    "a wanted person leaves delta": goes("delta", DELTA, PEOPLE["ann"]),
    "a protected person leaves delta": goes("delta", DELTA, PEOPLE["paula"]),
    "a new member leaves alpha": Hand(
        "alpha", lambda world: _new_alpha(world, lambda made: world.remove_participant(made, PEOPLE["ben"]))
    ),
    "a stranger joins alpha": Hand(
        "alpha", lambda world: _new_alpha(world, lambda made: world.add_participant(made, STRANGER))
    ),
    "alpha is described by hand": Hand(
        "alpha", lambda world: _new_alpha(world, lambda made: world.describe_group(made, "By hand"))
    ),
    "alpha vanishes": Hand("alpha", lambda world: _new_alpha(world, world.delete_group), frozenset({"Alpha"})),
    "gamma is renamed": renamed("gamma", GAMMA),
    "delta is renamed": renamed("delta", DELTA, "Delta"),
    "epsilon is renamed": renamed("epsilon", EPSILON, "Epsilon"),
    # The invite leads into a group that does not bear the name by which the file finds it.
    "eta is renamed": replace(renamed("eta", ETA), for_good=True),
    "gamma is described": Hand("gamma", lambda world: world.describe_group(GAMMA, "By hand")),
    "the instance loses its rights in gamma": Hand("gamma", lambda world: world.set_admin(GAMMA, PHONE, False)),
    # The guide dialect still names it as the owner of a group that it made: the 403 tells.
    "the instance loses its rights in delta": Hand(
        "delta", lambda world: world.set_admin(DELTA, PHONE, False), for_good=True
    ),
    "the instance is thrown out of gamma": goes("gamma", GAMMA, PHONE),
    "the instance is thrown out of delta": goes("delta", DELTA, PHONE, "Delta"),
    "the instance is thrown out of zeta": goes("zeta", ZETA, PHONE),
    "the instance is added to eta": comes("eta", ETA, PHONE),
    "gamma vanishes": vanishes("gamma", GAMMA),
    "delta vanishes": vanishes("delta", DELTA, "Delta"),
    "eta vanishes": replace(vanishes("eta", ETA), for_good=True),
    "zeta vanishes": vanishes("zeta", ZETA),
    "somebody unwanted comes to own gamma": comes("gamma", GAMMA, PEOPLE["gus"], owner=True),
    "somebody unwanted comes to own delta": comes("delta", DELTA, PEOPLE["hal"], owner=True),
    "another Alpha appears": Hand(
        "alpha", lambda world: world.create_group("Alpha", [PHONE], owner=OWNER), listed=True
    ),
    "another Delta appears": Hand(
        "delta", lambda world: world.create_group("Delta", [PHONE], owner=OWNER), listed=True
    ),
    "the instance loses its connection": Hand("", lambda world: world.set_instance_status(INSTANCE, "disconnected")),
}
