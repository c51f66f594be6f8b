"""Many groups: each paging style, imports, pins."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import pytest
import yaml

from reconciler.sandbox import Dialect, Paging, Settings
from tests.stage import INSTANCE, PHONE, Stage, stage_with

GROUPS = 130
NO_SPACES = str.maketrans("", "", " -")


@pytest.mark.parametrize("dialect", ["guide", "reference"])
@pytest.mark.parametrize(
    ("paging", "lists"),
    [
        ("none", 1),
        # Each page after the first begins with the last entry of the one before, to see whether the list shifted.
        ("offset", 1 + ceil((GROUPS - 50) / 49)),
        # Between numbered pages a group may slip unseen, and these are found by their names: the list is read twice.
        ("page", 2 * ceil(GROUPS / 20)),
    ],
)
def test_a_list_of_130_groups_is_read_whole_with_the_fewest_calls(
    paging: str,
    lists: int,
    dialect: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = Settings(Dialect(dialect), Paging(paging), rate_limit=10_000)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        with stage.world.transaction():
            for n in range(GROUPS):
                stage.world.create_group(f"Group {n:03}", ["+1 202 555 0143"], owner=PHONE)
        keys = "\n".join(f"  g{n:03}: {{name: Group {n:03}}}" for n in range(GROUPS))
        stage.file(f"groups:\n{keys}\n")
        planned = stage.run("plan", "--detailed-exitcode")
        assert planned.code == 0, planned.out + planned.err
        assert "No changes: 130 groups" in planned.out
        calls = stage.calls()
        assert len(calls) == lists
        assert all(call.startswith("GET /groups") for call in calls)


def populate(stage: Stage, count: int) -> None:
    hostile = [
        "Ünïcode ✓",
        'quote " and \\',
        "# no comment",
        "colon: here",
        "line\nbreak",
        "tab\there",
        "- dash",
        "null",
    ]
    with stage.world.transaction():
        for n in range(count):
            name = hostile[n] if n < len(hostile) else f"Group {n % 30}"
            people = [f"+1 404 555 01{(n * 7 + k) % 100:02}" for k in range(n % 9)]
            group_id = stage.world.create_group(name, people, owner=PHONE)
            if n % 3 == 0:
                stage.world.describe_group(group_id, f"Line one of {n}\n\n  indented: {n}\n# end")
        stage.world.set_account("+1 404 555 0110", lid="76699677012110@lid", shows="lid")
        stage.world.set_account("+1 404 555 0120", lid="76699677012120@lid", shows="lid_with_phone")


def test_an_import_validates_and_plans_to_nothing(stage: Stage) -> None:
    populate(stage, 44)
    stage.world.add_contact(INSTANCE, "+1 404 555 0107", name="Dana Scott")
    imported = stage.run("import", "--people", "--instance-id", INSTANCE, "--output", "groups.yaml")
    assert imported.code == 0, imported.err
    text = (stage.folder / "groups.yaml").read_text(encoding="utf-8")
    assert "Dana Scott" in text
    assert len(yaml.load(text, yaml.BaseLoader)["groups"]) == 44
    assert stage.run("validate").code == 0
    planned = stage.run("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out + planned.err


def test_an_import_never_replaces_a_file_that_is_there(stage: Stage) -> None:
    asked = ("import", "--instance-id", INSTANCE, "--output", "imported.yaml")
    stage.world.create_group("One", ["+1 404 555 0101"], owner=PHONE)
    assert stage.run(*asked).code == 0
    before = (stage.folder / "imported.yaml").read_bytes()
    again = stage.run(*asked)
    assert (again.code, again.out) == (1, "")
    assert "imported.yaml exists and was not changed; 1 live group is in it, and none is new" in again.err
    assert (stage.folder / "imported.yaml").read_bytes() == before


def test_an_import_of_single_groups_holds_no_other(guide: Stage) -> None:
    populate(guide, 12)
    wanted = sorted(guide.world.snapshot())[3]
    imported = guide.run("import", "--instance-id", INSTANCE, "--group", wanted, "--phone", PHONE)
    assert imported.code == 0, imported.err
    document = yaml.load(imported.out, yaml.BaseLoader)
    assert [group["id"] for group in document["groups"].values()] == [wanted]
    unknown = guide.run("import", "--instance-id", INSTANCE, "--group", "120363999999999999@g.us")
    assert (unknown.code, unknown.out) == (1, "")
    assert "120363999999999999@g.us" in unknown.err


def test_an_import_takes_the_one_participant_of_every_group_for_the_instance_and_says_so(guide: Stage) -> None:
    guide.world.create_group("One", ["+1 404 555 0101"], owner=PHONE)
    guide.world.create_group("Two", ["+1 404 555 0102"], owner=PHONE)
    text = guide.run("import", "--instance-id", INSTANCE).out
    assert yaml.load(text, yaml.BaseLoader)["instance"]["phone"].translate(NO_SPACES) == PHONE.translate(NO_SPACES)
    assert "every group" in text


def test_a_pin_writes_ids_and_changes_nothing_else_byte_for_byte(stage: Stage) -> None:
    one = stage.world.create_group("One", [], owner=PHONE)
    two = stage.world.create_group("Zwei", [], owner=PHONE)
    path = stage.file(
        """
