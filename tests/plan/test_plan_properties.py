"""Rules that hold for every plan, tried on random small worlds."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.desired import Desired, Limit, Membership, State, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup
from reconciler.plan.model import Action, Phase, Plan, Step
from reconciler.plan.selection import PlanOptions
from tests.builders import ME, plan_for
from tests.plan.tiny_world import TinyWorld, lids_noted
from tests.plan.tiny_worlds import Setting, settings_of_worlds

# The same examples on every machine, so that a failure is the change's and not the day's.
steady = settings(max_examples=100, derandomize=True, database=None, deadline=None)
ANY_NUMBER = PlanOptions(max_removals=Limit("--max-removals", count=100))


def plan_of(world: TinyWorld, wanted: Desired) -> Plan:
    return plan_for(wanted, *world.lives(), choices=ANY_NUMBER)


def removals(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.action is Action.REMOVE]


@steady
@given(settings_of_worlds())
def test_after_its_calls_a_second_plan_has_none(setting: Setting) -> None:
    world, wanted = setting
    plan = plan_of(world, wanted)
    world = world.after(plan)
    if any(step.action is Action.JOIN for step in plan.steps):
        # What a joined group lacks can be known only once the instance is in it.
        world = world.after(plan_of(world, wanted))
    assert plan_of(world, wanted).steps == ()


@steady
@given(settings_of_worlds())
def test_after_its_calls_the_groups_are_as_the_file_says(setting: Setting) -> None:
    world, wanted = setting
    plan = plan_of(world, wanted)
    world, groups = world.after(plan), {group.key: group for group in wanted.groups}
    left_alone = wanted.policy.ignored | {ME.identity}
    for planned in plan.groups:
        group = groups[planned.key]
        if planned.blocked or planned.id is None or group.membership is Membership.OBSERVE:
            continue
        if group.state is State.LEFT or any(step.action is Action.JOIN for step in planned.steps):
            assert (planned.id in world.rooms) is (group.state is State.PRESENT)
            continue
        room = world.rooms[planned.id]
        there = room.identities({person.lid: identity for identity, person in wanted.people.items()})
        members = {} if isinstance(group.members, Unmanaged) else group.members
        may_stay = set(members) | room.owners() | wanted.policy.protected | left_alone
        assert there >= {i for i, member in members.items() if not member.by_invite} - left_alone
        assert there & set(group.absent) <= may_stay
        if group.membership is Membership.EXACT and members:
            assert there <= may_stay


@steady
@given(settings_of_worlds())
def test_nobody_is_removed_who_must_stay(setting: Setting) -> None:
    world, wanted = setting
    noted = lids_noted(wanted)
    rules = wanted.policy.protected | wanted.policy.ignored | {ME.identity}
    for step in removals(plan_of(world, wanted)):
        assert step.group_id is not None
        room = world.rooms[step.group_id]
        removed = {who.identity for who in step.people}
        assert removed.isdisjoint(rules)
        assert removed.isdisjoint(room.owners())
        assert None not in removed
        assert not room.doubtful(noted)


@steady
@given(settings_of_worlds())
def test_nobody_is_removed_whom_the_file_wants_or_does_not_manage(setting: Setting) -> None:
    world, wanted = setting
    groups = {group.key: group for group in wanted.groups}
    for step in removals(plan_of(world, wanted)):
        group = groups[step.group]
        members = {} if isinstance(group.members, Unmanaged) else group.members
        removed = {who.identity for who in step.people}
        assert group.membership is not Membership.OBSERVE
        assert removed.isdisjoint(members)
        if group.membership is Membership.ADDITIVE or isinstance(group.members, Unmanaged):
            assert removed <= set(group.absent)


@steady
@given(settings_of_worlds())
def test_an_observed_group_takes_no_call_and_an_ignored_person_is_in_none(setting: Setting) -> None:
    world, wanted = setting
    plan = plan_of(world, wanted)
    observed = {group.key for group in wanted.groups if group.membership is Membership.OBSERVE}
    assert observed.isdisjoint(step.group for step in plan.steps)
    named = {who.identity for step in plan.steps for who in step.people}
    advised = {who.identity for group in plan.groups for advice in group.advice for who in advice.people}
    assert wanted.policy.ignored.isdisjoint(named | advised)


@steady
@given(settings_of_worlds())
def test_building_never_takes_away_and_the_order_is_by_phase_then_key(setting: Setting) -> None:
    world, wanted = setting
    steps = plan_of(world, wanted).steps
    taking = (Action.REMOVE, Action.LEAVE)
    assert [step for step in steps if step.phase is Phase.BUILD and step.action in taking] == []
    assert [step for step in steps if step.phase is Phase.REMOVE and step.action not in taking] == []
    assert [(step.phase, step.group) for step in steps] == sorted((step.phase, step.group) for step in steps)


@steady
@given(settings_of_worlds())
def test_no_form_of_a_number_makes_anybody_come_and_go(setting: Setting) -> None:
    world, wanted = setting
    noted = {person.lid: identity for identity, person in wanted.people.items()}
    for group in plan_of(world, wanted).groups:
        come, go = ({who.identity for who in people} for people in (group.add, group.remove))
        there = set[Identity | None]()
        if group.live is not None:
            there = {p.identity or noted.get(p.lid) for p in group.live.participants}
        assert come.isdisjoint(go)
        assert come.isdisjoint(there)
        assert go <= there


@steady
@given(settings_of_worlds(), st.randoms(use_true_random=False))
def test_the_order_of_people_and_groups_does_not_change_the_plan(setting: Setting, chance: random.Random) -> None:
    world, wanted = setting
    lives = list(world.lives())
    chance.shuffle(lives)
    mixed = plan_for(shuffled(wanted, chance), *(mixed_up(one, chance) for one in lives), choices=ANY_NUMBER)
    assert comparable_plan(mixed) == comparable_plan(plan_of(world, wanted))


def shuffled(wanted: Desired, chance: random.Random) -> Desired:
    """The same file with its people and members in another order."""
    groups = tuple(
        replace(
            group,
            members=group.members if isinstance(group.members, Unmanaged) else mixed_mapping(group.members, chance),
            absent=mixed_mapping(group.absent, chance),
            admins=group.admins if isinstance(group.admins, Unmanaged) else mixed_mapping(group.admins, chance),
            expired=tuple(chance.sample(group.expired, len(group.expired))),
        )
        for group in chance.sample(wanted.groups, len(wanted.groups))
    )
    return replace(wanted, groups=groups, people=mixed_mapping(wanted.people, chance))


def mixed_mapping(mapping: Any, chance: random.Random) -> Any:
    return dict(chance.sample(list(mapping.items()), len(mapping)))


def mixed_up(one: LiveGroup, chance: random.Random) -> LiveGroup:
    return replace(one, participants=tuple(chance.sample(one.participants, len(one.participants))))


def comparable_plan(plan: Plan) -> Plan:
    """The plan with its record of the live groups in one order, since that record is as the server told it."""
    groups = tuple(
        group
        if group.live is None
        else replace(group, live=replace(group.live, participants=tuple(sorted(group.live.participants, key=str))))
        for group in plan.groups
    )
    return replace(plan, groups=groups)
