"""A plan carries what it was made from: keys, names, rate, targets, date, and what the live groups were."""

from __future__ import annotations

from reconciler.diff.change import AdviceKind, MatchedBy
from reconciler.model.text import Untrusted
from reconciler.plan.selection import PlanOptions
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CAROL,
    TODAY,
    desired,
    group,
    group_plan,
    live,
    plan_for,
    policy,
)


def test_a_plan_has_every_group_of_the_file_sorted_by_key() -> None:
    wanted = desired(group("b", id=BETA_ID, name="B"), group("a", id=ALPHA_ID, name="A"), group("c", id=None, name="C"))
    plan = plan_for(wanted, live(name="A"), live(id=BETA_ID, name="B"))
    assert [(g.key, bool(g.steps)) for g in plan.groups] == [("a", False), ("b", False), ("c", True)]


def test_a_plan_for_targets_has_only_them() -> None:
    wanted = desired(group("a", id=ALPHA_ID, name="A"), group("b", id=None, name="B"))
    plan = plan_for(wanted, live(name="A"), choices=PlanOptions(targets=("b",)))
    assert ([g.key for g in plan.groups], plan.targets) == (["b"], ("b",))


def test_a_target_is_matched_with_all_keys_of_the_file_in_view() -> None:
    wanted = desired(group("held", id=ALPHA_ID, name="A"), group("new", id=None, name="A"))
    (planned,) = plan_for(wanted, live(name="A"), choices=PlanOptions(targets=("new",))).groups
    assert [step.action for step in planned.steps] == ["create"]


def test_a_plan_tells_the_rate_the_date_and_the_instance() -> None:
    wanted = desired(policy=policy(writes_per_minute=20))
    plan = plan_for(wanted, choices=PlanOptions(calls_per_minute=80.0))
    assert (plan.calls_per_minute, plan.writes_per_minute, plan.as_of) == (80.0, 20, TODAY)
    assert plan.instance_id == "inst_abc123"


def test_a_plan_records_the_live_group_and_the_names_it_was_found_by() -> None:
    there = live(ALICE, CAROL)
    planned = group_plan(desired(group(id=None, name="Omega", previously=["Alpha"], members=[BOB, CAROL])), there)
    assert planned.live == there
    assert planned.lookup_names == ("Omega", "Alpha")
    assert (planned.name, planned.id, planned.matched_by) == (Untrusted("Omega"), ALPHA_ID, MatchedBy.PREVIOUS_NAME)
    assert planned.live_members == 2
    assert ([who.label for who in planned.add], [who.label for who in planned.remove]) == (["bob"], ["alice"])


def test_live_groups_that_are_not_in_the_file_are_told() -> None:
    plan = plan_for(desired(), live(ALICE))
    assert [advice.kind for advice in plan.advice] == [AdviceKind.UNMANAGED]
    assert plan.steps == ()
