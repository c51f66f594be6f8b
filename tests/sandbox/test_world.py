"""The world by itself: hand-made changes, its file, what it logs, and how it is shaken."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxError, World, reset, shake
from reconciler.sandbox.phones import canonical, mask_phone, parse_phone
from tests.sandbox.running_server import ALICE, BOB, CAROL, INSTANCE, ME, jid, running

GHOST = "120363999999999999@g.us"


def test_hands_change_groups_past_the_api_and_past_its_log() -> None:
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
def test_a_hand_that_reaches_for_nothing_is_told_so(change: object) -> None:
    assert callable(change)
    with World.open() as world:
        world.ensure_instance(INSTANCE, ME)
        with pytest.raises(SandboxError):
            change(world)


def test_an_instance_that_is_there_stays_as_it_is() -> None:
    with World.open() as world:
        world.ensure_instance(INSTANCE, "5531996348800")
        world.set_instance_status(INSTANCE, "failed")
        world.ensure_instance(INSTANCE, "553196348800")
        assert world.instance(INSTANCE).status == "failed"


def test_the_instances_are_known_by_their_ids() -> None:
    with World.open() as world:
        assert world.instance_ids() == ()
        for instance_id in ("inst_b", "inst_a"):
            world.ensure_instance(instance_id, ME)
        assert sorted(world.instance_ids()) == ["inst_a", "inst_b"]


def test_ids_increase_and_are_never_used_twice() -> None:
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


def test_odd_bytes_in_paths_are_logged_and_answered() -> None:
    with running() as api:
        assert api.call("GET", "/groups/%ff%00%F0%9F%99%82").status_code == 404
        assert api.world.calls()[0].status == 404


def test_a_world_on_disk_is_there_again_and_private(tmp_path: Path) -> None:
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


def test_a_change_that_fails_half_way_never_happened() -> None:
    with World.open() as world:
        group_id = world.create_group("A", [ALICE])

        def half() -> None:
            with world.transaction():
                world.rename_group(group_id, "B")
                world.remove_participant(group_id, BOB)

        with pytest.raises(SandboxError):
            half()
        assert world.group(group_id).name == "A"


def test_a_file_that_is_no_world_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but long enough to be looked at as one")
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    (tmp_path / "file").write_text("")
    for name, words in (("text.db", "cannot open"), ("newer.db", "sandbox reset"), ("file/world.db", "cannot")):
        with pytest.raises(SandboxError, match=words):
            World.open(tmp_path / name)


def test_forgetting_deletes_a_state_whatever_its_version_and_nothing_else(tmp_path: Path) -> None:
    precious, pipe, empty, link = (tmp_path / name for name in ("precious.yaml", "pipe", "empty.db", "link.db"))
    precious.write_text("version: 1\n")
    os.mkfifo(pipe)
    empty.touch()
    link.symlink_to(tmp_path / "gone")
    with sqlite3.connect(tmp_path / "newer.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    for path in (precious, pipe, link, tmp_path):
        with pytest.raises(SandboxError, match="is not a sandbox state; nothing was deleted"):
            reset(path)
    for path in (empty, tmp_path / "newer.db"):
        reset(path)
    assert sorted(tmp_path.iterdir()) == [link, pipe, precious]
    assert precious.read_text() == "version: 1\n"


@pytest.mark.parametrize("beside", ["nothing", "a file", "a link to nowhere"])
def test_forgetting_leaves_what_is_named_like_a_companion_where_no_state_stands_beside_it(
    tmp_path: Path, beside: str
) -> None:
    path = tmp_path / "world.db"
    companions = [tmp_path / "world.db-shm", tmp_path / "world.db-wal"]
    for each in companions:
        each.write_text("somebody's own")
    if beside == "nothing":
        reset(path)
    else:
        path.write_text("version: 1\n") if beside == "a file" else path.symlink_to("gone")
        with pytest.raises(SandboxError, match="is not a sandbox state; nothing was deleted"):
            reset(path)
    assert [each.read_text() for each in companions] == ["somebody's own"] * 2
    path.unlink(missing_ok=True)
    path.touch()
    reset(path)
    assert list(tmp_path.iterdir()) == []


def drifted(seed: int) -> tuple[list[str], dict[str, object]]:
    with World.open() as world:
        world.ensure_instance(INSTANCE, ME)
        for number in range(6):
            members = [f"1404555{number}{each:03d}" for each in range(8)]
            world.create_group(f"Group {number}", members, owner=ME)
        world.create_group("Foreign", [ALICE], owner=BOB)
        before = world.snapshot()
        done = shake(world, seed, INSTANCE)
        after = world.snapshot()
        assert after.popitem() == before.popitem(), "a group out of sight stays as it is"
        return done, {key: value for key, value in after.items() if value != before[key]}


def test_the_same_seed_shakes_alike_and_another_does_not() -> None:
    assert drifted(7) == drifted(7)
    assert drifted(7) != drifted(8)


def test_shaking_changes_a_little_and_says_what_without_full_numbers() -> None:
    done, changed = drifted(3)
    assert [sentence.split()[0] for sentence in done] == ["renamed", "changed", "removed", "added"]
    assert 1 <= len(changed) <= 4
    assert all("•••" in sentence for sentence in done[2:])
    assert not any(character.isdigit() and "555" in sentence for sentence in done for character in sentence[-4:])


def test_shaking_spares_owners_and_the_instance_and_small_worlds() -> None:
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


@pytest.mark.parametrize(
    ("text", "digits", "shown"),
    [
        ("+1 (202) 555-0143", "12025550143", "+1 202 ••• ••43"),
        ("12025550143@c.us", "12025550143", "+1 202 ••• ••43"),
        ("12025550143:7@s.whatsapp.net", "12025550143", "+1 202 ••• ••43"),
        ("+55 31 9 9634-8800", "5531996348800", "+55 319 ••• ••00"),
        ("+49 171 5550143", "491715550143", "+49 171 ••• ••43"),
        ("+52 55 1234 5678", "525512345678", "+52 551 ••• ••78"),
        ("+353 85 555 0143", "353855550143", "+353 855 ••• ••43"),
    ],
)
def test_numbers_are_read_in_any_spelling_and_shown_masked(text: str, digits: str, shown: str) -> None:
    assert parse_phone(text) == digits
    assert mask_phone(digits) == shown


@pytest.mark.parametrize("text", ["", "alice", "0171 5550143", "+1", "76699677012110@lid", "1234567890123456"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(SandboxError, match="is not a phone number"):
        parse_phone(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("553196348800", "5531996348800"),
        ("5215512345678", "525512345678"),
        ("541123456789", "5491123456789"),
    ],
)
def test_two_spellings_are_one_number_and_look_alikes_are_not(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) == other
    assert canonical("553132345678") == "553132345678", "a Brazilian landline has no ninth digit"
    assert canonical("12025550143") == "12025550143"
