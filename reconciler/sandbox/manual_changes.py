"""Hand-made drift: what people do to groups when nobody is looking, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from reconciler.sandbox.phones import mask_phone
from reconciler.sandbox.records import Group, Member
from reconciler.sandbox.world import World

_AREA_CODES = (202, 303, 404, 512, 617, 206)
_NAME_LIMIT = 100


def shake(world: World, seed: int, instance_id: str) -> list[str]:
    """Change the groups an instance sees a little, as people would by hand, and say in sentences what was done.

    One group is renamed, one described anew, one loses a person who is neither owner nor the instance, one gains a
    stranger (a fictional number). Where there is a choice the person lost is one of five or more members, which is
    less than a guard against mass removals minds. A world with no groups in sight stays as it is.
    Raises SandboxError for an unknown instance.
    """
    dice = random.Random(seed)  # noqa: S311 -- for variety, not for secrets
    with world.transaction():
        # By name: ids depend on which of several groups was made first.
        seen = sorted(world.groups(instance_id), key=lambda group: (group.name, group.id))
        if not seen:
            return []
        phone = world.instance(instance_id).phone
        done = [_rename(world, dice.choice(seen)), _describe(world, dice.choice(seen))]
        done += _remove_somebody(world, dice, seen, phone)
        return [*done, _add_stranger(world, dice, dice.choice(seen))]


def _rename(world: World, group: Group) -> str:
    ending = " (renamed)"
    name = group.name[: _NAME_LIMIT - len(ending)] + ending
    world.rename_group(group.id, name)
    return f'renamed "{group.name}" to "{name}"'


def _describe(world: World, group: Group) -> str:
    world.describe_group(group.id, "Somebody wrote this by hand.")
    return f'changed the description of "{group.name}"'


def _remove_somebody(world: World, dice: random.Random, groups: Sequence[Group], instance: str) -> list[str]:
    chances = {group.id: _removable(group, instance) for group in groups}
    possible = [group for group in groups if chances[group.id]]
    roomy = [group for group in possible if len(group.members) >= 5]
    if not possible:
        return []
    group = dice.choice(roomy or possible)
    lost = dice.choice(chances[group.id])
    world.remove_participant(group.id, lost.digits)
    return [f'removed {mask_phone(lost.digits)} from "{group.name}"']


def _removable(group: Group, instance: str) -> list[Member]:
    return sorted(
        (member for member in group.members if not member.is_owner and member.digits != instance),
        key=lambda member: member.digits,
    )


def _add_stranger(world: World, dice: random.Random, group: Group) -> str:
    numbers = [f"1{area}55501{last:02d}" for area in _AREA_CODES for last in range(100)]
    strangers = [digits for digits in numbers if group.member(digits) is None]
    # A group of 600 or more may have them all; any of them is as good as in then.
    stranger = dice.choice(strangers or numbers)
    world.add_participant(group.id, stranger)
    return f'added {mask_phone(stranger)} to "{group.name}"'
