"""The cause of drift: every kind of difference, times what the applied revision wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reconciler.history.drift_causes import with_drift_causes
from reconciler.model.desired import UNMANAGED, Desired, DesiredGroup, Membership, Policy, State, UnmanagedType
from reconciler.model.live import LiveGroup
from reconciler.model.text import Untrusted
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.revision import AppliedRevision, DriftCause, DriftItem, ItemCause
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

MANUAL, NOT_APPLIED, BOTH = DriftCause.MANUAL, DriftCause.NOT_APPLIED, DriftCause.BOTH
BASELINE = AppliedRevision("applied/7", "f" * 40)
DAY = date(2026, 1, 31)


def plan_with_causes(old: Desired, new: Desired, *lives: LiveGroup) -> Plan:
    """The plan with its causes."""
    return with_drift_causes(plan_for(new, *lives), old, new, {one.id: one.name for one in lives}, BASELINE)


def causes(old: Desired, new: Desired, *lives: LiveGroup) -> dict[str, DriftCause]:
    """The causes in the one group, by item and person."""
    (found,) = plan_with_causes(old, new, *lives).groups
    return {f"{one.item.value} {one.person or ''}".strip(): one.cause for one in found.drift_causes}


def causes_between(old: DesiredGroup | None, new: DesiredGroup, *lives: LiveGroup) -> dict[str, DriftCause]:
    """The same for configurations of one group."""
    return causes(desired(*([old] if old else [])), desired(new), *lives)


@pytest.mark.parametrize("field", ["name", "description"])
@pytest.mark.parametrize(
    ("old", "new", "there", "cause"),
    [
        ("A", "A", "by hand", MANUAL),
        ("A", "B", "A", NOT_APPLIED),
        ("A", "B", "by hand", BOTH),
        (UNMANAGED, "B", "whatever", NOT_APPLIED),
        (None, "B", "whatever", NOT_APPLIED),
        (" A ", "B", "A", NOT_APPLIED),
        ("A\u0308", "B", "\u00c4", NOT_APPLIED),
    ],
)
def test_a_text_is_a_manual_change_if_neither_version_wanted_the_live_one(
    field: str, old: str | UnmanagedType | None, new: str, there: str, cause: DriftCause
) -> None:
    before = None if old is None else _with_text(field, old)
    found = live(name=there) if field == "name" else live(description=there)

    assert causes_between(before, _with_text(field, new), found)[field] is cause


def _with_text(field: str, text: str | UnmanagedType) -> DesiredGroup:
    return group(name=text) if field == "name" else group(description=text)


IN, OUT = group(members=[BOB]), group(members=[])


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (IN, IN, MANUAL),
        (group(members=[person("12025550144", "robert")]), IN, MANUAL),
        (group(members=[BOB], membership=Membership.ADDITIVE), IN, MANUAL),
        (OUT, IN, NOT_APPLIED),
        (group(), IN, NOT_APPLIED),
        (None, IN, NOT_APPLIED),
        (group(members=[BOB], membership=Membership.OBSERVE), IN, NOT_APPLIED),
        (group(members=[member(BOB, by_invite=True)]), IN, NOT_APPLIED),
        (group(members=[BOB], state=State.LEFT), IN, NOT_APPLIED),
        (group(members=[], expired=[member(BOB, DAY)]), IN, NOT_APPLIED),
    ],
)
def test_a_missing_member_is_a_manual_change_if_the_revision_wanted_them(
    old: DesiredGroup | None, new: DesiredGroup, cause: DriftCause
) -> None:
    assert causes_between(old, new, live()) == {f"add {BOB.identity}": cause}


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (OUT, OUT, MANUAL),
        (group(members=[], absent=[BOB]), OUT, MANUAL),
        (group(absent=[BOB], membership=Membership.ADDITIVE), group(absent=[BOB]), MANUAL),
        (IN, OUT, NOT_APPLIED),
        (group(), OUT, NOT_APPLIED),
        (None, OUT, NOT_APPLIED),
        (group(members=[], membership=Membership.ADDITIVE), OUT, NOT_APPLIED),
        (group(members=[], membership=Membership.OBSERVE), OUT, NOT_APPLIED),
        (group(members=[], expired=[member(BOB, DAY)]), group(members=[], expired=[member(BOB, DAY)]), NOT_APPLIED),
    ],
)
def test_an_extra_participant_is_a_manual_change_if_the_revision_excluded_them(
    old: DesiredGroup | None, new: DesiredGroup, cause: DriftCause
) -> None:
    assert causes_between(old, new, live(BOB)) == {f"remove {BOB.identity}": cause}


@pytest.mark.parametrize("rules", [policy(ignored=[BOB]), policy(protected=[BOB])])
def test_a_person_whom_the_revision_never_removed_is_no_manual_change(rules: Policy) -> None:
    old = replace(desired(OUT), policy=rules)

    assert causes(old, desired(OUT), live(BOB)) == {f"remove {BOB.identity}": NOT_APPLIED}


def test_the_former_instance_is_no_manual_change() -> None:
    old = replace(desired(OUT), account=BOB)

    assert causes(old, desired(OUT), live(BOB)) == {f"remove {BOB.identity}": NOT_APPLIED}


NO_ID = group(id=None)


@pytest.mark.parametrize(
    ("old", "new", "lives", "cause"),
    [
        (NO_ID, NO_ID, [], MANUAL),
        (None, NO_ID, [], NOT_APPLIED),
        (group(id=None, state=State.LEFT), NO_ID, [], NOT_APPLIED),
        (group(id=None, membership=Membership.OBSERVE), NO_ID, [], NOT_APPLIED),
        (NO_ID, group(id=None, name="Beta"), [live()], NOT_APPLIED),
        (NO_ID, group(id=None, name="Beta"), [], BOTH),
        (NO_ID, group(id=None, name="Beta", previously=["Alpha"]), [], MANUAL),
        (group(), NO_ID, [], MANUAL),
    ],
)
def test_a_group_to_create_is_a_manual_change_if_the_revision_had_it(
    old: DesiredGroup | None, new: DesiredGroup, lives: list[LiveGroup], cause: DriftCause
) -> None:
    assert causes_between(old, new, *lives) == {"group": cause}


INVITED = group(invite="AbCdEfGh")


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [(INVITED, INVITED, MANUAL), (None, INVITED, NOT_APPLIED), (group(id=GAMMA_ID), INVITED, NOT_APPLIED)],
)
def test_a_group_to_join_is_a_manual_change_if_the_revision_had_it(
    old: DesiredGroup | None, new: DesiredGroup, cause: DriftCause
) -> None:
    assert causes_between(old, new) == {"group": cause}


@pytest.mark.parametrize(
    ("old", "cause"),
    [(group(state=State.LEFT), MANUAL), (group(), NOT_APPLIED), (None, NOT_APPLIED)],
)
def test_a_group_to_leave_is_a_manual_change_if_the_revision_left_it(
    old: DesiredGroup | None, cause: DriftCause
) -> None:
    assert causes_between(old, group(state=State.LEFT), live()) == {"group": cause}


@pytest.mark.parametrize(
    ("old", "lives", "cause"),
    [
        (group(), [], MANUAL),
        (group(id=None), [], MANUAL),
        (group(id=BETA_ID), [live(id=BETA_ID, name="Beta")], NOT_APPLIED),
        (group(id=BETA_ID), [], NOT_APPLIED),
        (None, [], NOT_APPLIED),
    ],
)
def test_an_id_that_is_not_live_is_a_manual_change_if_the_revision_had_it(
    old: DesiredGroup | None, lives: list[LiveGroup], cause: DriftCause
) -> None:
    assert causes_between(old, group(), *lives) == {"group": cause}


def test_a_group_is_paired_by_its_id_under_another_key() -> None:
    old = desired(group("alef", members=[BOB]), group("alpha", id=BETA_ID, members=[]))

    assert causes(old, desired(IN), live()) == {f"add {BOB.identity}": MANUAL}


def causes_by_key(old: Desired, new: Desired, *lives: LiveGroup) -> dict[str, dict[str, DriftCause]]:
    """The causes in each group that differs."""
    plans = plan_with_causes(old, new, *lives).groups
    return {
        plan.key: {f"{one.item.value} {one.person or ''}".strip(): one.cause for one in plan.drift_causes}
        for plan in plans
        if plan.drift_causes
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Found by the same name, or by one that the file changes, or pinned since.
        (group("a", id=None, members=[ALICE, BOB]), group("b", id=None, members=[ALICE, BOB])),
        (
            group("a", id=None, members=[ALICE, BOB]),
            group("b", id=None, previously=["Alpha"], name="Zulu", members=[ALICE, BOB]),
        ),
        (group("a", id=None, members=[ALICE, BOB]), group("b", name=UNMANAGED, members=[ALICE, BOB])),
        (group("a", members=[ALICE, BOB]), group("b", id=None, members=[ALICE, BOB])),
    ],
)
def test_a_group_is_paired_by_its_live_group_under_another_key(old: DesiredGroup, new: DesiredGroup) -> None:
    found = causes_by_key(desired(old), desired(new), live(ALICE, CAROL))["b"]

    assert (found[f"add {BOB.identity}"], found[f"remove {CAROL.identity}"]) == (MANUAL, MANUAL)
    assert found.get("name", NOT_APPLIED) is NOT_APPLIED


def test_swapped_keys_are_paired_by_their_live_groups() -> None:
    old = desired(group("a", id=None, members=[ALICE]), group("b", id=None, name="Beta", members=[BOB]))
    new = desired(group("b", id=None, members=[ALICE]), group("a", id=None, name="Beta", members=[BOB]))
    lives = live(ALICE, CAROL), live(id=BETA_ID, name="Beta")

    assert causes_by_key(old, new, *lives) == {
        "b": {f"remove {CAROL.identity}": MANUAL},
        "a": {f"add {BOB.identity}": MANUAL},
    }


def test_a_group_that_is_no_longer_live_is_paired_by_its_name() -> None:
    old, new = desired(group("a", id=None)), desired(group("b", id=None))

    assert causes_by_key(old, new) == {"b": {"group": MANUAL}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (group(members=[ALICE]), group(id=BETA_ID, name="Team", members=[ALICE])),
        (group(id=None, members=[ALICE]), group(id=BETA_ID, name="Team", members=[ALICE])),
        (group(members=[ALICE]), group(id=None, name="Zulu", previously=["Team"], members=[ALICE])),
        (group(id=None, members=[ALICE]), group(id=None, name="Zulu", members=[ALICE])),
    ],
)
def test_a_key_that_matches_another_live_group_now_has_no_manual_changes(old: DesiredGroup, new: DesiredGroup) -> None:
    name = "Team" if new.id is not None or new.previously else "Zulu"
    found = causes_by_key(desired(old), desired(new), live(ALICE), live(ALICE, BOB, id=BETA_ID, name=name))

    assert set(found["alpha"].values()) == {NOT_APPLIED}


def test_a_doubtful_group_has_no_causes() -> None:
    twins = [live(id=BETA_ID), live(id=GAMMA_ID)]
    assert causes_between(NO_ID, NO_ID, *twins) == {}
    doubtful = live(BOB, count=7)
    assert causes_between(OUT, OUT, doubtful) == {}


def test_an_observed_group_has_no_causes() -> None:
    observed = group(members=[], membership=Membership.OBSERVE)

    assert causes_between(OUT, observed, live(BOB)) == {}


def test_a_blocked_group_has_causes_too() -> None:
    old, new = desired(IN), desired(group(members=[BOB], name="Beta"))
    found = live(CAROL, me=replace(live().participants[0], is_admin=False))

    assert causes(old, new, found) == {
        "name": NOT_APPLIED,
        f"add {BOB.identity}": MANUAL,
        f"remove {CAROL.identity}": MANUAL,
    }


def test_a_plan_keeps_everything_else_and_names_the_revision() -> None:
    plain = plan_for(desired(IN), live(ALICE))
    found = plan_with_causes(desired(IN), desired(IN), live(ALICE))

    assert found.baseline == BASELINE
    assert replace(found, baseline=None, groups=tuple(replace(one, drift_causes=()) for one in found.groups)) == plain
    (with_causes,) = found.groups
    assert with_causes.cause_of(DriftItem.ADD, with_causes.add[0]) is MANUAL
    assert with_causes.cause_of(DriftItem.REMOVE, with_causes.remove[0]) is MANUAL
    assert with_causes.cause_of(DriftItem.NAME) is None
    assert (
        GroupPlan(key="a", name=Untrusted("A"), drift_causes=(ItemCause(DriftItem.NAME, BOTH),)).cause_of(
            DriftItem.NAME
        )
        is BOTH
    )


def test_a_group_in_sync_has_no_causes() -> None:
    assert causes_between(None, group(members=[ALICE]), live(ALICE)) == {}
    assert causes_between(group(members=[ALICE, ME]), group(members=[ALICE]), live(ALICE)) == {}
    assert live().id == ALPHA_ID