groups:
  # the first one
  one:
    name: One   # by its name
  two: {name: Two, previously: [Zwei]}
  three: {name: Three}
"""
    )
    before = path.read_bytes()
    pinned = stage.run("pin")
    assert pinned.code == 0, pinned.err
    assert "three" in pinned.err
    expected = before.replace(b"    name: One ", f"    id: {one}\n    name: One ".encode())
    expected = expected.replace(b"{name: Two", f"{{id: {two}, name: Two".encode())
    assert path.read_bytes() == expected
    assert stage.run("pin").out.startswith("Nothing to pin")
    assert path.read_bytes() == expected


@pytest.fixture(params=[20, 25, 100])
def cut(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """A server that cuts its list one group short of the second of two called Board, and says nothing about it."""
    settings = Settings(paging=Paging.OFFSET, page_size=request.param, rate_limit=10_000)
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        with stage.world.transaction():
            stage.world.create_group("Board", BOARD, owner=PHONE)
            for n in range(request.param - 1):
                stage.world.create_group(f"Group {n}", [], owner=PHONE)
            stage.world.create_group("Board", [ONLY_IN_THE_LAST], owner=PHONE)
        stage.file(f"groups:\n  board: {{name: Board, members: [{', '.join(BOARD[:7])}]}}\n  new: {{name: New}}\n")
        yield stage


BOARD = [f"+1 303 555 01{n:02}" for n in range(8)]
ONLY_IN_THE_LAST = "+1 404 555 0133"


@pytest.mark.parametrize("narrowed", [(), ("--target", "board"), ("--shard", "1/1")])
def test_a_namesake_beyond_the_cut_of_a_list_blocks_whatever_the_run_is_about(
    cut: Stage, narrowed: tuple[str, ...]
) -> None:
    applied = cut.run("apply", "--yes", *narrowed)
    assert applied.code == 3, applied.out + applied.err
    assert '2 live groups are called "Board"' in applied.out
    assert [effect.kind for effect in cut.world.effects() if effect.kind != "create"] == []


def test_a_saved_plan_sees_a_namesake_that_comes_beyond_the_cut_of_a_list(cut: Stage) -> None:
    last = max(group_id for group_id, group in cut.world.snapshot().items() if group["name"] == "Board")
    cut.world.rename_group(last, "Elsewhere")
    assert cut.run("plan", "--target", "board", "--out", "today.plan").code == 0
    cut.world.rename_group(last, "Board")
    refused = cut.run("apply", "--yes", "today.plan")
    assert (refused.code, 'another live group called "Board" exists now' in refused.err) == (1, True)
    assert cut.world.effects() == ()


def test_questions_about_all_groups_are_not_answered_from_a_cut_list(cut: Stage) -> None:
    assert "in 1 live group" in cut.run("who", ONLY_IN_THE_LAST).out
    assert len(yaml.safe_load(cut.run("import", "--instance-id", INSTANCE).out)["groups"]) == len(cut.world.snapshot())
    pinned = cut.run("pin")
    assert (pinned.code, "2 live groups" in pinned.out) == (1, True)
    assert "pinned board" not in pinned.out
    invited = cut.run("invite", "board")
    assert (invited.code, invited.out) == (1, "")
    (last,) = sorted(cut.world.snapshot())[-1:]
    assert cut.run("import", "--instance-id", INSTANCE, "--group", last).code == 0


def test_a_list_that_may_be_cut_is_read_once_where_every_key_has_its_id(cut: Stage) -> None:
    first = min(group_id for group_id, group in cut.world.snapshot().items() if group["name"] == "Board")
    cut.file(f"groups:\n  board: {{id: {first}, members: [{', '.join(BOARD)}]}}\n")
    assert cut.run("plan").code == 0
    assert [call for call in cut.calls() if call.startswith("GET /groups")] == ["GET /groups", f"GET /groups/{first}"]
