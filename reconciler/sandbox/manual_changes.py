"""Manual drift: the changes that people make to groups on their phones, reproducible by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from reconciler.sandbox.phones import mask_phone
from reconciler.sandbox.records import MAX_NAME, Group
from reconciler.sandbox.world import World

_AREA_CODES = (202, 303, 404, 512, 617, 206)


def shake(world: World, seed: int, instance_id: str) -> list[str]:
    """Make a few manual changes to the groups an instance is in; return a sentence for each.

    Renames one group, changes a description, removes one person (never an owner or the instance) and adds a stranger
    with a fictional number. Prefers to remove from a group of five or more, so that guards against mass removal do not
    trigger. Does nothing if the instance is in no group. Raises SandboxError for an unknown instance.
    """
    rng = random.Random(seed)  # noqa: S311 -- for variety, not for secrets
    with world.transaction():
        # Sorted by name: ids depend on the order in which the groups were created.
        groups = sorted(world.groups(instance_id), key=lambda group: (group.name, group.id))
        if not groups:
            return []
        phone = world.instance(instance_id).phone
        return [
            _rename(world, rng.choice(groups)),
            _describe(world, rng.choice(groups)),
            *_remove_member(world, rng, groups, phone),
            _add_stranger(world, rng, rng.choice(groups)),
        ]


def _rename(world: World, group: Group) -> str:
    suffix = " (renamed)"
    name = group.name[: MAX_NAME - len(suffix)] + suffix
    world.rename_group(group.id, name)
    return f'renamed "{group.name}" to "{name}"'


def _describe(world: World, group: Group) -> str:
    world.describe_group(group.id, "Somebody wrote this by hand.")
    return f'changed the description of "{group.name}"'


def _remove_member(world: World, rng: random.Random, groups: Sequence[Group], instance_phone: str) -> list[str]:
    removable = {
        group: sorted({each.digits for each in group.members if not each.is_owner} - {instance_phone})
        for group in groups
    }
    candidates = [group for group in groups if removable[group]]
    if not candidates:
        return []
    group = rng.choice([group for group in candidates if len(group.members) >= 5] or candidates)
    digits = rng.choice(removable[group])
    world.remove_participant(group.id, digits)
    return [f'removed {mask_phone(digits)} from "{group.name}"']


def _add_stranger(world: World, rng: random.Random, group: Group) -> str:
    numbers = [f"1{area}55501{last:02d}" for area in _AREA_CODES for last in range(100)]
    strangers = [digits for digits in numbers if group.member(digits) is None]
    # A group of 600 or more may already have all of these numbers; then any of them will do.
    stranger = rng.choice(strangers or numbers)
    world.add_participant(group.id, stranger)
    return f'added {mask_phone(stranger)} to "{group.name}"'
