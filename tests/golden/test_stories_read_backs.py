"""Changed groups are read back by whichever costs less: one read each, or the list, where it proves what changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from reconciler.sandbox import Dialect, Fault
from tests.stage import PHONE, Stage

PEOPLE = tuple(f"+1202555014{n}" for n in range(4))
COUNT = 3


def groups(stage: Stage, of_group: Callable[[int], str], people: tuple[str, ...] = PEOPLE, count: int = COUNT) -> None:
    """Groups as they are before, and a file that wants of each what `of_group` says."""
    lines = []
    for n in range(count):
        group_id = stage.world.create_group(f"Old {n}", people, owner=PHONE, description=f"About {n}")
        lines.append(f"  g{n}: {{id: {group_id}, {of_group(n)}}}")
    stage.file("policy: {max_removals: 100%}\ngroups:\n" + "\n".join(lines))


def renamed(n: int) -> str:
    return f"name: New {n}"


def smaller(n: int) -> str:
    return f"name: Old {n}, members: [{', '.join(map(json.dumps, PEOPLE[1:]))}]"


def described(n: int) -> str:
    return f"name: Old {n}, description: About number {n}"


def undescribed(n: int) -> str:
    return f'name: Old {n}, description: ""'


def larger(n: int) -> str:
    return f"name: Old {n}, members: [{', '.join(map(json.dumps, (*PEOPLE, '+12025550149')))}]"


def is_whole(stage: Stage) -> bool:
    return stage.server.settings.dialect is Dialect.REFERENCE


def read_backs(stage: Stage) -> list[str]:
    """What the last run read after its last write: "list", or "group" for each whole read."""
    calls = stage.calls()
    last = max(at for at, call in enumerate(calls) if not call.startswith("GET "))
    return ["list" if re.fullmatch(r"GET /groups(\?.*)?", call) else "group" for call in calls[last + 1 :]]


@pytest.mark.parametrize(
    ("wish", "in_guide", "in_reference"),
    [(renamed, True, True), (smaller, False, True), (described, False, True), (undescribed, False, False)],
)
def test_one_list_reads_back_all_groups_that_it_proves(
    stage: Stage, wish: Callable[[int], str], *, in_guide: bool, in_reference: bool
) -> None:
    groups(stage, wish)
    by_list = in_reference if is_whole(stage) else in_guide
    planned = stage.run("plan")
    assert f" {COUNT + (1 if by_list else COUNT)} calls" in planned.out
    stage.calls()
    applied = stage.run("apply", "--yes", "--format", "json")
    calls = stage.calls()
    after = calls[next(at for at, call in enumerate(calls) if not call.startswith("GET ")) :]
    assert applied.code == 0, applied.out
    assert json.loads(applied.out)["summary"]["read_backs"] == (1 if by_list else COUNT)
    assert after.count("GET /groups") == by_list
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_a_group_that_people_join_is_read_at_once(stage: Stage) -> None:
    groups(stage, larger)
    assert stage.run("apply", "--yes").code == 0
    calls = stage.calls()
    assert calls.count("GET /groups") == 1
    adding = next(at for at, call in enumerate(calls) if call.startswith("POST "))
    assert sum(call.startswith("GET /groups/") for call in calls[adding:]) == COUNT


def test_one_group_is_read_whole(stage: Stage) -> None:
    groups(stage, renamed, count=1)
    assert stage.run("apply", "--yes").code == 0
    assert read_backs(stage) == ["group"]


@pytest.mark.parametrize("kind", ["stale_list", "partial_list"])
def test_what_a_false_list_does_not_show_is_read_whole(stage: Stage, kind: str) -> None:
    groups(stage, renamed)
    stage.server.set_faults([Fault(kind, skip=1, times=0, amount=1)])
    assert stage.run("apply", "--yes").code == 0
    assert sorted(read_backs(stage)) == ["group", "list"]


def test_a_group_whose_count_is_another_is_read_whole(guide: Stage) -> None:
    groups(guide, renamed)
    guide.server.set_faults([Fault("wrong_count", skip=1, times=0, amount=1)])
    assert guide.run("apply", "--yes").code == 0
    assert sorted(read_backs(guide)) == [*["group"] * COUNT, "list"]


def test_a_list_that_cannot_be_read_costs_one_read_for_each_group(stage: Stage) -> None:
    groups(stage, renamed)
    stage.server.set_faults([Fault("garbage", path="/groups", method="GET", skip=1, times=0, body=7)])
    assert stage.run("apply", "--yes").code == 0
    assert sorted(set(read_backs(stage))) == ["group", "list"]


def test_a_success_that_did_not_happen_is_seen_by_the_list_and_not_done(stage: Stage) -> None:
    groups(stage, renamed)
    stage.server.set_faults([Fault("garbage", method="PATCH", times=1, body={"data": {}}, effect=False)])
    applied = stage.run("apply", "--yes", "--format", "json", "--parallelism", "1")
    steps = json.loads(applied.out)["steps"]
    assert (applied.code, [step["status"] for step in steps]) == (3, ["unknown", "done", "done"])
    assert sorted(read_backs(stage)) == ["group", "list"]


def test_what_somebody_changed_meanwhile_is_seen_by_the_list(stage: Stage) -> None:
    groups(stage, smaller if is_whole(stage) else renamed)
    added: list[str] = []

    def hook(_seq: int, method: str, path: str) -> None:
        if method != "GET" and not added:
            added.append(path)
            group_id = re.search(r"[0-9]+@g\.us", path)
            assert group_id is not None
            stage.world.add_participant(group_id[0], "+12025550148")

    stage.server.after_call = hook
    applied = stage.run("apply", "--yes")
    assert sorted(read_backs(stage)) == ["group", "list"]
    assert applied.code == (3 if is_whole(stage) else 0), applied.out
