"""Many groups: each paging style, imports, pins."""

from __future__ import annotations

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
        ("page", ceil(GROUPS / 20)),
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
        assert "Nothing to do: 130 groups" in planned.out
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


def test_an_import_says_when_it_replaced_a_file_that_was_there(stage: Stage) -> None:
    asked = ("import", "--instance-id", INSTANCE, "--output", "imported.yaml")
    assert "replaced" not in stage.run(*asked).err
    again = stage.run(*asked)
    assert (again.code, again.out, again.err) == (0, "", "imported.yaml: replaced the file that was there\n")


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
