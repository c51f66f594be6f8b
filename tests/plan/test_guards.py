"""What stops a whole run before its first write, and the flag or line that lifts it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.messages import Message
from reconciler.model.desired import DEFAULT_REMOVALS, Desired, Limit
from reconciler.model.live import Instance, LiveGroup
from reconciler.plan.guards import PLACEHOLDER, check_instance
from reconciler.plan.model import Plan
from reconciler.plan.selection import PlanOptions
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CONNECTED,
    DAVE,
    ME,
    PEOPLE,
    codes,
    crowd,
    desired,
    group,
    group_plan,
    live,
    participant,
    plan_for,
    policy,
)


def removing(there: int, gone: int, **more: Limit | None) -> tuple[Desired, LiveGroup]:
    """A group with so many live members (the instance not counted), of which so many are to go."""
    everybody = crowd(there)
    limit, of_policy = more.get("limit"), more.get("of_policy")
    wanted = desired(group(members=everybody[gone:], max_removals=limit), policy=policy(max_removals=of_policy))
    return wanted, live(*everybody)


def count(number: int, source: str = "groups.yaml:9") -> Limit:
    return Limit(source, count=number)


def share(percent: float, source: str = "groups.yaml:9") -> Limit:
    return Limit(source, percent=percent)


@pytest.mark.parametrize(
    ("there", "gone", "refused"),
    [
        pytest.param(4, 1, False, id="a quarter"),
        pytest.param(4, 2, True, id="more than a quarter"),
        pytest.param(8, 2, False, id="a quarter of eight"),
        pytest.param(7, 2, True, id="rounded down"),
        pytest.param(1, 1, False, id="at least one"),
        pytest.param(3, 2, True, id="at least one, and no more"),
        pytest.param(400, 100, False, id="a hundred of four hundred, in one batch"),
        pytest.param(1100, 276, True, id="all batches count together"),
    ],
)
def test_by_default_a_quarter_of_the_live_members_may_be_removed(there: int, gone: int, refused: bool) -> None:
    wanted, group_live = removing(there, gone)
    assert bool(plan_for(wanted, group_live).refusals) is refused


def test_a_refusal_names_the_group_the_limit_its_source_and_the_flag_that_lifts_it() -> None:
    wanted, group_live = removing(4, 3, of_policy=share(50, "groups.yaml:7"))
    (refusal,) = plan_for(wanted, group_live).refusals
    assert refusal.group == "alpha"
    assert refusal.message.to_text() == "this removes 3 of 4 members; the limit is 2 (50%, groups.yaml:7)"
    assert refusal.override == Message.of("raise-removal-limit", removed=3)


def test_the_flag_that_a_refusal_names_does_lift_it() -> None:
    wanted, group_live = removing(4, 3)
    (refusal,) = plan_for(wanted, group_live).refusals
    number = int(refusal.override.to_text().split("--max-removals ")[1].split(",")[0])
    assert plan_for(wanted, group_live, choices=PlanOptions(max_removals=count(number))).refusals == ()


@pytest.mark.parametrize(
    ("flag", "of_group", "of_policy", "used"),
    [
        (None, None, None, DEFAULT_REMOVALS),
        (None, None, share(50), share(50)),
        (None, count(2), share(50), count(2)),
        (count(0, "--max-removals"), count(2), share(50), count(0, "--max-removals")),
        (share(100, "--max-removals"), None, None, share(100, "--max-removals")),
    ],
    ids=["default", "policy", "group before policy", "flag before both", "flag before the default"],
)
def test_the_flag_goes_before_the_group_before_the_policy_before_the_default(
    flag: Limit | None, of_group: Limit | None, of_policy: Limit | None, used: Limit
) -> None:
    wanted, group_live = removing(4, 1, limit=of_group, of_policy=of_policy)
    assert group_plan(wanted, group_live, choices=PlanOptions(max_removals=flag)).removal_limit == used


def test_the_instance_does_not_count_as_a_member() -> None:
    # Eight participants: a quarter of eight would allow two, a quarter of the seven members allows one.
    wanted, group_live = removing(7, 2)
    assert len(group_live.participants) == 8
    assert plan_for(wanted, group_live).refusals != ()


def test_every_group_over_its_limit_is_told_in_the_order_of_the_keys() -> None:
    wanted = desired(group("b", id=BETA_ID, name="B", members=[]), group("a", id=ALPHA_ID, name="A", members=[]))
    plan = plan_for(wanted, live(*PEOPLE, name="A"), live(*PEOPLE, id=BETA_ID, name="B"))
    assert [refusal.group for refusal in plan.refusals] == ["a", "b"]


def test_removals_that_are_blocked_or_held_back_refuse_nothing() -> None:
    doubtful, no_admin = live(*PEOPLE, count=99), live(*PEOPLE, me=participant(ME))
    for group_live in (doubtful, no_admin):
        plan = plan_for(desired(group(members=[])), group_live)
        assert plan.refusals == ()
        assert plan.has_changes


def test_somebody_to_remove_while_the_own_number_is_unknown_is_refused() -> None:
    (refusal,) = plan_for(desired(group(members=[ALICE]), account=None), live(ALICE, BOB, me=None)).refusals
    assert codes([refusal.message, refusal.override]) == ["own-phone-unknown", "set-own-phone"]


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        (live(ALICE, BOB), live(ALICE, BOB, me=None, id=BETA_ID, name="Beta"), True),
        (live(ALICE, BOB), live(ALICE, me=None, id=BETA_ID, name="Beta"), False),
        (live(ALICE, BOB), live(ALICE, BOB, id=BETA_ID, name="Beta"), False),
        (
            live(ALICE, BOB),
            live(ALICE, BOB, participant("123456789012345@lid"), me=None, id=BETA_ID, name="Beta"),
            False,
        ),
    ],
    ids=["in every group", "not in every group", "the number is in every group", "may be somebody unidentified"],
)
def test_somebody_who_may_be_the_account_itself_is_not_removed(
    first: LiveGroup, second: LiveGroup, is_refused: bool
) -> None:
    limit = count(5)
    wanted = desired(
        group("a", id=ALPHA_ID, name=first.name.raw, members=[ALICE], max_removals=limit),
        group("b", id=BETA_ID, name="Beta", members=[ALICE, BOB], max_removals=limit),
    )
    refused = [refusal.message.code for refusal in plan_for(wanted, first, second).refusals]
    assert refused == (["may-be-account"] if is_refused else [])


def test_the_number_in_a_file_for_another_instance_is_not_this_ones() -> None:
    wanted = replace(desired(group(members=[ALICE])), instance_id="inst_other").for_instance("inst_abc123")
    (refusal,) = plan_for(wanted, live(ALICE, BOB, me=None)).refusals
    ids = {"configured": "inst_other", "actual": "inst_abc123"}
    assert refusal.message == Message.of("own-phone-of-other-instance", **ids)
    assert refusal.override == Message.of("use-configured-instance", **ids)


@pytest.mark.parametrize(
    ("of_the_file", "known"), [(None, True), ("inst_abc123", True), ("inst_other", False), ("", False)]
)
def test_a_file_that_names_no_instance_or_this_one_tells_the_own_number(of_the_file: str | None, known: bool) -> None:
    wanted = replace(desired(), instance_id=of_the_file).for_instance("inst_abc123")
    assert (wanted.account == ME, wanted.instance_id) == (known, of_the_file)


def test_a_starter_that_nobody_has_made_their_own_is_refused_whatever_instance_it_is_for() -> None:
    wanted = replace(desired(group(members=[*PEOPLE, ME])), instance_id=PLACEHOLDER)
    for lives in ([live(ALICE)], [live(*PEOPLE)], []):
        (refusal,) = plan_for(wanted, *lives).refusals
        assert refusal.message == Message.of("starter-file", instance=PLACEHOLDER)
        assert refusal.override == Message.of("fill-in-starter")
    assert plan_for(wanted, live(ALICE), choices=PlanOptions(sandbox=True)).refusals == ()


def test_adding_alone_needs_no_own_number() -> None:
    wanted = desired(group(members=[*PEOPLE, ME]), account=None)
    assert plan_for(wanted, live(ALICE, BOB)).refusals == ()


@pytest.mark.parametrize(
    ("instance", "said"),
    [
        (CONNECTED, None),
        (None, None),
        (Instance("inst_abc123", "disconnected"), "not-connected"),
        (Instance("inst_abc123", "scan_qr"), "not-connected"),
        (Instance("inst_abc123", "connected", kind="cloud_api"), "no-groups-on-instance"),
    ],
    ids=["connected", "nobody asked", "disconnected", "waiting for the scan", "another kind"],
)
def test_an_instance_that_cannot_write_is_refused(instance: Instance | None, said: str | None) -> None:
    found = check_instance(instance)
    assert codes(refusal.message for refusal in found) == ([said] if said else [])
    assert all(refusal.override and refusal.group is None for refusal in found)


def test_all_refusals_are_told_at_once_the_runs_own_first() -> None:
    wanted = desired(group(members=[]), account=None)
    plan = plan_for(wanted, live(*PEOPLE), instance=Instance("inst_abc123", "failed"))
    assert [refusal.group for refusal in plan.refusals] == [None, None, "alpha"]
    overrides = [refusal.override for refusal in plan.refusals]
    assert codes(overrides) == ["connect-instance", "set-own-phone", "raise-removal-limit"]


@pytest.mark.parametrize(
    ("wanted", "there", "pending"),
    [
        pytest.param(desired(group(members=[ALICE])), live(ALICE), False, id="in sync"),
        pytest.param(desired(group(id=None, members=[ALICE])), live(ALICE), False, id="adopting alone"),
        pytest.param(desired(group(admins=[DAVE])), live(ALICE), False, id="advice alone"),
        pytest.param(desired(), live(ALICE), False, id="unmanaged groups alone"),
        pytest.param(desired(group(members=[BOB])), live(), True, id="a step"),
        pytest.param(desired(group(id=BETA_ID)), live(), True, id="a blocked group"),
    ],
)
def test_steps_and_blocks_are_pending_and_advice_is_not(wanted: Desired, there: LiveGroup, pending: bool) -> None:
    assert plan_for(wanted, there).has_changes is pending


def test_a_refusal_alone_is_pending() -> None:
    plan: Plan = plan_for(desired(), instance=Instance("inst_abc123", "failed"))
    assert (plan.has_changes, plan.calls) == (True, 0)
