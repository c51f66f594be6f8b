"""Changes become calls: one per group and action, building up before taking away, 256 people at most."""

from __future__ import annotations

import pytest

from reconciler.model.desired import MAX_PARTICIPANTS_PER_CALL as BATCH
from reconciler.model.desired import DesiredGroup, State
from reconciler.model.live import LiveGroup
from reconciler.plan.model import Action, Phase, Step
from reconciler.plan.selection import PlanOptions
from tests.builders import (
    ALICE,
    ALPHA_ID,
    BETA_ID,
    BOB,
    CAROL,
    ME,
    crowd,
    desired,
    group,
    group_plan,
    labels,
    live,
    member,
    participant,
    plan_for,
)

CODE = "AbCdEfGhIjKlMn"
BUILD, SWAP, TAKE = Phase


def shape(steps: tuple[Step, ...]) -> list[tuple[str, Phase, int]]:
    """Each step as its action, its phase and how many people it carries."""
    return [(step.action.value, step.phase, len(step.people)) for step in steps]


@pytest.mark.parametrize(
    ("wanted", "there", "steps"),
    [
        pytest.param(group(id=None, members=[ALICE, BOB]), [], [("create", BUILD, 2)], id="create with its people"),
        pytest.param(group(id=None, members=[]), [], [("create", BUILD, 0)], id="create with nobody"),
        pytest.param(
            group(id=None, description="Text", members=[ALICE]),
            [],
            [("create", BUILD, 1), ("patch", BUILD, 0)],
            id="a create cannot carry a description",
        ),
        pytest.param(
            group(id=None, description="Text", members=crowd(BATCH * 2 + 1)),
            [],
            [("create", BUILD, 256), ("patch", BUILD, 0), ("add", BUILD, 256), ("add", BUILD, 1)],
            id="a create in batches",
        ),
        pytest.param(group(id=None, invite=CODE, members=[ALICE]), [], [("join", BUILD, 0)], id="join"),
        pytest.param(group(state=State.LEFT), [live(ALICE)], [("leave", TAKE, 0)], id="leave"),
        pytest.param(group(name="Omega", description="x"), [live()], [("patch", BUILD, 0)], id="one patch for both"),
        pytest.param(
            group(name="Omega", members=[ALICE, BOB]),
            [live(CAROL)],
            [("patch", BUILD, 0), ("add", BUILD, 2), ("remove", TAKE, 1)],
            id="patch, add, remove",
        ),
        pytest.param(group(members=crowd(256)), [live()], [("add", BUILD, 256)], id="256 are one call"),
        pytest.param(group(members=crowd(257)), [live()], [("add", BUILD, 256), ("add", BUILD, 1)], id="257 are two"),
        pytest.param(
            group(members=[]), [live(*crowd(257))], [("remove", TAKE, 256), ("remove", TAKE, 1)], id="removals alike"
        ),
        pytest.param(group(members=[ALICE]), [live(ALICE)], [], id="nothing to do"),
    ],
)
def test_a_group_takes_the_fewest_calls_in_their_order(
    wanted: DesiredGroup, there: list[LiveGroup], steps: list[tuple[str, Phase, int]]
) -> None:
    assert shape(group_plan(desired(wanted), *there).steps) == steps


def test_batches_lose_nobody_and_repeat_nobody() -> None:
    people = crowd(600)
    planned = group_plan(desired(group(members=people)), live())
    sent = [who.identity for step in planned.steps for who in step.people]
    assert sent == [who.identity for who in people]


def test_a_description_to_come_is_patched_into_a_group_whose_id_is_not_known_yet() -> None:
    create, patch = group_plan(desired(group(id=None, description="Text"))).steps
    assert (create.name, create.description, create.group_id) == ("Alpha", None, None)
    assert (patch.name, patch.description, patch.group_id) == (None, "Text", None)


def test_a_step_says_only_what_differs() -> None:
    (patch,) = group_plan(desired(group(description="New")), live(description="Old")).steps
    assert (patch.name, patch.description, patch.group_id) == (None, "New", ALPHA_ID)


