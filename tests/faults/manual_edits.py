"""What people change by hand while an apply runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from reconciler.sandbox import SandboxError, World
from tests.faults.reference import DELTA, EPSILON, ETA, GAMMA, KAPPA, PEOPLE, STRANGER, ZETA
from tests.oracle.identity import INSTANCE, ME, OWNER


@dataclass(frozen=True)
class ManualEdit:
    """One change of the group with this key in the file, and the names that may rightly be created afterwards.

    only_listed: only a list of all groups shows it. permanent: until somebody corrects the file, no run can converge,
    and each ends with exit code 3.
    """

    key: str
    act: Callable[[World], object]
    may_create: frozenset[str] = frozenset()
    only_listed: bool = False
    permanent: bool = False

    def apply(self, world: World) -> None:
        """Make the change, unless there is nothing to change."""
        with suppress(SandboxError):
            self.act(world)


def joins(key: str, group_id: str, who: str, *, admin: bool = False, owner: bool = False) -> ManualEdit:
    return ManualEdit(key, lambda world: world.add_participant(group_id, who, admin=admin, owner=owner))


def leaves(key: str, group_id: str, who: str, creates: str = "") -> ManualEdit:
    return ManualEdit(key, lambda world: world.remove_participant(group_id, who), frozenset({creates} - {""}))


def renamed(key: str, group_id: str, creates: str = "") -> ManualEdit:
    return ManualEdit(key, lambda world: world.rename_group(group_id, "By hand"), frozenset({creates} - {""}))


def vanishes(key: str, group_id: str, creates: str = "") -> ManualEdit:
    return ManualEdit(key, lambda world: world.delete_group(group_id), frozenset({creates} - {""}))


def _new_alpha(world: World, act: Callable[[str], object]) -> None:
    """Change the group that the run has created, once it is there."""
    for group in world.groups(INSTANCE):
        if group.name == "Alpha":
            act(group.id)


MANUAL_EDITS: dict[str, ManualEdit] = {
    "a stranger joins gamma": joins("gamma", GAMMA, STRANGER),
    "a stranger joins delta": joins("delta", DELTA, STRANGER),
    "a wanted person joins gamma by herself": joins("gamma", GAMMA, PEOPLE["ann"]),
    "another admin adds a wanted person to delta": joins("delta", DELTA, PEOPLE["kim"], admin=True),
    "somebody unwanted leaves gamma": leaves("gamma", GAMMA, PEOPLE["gus"]),
    "somebody unwanted leaves delta": leaves("delta", DELTA, PEOPLE["ben"]),
    "a wanted person leaves gamma": leaves("gamma", GAMMA, PEOPLE["dan"]),
    "a wanted person leaves delta": leaves("delta", DELTA, PEOPLE["ann"]),
    "a protected person leaves delta": leaves("delta", DELTA, PEOPLE["paula"]),
    "a new member leaves alpha": ManualEdit(
        "alpha", lambda world: _new_alpha(world, lambda new: world.remove_participant(new, PEOPLE["ben"]))
    ),
    "a stranger joins alpha": ManualEdit(
        "alpha", lambda world: _new_alpha(world, lambda new: world.add_participant(new, STRANGER))
    ),
    "alpha is described by hand": ManualEdit(
        "alpha", lambda world: _new_alpha(world, lambda new: world.describe_group(new, "By hand"))
    ),
    "alpha vanishes": ManualEdit("alpha", lambda world: _new_alpha(world, world.delete_group), frozenset({"Alpha"})),
    "gamma is renamed": renamed("gamma", GAMMA),
    "delta is renamed": renamed("delta", DELTA, "Delta"),
    "epsilon is renamed": renamed("epsilon", EPSILON, "Epsilon"),
    "kappa is renamed": renamed("kappa", KAPPA),
    "a stranger joins kappa": joins("kappa", KAPPA, STRANGER),
    "a wanted person leaves kappa": leaves("kappa", KAPPA, PEOPLE["ivy"]),
    "the instance is thrown out of kappa": leaves("kappa", KAPPA, ME),
    # The invite leads into a group without the name by which the file finds it.
    "eta is renamed": replace(renamed("eta", ETA), permanent=True),
    "gamma is described": ManualEdit("gamma", lambda world: world.describe_group(GAMMA, "By hand")),
    "the instance loses its rights in gamma": ManualEdit("gamma", lambda world: world.set_admin(GAMMA, ME, False)),
    # The guide dialect still names it as the owner of a group that it created: only the 403 says otherwise.
    "the instance loses its rights in delta": ManualEdit(
        "delta", lambda world: world.set_admin(DELTA, ME, False), permanent=True
    ),
    "the instance is thrown out of gamma": leaves("gamma", GAMMA, ME),
    "the instance is thrown out of delta": leaves("delta", DELTA, ME, "Delta"),
    "the instance is thrown out of zeta": leaves("zeta", ZETA, ME),
    "the instance is added to eta": joins("eta", ETA, ME),
    "gamma vanishes": vanishes("gamma", GAMMA),
    "delta vanishes": vanishes("delta", DELTA, "Delta"),
    "eta vanishes": replace(vanishes("eta", ETA), permanent=True),
    "zeta vanishes": vanishes("zeta", ZETA),
    "somebody unwanted comes to own gamma": joins("gamma", GAMMA, PEOPLE["gus"], owner=True),
    "somebody unwanted comes to own delta": joins("delta", DELTA, PEOPLE["hal"], owner=True),
    "another Alpha appears": ManualEdit(
        "alpha", lambda world: world.create_group("Alpha", [ME], owner=OWNER), only_listed=True
    ),
    "another Delta appears": ManualEdit(
        "delta", lambda world: world.create_group("Delta", [ME], owner=OWNER), only_listed=True
    ),
    "the instance loses its connection": ManualEdit(
        "", lambda world: world.set_instance_status(INSTANCE, "disconnected")
    ),
}
