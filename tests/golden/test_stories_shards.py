"""Shards: each plans and applies its part of the groups, and together they do what one run does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.stage import PHONE, Stage

FILE = """
people: {alice: +1 202 555 0143, bob: +1 202 555 0144, carol: +1 303 555 0145}
groups:
  alpha: {name: Alpha, members: [alice, bob], description: The first}
  beta: {name: Beta, members: [alice]}
  gamma: {name: Gamma, members: [carol]}
  delta: {name: Delta, members: [bob, carol]}
  epsilon: {name: Epsilon, members: [alice]}
  zeta: {name: Zeta (new), previously: [Zeta], members: [alice, bob, carol]}
"""
KEYS = ("alpha", "beta", "delta", "epsilon", "gamma", "zeta")


def staged(stage: Stage) -> None:
    stage.file(FILE)
    for name in ("Alpha", "Beta", "Gamma"):
        stage.world.create_group(name, ["+1 202 555 0143", "+1 404 555 0199"], owner=PHONE)
    stage.world.create_group("Zeta", ["+1 202 555 0144"], owner=PHONE)
    stage.world.create_group("In no file", [], owner=PHONE)


def document(stage: Stage, *arguments: str) -> dict[str, object]:
    ran = stage.run("plan", "--max-removals", "9", "--format", "json", "--show-phones", *arguments)
    assert ran.code == 0, ran.err
    read: dict[str, object] = json.loads(ran.out)
    return read


def without_ref_ids(value: Any) -> Any:
    """Return a document without the ids that count the people of each document anew."""
    if isinstance(value, dict):
        return {name: without_ref_ids(item) for name, item in value.items() if name != "ref_id"}
    return [without_ref_ids(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_shards_together_plan_what_one_run_plans_and_applied_they_converge(stage: Stage, count: int) -> None:
    staged(stage)
    whole = without_ref_ids(document(stage))
    shards = [without_ref_ids(document(stage, "--shard", f"{index}/{count}")) for index in range(1, count + 1)]
    groups = sorted((group for shard in shards for group in shard["groups"]), key=lambda group: group["key"])
    assert groups == whole["groups"]
    assert [advice for shard in shards for advice in shard["advice"]] == whole["advice"] != []
    for index in range(1, count + 1):
        applied = stage.run("apply", "--yes", "--max-removals", "9", "--shard", f"{index}/{count}")
        assert applied.code == 0, applied.out + applied.err
    again = stage.run("drift")
    assert again.code == 0, again.out
    assert len(stage.world.snapshot()) == len(KEYS) + 1


def test_a_shard_fetches_its_own_groups_alone_and_an_empty_one_nothing(guide: Stage) -> None:
    staged(guide)
    guide.run("pin")
    guide.calls()
    whole = [call for call in calls_of(guide, "plan") if call.startswith("GET /groups/")]
    parts = [calls_of(guide, "plan", "--shard", f"{index}/20") for index in range(1, 21)]
    assert sorted(call for part in parts for call in part if call.startswith("GET /groups/")) == sorted(whole)
    assert parts.count([]) >= 20 - len(KEYS) - 1


def calls_of(stage: Stage, *arguments: str) -> list[str]:
    stage.run(*arguments)
    return stage.calls()


def test_a_shard_says_which_part_it_is_and_so_does_an_empty_one(guide: Stage) -> None:
    staged(guide)
    told = [guide.run("drift", "--shard", f"{index}/7") for index in range(1, 8)]
    sizes = [int(ran.out.split(f"Shard {index}/7: ")[1].split(" of 6 groups.")[0]) for index, ran in enumerate(told, 1)]
    assert sum(sizes) == 6
    empty = told[sizes.index(0)]
    assert empty.code == 0
    assert empty.out.endswith("No drift: this shard has no groups.\n")
    assert {ran.code for ran, size in zip(told, sizes, strict=True) if size} == {2}


def test_with_targets_a_shard_is_the_part_of_them_that_it_has(guide: Stage) -> None:
    staged(guide)
    arguments = ("--target", "alpha", "--target", "beta", "--target", "gamma")
    told = [guide.run("plan", *arguments, "--shard", f"{index}/2").out for index in (1, 2)]
    assert all("Selected groups: alpha, beta, gamma; not planned: 3 others." in out for out in told)
    headings = sorted(line.split()[0] for out in told for line in out.splitlines() if "@g.us" in line)
    assert headings == ["alpha", "beta", "gamma"]
    assert all(" of these 3 groups." in out for out in told)


def test_one_group_asked_for_is_not_spoken_of_as_many(guide: Stage) -> None:
    staged(guide)
    told = {guide.run("plan", "--target", "alpha", "--shard", f"{index}/2").out for index in (1, 2)}
    assert sum("Shard 1/2: 0 of 1 group." in out or "Shard 2/2: 0 of 1 group." in out for out in told) == 1


def test_a_saved_plan_of_a_shard_is_shown_and_applied_as_that(guide: Stage) -> None:
    staged(guide)
    saved = guide.run("plan", "--max-removals", "9", "--shard", "2/2", "--out", "part.plan")
    assert json.loads((guide.folder / "part.plan").read_text())["shard"]["total_groups"] == 6
    assert guide.run("show", "part.plan").out == saved.out
    applied = guide.run("apply", "part.plan", "--yes", "--max-removals", "9")
    assert applied.code == 0, applied.err
    assert "No changes" in guide.run("plan", "--shard", "2/2").out
    refused = guide.run("apply", "part.plan", "--shard", "2/2")
    assert refused.code == 1
    assert (
        "a saved plan does not take --target, --exclude, --shard, --as-of, --changed-since, --allow-lookalike or "
        "--accept-source" in refused.err
    )


def test_the_shard_can_come_from_the_environment(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    staged(guide)
    expected = guide.run("plan", "--shard", "1/3").out
    monkeypatch.setenv("RECONCILER_SHARD", "1/3")
    assert guide.run("plan").out == expected


@pytest.mark.parametrize("bad", ["0/3", "4/3", "1", "x/y"])
@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_what_is_no_shard_is_a_usage_error(guide: Stage, command: str, bad: str) -> None:
    ran = guide.run(command, "--shard", bad)
    assert ran.code == 1
    assert "Invalid value for '--shard'" in ran.err
    assert guide.calls() == []


ON_A_MACHINE_OF_ITS_OWN = """
import sys
from pathlib import Path
from reconciler.apply import lock
from reconciler.cli.main import main
lock.FOLDER = Path(sys.argv[1])
main(sys.argv[2:])
"""


def test_shards_of_one_instance_side_by_side_on_machines_of_their_own_share_no_group(stage: Stage) -> None:
    staged(stage)
    shards = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", ON_A_MACHINE_OF_ITS_OWN, str(stage.folder / f"locks-{index}")),
                *("apply", "--yes", "--quiet", "--max-removals", "9", "--shard", f"{index}/3"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in (1, 2, 3)
    ]
    told = [shard.communicate()[0] for shard in shards]
    assert [shard.returncode for shard in shards] == [0, 0, 0], told
    assert stage.run("drift").code == 0
    assert len(stage.world.snapshot()) == len(KEYS) + 1
