"""The day's budget: what a plan takes of the changes, in which order, what waits, and until when. Pure tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reconciler.config.phone_numbers import country_code
from reconciler.diff.change import Change
from reconciler.model.desired import Budget, Desired, DesiredGroup, Person, Policy
from reconciler.model.live import LiveGroup
from reconciler.plan.budget import day_limit, within_budget
from reconciler.plan.build import build_plan
from reconciler.plan.guards import check_removal_limits
from reconciler.plan.model import Action, Plan
from reconciler.plan.selection import PlanOptions, Spent
from reconciler.plan.shard import Shard
from reconciler.plan.summary import PlanStatus, plan_status
from tests.builders import ALICE, BETA_ID, BOB, CAROL, CONNECTED, DAVE, TODAY, changes_for, crowd, desired, group, live

PEOPLE = crowd(30)


def wanted(*groups: DesiredGroup, since: date | None = None, **budget: int) -> Desired:
    """A desired state with this budget."""
    whole = desired(*groups, people=PEOPLE, policy=Policy(budget=Budget(**budget)))
    return replace(whole, account_since=since)


def planned(whole: Desired, *lives: LiveGroup, options: PlanOptions | None = None) -> Plan:
    """The plan that a run makes of it."""
    options = options or PlanOptions()
    taken, until = within_budget(changes_for(whole, *lives), whole, options)
    plan = build_plan(taken, whole, options, instance_id="inst_abc123", instance=CONNECTED, country_of=country_code)
    return replace(plan, pending_until=until)


def moved(plan: Plan, *actions: Action) -> dict[str, int]:
    """How many people the steps of each group move."""
    counts: dict[str, int] = {}
    for step in plan.steps:
        if step.action in actions:
            counts[step.group] = counts.get(step.group, 0) + len(step.people)
    return counts


def new(key: str, *people: Person, priority: int = 0) -> DesiredGroup:
    """A group that is not live yet."""
    return group(key, id=None, name=key.title(), members=people, priority=priority)


def test_a_plan_takes_the_people_who_fit_and_says_when_the_rest_is_done() -> None:
    plan = planned(wanted(group(members=PEOPLE[:10]), adds_per_day=4), live())
    assert moved(plan, Action.ADD) == {"alpha": 4}
    assert (plan.has_changes, plan.waits, plan.pending_until) == (True, True, TODAY + timedelta(days=2))


def test_higher_priority_comes_first_then_the_key() -> None:
    plan = planned(
        wanted(new("a", *PEOPLE[:3]), new("b", *PEOPLE[:3]), new("c", *PEOPLE[:3], priority=1), adds_per_day=5)
    )
    assert moved(plan, Action.CREATE) == {"a": 2, "c": 3}


def test_a_group_that_is_created_counts_with_its_first_members_and_needs_one_of_them() -> None:
    plan = planned(wanted(new("a", *PEOPLE[:4]), new("b", *PEOPLE[:2]), adds_per_day=4, groups_per_day=5))
    assert moved(plan, Action.CREATE) == {"a": 4}
    (waiting,) = [one for one in plan.groups if one.key == "b"]
    assert [advice.message.code for advice in waiting.advice] == ["create-over-budget", "add-over-budget"]
    assert (waiting.steps, waiting.has_changes, waiting.waits) == ((), False, True)


def test_one_day_creates_as_many_groups_as_fit() -> None:
    plan = planned(wanted(*(new(f"g{n}", PEOPLE[n]) for n in range(5)), groups_per_day=2))
    assert list(moved(plan, Action.CREATE)) == ["g0", "g1"]
    assert plan.pending_until == TODAY + timedelta(days=2)


def test_what_waits_alone_is_no_change_and_has_a_status_of_its_own() -> None:
    plan = planned(wanted(group(members=PEOPLE[:10]), adds_per_day=0), live())
    assert (plan.has_changes, plan.waits, plan.steps, plan.pending_until) == (False, True, (), None)
    assert plan_status(plan) is PlanStatus.WAITING


def test_a_limit_that_is_left_out_is_none() -> None:
    plan = planned(wanted(group(members=PEOPLE), groups_per_day=1), live())
    assert moved(plan, Action.ADD) == {"alpha": 30}
    assert not plan.waits


def test_what_was_spent_counts_and_is_no_debt() -> None:
    whole = wanted(group(members=PEOPLE[:10]), adds_per_day=4)
    assert moved(planned(whole, live(), options=PlanOptions(spent=Spent(adds=3))), Action.ADD) == {"alpha": 1}
    assert moved(planned(whole, live(), options=PlanOptions(spent=Spent(adds=9))), Action.ADD) == {}


def test_nobody_is_removed_before_they_are_added_elsewhere() -> None:
    beta = group("beta", id=BETA_ID, name="Beta", members=[PEOPLE[0], PEOPLE[1]])
    whole = wanted(group(members=[PEOPLE[5]]), beta, adds_per_day=1)
    lives = live(PEOPLE[1], PEOPLE[2], PEOPLE[5]), live(id=BETA_ID, name="Beta")
    plan = planned(whole, *lives)
    assert [step.people[0].identity for step in plan.steps if step.action is Action.REMOVE] == [PEOPLE[2].identity]
    assert plan.groups[0].waiting_removals == 1


def test_removals_that_wait_count_for_the_limit_of_a_group() -> None:
    plan = planned(wanted(group(members=PEOPLE[:1]), removals_per_day=1), live(*PEOPLE[:10]))
    assert moved(plan, Action.REMOVE) == {"alpha": 1}
    (refusal,) = check_removal_limits(plan.groups)
    assert dict(refusal.message.params)["removed"] == 9
    assert plan.refusals


def test_a_full_group_adds_nobody_while_its_removals_wait() -> None:
    many = crowd(1023)
    whole = wanted(group(members=[*many[3:], ALICE, BOB]), removals_per_day=1)
    plan = planned(whole, live(*many))
    assert moved(plan, Action.ADD) == {}
    assert moved(plan, Action.REMOVE) == {"alpha": 1}


@pytest.mark.parametrize(
    ("days", "allowed"), [(-1, 10), (0, 10), (6, 10), (7, 20), (13, 20), (14, 30), (27, 30), (28, 40), (400, 40)]
)
def test_a_new_account_has_a_smaller_budget(days: int, allowed: int) -> None:
    whole = wanted(since=TODAY, adds_per_day=40)
    assert day_limit(40, TODAY + timedelta(days=days), whole, None) == allowed


def test_a_new_account_may_do_one_of_each_unless_nothing_is_allowed() -> None:
    whole = wanted(since=TODAY)
    assert [day_limit(limit, TODAY, whole, None) for limit in (0, 1, 2, 5)] == [0, 1, 1, 1]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
def test_the_shards_of_a_day_have_the_budget_together_and_none_has_nothing_for_ever(count: int) -> None:
    whole, days = wanted(), [TODAY + timedelta(days=ahead) for ahead in range(count)]
    shares = [[day_limit(5, day, whole, Shard(index, count)) for index in range(1, count + 1)] for day in days]
    assert {sum(of_day) for of_day in shares} == {5}
    assert all(sum(of_shard) > 0 for of_shard in zip(*shares, strict=True))


def test_somebody_who_refused_lately_waits_also_without_a_budget() -> None:
    whole = desired(group(members=[ALICE, BOB]))
    spent = Spent(refused={ALICE.identity: date(2026, 6, 1)})
    plan = planned(whole, live(), options=PlanOptions(spent=spent))
    assert [[one.identity for one in step.people] for step in plan.steps] == [[BOB.identity]]
    (advice,) = plan.groups[0].advice
    assert dict(advice.message.params) == {"day": date(2026, 6, 1), "again": date(2026, 7, 1)}
    assert plan.waits


def test_day_by_day_everything_is_done_on_the_day_that_the_first_plan_tells() -> None:
    groups = [new(f"g{n}", *PEOPLE[: n + 1], priority=n % 3) for n in range(12)]
    first = planned(wanted(*groups, adds_per_day=7, groups_per_day=2))
    today = TODAY
    lives: dict[str, LiveGroup] = {}
    while True:
        whole = replace(wanted(*groups, adds_per_day=7, groups_per_day=2), as_of=today)
        plan = planned(whole, *lives.values())
        assert sum(moved(plan, Action.CREATE, Action.ADD).values()) <= 7
        assert sum(step.action is Action.CREATE for step in plan.steps) <= 2
        for key, people in ((step.group, step.people) for step in plan.steps):
            inside = {one.identity for one in lives[key].participants} if key in lives else set()
            inside |= {one.identity for one in people}
            number = int(key[1:])
            lives[key] = live(
                *(one for one in PEOPLE if one.identity in inside),
                id=f"12036301234567{number:04}@g.us",
                name=key.title(),
            )
        if not plan.waits:
            break
        today += timedelta(days=1)
    assert today == first.pending_until


def test_an_untouched_change_stays_as_it_is() -> None:
    whole = wanted(group(members=[ALICE, CAROL]), adds_per_day=5)
    changes: tuple[Change, ...] = changes_for(whole, live(DAVE))
    assert within_budget(changes, whole, PlanOptions()) == (changes, None)


def test_the_last_days_of_the_calendar_have_no_day_after_them() -> None:
    whole = replace(wanted(group(members=PEOPLE[:10]), adds_per_day=1), as_of=date.max)
    assert planned(whole, live()).pending_until is None


def test_what_takes_more_than_a_year_has_no_day() -> None:
    many = crowd(366)
    assert planned(wanted(group(members=many), adds_per_day=1), live()).pending_until == TODAY + timedelta(days=365)
    assert planned(wanted(group(members=crowd(369)), adds_per_day=1), live()).pending_until is None
