"""What changed between two revisions of a file: every wish counts, no spelling does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reconciler.errors import UsageError
from reconciler.history.changed_since import changed_keys, select_changed
from reconciler.model.desired import UNMANAGED, Desired, DesiredGroup, Member, Membership, RemovalLimit, State
from reconciler.plan.model import ChangedSince, KeyRename
from tests.builders import ALICE, ALPHA_ID, BETA_ID, BOB, CAROL, ME, desired, group, member, person, policy

BASE = group(
    "alpha",
    name="Alpha",
    previously=["Alfa"],
    description="Text",
    members=[ALICE, BOB],
    admins=[ALICE],
    absent=[CAROL],
    max_removals=RemovalLimit("groups.alpha.max_removals (groups.yaml:3)", count=2),
)
DAY = date(2026, 12, 31)


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, id=BETA_ID),
        replace(BASE, id=None),
        replace(BASE, name="Alpha 2"),
        replace(BASE, name=UNMANAGED),
        replace(BASE, previously=()),
        replace(BASE, previously=("Alfa", "Alef")),
        replace(BASE, description=""),
        replace(BASE, description=UNMANAGED),
        replace(BASE, members=group(members=[ALICE]).members),
        replace(BASE, members=group(members=[ALICE, CAROL]).members),
        replace(BASE, members=group(members=[]).members),
        replace(BASE, members=UNMANAGED),
        replace(BASE, members=group(members=[ALICE, member(BOB, DAY)]).members),
        replace(BASE, members=group(members=[ALICE, member(BOB, reason="contractor")]).members),
        replace(BASE, members=group(members=[ALICE, member(BOB, by_invite=True)]).members),
        replace(BASE, expired=(member(CAROL, DAY),)),
        replace(BASE, absent={}),
        replace(BASE, admins=group(admins=[BOB]).admins),
        replace(BASE, admins=group(admins=[]).admins),
        replace(BASE, admins=UNMANAGED),
        replace(BASE, membership=Membership.ADDITIVE),
        replace(BASE, invite="AbCdEfGhIjKlMn"),
        replace(BASE, state=State.LEFT),
        replace(BASE, max_removals=None),
        replace(BASE, max_removals=RemovalLimit("groups.alpha.max_removals (groups.yaml:3)", count=3)),
        replace(BASE, max_removals=RemovalLimit("groups.alpha.max_removals (groups.yaml:3)", percent=2.0)),
    ],
)
def test_whatever_else_is_wanted_of_a_group_changes_it(other: DesiredGroup) -> None:
    for old, new in ((BASE, other), (other, BASE)):
        assert changed_keys(desired(old), desired(new)).changed == ("alpha",)


@pytest.mark.parametrize(
    "other",
    [
        BASE,
        replace(BASE, members=group(members=[BOB, ALICE]).members),
        replace(BASE, members=group(members=[person("12025550143", "al", "Alice A."), BOB]).members),
        replace(BASE, members=group(members=[Member(ALICE, teams=("board",)), BOB]).members),
        replace(BASE, max_removals=RemovalLimit("groups.alpha.max_removals (groups.yaml:99)", count=2)),
    ],
)
def test_order_names_teams_and_lines_change_nothing(other: DesiredGroup) -> None:
    assert changed_keys(desired(BASE), desired(other)).changed == ()


def test_a_key_that_is_new_is_changed_and_one_that_is_gone_is_told() -> None:
    compared = changed_keys(desired(BASE, group("old", id=None)), desired(BASE, group("new", id=None)))

    assert (compared.changed, compared.gone, compared.renamed) == (("new",), ("old",), ())


def test_a_key_that_moves_with_its_id_is_a_renamed_handle_and_nothing_gone() -> None:
    compared = changed_keys(desired(BASE), desired(replace(BASE, key="zulu")))

    assert (compared.changed, compared.gone) == (("zulu",), ())
    assert compared.renamed == (KeyRename("alpha", "zulu"),)


def test_groups_without_an_id_are_never_taken_for_one_another() -> None:
    compared = changed_keys(desired(replace(BASE, id=None)), desired(replace(BASE, key="zulu", id=None)))

    assert (compared.changed, compared.gone, compared.renamed) == (("zulu",), ("alpha",), ())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(desired(BASE), instance_id="inst_other"), "the instance's id"),
        (replace(desired(BASE), instance=None), "the instance's phone"),
        (replace(desired(BASE), policy=policy(protected=[ALICE])), "`policy.protected`"),
        (replace(desired(BASE), policy=policy(ignored=[ALICE])), "`policy.ignored`"),
        (replace(desired(BASE), policy=policy(max_removals=RemovalLimit("x", count=1))), "`policy.max_removals`"),
        (replace(desired(BASE), people={ALICE.identity: replace(ALICE, lid="7@lid")}), "a person's `lid`"),
    ],
)
def test_what_bears_on_all_groups_is_told(other: Desired, said: str) -> None:
    for old, new in ((desired(BASE), other), (other, desired(BASE))):
        compared = changed_keys(old, new)
        assert (compared.changed, compared.elsewhere) == ((), (said,))


@pytest.mark.parametrize(
    "other",
    [
        replace(desired(BASE), policy=policy(writes_per_minute=5)),
        replace(desired(BASE), people={}),
        replace(desired(BASE), instance=replace(ME, alias="me")),
        replace(desired(BASE), as_of=date(2020, 1, 1)),
    ],
)
def test_what_changes_no_plan_is_not_told(other: Desired) -> None:
    assert changed_keys(desired(BASE), other).elsewhere == ()


GROUPS = (group("a", id=ALPHA_ID), group("b", id=BETA_ID), group("c", id=None))


def test_what_did_not_change_is_left_out() -> None:
    old = desired(group("a", id=ALPHA_ID, name="Other"), *GROUPS[1:], group("d", id=None, name="D"))
    compared = changed_keys(old, desired(*GROUPS))

    assert select_changed(GROUPS, (), "main", "f" * 40, compared) == ChangedSince("main", "f" * 40, ("b", "c"), ("d",))
    assert select_changed(GROUPS, ("a", "b"), "main", "f" * 40, compared).unchanged == ("b",)


def test_nothing_is_left_out_when_something_changed_that_bears_on_all_groups() -> None:
    new = replace(desired(*GROUPS), policy=policy(protected=[ALICE], ignored=[BOB]))
    since = select_changed(GROUPS, (), "main", "f" * 40, changed_keys(desired(*GROUPS), new))

    assert since.unchanged == ()
    assert since.full_plan_reasons == ("`policy.ignored` changed", "`policy.protected` changed")


def test_nothing_is_left_out_when_the_revision_cannot_be_compared() -> None:
    since = select_changed(GROUPS, (), "main", "f" * 40, "it is not valid")

    assert since == ChangedSince("main", "f" * 40, full_plan_reasons=("it is not valid",))


def test_a_target_that_the_file_does_not_have_is_an_error_here_too() -> None:
    with pytest.raises(UsageError, match="no group nowhere"):
        select_changed(GROUPS, ("nowhere",), "main", "f" * 40, "whatever")
