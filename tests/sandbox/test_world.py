"""The world: manual changes, its file, and what it logs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxError, World, reset, shake
from tests.sandbox.running_server import ALICE, BOB, INSTANCE, ME, jid, running

GHOST = "120363999999999999@g.us"


def test_manual_changes_are_visible_in_the_api_but_not_logged() -> None:
    with running() as api:
        group_id = api.group(members=[ALICE])
        api.world.add_participant(group_id, "+1 (202) 555-0144", admin=True)
        api.world.remove_participant(group_id, ALICE)
        api.world.rename_group(group_id, "Renamed")
        api.world.describe_group(group_id, "Described")
        api.world.set_admin(group_id, ME, False)
        assert api.world.snapshot() == {
            group_id: {"name": "Renamed", "description": "Described", "members": ["12025550100", BOB]}
        }
        people = api.data("GET", f"/groups/{group_id}/participants")
        assert [(each["is_admin"], each["is_super_admin"]) for each in people] == [(False, False), (True, False)]
        api.world.delete_group(group_id)
        assert api.data("GET", "/groups") == []
        assert api.world.effects() == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.rename_group(GHOST, "A"),
        lambda world: world.describe_group(GHOST, "A"),
        lambda world: world.add_participant(GHOST, ALICE),
        lambda world: world.remove_participant(GHOST, ALICE),
        lambda world: world.set_admin(GHOST, ALICE, True),
        lambda world: world.delete_group(GHOST),
        lambda world: world.set_instance_status("inst_other", "failed"),
        lambda world: world.set_instance_type("inst_other", "waha"),
        lambda world: world.set_instance_status(INSTANCE, "tired"),
        lambda world: world.add_contact("inst_other", ALICE),
        lambda world: world.remove_participant(world.create_group("A"), ALICE),
        lambda world: world.create_group("A", ["nobody"]),
        lambda world: world.ensure_instance(INSTANCE, ALICE),
        lambda world: shake(world, 1, "inst_other"),
    ],
)
def test_changes_to_unknown_or_invalid_things_are_errors(change: object) -> None:
    assert callable(change)
    with World.open() as world:
        world.ensure_instance(INSTANCE, ME)
        with pytest.raises(SandboxError):
            change(world)


def test_ensure_instance_keeps_an_existing_instance() -> None:
    with World.open() as world:
        world.ensure_instance(INSTANCE, "5531996348800")
        world.set_instance_status(INSTANCE, "failed")
        world.ensure_instance(INSTANCE, "553196348800")
        assert world.instance(INSTANCE).status == "failed"


def test_instance_ids_lists_all_instances() -> None:
    with World.open() as world:
        assert world.instance_ids() == ()
        for instance_id in ("inst_b", "inst_a"):
            world.ensure_instance(instance_id, ME)
        assert sorted(world.instance_ids()) == ["inst_a", "inst_b"]


def test_group_ids_increase_and_are_never_reused() -> None:
    with World.open() as world:
        world.create_group("Placed", group_id="120363400000000002@g.us")
        first = world.create_group("First")
        second = world.create_group("Second")
        world.delete_group(second)
        third = world.create_group("Third")
        assert first < second < third
        assert len({world.group(each).invite_code for each in (first, third)}) == 2


def test_calls_are_logged_with_query_status_and_body_until_cleared() -> None:
    with running() as api:
        api.call("GET", "/groups?limit=5")
        api.call("POST", "/groups", {"name": "é"})
        first, second = api.world.calls()
        assert (first.seq, first.method, first.path, first.status, first.body) == (
            1,
            "GET",
            f"/api/instances/{INSTANCE}/groups?limit=5",
            200,
            "",
        )
        assert (second.status, second.body) == (400, '{"name": "\\u00e9"}')
        assert second.time >= first.time
        api.world.clear_logs()
        assert api.world.calls() == ()
        api.call("GET", "")
        assert api.world.calls()[0].seq == 1


def test_invalid_bytes_in_paths_are_logged_and_answered() -> None:
    with running() as api:
        assert api.call("GET", "/groups/%ff%00%F0%9F%99%82").status_code == 404
        assert api.world.calls()[0].status == 404


def test_a_world_on_disk_persists_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "world.db"
    with running(path=path) as api:
        made = api.data("POST", "/groups", {"name": "A", "participants": [jid(ALICE)]})
        before, logged = api.world.snapshot(), api.world.effects()
    with World.open(path) as world:
        assert world.snapshot() == before
        assert list(before) == [made["group_id"]]
        assert world.effects() == logged
    assert os.stat(path).st_mode & 0o777 == 0o600
    reset(path)
    reset(path)
    assert list(path.parent.iterdir()) == []
    with World.open(path) as world:
        assert world.snapshot() == {}


def test_two_processes_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    code = (
        "import sys, pathlib\nfrom reconciler.sandbox import World\n"
        "with World.open(pathlib.Path(sys.argv[1])) as world:\n"
        "    for number in range(20): world.create_group(f'Theirs {number}')\n"
    )
    with World.open(path) as world, subprocess.Popen([sys.executable, "-c", code, str(path)]) as other:
        for number in range(20):
            world.create_group(f"Ours {number}")
        assert other.wait(30) == 0
        assert len(world.groups()) == 40


def test_threads_share_one_world() -> None:
    with World.open() as world:
        threads = [threading.Thread(target=world.create_group, args=(f"G{n}", [ALICE, BOB])) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(world.snapshot()) == 8


def test_a_failed_transaction_changes_nothing() -> None:
    with World.open() as world:
        group_id = world.create_group("A", [ALICE])

        def half() -> None:
            with world.transaction():
                world.rename_group(group_id, "B")
                world.remove_participant(group_id, BOB)

        with pytest.raises(SandboxError):
            half()
        assert world.group(group_id).name == "A"
