"""What a plan and a result say of themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepResult, StepStatus
from reconciler.diff.change import Advice, AdviceKind, MatchedBy
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, Step
from tests.builders import ALICE, TODAY, saying

ADD = Step(group="b", action=Action.ADD, phase=Phase.BUILD)
PATCH = Step(group="b", action=Action.PATCH, phase=Phase.BUILD)
REMOVE = Step(group="a", action=Action.REMOVE, phase=Phase.REMOVE)
SWAPS = (Step(group="c", action=Action.REMOVE, phase=Phase.SWAP), Step(group="c", action=Action.ADD, phase=Phase.SWAP))
CREATE = Step(group="d", action=Action.CREATE, phase=Phase.BUILD)
PLAN = Plan(
    instance_id="inst_abc123",
    as_of=TODAY,
    groups=(
        GroupPlan(key="a", name=Untrusted("A"), steps=(REMOVE,)),
        GroupPlan(key="b", name=Untrusted("B"), steps=(PATCH, ADD)),
        GroupPlan(key="c", name=Untrusted("C"), steps=SWAPS),
        GroupPlan(key="d", name=Untrusted("D"), steps=(CREATE,)),
    ),
)
WHO = PersonRef(ALICE.identity, ALICE.jid, "alice")


def test_steps_run_by_phase_then_key_then_the_groups_own_order() -> None:
    assert PLAN.steps == (PATCH, ADD, CREATE, *SWAPS, REMOVE)


@pytest.mark.parametrize(
    ("rate", "writes", "seconds"),
    [(100.0, None, 6.0), (60.0, None, 10.0), (100.0, 20, 20.4), (10.0, 20, 60.0)],
    ids=["the server's rate", "a slower rate", "the file's own, slower", "the file's own, faster"],
)
def test_the_estimate_is_made_with_the_slower_of_both_rates(rate: float, writes: int | None, seconds: float) -> None:
    plan = replace(PLAN, calls_per_minute=rate, writes_per_minute=writes)
    assert (plan.calls, plan.read_backs) == (6, 4)
    assert plan.seconds == pytest.approx(seconds)


RENAME, DESCRIBE, CLEAR = (
    Step(group="a", action=Action.PATCH, phase=Phase.BUILD, name=name, description=description)
    for name, description in (("New", None), (None, "New"), (None, ""))
)


@pytest.mark.parametrize(
    ("steps", "counts", "whole"),
    [
        ((RENAME,), True, True),
        ((DESCRIBE,), False, True),
        ((REMOVE,), False, True),
        ((RENAME, REMOVE), False, True),
        ((CLEAR,), False, False),
        ((RENAME, ADD), False, False),
        ((ADD,), False, False),
    ],
)
def test_a_list_reads_back_the_groups_that_it_proves_where_its_calls_are_fewer(
    steps: tuple[Step, ...], *, counts: bool, whole: bool
) -> None:
    live = LiveGroup(id="1@g.us", name=Untrusted("Old"), description=Untrusted(""), count=3)
    group = GroupPlan(key="a", name=Untrusted("New"), steps=steps, live=live)
    unlisted = replace(PLAN, groups=tuple(replace(group, key=key) for key in "abc"))
    assert (unlisted.read_backs, unlisted.read_back_by_list) == (3, frozenset())
    for shows_people, by_list in ((False, counts), (True, whole)):
        for calls, read_backs in ((1, 1), (2, 2), (3, 3), (4, 3)):
            plan = replace(unlisted, list_calls=calls, list_shows_people=shows_people)
            assert plan.read_backs == (read_backs if by_list else 3)
            assert plan.read_back_by_list == (frozenset("abc") if by_list and calls < 3 else frozenset())


@pytest.mark.parametrize(
    ("people", "keys"),
    [
        ([9, 1, 1], "b"),
        ([10, 9, 1, 1], "ac"),
        ([9, 10], ""),
        ([10], ""),
    ],
)
def test_a_group_is_read_between_adds_and_removals_whenever_ten_people_were_added(people: list[int], keys: str) -> None:
    groups = tuple(
        GroupPlan(key=key, name=Untrusted(key), steps=(replace(ADD, group=key, people=(WHO,) * count), REMOVE))
        for key, count in zip("abcd", people, strict=False)
    )
    plan = replace(PLAN, groups=groups)
    assert plan.read_after_adds == frozenset(keys)
    assert plan.read_backs == len(groups) + len(keys)
    alone = replace(plan, groups=tuple(replace(group, steps=group.steps[:1]) for group in groups))
    assert alone.read_after_adds == frozenset()


def test_a_list_that_does_not_count_proves_no_name() -> None:
    live = LiveGroup(id="1@g.us", name=Untrusted("Old"), description=Untrusted(""))
    group = GroupPlan(key="a", name=Untrusted("New"), steps=(RENAME,), live=live)
    plan = replace(PLAN, groups=tuple(replace(group, key=key) for key in "abc"), list_calls=1)
    assert plan.read_backs == 3


@pytest.mark.parametrize(
    ("plan", "pending"),
    [
        (Plan(instance_id="i", as_of=TODAY), False),
        (Plan(instance_id="i", as_of=TODAY, groups=(GroupPlan(key="a", name=Untrusted("A")),)), False),
        (Plan(instance_id="i", as_of=TODAY, groups=(GroupPlan(key="a", name=Untrusted("A"), steps=(ADD,)),)), True),
        (
            Plan(
                instance_id="i",
                as_of=TODAY,
                groups=(GroupPlan(key="a", name=Untrusted("A"), blocked=(saying("why"),)),),
            ),
            True,
        ),
        (Plan(instance_id="i", as_of=TODAY, refusals=(Refusal(saying("why"), saying("how")),)), True),
    ],
)
def test_steps_blocked_groups_and_refusals_are_pending(plan: Plan, pending: bool) -> None:
    assert plan.has_changes is pending


@pytest.mark.parametrize(
    ("found", "adopted"),
    [
        (MatchedBy.ID, False),
        (MatchedBy.NAME, True),
        (MatchedBy.PREVIOUS_NAME, True),
        (MatchedBy.NONE, False),
    ],
)
def test_only_a_group_found_by_a_name_is_adopted(found: MatchedBy, adopted: bool) -> None:
    assert GroupPlan(key="a", name=Untrusted("A"), matched_by=found).adopted is adopted


def outcome(state: PersonStatus) -> ApplyResult:
    return ApplyResult(Plan(instance_id="i", as_of=TODAY), people=(PersonOutcome("a", WHO, state),))


@pytest.mark.parametrize(
    ("result", "converged"),
    [
        pytest.param(ApplyResult(Plan(instance_id="i", as_of=TODAY)), True, id="nothing to do"),
        pytest.param(ApplyResult(PLAN, (StepResult(ADD, StepStatus.DONE),)), True, id="all done"),
        *(
            pytest.param(ApplyResult(PLAN, (StepResult(ADD, end),)), False, id=end.value)
            for end in StepStatus
            if end is not StepStatus.DONE
        ),
        pytest.param(ApplyResult(PLAN, interrupted=True), False, id="interrupted"),
        pytest.param(ApplyResult(PLAN, remaining_drift=(("a", saying("text")),)), False, id="left over"),
        pytest.param(
            ApplyResult(
                Plan(
                    instance_id="i",
                    as_of=TODAY,
                    groups=(GroupPlan(key="a", name=Untrusted("A"), blocked=(saying("x"),)),),
                )
            ),
            False,
            id="blocked",
        ),
        pytest.param(outcome(PersonStatus.NOT_ADDED), False, id="somebody not added"),
        pytest.param(outcome(PersonStatus.BAD_NUMBER), False, id="a bad number"),
        pytest.param(outcome(PersonStatus.STILL_IN), False, id="somebody still in"),
        pytest.param(outcome(PersonStatus.PENDING), True, id="somebody pending is no drift"),
        pytest.param(outcome(PersonStatus.ALREADY_IN), True, id="somebody in already"),
        pytest.param(outcome(PersonStatus.ALREADY_OUT), True, id="somebody out already"),
    ],
)
def test_a_run_converged_only_when_everything_is_as_the_file_says(result: ApplyResult, converged: bool) -> None:
    assert result.converged is converged


def test_people_have_one_order_labels_first_whatever_their_case_then_numbers_then_private_ids() -> None:
    people = [
        PersonRef(Identity("+12025550101"), "12025550101@s.whatsapp.net", "Al"),
        PersonRef(Identity("+12025550102"), "12025550102@s.whatsapp.net", "al"),
        PersonRef(Identity("+12025550103"), "12025550103@s.whatsapp.net", "Bob"),
        PersonRef(Identity("+12025550104"), "12025550104@s.whatsapp.net"),
        PersonRef(Identity("+12025550105"), "12025550105@s.whatsapp.net", ""),
        PersonRef(None, None, None, "1@lid"),
        PersonRef(None, None, None, "2@lid"),
    ]
    assert sorted(people[3:] + people[:3], key=lambda who: who.sort_key) == people
    assert len({who.ref_id for who in people}) == len(people)


def test_advice_is_about_somebody_in_order_or_is_none() -> None:
    one, other = PersonRef(None, None, "b"), PersonRef(None, None, "A")
    assert Advice.for_people(AdviceKind.KEPT, saying("text"), [one, other]) == (
        Advice(AdviceKind.KEPT, saying("text"), (other, one)),
    )
    assert Advice.for_people(AdviceKind.KEPT, saying("text"), ()) == ()
