"""Shards together plan exactly what one run plans, and read no more for it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diff.change import Advice, AdviceKind
from reconciler.engine import make_plan
from reconciler.live.client import Client
from reconciler.messages import Message
from reconciler.model.desired import CheckNumbers, Desired, Limit
from reconciler.model.live import Instance, Listing, LiveGroup
from reconciler.plan.model import Plan
from reconciler.plan.selection import PlanOptions
from reconciler.plan.shard import Shard, shard_number
from tests.builders import ALPHA_ID, CONNECTED, desired, group, listed, live, person
from tests.plan.tiny_worlds import Setting, settings_of_worlds

steady = settings(max_examples=60, derandomize=True, database=None, deadline=None)
ELSEWHERE = live(id="120363999999999999@g.us", name="In no file")
MONTHS = Path(__file__).parents[1] / "data" / "membership" / "two-months.jsonl.gz"


@dataclass
class Told:
    """The API as planning sees it, with what it was asked for."""

    lives: Sequence[LiveGroup]
    state: Instance = CONNECTED
    instance_id: str = "inst_abc123"
    asked: list[str] = field(default_factory=list)

    def list_groups(self, *, verify_end: bool = False) -> Listing:
        self.asked.append("list")
        return Listing(tuple(listed(one) for one in sorted(self.lives, key=lambda one: one.id)))

    def group(self, group_id: str) -> LiveGroup:
        self.asked.append(group_id)
        (found,) = [one for one in self.lives if one.id == group_id]
        return replace(found, count=None)

    def instance(self) -> Instance:
        self.asked.append("instance")
        return self.state

    def invite_link(self, group_id: str) -> str:
        self.asked.append(f"invite {group_id}")
        return f"https://chat.whatsapp.com/{group_id[:20]}"


def planned(wanted: Desired, told: Told, choices: PlanOptions) -> Plan:
    return make_plan(wanted, cast("Client", told), choices, parallelism=1, rate=lambda: 60.0).plan


def together(shards: Sequence[Plan]) -> Plan:
    """The plans of all shards put together: groups by key, what is told of the run said once."""
    return replace(
        shards[0],
        groups=tuple(sorted((one for plan in shards for one in plan.groups), key=lambda one: one.key)),
        refusals=once(refusal for plan in shards for refusal in plan.refusals),
        advice=told_once([advice for plan in shards for advice in plan.advice]),
        lookalike_reads=sum(plan.lookalike_reads for plan in shards),
        list_calls=max(plan.list_calls for plan in shards),
        list_shows_people=any(plan.list_shows_people for plan in shards),
        live_ids=tuple(sorted({group_id for plan in shards for group_id in plan.live_ids})),
        shard=None,
    )


def told_once(advice: Sequence[Advice]) -> tuple[Advice, ...]:
    """The advice on the run: the groups without managed members counted together, then the unmanaged groups."""
    names = tuple(sorted(name for one in advice if one.kind is AdviceKind.MEMBERSHIP for name in one.names))
    message = Message.of("members-not-managed", count=len(names))
    membership = (Advice(AdviceKind.MEMBERSHIP, message, names=names),) if names else ()
    others = [one for one in advice if one.kind is not AdviceKind.MEMBERSHIP]
    unmanaged = [one for one in others if one.kind is AdviceKind.UNMANAGED]
    return (*(one for one in others if one not in unmanaged), *membership, *unmanaged)


def once(refusals: Iterable[Any]) -> tuple[Any, ...]:
    """Each refusal once, the run's own first, then by group."""
    return tuple(sorted(dict.fromkeys(refusals), key=lambda one: one.group or ""))


def hold_together(wanted: Desired, lives: Sequence[LiveGroup], choices: PlanOptions, count: int) -> None:
    """The rule itself: the same plan, and the reads of one run shared out among the shards.

    Groups of which one may be a group to be created are read by each shard that creates one.
    Numbers are not checked here: a shard does not know who is live in the groups of the others.
    """
    wanted = replace(wanted, policy=replace(wanted.policy, check_numbers=CheckNumbers.NONE))
    told = Told(lives, replace(CONNECTED, status="disconnected"))
    whole = planned(wanted, told, choices)
    asked: list[str] = []
    plans = []
    for index in range(1, count + 1):
        part = Told(lives, told.state)
        plans.append(planned(wanted, part, replace(choices, shard=Shard(index, count))))
        assert plans[-1].shard is not None
        assert {shard_number(one.key, count) for one in plans[-1].groups} <= {index}
        assert plans[-1].shard.total_groups == len(whole.groups)
        assert part.asked == [] or plans[-1].groups or index == 1
        asked += part.asked
    reads, of_one = ([call for call in calls if call not in ("list", "instance")] for calls in (asked, told.asked))
    candidates = {call for call in of_one if call.endswith("@g.us")} - {one.id for one in whole.groups}
    repeated = sum(reads.count(one) - 1 for one in candidates)
    whole = replace(whole, refusals=once(whole.refusals), lookalike_reads=whole.lookalike_reads + repeated)
    assert together(plans) == whole
    assert sorted(reads) == sorted([*of_one, *(one for one in candidates for _ in range(reads.count(one) - 1))])