def test_a_join_carries_the_invite() -> None:
    (join,) = group_plan(desired(group(id=BETA_ID, invite=CODE))).steps
    assert (join.invite, join.group_id, join.action) == (CODE, None, Action.JOIN)


FULL = 1024


def full(people_there: int) -> LiveGroup:
    """A live group with so many participants, the instance among them."""
    return live(*crowd(people_there - 1))


@pytest.mark.parametrize(
    ("there", "newcomers", "swaps"),
    [
        pytest.param(1023, 1, False, id="just fits"),
        pytest.param(1024, 1, True, id="one too many"),
        pytest.param(1000, 24, False, id="fills to the last place"),
        pytest.param(1000, 25, True, id="one beyond the last place"),
    ],
)
def test_a_group_too_full_to_add_first_removes_before_it_adds(there: int, newcomers: int, swaps: bool) -> None:
    group_live = full(there)
    staying, new = crowd(there - 2), crowd(there + newcomers)[there:]
    planned = group_plan(desired(group(members=[*staying, *new])), group_live)
    adding, removing = ("add", SWAP if swaps else BUILD, newcomers), ("remove", SWAP if swaps else TAKE, 1)
    assert shape(planned.steps) == ([removing, adding] if swaps else [adding, removing])


def test_a_full_group_with_nobody_to_remove_just_adds() -> None:
    planned = group_plan(desired(group(members=crowd(1024))), full(1024))
    assert shape(planned.steps) == [("add", BUILD, 1)]


def test_a_full_group_that_is_renamed_is_renamed_while_building() -> None:
    planned = group_plan(desired(group(name="Omega", members=crowd(1024)[2:])), full(1024))
    assert [(step.action, step.phase) for step in planned.steps] == [
        (Action.PATCH, BUILD),
        (Action.REMOVE, SWAP),
        (Action.ADD, SWAP),
    ]


def test_all_groups_build_before_any_swaps_and_all_swap_before_any_takes() -> None:
    wanted = desired(
        group("a", id=ALPHA_ID, name="A", members=[ALICE]),
        group("b", id=BETA_ID, name="B", members=crowd(1024)[2:]),
        group("c", id=None, name="C", members=[BOB]),
        group("d", id="120363012345678904@g.us", state=State.LEFT),
    )
    lives = [
        live(BOB, name="A"),
        live(*crowd(1023), id=BETA_ID, name="B"),
        live(id="120363012345678904@g.us", name="D"),
    ]
    plan = plan_for(wanted, *lives)
    assert [(step.group, step.action.value) for step in plan.steps] == [
        ("a", "add"),
        ("c", "create"),
        ("b", "remove"),
        ("b", "add"),
        ("a", "remove"),
        ("d", "leave"),
    ]


def test_a_person_who_moves_is_added_before_being_removed() -> None:
    wanted = desired(
        group("z", id=ALPHA_ID, name="Z", members=[ALICE, BOB]), group("a", id=BETA_ID, name="A", members=[CAROL])
    )
    plan = plan_for(wanted, live(BOB, name="Z"), live(CAROL, ALICE, id=BETA_ID, name="A"))
    assert [(s.group, s.action.value, labels(s.people)) for s in plan.steps] == [
        ("z", "add", ["alice"]),
        ("a", "remove", ["alice"]),
    ]


def test_a_plan_counts_its_calls_and_the_time_they_take() -> None:
    wanted = desired(group(name="Omega", members=[ALICE]))
    plan = plan_for(wanted, live(BOB), choices=PlanOptions(calls_per_minute=30.0))
    assert (plan.calls, plan.read_backs, plan.seconds) == (3, 1, 8.0)


def test_a_step_never_names_people_who_come_by_invite() -> None:
    wanted = desired(group(members=[ALICE, member(BOB, by_invite=True)]))
    assert [labels(step.people) for step in group_plan(wanted, live()).steps] == [["alice"]]


def test_a_blocked_group_has_no_steps_at_all() -> None:
    planned = group_plan(desired(group(name="Omega", members=[])), live(ALICE, me=participant(ME)))
    assert (planned.steps, len(planned.blocked)) == ((), 1)
