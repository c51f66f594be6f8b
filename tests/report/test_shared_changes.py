"""What many groups share is shown once; what is said of people is said of people, and not of memberships."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.apply.result import ApplyResult, StepResult, StepStatus
from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.messages import Message
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.file_format import plan_document
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, Step
from reconciler.plan.summary import summarize_plan
from reconciler.report.html.render import render_plan_html
from reconciler.report.markdown import render_plan_markdown, render_result_markdown
from reconciler.report.options import RenderOptions
from reconciler.report.plan_view import plan_view
from reconciler.report.text import render_notice, render_plan, render_result
from tests.builders import saying
from tests.report import report_samples as samples

ANN = replace(samples.who("12025550147", "ann", name="Ann Lee"), teams=("it",))
BOB = samples.who("12025550144", "bob", name="Bob Marsh")
PEOPLE = [samples.who(f"120255501{number}", f"p{number}") for number in range(10, 40)]


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
        " · 355 calls, about 4 min"
    )


def test_the_comment_shows_one_cause_once_and_open() -> None:
    text = render_plan_markdown(samples.saved(MANY), samples.MASKED)
    assert text.count("Bob Marsh") == 1
    assert "<details open>\n<summary>114 groups change alike: <b>Ops-000</b> <code>ops-000</code>, <b>" in text


def test_a_document_has_every_group_of_one_cause() -> None:
    assert len(plan_document(samples.saved(MANY))["groups"]) == 115


def test_groups_that_are_found_by_name_share_a_change_and_are_named_on_a_line_of_their_own() -> None:
    groups = (replace(group, id=None, matched_by=MatchedBy.NAME) for group in MANY.groups)
    plan = plan_of(*groups)
    text = text_of(plan)
    assert text.startswith("114 groups change alike: ops-000, ")
    assert text.count("Bob Marsh (bob)") == 1
    assert text.count("found by name") == 1
    assert "\n= adopt: ops-000, ops-001, ops-002, " in text
    comment = render_plan_markdown(samples.saved(plan), samples.MASKED)
    assert (comment.count("Bob Marsh"), comment.count("found by name")) == (1, 1)
    page = render_plan_html(samples.saved(plan), samples.MASKED)
    assert page.count("found by name; run") == 1
    assert "One change, many groups" in page


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


OLD_BOB = samples.who("12025550143", "bob", name="Bob Marsh")


def test_a_person_of_one_alias_with_another_number_has_a_new_number() -> None:
    text = text_of(plan_of(moving("a", add=(BOB, ANN), remove=(OLD_BOB, samples.CAROL))))
    assert text.splitlines()[1:4] == [
        "  ~ Bob Marsh (bob): new number, +1 202 ••• ••43 → +1 202 ••• ••44",
        "  + Ann Lee (ann)",
        "  - carol",
    ]


def test_a_person_with_a_new_number_is_counted_neither_as_leaving_nor_as_joining() -> None:
    group = replace(moving("a", add=(BOB, ANN), remove=(OLD_BOB, samples.CAROL)), live_members=7)
    elsewhere = replace(moving("b", add=(BOB,), remove=(OLD_BOB,)), live_members=7)
    plan = plan_of(group, elsewhere)
    assert plan_view(plan, drift=False).headline == (
        "1 person leaves, 1 person joins, 1 person gets a new number (2 memberships)"
    )
    assert "Plan: 2 to change · 1 person joins, 1 person leaves, 1 person gets a new number (2 memberships) ·" in (
        text_of(plan)
    )
    assert text_of(plan).startswith('a  "A"  a@g.us  (1 of 7 people leaves)\n')
    assert [badge.words for badge in plan_view(plan, drift=False).groups[1].badges()] == ["1 new number"]
    assert (summarize_plan(plan).adds, summarize_plan(plan).removes) == (3, 3)


@pytest.mark.parametrize(
    ("leaving", "members", "remark"),
    [(8, 33, "8 of 33 people leave"), (1, 33, "1 of 33 people leaves"), (1, 1, "1 of 1 person leaves")],
)
def test_a_group_that_loses_people_shows_of_how_many(leaving: int, members: int, remark: str) -> None:
    plan = plan_of(replace(moving("a", add=(), remove=tuple(PEOPLE[:leaving])), live_members=members))
    assert text_of(plan).startswith(f'a  "A"  a@g.us  ({remark})\n')
    assert f" · <b>{remark}</b>" in render_plan_markdown(samples.saved(plan), samples.MASKED)
    assert f'<span class="badge remove">{remark}</span>' in render_plan_html(samples.saved(plan), samples.MASKED)


def test_a_group_of_unknown_size_shows_only_how_many_leave() -> None:
    plan = plan_of(moving("a", add=()))
    assert text_of(plan).startswith('a  "A"  a@g.us\n')
    assert '<span class="badge remove">1 person leaves</span>' in render_plan_html(samples.saved(plan), samples.MASKED)


@pytest.mark.parametrize(
    ("plan", "headline"),
    [
        (plan_of(moving("a"), samples.SAME), "1 of 2 groups drifted: 1 person to remove, 1 person to add"),
        (
            plan_of(moving("a", (ANN, BOB), (samples.ALICE, samples.CAROL, OLD_BOB))),
            "1 of 1 group drifted: 2 people to remove, 1 person to add, 1 person with a new number",
        ),
        (
            plan_of(moving("a", (ANN, samples.ALICE), (samples.CAROL, OLD_BOB))),
            "1 of 1 group drifted: 2 people to remove, 2 to add",
        ),
        (
            plan_of(renamed(moving("a", (), ())), samples.NEW, samples.LEFT),
            "3 of 3 groups drifted: 2 people to add, 1 group to create, 1 group to leave, "
            "1 group with a different name or description",
        ),
        (plan_of(samples.BLOCKED, moving("a", ())), "1 of 2 groups drifted: 1 person to remove, 1 group blocked"),
        (plan_of(samples.BLOCKED), "1 group blocked"),
        (
            plan_of(moving("a", ()), refusals=(Refusal(saying("no"), saying("yes")),)),
            "1 of 1 group drifted: 1 person to remove; apply would be refused",
        ),
        (plan_of(refusals=(Refusal(saying("no"), saying("yes")),)), "apply would be refused"),
    ],
)
def test_the_headline_of_drift_counts_groups_and_people(plan: Plan, headline: str) -> None:
    assert plan_view(plan, drift=True).headline == headline
    if headline.endswith("to add"):
        assert render_notice(plan).startswith(f"The reconciler: {headline}.\n- a: ")


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
    assert re.findall(r"<summary>(.*)</summary>", comment) == [
        "3 groups change alike: <b>Ops-000</b> <code>ops-000</code>, <b>Ops-001</b> <code>ops-001</code>, "
        "<b>Ops-002</b> <code>ops-002</code>"
    ]
    assert "! 1 other group changes: sales" in comment


def test_a_summary_calls_a_new_group_new_and_a_group_to_leave_that() -> None:
    text = text_of(plan_of(samples.NEW, samples.LEFT, moving("sales")), summary=True)
    assert "+ 1 new group: board\n" in text
    assert f"- 1 group to leave: {samples.LEFT.key}\n" in text
    assert "~ 1 group changes: sales\n" in text


def test_a_warning_of_a_comment_is_one_item_of_a_list() -> None:
    doubt = Advice(AdviceKind.DOUBTFUL, saying("nobody has a role"))
    comment = render_plan_markdown(samples.saved(replace(plan_of(moving("a")), advice=(doubt,))), samples.MASKED)
    assert "> - *doubtful*: nobody has a role" in comment


def test_a_plan_as_of_another_day_says_so() -> None:
    later = replace(MANY, as_of=samples.SMALL.as_of.replace(year=2027))
    assert "\nAs of 2027-11-21.\n" in text_of(later)
    assert "As of 2027-11-21." in render_plan_markdown(samples.saved(later), samples.MASKED)
    assert "As of" not in text_of(MANY)


def refused(key: str, removed: int, members: int = 20) -> Refusal:
    """A refusal as the guard for removals makes it."""
    numbers = {"removed": removed, "members": members, "allowed": 5}
    message = Message.of("too-many-removals", **numbers, limit="25%", source="the default")
    return Refusal(message, Message.of("raise-removal-limit", removed=removed), key)


def losing(number: int) -> GroupPlan:
    """A group that loses six people or more, others than the next one."""
    return replace(
        moving(f"ops-{number:02}", add=(), remove=tuple(PEOPLE[number % 20 : number % 20 + 6 + number % 3])),
        live_members=20,
    )


LOSING = [losing(number) for number in range(99)]
REFUSED = plan_of(*LOSING, refusals=tuple(refused(group.key, len(group.remove)) for group in LOSING))


def test_groups_that_one_limit_refuses_are_one_entry_and_what_lifts_it_lifts_all() -> None:
    ending = text_of(REFUSED).split("Apply will refuse this plan. Nothing will be changed.\n")[1]
    assert ending.startswith(
        "  ! 99 groups (ops-00 6 of 20, ops-01 7 of 20, ops-02 8 of 20, ops-03 6 of 20, ops-04 7 of 20, "
        "ops-05 8 of 20, ops-06 6 of 20, ops-07 7 of 20, ops-08 8 of 20, ops-09 6 of 20 and 89 more, "
        "which `--format json` lists): "
        "each loses more members than its limit allows: 25% (the default)\n"
        "    if you did not mean to, restore the lines you deleted; if you did, pass --max-removals 8, or raise "
        "`max_removals` in the file\n"
    )


def test_a_group_over_another_limit_is_an_entry_of_its_own() -> None:
    own = Message.of("too-many-removals", removed=9, members=20, allowed=1, limit="1", source="its own limit")
    other = Refusal(own, Message.of("raise-removal-limit", removed=9), "ops-00")
    text = text_of(replace(REFUSED, refusals=(other, *REFUSED.refusals[1:])))
    assert "  ! ops-00: this removes 9 of 20 members; the limit is 1 (1, its own limit)\n" in text
    assert "  ! 98 groups (ops-01 7 of 20, " in text


def test_a_comment_and_a_page_name_every_group_that_one_limit_refuses() -> None:
    comment = render_plan_markdown(samples.saved(REFUSED), samples.MASKED)
    assert comment.count("each loses more members than its limit allows: 25") == 2  # in the box, and above all groups
    assert "<summary>Every group that is refused or blocked</summary>" in comment
    assert all(f"\n  ops-{number:02} {6 + number % 3} of 20\n" in comment for number in range(99))
    page = render_plan_html(samples.saved(REFUSED), samples.MASKED)
    assert page.count("each loses more members than its limit allows") == 1
    box = page.split('aria-labelledby="refused"')[1].split("</section>")[0]
    assert re.findall(r">(Ops-\d\d)<", box) == [f"Ops-{number:02}" for number in range(99)]
    assert "<details" not in box


def test_groups_that_lose_the_same_people_and_are_refused_are_shown_once() -> None:
    groups = [replace(moving(f"ops-{n}", add=()), live_members=3 + n) for n in range(4)]
    plan = plan_of(*groups, refusals=tuple(refused(group.key, 1, group.live_members) for group in groups))
    text = text_of(plan)
    title = "4 groups change alike: ops-0, ops-1, ops-2, ops-3  (refused; 1 of 3 to 6 people leaves each group)\n"
    assert text.startswith(f"{title}  - Bob Marsh (bob)\n\nApply will refuse")


def stopped(key: str, *people: PersonRef) -> GroupPlan:
    """A group that differs and cannot be changed, for a reason that many have."""
    return replace(moving(key, add=people, remove=()), steps=(), blocked=(saying("not an admin"),))


MANY_BLOCKED = plan_of(*(stopped(f"ops-{number:02}") for number in range(12)))


def test_one_reason_that_blocks_many_groups_is_said_once_with_their_names() -> None:
    names = ", ".join(f"ops-{number:02}" for number in range(10))
    line = f"! blocked: 12 groups ({names} and 2 more, which `--format json` lists): not an admin"
    assert text_of(MANY_BLOCKED).split("\n\n")[0] == line
    assert text_of(MANY_BLOCKED, summary=True).split("\n\n")[1] == line
    comment = render_plan_markdown(samples.saved(MANY_BLOCKED), samples.MASKED)
    assert comment.count("not an admin") == 2
    assert all(f"\n  ops-{number:02}\n" in comment for number in range(12))
    page = render_plan_html(samples.saved(MANY_BLOCKED), samples.MASKED)
    assert page.count("not an admin") == 1
    assert all(f">Ops-{number:02}<" in page for number in range(12))
    assert set(re.findall(r'href="#(g\d+)"', page)) <= set(re.findall(r'id="(g\d+)"', page))


def test_what_differs_in_a_group_that_is_blocked_with_many_is_still_shown() -> None:
    text = text_of(plan_of(stopped("a"), stopped("b"), stopped("c", ANN)))
    assert text.startswith(
        "! blocked: 3 groups (a, b, c): not an admin\n"
        "\n"
        'c  "C"  c@g.us  (blocked)\n'
        "  + Ann Lee (ann)  (no change planned)\n"
    )


def test_two_blocked_groups_have_their_reason_each() -> None:
    text = text_of(plan_of(stopped("a"), stopped("b")))
    assert text.count("  ! blocked: not an admin\n") == 2


def test_blocked_groups_that_differ_alike_are_shown_once() -> None:
    text = text_of(plan_of(*(stopped(key, ANN) for key in "abc")))
    assert text.startswith(
        "! blocked: 3 groups (a, b, c): not an admin\n"
        "\n"
        "3 groups differ alike: a, b, c  (blocked)\n"
        "  + Ann Lee (ann)  (no change planned)  (team it)\n"
    )


def test_a_result_says_once_what_blocks_many_groups() -> None:
    alone, differing = stopped("z", ANN), replace(moving("y", add=()), blocked=(saying("not an admin"),))
    plan = plan_of(*MANY_BLOCKED.groups, replace(alone, blocked=(saying("disappeared"),)), differing)
    done = StepResult(differing.steps[0], StepStatus.DONE)
    result = ApplyResult(plan, (done,))
    text = render_result(result, RenderOptions())
    assert text.count("not an admin") == 1
    assert text.startswith("! blocked: 13 groups (ops-00, ops-01, ")
    assert 'y  "Y"  y@g.us  (blocked)\n  - removed 1 person: Bob Marsh (bob)\n' in text
    assert "  ! blocked: disappeared\n" in text
    comment = render_result_markdown(result, RenderOptions())
    assert "**13 groups are blocked**" in comment
    assert all(f"\n  {key}\n" in comment for key in [*(f"ops-{number:02}" for number in range(12)), "y"])
