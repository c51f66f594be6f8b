"""Unknown is not absent: nobody is removed on the word of a read that looks wrong; and no change without an admin."""

from __future__ import annotations

import pytest

from reconciler.diff.change import AdviceKind
from reconciler.diff.participants import (
    distrust_reasons,
    identify_participants,
    with_account_doubts,
    wrong_account_advice,
)
from reconciler.messages import Message
from reconciler.model.desired import DesiredGroup, Membership
from reconciler.model.live import LiveGroup
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action
from tests.builders import (
    ALICE,
    BOB,
    CAROL,
    ME,
    change_for,
    codes,
    desired,
    group,
    group_plan,
    labels,
    live,
    participant,
    told,
)


def doubts_of(message: Message) -> list[str]:
    """The codes of the reasons to doubt a member list that a message has."""
    (doubts,) = [value for name, value in message.params if name == "doubts"]
    assert isinstance(doubts, tuple)
    return [doubt.code for doubt in doubts if isinstance(doubt, Message)]


LID = "76699677012110@lid"
DOUBTFUL = [
    pytest.param(live(BOB, count=3), "count-differs", id="fewer than the list counts"),
    pytest.param(live(BOB, count=1), "count-differs", id="more than the list counts"),
    pytest.param(live(BOB, CAROL, me=None), "own-account-missing", id="the instance is missing"),
]


@pytest.mark.parametrize(("there", "why"), DOUBTFUL)
@pytest.mark.parametrize("wanted", [group(members=[ALICE]), group(absent=[BOB], membership=Membership.ADDITIVE)])
def test_nobody_is_removed_from_a_doubtful_group_and_the_reason_stands_in_the_plan(
    wanted: DesiredGroup, there: LiveGroup, why: str
) -> None:
    planned = group_plan(desired(wanted), there)
    assert [step for step in planned.steps if step.action is Action.REMOVE] == []
    assert planned.remove == ()
    assert doubts_of(planned.blocked[0]) == [why]
    assert "bob" in told(planned.advice, AdviceKind.DOUBTFUL)
    assert planned.has_changes


@pytest.mark.parametrize(("there", "why"), DOUBTFUL)
def test_a_doubtful_group_is_still_built_up(there: LiveGroup, why: str) -> None:
    planned = group_plan(desired(group(name="Omega", members=[ALICE])), there)
    assert [step.action for step in planned.steps] == [Action.PATCH, Action.ADD]


@pytest.mark.parametrize(("there", "why"), DOUBTFUL)
@pytest.mark.parametrize("mode", [Membership.ADDITIVE, Membership.OBSERVE])
def test_a_doubtful_group_is_marked_also_where_nobody_is_to_go(there: LiveGroup, why: str, mode: Membership) -> None:
    planned = group_plan(desired(group(members=[BOB], membership=mode)), there)
    assert [doubts_of(a.message) for a in planned.advice if a.kind is AdviceKind.DOUBTFUL] == [[why]]
    assert (planned.blocked, planned.has_changes) == ((), False)


def test_a_read_that_shows_nobody_is_doubtful() -> None:
    nobody = live(me=None, count=0)
    planned = group_plan(desired(group(members=[ALICE])), nobody)
    assert doubts_of(planned.blocked[0]) == ["no-participants"]
    assert labels(planned.add) == ["alice"]


@pytest.mark.parametrize(("there", "why"), DOUBTFUL)
@pytest.mark.parametrize(
    "wanted",
    [group(members=[BOB, CAROL]), group(absent=[ALICE]), group(absent=[ALICE], membership=Membership.ADDITIVE)],
)
def test_a_doubtful_read_does_not_prove_that_nobody_is_to_be_removed(
    wanted: DesiredGroup, there: LiveGroup, why: str
) -> None:
    planned = group_plan(desired(wanted), there)
    assert doubts_of(planned.blocked[0]) == [why]
    assert planned.remove == ()


def test_a_read_that_shows_nobody_is_no_proof_that_absent_people_are_out() -> None:
    planned = group_plan(desired(group(absent=[BOB])), live(me=None, count=0))
    assert doubts_of(planned.blocked[0]) == ["no-participants"]


def test_a_doubtful_read_of_a_group_whose_people_are_not_managed_is_told_and_blocks_nothing() -> None:
    planned = group_plan(desired(group(description="New")), live(BOB, count=9))
    assert [advice.kind for advice in planned.advice] == [AdviceKind.DOUBTFUL]
    assert (planned.blocked, len(planned.steps)) == ((), 1)


def test_both_reasons_are_told() -> None:
    change = change_for(desired(group(members=[])), live(BOB, me=None, count=2))
    assert doubts_of(change.blocked[0]) == ["count-differs", "own-account-missing"]


