"""--target and --exclude: keys, patterns, lists, files and stdin; what the output says of them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.stage import PHONE, Stage

FILE = """
people: {alice: +1 202 555 0143, bob: +1 202 555 0144}
groups:
  board: {name: Board, members: [alice]}
  sales-001: {name: Sales 1, members: [alice]}
  sales-002: {name: Sales 2, members: [bob]}
  sales-003: {name: Sales 3, members: [bob]}
"""
ALL = ["board", "sales-001", "sales-002", "sales-003"]


def planned(stage: Stage, *arguments: str) -> list[str]:
    """The keys of the groups in the plan with these arguments."""
    ran = stage.run("plan", "--format", "json", *arguments)
    assert ran.code == 0, ran.err
    return [group["key"] for group in json.loads(ran.out)["groups"]]


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["--target", "board"], ["board"]),
        (["--target", "board, sales-002"], ["board", "sales-002"]),
        (["--target", "board", "--target", "sales-00?"], ALL),
        (["--target=sales-*", "--exclude=sales-002"], ["sales-001", "sales-003"]),
        (["--exclude", "sales-*"], ["board"]),
        (["--target", "@keys.txt"], ["board", "sales-001", "sales-002"]),
        (["--exclude", "@keys.txt"], ["sales-003"]),
        (["--target", "@-"], ["board", "sales-001", "sales-002"]),
        (["--target", "@keys.txt,sales-003"], None),
    ],
)
def test_groups_are_selected_by_key_pattern_list_and_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, arguments: list[str], keys: list[str] | None
) -> None:
    stage.file(FILE)
    lines = "\ufeff# frozen until May\r\nboard  # the board\r\n\r\nsales-001,sales-002\r\n"
    (stage.folder / "keys.txt").write_text(lines, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    if keys is None:  # `@` takes the whole word: a file may have a comma in its name
        ran = stage.run("plan", *arguments)
        assert (ran.code, "cannot read keys.txt,sales-003" in ran.err) == (1, True)
        return
    assert planned(stage, *arguments) == keys


@pytest.mark.parametrize("typed", ["cafe\u0301", "cafe\u0301*", "caf\u00e9"])
def test_a_key_is_found_in_either_of_unicodes_forms(stage: Stage, typed: str) -> None:
    stage.file(f"{FILE}  cafe\u0301: {{name: Café, members: [alice]}}\n")
    assert planned(stage, "--target", typed) == ["caf\u00e9"]
    assert planned(stage, "--exclude", typed) == ALL
    ran = stage.run("invite", typed)
    missing = "caf\u00e9: no live group has its name" in ran.err  # so the key itself was found
    assert missing or "*" in typed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", ""], "--target '' names no group"),
        (["--target", ","], "--target , names no group"),
        (["--target", "@empty.txt"], "--target @empty.txt names no group"),
        (["--target", "@nowhere.txt"], "--target: cannot read nowhere.txt: No such file"),
        (["--exclude", "@nowhere.txt"], "--exclude: cannot read nowhere.txt"),
        (["--target", "@"], "--target: no file name follows the @"),
        (["--target", "@binary"], "--target: binary is not a text file"),
        (["--target", "@-", "--exclude", "@-"], "only one of --target, --exclude and --allow-lookalike can read stdin"),
        (["--exclude", "*"], "--exclude leaves no group to plan"),
        (["--target", "board", "--exclude", "board"], "--exclude leaves no group to plan"),
        (["--exclude", "sale-*"], "--exclude: no group matches `sale-*`"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_a_list_that_names_nothing_never_means_all_groups(
    stage: Stage, command: str, arguments: list[str], message: str
) -> None:
    stage.file(FILE)
    (stage.folder / "empty.txt").write_text("# nobody\n")
    (stage.folder / "binary").write_bytes(b"\xff\xfe\x00")
    ran = stage.run(command, *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert stage.calls() == []


def test_an_exclude_file_without_a_key_excludes_nothing_and_says_so(stage: Stage) -> None:
    stage.file(FILE)
    (stage.folder / "frozen.txt").write_text("# nothing is frozen today\n")
    ran = stage.run("plan", "--exclude", "@frozen.txt", "--format", "json")
    assert [group["key"] for group in json.loads(ran.out)["groups"]] == ALL
    assert "--exclude @frozen.txt names no group, so none is excluded" in ran.err


def test_the_output_says_what_was_selected_excluded_and_not_planned(stage: Stage) -> None:
    stage.file(FILE)
    assert "Selected groups: board; not planned: 3 others.\n" in stage.run("plan", "--target", "board").out
    both = stage.run("drift", "--target", "sales-*", "--exclude", "sales-002").out
    assert "Selected groups: sales-001, sales-003; not planned: 2 others.\n" in both
    assert "Excluded groups, not planned: sales-002.\n" in both
    excluded = stage.run("plan", "--exclude", "sales-*").out
    assert "Excluded groups, not planned: sales-001, sales-002, sales-003.\n" in excluded


def test_an_apply_leaves_an_excluded_group_alone_and_its_saved_plan_too(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("plan", "--out", "some.plan", "--exclude", "sales-*").code == 0
    document = json.loads((stage.folder / "some.plan").read_text())
    assert (document["targets"], document["excludes"], document["not_selected"]) == ([], ALL[1:], 3)
    refused = stage.run("apply", "some.plan", "--yes", "--exclude", "board")
    assert (refused.code, "a saved plan does not take --target, --exclude" in refused.err) == (1, True)
    applied = stage.run("apply", "some.plan", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert {group["name"] for group in stage.world.snapshot().values()} == {"Board"}


def test_the_live_group_of_an_excluded_key_is_not_taken_by_another_key(stage: Stage) -> None:
    live = stage.world.create_group("Team", [], owner=PHONE)
    stage.file(f"""
    groups:
      team: {{id: {live}, name: Squad}}
      crew: {{name: Crew, previously: [Team]}}
    """)
    for arguments in (["--exclude", "team"], ["--target", "crew"]):
        ran = stage.run("plan", "--format", "json", *arguments)
        (group,) = json.loads(ran.out)["groups"]
        assert (group["key"], group["id"]) == ("crew", None)
        assert [step["action"] for step in group["steps"]] == ["create"]


def test_the_variable_takes_the_same_forms(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    monkeypatch.setenv("RECONCILER_TARGET", "board sales-00?")
    monkeypatch.setenv("RECONCILER_EXCLUDE", "sales-001,sales-002")
    assert planned(stage) == ["board", "sales-003"]
    monkeypatch.setenv("RECONCILER_TARGET", "")
    monkeypatch.setenv("RECONCILER_EXCLUDE", "")
    assert planned(stage) == ALL


def test_a_mistyped_key_proposes_no_group_where_several_are_alike(stage: Stage, tmp_path: Path) -> None:
    stage.file(FILE)
    ran = stage.run("plan", "--target", "sales-009")
    assert "did you mean" not in ran.err
    assert "the nearest keys are sales-003, sales-002, sales-001" in ran.err
