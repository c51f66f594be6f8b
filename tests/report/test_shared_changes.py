"""What many groups share is shown once; what is said of people is said of people, and not of memberships."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.diff.change import Advice, AdviceKind, TextChange
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.file_format import plan_document
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, Step
from reconciler.plan.summary import summarize_plan
from reconciler.report.markdown import render_plan_markdown
from reconciler.report.options import RenderOptions
from reconciler.report.plan_view import plan_view
from reconciler.report.text import render_plan
from tests.builders import saying
from tests.report import report_samples as samples

ANN = replace(samples.who("12025550147", "ann", name="Ann Lee"), teams=("it",))
BOB = samples.who("12025550144", "bob", name="Bob Marsh")


def moving(key: str, add: tuple[PersonRef, ...] = (ANN,), remove: tuple[PersonRef, ...] = (BOB,)) -> GroupPlan:
    steps: tuple[Step, ...] = (
        Step(group=key, action=Action.ADD, phase=Phase.BUILD, group_id=f"{key}@g.us", people=add),
        Step(group=key, action=Action.REMOVE, phase=Phase.REMOVE, group_id=f"{key}@g.us", people=remove),
    )
    steps = tuple(step for step in steps if step.people)
    return GroupPlan(key=key, name=Untrusted(key.title()), id=f"{key}@g.us", add=add, remove=remove, steps=steps)


def plan_of(*groups: GroupPlan, refusals: tuple[Refusal, ...] = ()) -> Plan:
    return Plan(instance_id="inst_abc123", as_of=samples.SMALL.as_of, groups=groups, refusals=refusals)


MANY = plan_of(*(moving(f"ops-{number:03}") for number in range(114)), moving("sales", remove=()))


def text_of(plan: Plan, *, summary: bool = False) -> str:
    return render_plan(samples.saved(plan), RenderOptions(summary=summary))


def test_one_cause_in_many_groups_is_shown_once_with_their_number() -> None:
    assert text_of(MANY) == (
        "114 groups change alike: ops-000, ops-001, ops-002, ops-003, ops-004 and 109 more\n"
        "  + Ann Lee (ann)  (team it)\n"
        "  - Bob Marsh (bob)\n"
        "\n"
        'sales  "Sales"  sales@g.us\n'
        "  + Ann Lee (ann)\n"
        "\n"
        "Plan: 115 to change · 1 person joins (115 memberships), 1 person leaves (114 memberships)"
        " · 344 calls, about 4 min"
    )


def test_the_comment_shows_one_cause_once_and_open() -> None:
    text = render_plan_markdown(samples.saved(MANY), samples.MASKED)
    assert text.count("Bob Marsh") == 1
    assert "<details open>\n<summary>114&#32;groups change alike: ops-000, ops-001" in text


def test_a_document_has_every_group_of_one_cause() -> None:
    assert len(plan_document(samples.saved(MANY))["groups"]) == 115


def test_two_groups_are_not_many() -> None:
    assert plan_view(plan_of(moving("a"), moving("b")), drift=False).shared == ()


def renamed(group: GroupPlan) -> GroupPlan:
    patch = Step(group=group.key, action=Action.PATCH, phase=Phase.BUILD, group_id=group.id, name="New")
    change = TextChange("name", Untrusted("Old"), "New")
    return replace(group, field_changes=(change,), steps=(patch, *group.steps))


@pytest.mark.parametrize(
    "different",
    [
        renamed(moving("c")),
        replace(moving("c"), blocked=(saying("no admin"),)),
        replace(moving("c"), advice=(Advice(AdviceKind.KEPT, saying("an owner"), (samples.ALICE,)),)),
        moving("c", add=(ANN, samples.ALICE)),
        moving("c", add=(replace(ANN, reason="contractor"),)),
        moving("c", add=(BOB,), remove=(ANN,)),
    ],
    ids=["a field too", "blocked", "a note", "one more", "another reason", "the other way round"],
)
def test_a_group_that_differs_in_anything_else_stands_alone(different: GroupPlan) -> None:
    view = plan_view(plan_of(moving("a"), moving("b"), different, moving("d")), drift=False)
    assert [[group.key for group in change.groups] for change in view.shared] == [["a", "b", "d"]]
    assert [group.key for group in view.single] == ["c"]


def test_a_refused_group_stands_alone() -> None:
    refusal = Refusal(saying("too many"), saying("restore them"), "b")
    view = plan_view(plan_of(*map(moving, "abcd"), refusals=(refusal,)), drift=False)
    assert [group.key for group in view.single] == ["b"]


@pytest.mark.parametrize(
    ("people", "team"),
    [
        ([(ANN,)] * 3, "it"),
        ([(ANN,), (replace(ANN, teams=("ops",)),), (ANN,)], ""),
        ([(ANN, samples.ALICE)] * 3, ""),
        ([(replace(ANN, teams=("it", "ops")),), (ANN,), (ANN,)], "it"),
    ],
    ids=["one team", "two teams", "somebody listed directly", "the only one in common"],
)
def test_a_team_is_named_only_if_everybody_joins_through_it(people: list[tuple[PersonRef, ...]], team: str) -> None:
    groups = (moving(key, add=add) for key, add in zip("abc", people, strict=True))
    (change,) = plan_view(plan_of(*groups), drift=False).shared
    assert change.team == team


def test_people_are_counted_once_and_memberships_beside_them() -> None:
    count = summarize_plan(MANY)
    assert (count.adds, count.people_joining, count.removes, count.people_leaving) == (115, 1, 114, 1)


@pytest.mark.parametrize(
    ("plan", "headline"),
    [
        (plan_of(moving("a")), "1 person leaves, 1 person joins"),
        (plan_of(moving("a", (ANN, samples.ALICE), (BOB, samples.CAROL))), "2 people leave, 2 join"),
        (plan_of(moving("a", remove=()), samples.BLOCKED), "1 person joins, 1 group blocked"),
        (plan_of(replace(moving("a"), advice=())), "1 person leaves, 1 person joins"),
        (plan_of(renamed(moving("a", (), ()))), "1 group gets a new name or description"),
    ],
)
def test_the_headline_says_who_moves_and_what_is_blocked(plan: Plan, headline: str) -> None:
    assert plan_view(plan, drift=False).headline == headline


def test_a_person_of_one_alias_with_another_number_has_a_new_number() -> None:
    old = samples.who("12025550143", "bob", name="Bob Marsh")
    text = text_of(plan_of(moving("a", add=(BOB, ANN), remove=(old, samples.CAROL))))
    assert text.splitlines()[1:4] == [
        "  ~ Bob Marsh (bob): new number, +1 202 ••• ••43 → +1 202 ••• ••44",
        "  + Ann Lee (ann)",
        "  - carol",
    ]


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (samples.who("12025550144", "bob", name="Bob Marsh"), "Bob Marsh (bob)"),
        (samples.who("12025550144", "bob"), "bob"),
        (samples.who("12025550144", name="Bob Marsh"), "Bob Marsh"),
        (samples.who("12025550144", "bob", name="Bob"), "Bob"),
        (samples.who("12025550144"), "+1 202 ••• ••44"),
    ],
)
def test_a_person_goes_by_their_name_with_the_alias_behind_it(person: PersonRef, shown: str) -> None:
    assert text_of(plan_of(moving("a", add=(), remove=(person,)))).splitlines()[1] == f"  - {shown}"


def test_a_summary_has_the_causes_what_is_blocked_and_the_totals_alone() -> None:
    plan = plan_of(*MANY.groups[:3], replace(samples.BLOCKED, key="blocked"), moving("sales", remove=()))
    assert text_of(plan, summary=True) == (
        "1 person leaves (3 memberships), 1 person joins (4 memberships), 1 group blocked\n"
        "\n"
        "3 groups change alike: ops-000, ops-001, ops-002\n"
        "  + Ann Lee (ann)  (team it)\n"
        "  - Bob Marsh (bob)\n"
        "\n"
        "~ 1 other group changes: sales\n"
        "! blocked: blocked: the instance is no admin of this group: make +1 202 ••• ••00 one in the app\n"
        "\n"
        "Plan: 4 to change · 1 person joins (4 memberships), 1 person leaves (3 memberships) · 1 group blocked"
        " · 11 calls, about 7 s"
    )
    comment = render_plan_markdown(samples.saved(plan), RenderOptions(summary=True))
    assert re.findall(r"<summary>(.*)</summary>", comment) == ["3&#32;groups change alike: ops-000, ops-001, ops-002"]
    assert "! 1 other group changes: sales" in comment


def test_a_plan_as_of_another_day_says_so() -> None:
    later = replace(MANY, as_of=samples.SMALL.as_of.replace(year=2027))
    assert "\nAs of 2027-11-21.\n" in text_of(later)
    assert "As of 2027-11-21." in render_plan_markdown(samples.saved(later), samples.MASKED)
    assert "As of" not in text_of(MANY)