def test_a_count_that_the_list_did_not_give_makes_no_doubt() -> None:
    there = LiveGroup(
        id="120363012345678901@g.us",
        name=Untrusted("Alpha"),
        description=Untrusted(""),
        participants=live(BOB).participants,
    )
    assert distrust_reasons(there, identify_participants(there, {}), ME) == ()


def test_a_missing_instance_is_no_doubt_while_somebody_is_unidentified() -> None:
    planned = group_plan(desired(group(members=[])), live(BOB, participant(LID), me=None))
    assert (labels(planned.remove), planned.blocked) == (["bob"], ())


def test_a_missing_instance_is_no_doubt_while_its_number_is_unknown() -> None:
    planned = group_plan(desired(group(members=[]), account=None), live(BOB, me=None))
    assert (labels(planned.remove), planned.blocked) == (["bob"], ())


NOT_ADMIN = participant(ME)


@pytest.mark.parametrize(
    "wanted",
    [
        group(name="Omega", members=[BOB]),
        group(description="New"),
        group(members=[ALICE, BOB]),
        group(members=[]),
    ],
)
def test_where_the_instance_is_no_admin_a_change_is_blocked_and_shown(
    wanted: DesiredGroup,
) -> None:
    planned = group_plan(desired(wanted), live(BOB, me=NOT_ADMIN))
    assert planned.steps == ()
    assert codes(planned.blocked) == ["not-admin"]
    assert planned.field_changes or planned.add or planned.remove
    assert planned.has_changes


def test_an_instance_that_made_the_group_and_came_back_as_a_mere_member_changes_nothing() -> None:
    planned = group_plan(desired(group(members=[ALICE, BOB])), live(BOB, me=NOT_ADMIN, owner=ME))
    assert planned.steps == ()
    assert codes(planned.blocked) == ["not-admin"]


@pytest.mark.parametrize(
    "wanted",
    [group(members=[BOB]), group(members=[ALICE], membership=Membership.OBSERVE), group(admins=[BOB])],
)
def test_an_instance_that_is_no_admin_blocks_nothing_where_nothing_is_to_change(wanted: DesiredGroup) -> None:
    assert group_plan(desired(wanted), live(BOB, me=NOT_ADMIN)).blocked == ()


@pytest.mark.parametrize(
    "there",
    [
        live(BOB, me=participant(ME, admin=True)),
        live(BOB, me=participant(ME, owner=True)),
        live(BOB, participant(LID, admin=True), me=None),
    ],
    ids=["admin", "owner by its entry", "perhaps the unidentified one"],
)
def test_an_instance_that_is_or_may_be_an_admin_may_change(there: LiveGroup) -> None:
    assert [s.action for s in group_plan(desired(group(members=[ALICE, BOB])), there).steps] == [Action.ADD]


@pytest.mark.parametrize(
    ("groups", "is_told"),
    [
        ((live(BOB, me=None), live(BOB, CAROL, me=None)), True),
        ((live(BOB, me=None), live(CAROL, me=None), live(BOB, CAROL)), True),
        ((live(BOB, me=None), live(BOB, CAROL)), False),
        ((live(BOB, me=None), live(BOB, participant(LID), me=None)), False),
        ((live(BOB, me=None),), False),
        ((live(BOB, me=None), live(me=None)), False),
    ],
    ids=[
        "in none",
        "in one of three",
        "in one of two",
        "may be somebody unidentified",
        "one group only",
        "one group and an empty read",
    ],
)
def test_an_account_that_most_groups_lack_is_probably_another_one(groups: tuple[LiveGroup, ...], is_told: bool) -> None:
    wanted = desired(group(members=[BOB]))
    changes = [change_for(wanted, there) for there in groups]
    codes_told = [advice.message.code for advice in wrong_account_advice(changes, wanted)]
    assert codes_told == (["own-number-nowhere"] if is_told else [])


def test_a_wrong_number_of_the_account_is_what_to_correct_in_each_group_that_it_blocks() -> None:
    owned = live(BOB, CAROL, me=None, owner=BOB)
    wanted = desired(group(members=[ALICE]))
    changes = [change_for(wanted, there) for there in (owned, owned, live(BOB, me=None, count=4))]
    assert [one.message.code for one in changes[0].advice] == ["removal-doubtful", "owner-not-removed"]
    wrong, _, unsure = with_account_doubts(changes, wanted)
    assert wrong.blocked[0].to_text().endswith("nobody will be removed; correct `instance.phone` in the file")
    assert [one.message.code for one in wrong.advice] == ["removal-doubtful"]
    assert (unsure.blocked, wrong.remove) == (changes[2].blocked, ())
    assert with_account_doubts(changes[:1], wanted) == (changes[0],)
