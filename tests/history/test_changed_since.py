"""Which keys a plan is narrowed to since an earlier revision: before and after the groups are matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from reconciler.diff.change import Change
from reconciler.diff.match import match_groups
from reconciler.history.changed_since import (
    match_may_change,
    narrow_by_matches,
    select_changed,
    with_rematch_advice,
)
from reconciler.messages import Message
from reconciler.model.desired import UNMANAGED, Desired, DesiredGroup, Limit, Member, Membership, State
from reconciler.model.live import ListedGroup, Listing
from reconciler.model.text import Untrusted
from reconciler.plan.revision import ChangedSince, KeyRename
from reconciler.plan.selection import PlanOptions, select_keys
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CAROL,
    GAMMA_ID,
    ME,
    codes,
    desired,
    group,
    member,
    person,
    policy,
)

BASE = group(
    "alpha",
    name="Alpha",
    previously=["Alfa"],
    description="Text",
    members=[ALICE, BOB],
    admins=[ALICE],
    absent=[CAROL],
    max_removals=Limit("groups.alpha.max_removals (groups.yaml:3)", count=2),
)
DAY = date(2026, 12, 31)


def since_main(old: Desired | str, new: Desired, targets: Sequence[str] = ()) -> ChangedSince:
    return select_changed(old, new, select_keys(new.groups, PlanOptions(targets=tuple(targets))), "main", "f" * 40)


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
        replace(BASE, max_removals=Limit("groups.alpha.max_removals (groups.yaml:3)", count=3)),
        replace(BASE, max_removals=Limit("groups.alpha.max_removals (groups.yaml:3)", percent=2.0)),
    ],
)
def test_any_other_desired_value_changes_a_group(other: DesiredGroup) -> None:
    for old, new in ((BASE, other), (other, BASE)):
        since = since_main(desired(old), desired(new))
        assert (since.unchanged, since.full_plan_reasons) == ((), ())


@pytest.mark.parametrize(
    "other",
    [
        BASE,
        replace(BASE, members=group(members=[BOB, ALICE]).members),
        replace(BASE, members=group(members=[person("12025550143", "al", "Alice A."), BOB]).members),
        replace(BASE, members=group(members=[Member(ALICE, teams=("board",)), BOB]).members),
        replace(BASE, max_removals=Limit("groups.alpha.max_removals (groups.yaml:99)", count=2)),
    ],
)
def test_order_names_teams_and_lines_change_nothing(other: DesiredGroup) -> None:
    assert since_main(desired(BASE), desired(other)).unchanged == ("alpha",)


def test_a_new_key_is_changed_and_a_missing_one_is_removed() -> None:
    since = since_main(desired(BASE, group("old", id=None)), desired(BASE, group("new", id=None)))

    assert (since.unchanged, since.removed, since.renamed) == (("alpha",), ("old",), ())


def test_a_key_that_moves_with_its_id_is_renamed_not_removed() -> None:
    since = since_main(desired(BASE), desired(replace(BASE, key="zulu")))

    assert (since.unchanged, since.removed) == ((), ())
    assert since.renamed == (KeyRename("alpha", "zulu"),)


def test_groups_without_an_id_are_never_taken_for_one_another() -> None:
    since = since_main(desired(replace(BASE, id=None)), desired(replace(BASE, key="zulu", id=None)))

    assert (since.unchanged, since.removed, since.renamed) == ((), ("alpha",), ())


@pytest.mark.parametrize(
    ("other", "setting"),
    [
        (replace(desired(BASE), instance_id="inst_other"), "instance.id"),
        (replace(desired(BASE), account=None), "instance.phone"),
        (replace(desired(BASE), policy=policy(protected=[ALICE])), "policy.protected"),
        (replace(desired(BASE), policy=policy(ignored=[ALICE])), "policy.ignored"),
        (replace(desired(BASE), policy=policy(max_removals=Limit("x", count=1))), "policy.max_removals"),
        (replace(desired(BASE), people={ALICE.identity: replace(ALICE, lid="7@lid")}), "people.lid"),
    ],
)
def test_a_setting_that_affects_every_plan_is_named(other: Desired, setting: str) -> None:
    for old, new in ((desired(BASE), other), (other, desired(BASE))):
        since = since_main(old, new)
        assert (since.unchanged, since.full_plan_reasons) == ((), (f"`{setting}` changed",))


@pytest.mark.parametrize(
    "other",
    [
        replace(desired(BASE), policy=policy(writes_per_minute=5)),
        replace(desired(BASE), people={}),
        replace(desired(BASE), account=replace(ME, alias="me")),
        replace(desired(BASE), as_of=date(2020, 1, 1)),
    ],
)
def test_a_setting_that_changes_no_plan_is_not_named(other: Desired) -> None:
    since = since_main(desired(BASE), other)
    assert (since.unchanged, since.full_plan_reasons) == (("alpha",), ())


GROUPS = (group("a", id=ALPHA_ID), group("b", id=BETA_ID), group("c", id=None))


def test_unchanged_groups_are_left_out() -> None:
    old = desired(group("a", id=ALPHA_ID, name="Other"), *GROUPS[1:], group("d", id=None, name="D"))

    assert since_main(old, desired(*GROUPS)) == ChangedSince(
        ref="main", commit="f" * 40, unchanged=("b", "c"), removed=("d",)
    )
    assert since_main(old, desired(*GROUPS), ("a", "b")).unchanged == ("b",)


def test_nothing_is_left_out_when_a_setting_affects_every_plan() -> None:
    new = replace(desired(*GROUPS), policy=policy(protected=[ALICE], ignored=[BOB]))
    since = since_main(desired(*GROUPS), new)

    assert since.unchanged == ()
    assert since.full_plan_reasons == ("`policy.ignored` changed", "`policy.protected` changed")


def test_nothing_is_left_out_when_the_revision_is_not_valid() -> None:
    since = since_main("it is not valid", desired(*GROUPS))

    assert since == ChangedSince(ref="main", commit="f" * 40, full_plan_reasons=("it is not valid",))


LISTED = [ListedGroup(id=ALPHA_ID, name=Untrusted("Alpha")), ListedGroup(id=BETA_ID, name=Untrusted("Beta"))]
NAMES = {entry.id: entry.name for entry in LISTED}
BY_NAME = group("alpha", id=None)
BETA = group("beta", id=None, name="Beta")


@pytest.mark.parametrize(
    ("new", "may"),
    [
        (BY_NAME, False),
        (replace(BY_NAME, members=group(members=[ALICE]).members, description="Text", max_removals=None), False),
        (replace(BY_NAME, id=ALPHA_ID), True),
        (replace(BY_NAME, name="Other"), True),
        (replace(BY_NAME, name=UNMANAGED, previously=("Alpha",)), False),
        (replace(BY_NAME, previously=("Alfa",)), True),
        (replace(BY_NAME, state=State.LEFT), True),
        (replace(BY_NAME, invite="AbCdEfGh"), True),
        (replace(BY_NAME, key="zulu"), True),
    ],
)
def test_only_what_groups_match_by_can_change_a_match(new: DesiredGroup, may: bool) -> None:
    assert match_may_change([BY_NAME], [new]) is may
    assert match_may_change([new], [BY_NAME]) is may


SINCE = PlanOptions(changed_since=ChangedSince(ref="main", commit="f" * 40))


def narrowed(since: ChangedSince, old: Sequence[DesiredGroup], new: Sequence[DesiredGroup]) -> ChangedSince:
    options = PlanOptions(changed_since=since, previous_groups=tuple(old))
    options, _ = narrow_by_matches(options, match_groups(new, LISTED), Listing(tuple(LISTED)))
    assert options.changed_since is not None
    return options.changed_since


@pytest.mark.parametrize(
    ("old", "new", "rematched"),
    [
        ((BY_NAME, BETA), (BY_NAME, BETA), ()),
        ((BY_NAME, BETA), (BY_NAME, replace(BETA, id=BETA_ID)), ()),
        ((BY_NAME, BETA), (BY_NAME, replace(BETA, id=ALPHA_ID)), ("alpha",)),
        ((BY_NAME, replace(BETA, id=ALPHA_ID)), (BY_NAME, BETA), ("alpha",)),
        ((BY_NAME,), (BY_NAME, group("new", id=ALPHA_ID)), ("alpha",)),
        ((BY_NAME,), (BY_NAME, group("new", id=None)), ("alpha",)),
        ((BY_NAME, group("old", id=None)), (BY_NAME,), ("alpha",)),
        ((BY_NAME, group("old", id=GAMMA_ID)), (BY_NAME,), ()),
        # Both are blocked, whoever the other one is.
        ((BY_NAME, group("old", id=None)), (BY_NAME, group("new", id=None)), ()),
    ],
)
def test_a_key_that_matches_another_group_is_not_left_out(
    old: tuple[DesiredGroup, ...], new: tuple[DesiredGroup, ...], rematched: tuple[str, ...]
) -> None:
    narrow = ChangedSince(ref="main", commit="f" * 40, unchanged=("alpha",))
    since = narrowed(narrow, old, new)

    assert since.rematched == rematched
    assert since.unchanged == (() if rematched else ("alpha",))


@pytest.mark.parametrize(
    ("new", "removed", "renamed"),
    [
        (group("zulu", id=None), (), (KeyRename("alpha", "zulu"),)),
        (group("zulu", id=ALPHA_ID), (), (KeyRename("alpha", "zulu"),)),
        (group("zulu", id=None, name="New", previously=["Alpha"]), (), (KeyRename("alpha", "zulu"),)),
        (group("zulu", id=None, name="New"), ("alpha",), ()),
        (group("zulu", id=None, name="Beta"), ("alpha",), ()),
    ],
)
def test_a_key_whose_live_group_another_key_matches_is_renamed_not_removed(
    new: DesiredGroup, removed: tuple[str, ...], renamed: tuple[KeyRename, ...]
) -> None:
    narrow = ChangedSince(ref="main", commit="f" * 40, removed=("alpha",))
    since = narrowed(narrow, [BY_NAME], [new])

    assert (since.removed, since.renamed) == (removed, renamed)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ((BY_NAME,), (BY_NAME,), None),
        ((BY_NAME,), (replace(BY_NAME, id=ALPHA_ID),), None),
        ((BY_NAME,), (replace(BY_NAME, name="New"),), "matched-group-orphaned"),
        ((replace(BY_NAME, id=ALPHA_ID),), (replace(BY_NAME, name="New"),), "matched-group-orphaned"),
        ((BY_NAME,), (replace(BY_NAME, name="New"), group("b")), "matched-group-taken-creates"),
        ((BY_NAME,), (replace(BY_NAME, name="Beta"),), "matched-other-before"),
        ((replace(BY_NAME, name="New"),), (BY_NAME,), "matched-none-before"),
        ((BY_NAME,), (replace(BY_NAME, id=GAMMA_ID),), "matched-before"),
        ((BY_NAME, group("b", id=None)), (replace(BY_NAME, name="New"),), "matched-group-orphaned"),
        ((), (BY_NAME,), None),
    ],
)
def test_advice_names_the_live_group_that_a_key_matched_before(
    old: tuple[DesiredGroup, ...], new: tuple[DesiredGroup, ...], code: str | None
) -> None:
    now = match_groups(new, LISTED)
    match = now["alpha"]
    change = Change(
        group=match.group,
        name=Untrusted(""),
        matched_by=match.matched_by,
        create=match.listed is None and not match.blocked,
    )
    (advised,) = with_rematch_advice((change,), match_groups(old, LISTED), now, SINCE, Listing(tuple(LISTED)))

    assert codes(one.message for one in advised.advice) == ([] if code is None else [code])
    assert all(set(one.names) <= set(NAMES.values()) for one in advised.advice)


def test_advice_names_all_live_groups_that_a_key_may_have_matched() -> None:
    twins = [ListedGroup(id=ALPHA_ID, name=Untrusted("Alpha")), ListedGroup(id=BETA_ID, name=Untrusted("Alpha"))]
    now = match_groups([replace(BY_NAME, name="New")], twins)
    change = Change(group=now["alpha"].group, name=Untrusted("New"), create=True)
    (advised,) = with_rematch_advice((change,), match_groups([BY_NAME], twins), now, SINCE, Listing(tuple(twins)))

    (advice,) = advised.advice
    assert advice.message == Message.of("matched-group-orphaned", ref="main", count=2, ids=(ALPHA_ID, BETA_ID))
    assert advice.names == (Untrusted("Alpha"), Untrusted("Alpha"))
