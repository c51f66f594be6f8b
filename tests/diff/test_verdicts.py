"""Drift with a verdict: every kind of difference × whose doing it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reconciler.history.drift_causes import with_drift_causes
from reconciler.model.desired import UNMANAGED, Desired, DesiredGroup, Membership, Policy, State, UnmanagedType
from reconciler.model.live import LiveGroup
from reconciler.plan.model import AppliedRevision, DriftCause, DriftItem, GroupPlan, ItemCause, Plan
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CAROL,
    GAMMA_ID,
    ME,
    desired,
    group,
    live,
    member,
    person,
    plan_for,
    policy,
)

BY_HAND, NOT_APPLIED, BOTH = DriftCause.BY_HAND, DriftCause.NOT_APPLIED, DriftCause.BOTH
BASELINE = AppliedRevision("applied/7", "f" * 40)
DAY = date(2026, 1, 31)


def whole(old: Desired, new: Desired, *lives: LiveGroup) -> Plan:
    """The plan with its verdicts."""
    return with_drift_causes(plan_for(new, *lives), old, new, {one.id: one.name for one in lives}, BASELINE)


def verdicts(old: Desired, new: Desired, *lives: LiveGroup) -> dict[str, DriftCause]:
    """The verdicts on the one group, by element and person."""
    (found,) = whole(old, new, *lives).groups
    return {f"{one.item.value} {one.person or ''}".strip(): one.cause for one in found.drift_causes}


def of_groups(old: DesiredGroup | None, new: DesiredGroup, *lives: LiveGroup) -> dict[str, DriftCause]:
    """The same for files of one group."""
    return verdicts(desired(*([old] if old else [])), desired(new), *lives)


@pytest.mark.parametrize("field", ["name", "description"])
@pytest.mark.parametrize(
    ("old", "new", "there", "verdict"),
    [
        ("A", "A", "by hand", BY_HAND),
        ("A", "B", "A", NOT_APPLIED),
        ("A", "B", "by hand", BOTH),
        (UNMANAGED, "B", "whatever", NOT_APPLIED),
        (None, "B", "whatever", NOT_APPLIED),
        (" A ", "B", "A", NOT_APPLIED),
        ("A\u0308", "B", "\u00c4", NOT_APPLIED),
    ],
)
def test_a_text(field: str, old: str | UnmanagedType | None, new: str, there: str, verdict: DriftCause) -> None:
    before = None if old is None else _saying(field, old)
    found = live(name=there) if field == "name" else live(description=there)

    assert of_groups(before, _saying(field, new), found)[field] is verdict


def _saying(field: str, text: str | UnmanagedType) -> DesiredGroup:
    return group(name=text) if field == "name" else group(description=text)


IN, OUT = group(members=[BOB]), group(members=[])


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (IN, IN, BY_HAND),
        (group(members=[person("12025550144", "robert")]), IN, BY_HAND),
        (group(members=[BOB], membership=Membership.ADDITIVE), IN, BY_HAND),
        (OUT, IN, NOT_APPLIED),
        (group(), IN, NOT_APPLIED),
        (None, IN, NOT_APPLIED),
        (group(members=[BOB], membership=Membership.OBSERVE), IN, NOT_APPLIED),
        (group(members=[member(BOB, by_invite=True)]), IN, NOT_APPLIED),
        (group(members=[BOB], state=State.LEFT), IN, NOT_APPLIED),
        (group(members=[], expired=[member(BOB, DAY)]), IN, NOT_APPLIED),
    ],
)
def test_somebody_who_is_not_there(old: DesiredGroup | None, new: DesiredGroup, verdict: DriftCause) -> None:
    assert of_groups(old, new, live()) == {f"add {BOB.identity}": verdict}


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (OUT, OUT, BY_HAND),
        (group(members=[], absent=[BOB]), OUT, BY_HAND),
        (group(absent=[BOB], membership=Membership.ADDITIVE), group(absent=[BOB]), BY_HAND),
        (IN, OUT, NOT_APPLIED),
        (group(), OUT, NOT_APPLIED),
        (None, OUT, NOT_APPLIED),
        (group(members=[], membership=Membership.ADDITIVE), OUT, NOT_APPLIED),
        (group(members=[], membership=Membership.OBSERVE), OUT, NOT_APPLIED),
        (group(members=[], expired=[member(BOB, DAY)]), group(members=[], expired=[member(BOB, DAY)]), NOT_APPLIED),
    ],
)
def test_somebody_who_is_there(old: DesiredGroup | None, new: DesiredGroup, verdict: DriftCause) -> None:
    assert of_groups(old, new, live(BOB)) == {f"remove {BOB.identity}": verdict}


@pytest.mark.parametrize("rules", [policy(ignored=[BOB]), policy(protected=[BOB])])
def test_whom_the_revision_spared_nobody_added_by_hand(rules: Policy) -> None:
    old = replace(desired(OUT), policy=rules)

    assert verdicts(old, desired(OUT), live(BOB)) == {f"remove {BOB.identity}": NOT_APPLIED}


def test_whoever_was_the_instance_itself_was_not_added_by_hand() -> None:
    old = replace(desired(OUT), instance=BOB)

    assert verdicts(old, desired(OUT), live(BOB)) == {f"remove {BOB.identity}": NOT_APPLIED}


NO_ID = group(id=None)


@pytest.mark.parametrize(
    ("old", "new", "lives", "verdict"),
    [
        (NO_ID, NO_ID, [], BY_HAND),
        (None, NO_ID, [], NOT_APPLIED),
        (group(id=None, state=State.LEFT), NO_ID, [], NOT_APPLIED),
        (group(id=None, membership=Membership.OBSERVE), NO_ID, [], NOT_APPLIED),
        (NO_ID, group(id=None, name="Beta"), [live()], NOT_APPLIED),
        (NO_ID, group(id=None, name="Beta"), [], BOTH),
        (NO_ID, group(id=None, name="Beta", previously=["Alpha"]), [], BY_HAND),
        (group(), NO_ID, [], BY_HAND),
    ],
)
def test_a_group_that_is_to_be_made(
    old: DesiredGroup | None, new: DesiredGroup, lives: list[LiveGroup], verdict: DriftCause
) -> None:
    assert of_groups(old, new, *lives) == {"group": verdict}


INVITED = group(invite="AbCdEfGh")


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [(INVITED, INVITED, BY_HAND), (None, INVITED, NOT_APPLIED), (group(id=GAMMA_ID), INVITED, NOT_APPLIED)],
)
def test_a_group_that_is_to_be_joined(old: DesiredGroup | None, new: DesiredGroup, verdict: DriftCause) -> None:
    assert of_groups(old, new) == {"group": verdict}


@pytest.mark.parametrize(
    ("old", "verdict"),
    [(group(state=State.LEFT), BY_HAND), (group(), NOT_APPLIED), (None, NOT_APPLIED)],
)
def test_a_group_that_is_to_be_left(old: DesiredGroup | None, verdict: DriftCause) -> None:
    assert of_groups(old, group(state=State.LEFT), live()) == {"group": verdict}


@pytest.mark.parametrize(
    ("old", "lives", "verdict"),
    [
        (group(), [], BY_HAND),
        (group(id=None), [], BY_HAND),
        (group(id=BETA_ID), [live(id=BETA_ID, name="Beta")], NOT_APPLIED),
        (group(id=BETA_ID), [], NOT_APPLIED),
        (None, [], NOT_APPLIED),
    ],
)
def test_a_group_whose_id_is_not_live(old: DesiredGroup | None, lives: list[LiveGroup], verdict: DriftCause) -> None:
    assert of_groups(old, group(), *lives) == {"group": verdict}


def test_a_group_is_known_by_its_id_under_another_key() -> None:
    old = desired(group("alef", members=[BOB]), group("alpha", id=BETA_ID, members=[]))

    assert verdicts(old, desired(IN), live()) == {f"add {BOB.identity}": BY_HAND}


def by_key(old: Desired, new: Desired, *lives: LiveGroup) -> dict[str, dict[str, DriftCause]]:
    """The verdicts on each group that differs."""
    plans = whole(old, new, *lives).groups
    return {
        plan.key: {f"{one.item.value} {one.person or ''}".strip(): one.cause for one in plan.drift_causes}
        for plan in plans
        if plan.drift_causes
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Found by the same name, or by one that the file changes, or pinned since.
        (group("a", id=None, members=[BOB]), group("b", id=None, members=[BOB])),
        (group("a", id=None, members=[BOB]), group("b", id=None, previously=["Alpha"], name="Zulu", members=[BOB])),
        (group("a", id=None, members=[BOB]), group("b", name=UNMANAGED, members=[BOB])),
        (group("a", members=[BOB]), group("b", id=None, members=[BOB])),
    ],
)
def test_a_group_is_known_by_what_is_live_under_another_key(old: DesiredGroup, new: DesiredGroup) -> None:
    found = by_key(desired(old), desired(new), live(CAROL))["b"]

    assert (found[f"add {BOB.identity}"], found[f"remove {CAROL.identity}"]) == (BY_HAND, BY_HAND)
    assert found.get("name", NOT_APPLIED) is NOT_APPLIED


def test_keys_that_were_swapped_are_known_by_what_is_live() -> None:
    old = desired(group("a", id=None, members=[ALICE]), group("b", id=None, name="Beta", members=[BOB]))
    new = desired(group("b", id=None, members=[ALICE]), group("a", id=None, name="Beta", members=[BOB]))
    lives = live(ALICE, CAROL), live(id=BETA_ID, name="Beta")

    assert by_key(old, new, *lives) == {
        "b": {f"remove {CAROL.identity}": BY_HAND},
        "a": {f"add {BOB.identity}": BY_HAND},
    }


def test_a_group_that_is_not_live_any_more_is_known_by_its_name_under_another_key() -> None:
    old, new = desired(group("a", id=None)), desired(group("b", id=None))

    assert by_key(old, new) == {"b": {"group": BY_HAND}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (group(members=[ALICE]), group(id=BETA_ID, name="Team", members=[ALICE])),
        (group(id=None, members=[ALICE]), group(id=BETA_ID, name="Team", members=[ALICE])),
        (group(members=[ALICE]), group(id=None, name="Zulu", previously=["Team"], members=[ALICE])),
        (group(id=None, members=[ALICE]), group(id=None, name="Zulu", members=[ALICE])),
    ],
)
def test_a_key_that_means_another_live_group_by_now_says_nothing_of_that_one(
    old: DesiredGroup, new: DesiredGroup
) -> None:
    name = "Team" if new.id is not None or new.previously else "Zulu"
    found = by_key(desired(old), desired(new), live(ALICE), live(BOB, id=BETA_ID, name=name))

    assert set(found["alpha"].values()) == {NOT_APPLIED}


def test_what_is_not_sure_gets_no_verdict() -> None:
    twins = [live(id=BETA_ID), live(id=GAMMA_ID)]
    assert of_groups(NO_ID, NO_ID, *twins) == {}
    doubtful = live(BOB, count=7)
    assert of_groups(OUT, OUT, doubtful) == {}


def test_what_is_only_observed_gets_no_verdict() -> None:
    observed = group(members=[], membership=Membership.OBSERVE)

    assert of_groups(OUT, observed, live(BOB)) == {}


def test_differences_of_a_blocked_group_are_judged_too() -> None:
    old, new = desired(IN), desired(group(members=[BOB], name="Beta"))
    found = live(CAROL, me=replace(live().participants[0], is_admin=False))

    assert verdicts(old, new, found) == {
        "name": NOT_APPLIED,
        f"add {BOB.identity}": BY_HAND,
        f"remove {CAROL.identity}": BY_HAND,
    }


def test_a_plan_keeps_everything_else_and_says_what_it_was_held_against() -> None:
    plain = plan_for(desired(IN), live(ALICE))
    found = whole(desired(IN), desired(IN), live(ALICE))

    assert found.baseline == BASELINE
    assert replace(found, baseline=None, groups=tuple(replace(one, drift_causes=()) for one in found.groups)) == plain
    (judged_group,) = found.groups
    assert judged_group.cause_of(DriftItem.ADD, judged_group.add[0]) is BY_HAND
    assert judged_group.cause_of(DriftItem.REMOVE, judged_group.remove[0]) is BY_HAND
    assert judged_group.cause_of(DriftItem.NAME) is None
    assert GroupPlan("a", "A", drift_causes=(ItemCause(DriftItem.NAME, BOTH),)).cause_of(DriftItem.NAME) is BOTH


def test_a_group_as_the_file_says_has_no_verdict() -> None:
    assert of_groups(None, group(members=[ALICE]), live(ALICE)) == {}
    assert of_groups(group(members=[ALICE, ME]), group(members=[ALICE]), live(ALICE)) == {}
    assert live().id == ALPHA_ID
