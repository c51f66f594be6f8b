"""Manual drift made by `shake`."""

from __future__ import annotations

from reconciler.sandbox import World, shake
from tests.sandbox.running_server import ALICE, BOB, CAROL, INSTANCE, ME


def shake_groups(seed: int) -> tuple[list[str], dict[str, object]]:
    with World.open() as world:
        world.ensure_instance(INSTANCE, ME)
        for number in range(6):
            members = [f"1404555{number}{each:03d}" for each in range(8)]
            world.create_group(f"Group {number}", members, owner=ME)
        world.create_group("Foreign", [ALICE], owner=BOB)
        before = world.snapshot()
        changes = shake(world, seed, INSTANCE)
        after = world.snapshot()
        assert after.popitem() == before.popitem(), "a group without the instance stays unchanged"
        return changes, {key: value for key, value in after.items() if value != before[key]}


def test_shake_is_reproducible_by_seed() -> None:
    assert shake_groups(7) == shake_groups(7)
    assert shake_groups(7) != shake_groups(8)


def test_shake_describes_few_changes_with_masked_numbers() -> None:
    changes, changed = shake_groups(3)
    assert [sentence.split()[0] for sentence in changes] == ["renamed", "changed", "removed", "added"]
    assert 1 <= len(changed) <= 4
    assert all("•••" in sentence for sentence in changes[2:])
    assert not any(character.isdigit() and "555" in sentence for sentence in changes for character in sentence[-4:])


def test_shake_keeps_owners_and_the_instance() -> None:
    with World.open() as world:
        world.ensure_instance(INSTANCE, ME)
        assert shake(world, 1, INSTANCE) == []
        group_id = world.create_group("x" * 100, owner=ALICE, members=[ME])
        assert [sentence.split()[0] for sentence in shake(world, 1, INSTANCE)] == ["renamed", "changed", "added"]
        assert len(world.group(group_id).name) == 100
        world.add_participant(group_id, CAROL)
        removed = [each for each in shake(world, 2, INSTANCE) if each.startswith("removed")]
        assert len(removed) == 1
        assert {"12025550100", ALICE} <= set(world.snapshot()[group_id]["members"])
