"""The figures of docs/scale.md can be taken again: both ways run at a tiny size. Nothing is timed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scale import main, offline, online, shards, yaml_of_month


def test_the_offline_work_is_measured_by_number_of_groups(tmp_path: Path) -> None:
    head, _, *rows = offline([1, 2], tmp_path)
    assert [row.split(" | ")[:2] for row in rows] == [["| 1", "50"], ["| 2", "100"]]
    assert all(row.count("|") == head.count("|") for row in rows)


def test_two_months_are_applied_and_planned_at_the_limit(tmp_path: Path) -> None:
    first = {"a": {"name": "A", "description": "", "members": ["+1 202 555 0143"]}}
    second = {**first, "b": {"name": "B", "description": "", "members": ["+1 202 555 0144"]}}
    _, _, *rows = online(0.5, tmp_path, [first, second])
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| apply the first month", "5"],
        ["| plan the second month", "3"],
        ["| apply the second month", "6"],
        ["| plan the second month", "3"],
    ]


@pytest.mark.parametrize("arguments", [[], ["both"]])
def test_what_is_neither_way_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert "benchmarks.scale offline" in capsys.readouterr().err


def test_a_plan_is_made_by_one_run_and_by_shards_with_one_key_and_with_more(tmp_path: Path) -> None:
    month = {key: {"name": key, "description": "", "members": ["+1 202 555 0143"]} for key in ("a", "b")}
    _, _, *rows = shards(0.5, tmp_path, month, count=2)
    told = [row.split(" | ") for row in rows]
    assert [row[0] for row in told] == ["| one run", "| 2 shards with one key", "| 2 shards with a key each"]
    assert told[0][1] == "4"


def test_two_groups_of_one_name_are_told_apart_by_their_keys() -> None:
    group = {"name": "Twice", "description": "", "members": []}
    text = yaml_of_month({"a": group, "b": group})
    assert '"Twice (a)"' in text
    assert '"Twice (b)"' in text