@steady
@given(
    settings_of_worlds(),
    st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=3, unique=True),
    st.sampled_from([1, 2, 3, 4, 7]),
    st.booleans(),
)
def test_shards_together_plan_exactly_what_one_run_plans(
    setting: Setting, keys: list[str], count: int, some: bool
) -> None:
    world, wanted = setting
    renamed = tuple(replace(one, key=key) for one, key in zip(wanted.groups, sorted(keys), strict=True))
    limit = Limit("--max-removals", count=1)
    choices = PlanOptions(targets=tuple(sorted(keys)[:2]) if some else (), max_removals=limit)
    hold_together(replace(wanted, groups=renamed), (*world.lives(), ELSEWHERE), choices, count)


@pytest.mark.parametrize("count", [1, 3, 16])
def test_shards_together_plan_what_one_run_plans_of_a_real_project(count: int) -> None:
    before, after = months()
    ids = {slug: f"1203630123456{number:05}@g.us" for number, slug in enumerate(sorted({*before, *after}))}
    wanted = desired(
        *(
            group(slug, id=ids[slug] if slug in before else None, name=one["name"], members=people(one["members"]))
            for slug, one in after.items()
        )
    )
    lives = [live(*people(one["members"]), id=ids[slug], name=one["name"]) for slug, one in before.items()]
    told = Told(lives)
    whole = planned(wanted, told, PlanOptions())
    assert (len(whole.groups), len(told.asked) - whole.lookalike_reads, whole.lookalike_reads) == (590, 572, 7)
    hold_together(wanted, lives, PlanOptions(), count)


def months() -> list[dict[str, Any]]:
    """The groups of two months that followed each other."""
    with gzip.open(MONTHS, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["groups"] for line in lines]


def people(numbers: Iterable[str]) -> list[Any]:
    return [person(number.removeprefix("+")) for number in numbers]


def test_two_keys_that_find_one_live_group_block_each_other_across_shards() -> None:
    wanted = desired(group("a", id=None, name="New", previously=["Alpha"]), group("b", id=None))
    count = next(count for count in range(2, 99) if shard_number("a", count) != shard_number("b", count))
    for key in ("a", "b"):
        shard = Shard(shard_number(key, count), count)
        (blocked,) = planned(wanted, Told([live()]), PlanOptions(shard=shard)).groups
        assert blocked.blocked
        assert not blocked.steps
        others = ("b",) if key == "a" else ("a",)
        assert blocked.blocked == (Message.of("live-group-shared", keys=others, id=ALPHA_ID),)


def test_what_is_in_no_file_is_told_by_the_first_shard_alone() -> None:
    wanted = desired(group("a", id=None, name="A"))
    plans = [planned(wanted, Told([live()]), PlanOptions(shard=Shard(index, 3))) for index in (1, 2, 3)]
    assert [[advice.kind for advice in plan.advice] for plan in plans] == [[AdviceKind.UNMANAGED], [], []]


def test_a_shard_without_groups_makes_no_call() -> None:
    wanted = desired(group("a"))
    empty = next(index for index in (2, 3) if index != shard_number("a", 3))
    told = Told([live()])
    plan = planned(wanted, told, PlanOptions(shard=Shard(empty, 3)))
    assert (told.asked, plan.groups, plan.has_changes) == ([], (), False)


def test_a_group_that_comes_moves_no_other_one_to_another_shard() -> None:
    keys = [f"group-{number}" for number in range(9)]

    def parts(*more: str) -> list[set[str]]:
        wanted = desired(*(group(key, id=None, name=key) for key in (*keys, *more)))
        return [
            {one.key for one in planned(wanted, Told(()), PlanOptions(shard=Shard(index, 4))).groups}
            for index in range(1, 5)
        ]

    assert [part - {"newcomer"} for part in parts("newcomer")] == parts()
