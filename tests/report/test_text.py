"""What people read: whole texts, held against golden files, and the rules behind single lines."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.apply.result import ApplyResult, StepResult, StepStatus
from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.errors import Problem, ProblemKind
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from reconciler.report.options import RenderOptions
from reconciler.report.problems import render_problems
from reconciler.report.summary import duration
from reconciler.report.text import DryRun, render_calls, render_plan, render_result
from tests.builders import saying
from tests.report import report_samples as samples

GOLDEN = Path(__file__).parent / "golden"
TEXTS = {
    "plan_small": lambda: render_plan(samples.saved(samples.SMALL), samples.MASKED),
    "plan_everything": lambda: render_plan(samples.saved(samples.EVERYTHING), samples.MASKED),
    "plan_show_phones": lambda: render_plan(samples.saved(samples.EVERYTHING), samples.FULL),
    "plan_color": lambda: render_plan(samples.saved(samples.EVERYTHING), samples.COLORED),
    "plan_shard": lambda: render_plan(samples.saved(samples.SHARD), samples.MASKED),
    "plan_nothing": lambda: render_plan(samples.saved(samples.NOTHING), samples.MASKED),
    "plan_empty": lambda: render_plan(samples.saved(samples.EMPTY), samples.MASKED),
    "drift": lambda: render_plan(samples.saved(samples.SMALL), samples.DRIFT),
    "drift_none": lambda: render_plan(samples.saved(samples.NOTHING), samples.DRIFT),
    "calls": lambda: render_calls(
        DryRun(samples.saved(samples.EVERYTHING), samples.calls_of(samples.EVERYTHING)), samples.MASKED
    ),
    "calls_show_phones": lambda: render_calls(
        DryRun(samples.saved(samples.EVERYTHING), samples.calls_of(samples.EVERYTHING)), samples.FULL
    ),
    "calls_none": lambda: render_calls(
        DryRun(samples.saved(samples.EVERYTHING), samples.calls_of(samples.NOTHING)), samples.MASKED
    ),
    "result_good": lambda: render_result(samples.GOOD, samples.MASKED),
    "result_bad": lambda: render_result(samples.BAD, samples.MASKED),
    "result_interrupted": lambda: render_result(samples.INTERRUPTED, samples.MASKED),
    "result_color": lambda: render_result(samples.BAD, RenderOptions(show_phones=True, color=True)),
    "problems": lambda: render_problems(samples.PROBLEMS),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_matches_its_golden_file(name: str) -> None:
    text = TEXTS[name]() + "\n"
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("RECONCILER_UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_text() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(TEXTS)


def plan_of(*groups: GroupPlan, calls_per_minute: float = 100.0) -> Plan:
    return Plan(instance_id="inst_abc123", as_of=samples.SMALL.as_of, groups=groups, calls_per_minute=calls_per_minute)


def last_line(plan: Plan, *, drift: bool = False) -> str:
    return render_plan(samples.saved(plan), RenderOptions(drift=drift)).splitlines()[-1]


def lines_of(change: TextChange, show_phones: bool = False) -> str:
    group = GroupPlan(
        key="g", name=Untrusted("G"), id=samples.ALPHA_ID, matched_by=MatchedBy.ID, field_changes=(change,)
    )
    return render_plan(samples.saved(plan_of(group)), RenderOptions(show_phones=show_phones)).splitlines()[1]


def test_summary_line_is_as_promised() -> None:
    assert last_line(samples.SMALL) == (
        "Plan: 1 to create, 1 to adopt, 1 to change · 3 people join (4 memberships), 2 people leave"
        " · 7 calls, about 7 s"
    )


def test_summary_counts_one_person_and_one_call_in_the_singular() -> None:
    group = replace(
        samples.SAME,
        add=(samples.ALICE,),
        steps=(Step(group="same", action=Action.ADD, phase=Phase.BUILD, group_id="5@g.us", people=(samples.ALICE,)),),
    )
    assert last_line(plan_of(group)) == "Plan: 1 to change · 1 person joins · 2 calls, about 2 s"


def test_the_last_line_says_that_the_plan_is_refused() -> None:
    assert last_line(samples.EVERYTHING).startswith("Plan: refused · 1 to create, ")


def test_calls_and_seconds_include_the_reads_that_follow() -> None:
    plan = plan_of(samples.ALPHA)
    assert (plan.calls, plan.read_backs) == (3, 1)
    assert last_line(plan).endswith(" · 4 calls, about 3 s")
    assert last_line(replace(plan, writes_per_minute=10)).endswith(" · 4 calls, about 19 s")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "about 0 s"), (119, "about 119 s"), (120, "about 2 min"), (121, "about 3 min")]
)
def test_from_two_minutes_on_a_duration_is_in_minutes_rounded_up(seconds: int, words: str) -> None:
    assert duration(seconds) == words


def test_seconds_are_rounded_up() -> None:
    assert last_line(plan_of(samples.ALPHA, calls_per_minute=175)).endswith("4 calls, about 2 s")


def test_people_of_a_blocked_group_do_not_count_as_to_add_or_remove() -> None:
    assert last_line(plan_of(samples.BLOCKED)) == "Plan: 1 group blocked · no calls"


def test_joining_and_then_changing_a_group_is_no_change_of_a_group_that_is_there() -> None:
    steps = (*samples.JOINED.steps, Step(group="club", action=Action.ADD, phase=Phase.BUILD, people=(samples.ALICE,)))
    line = last_line(plan_of(replace(samples.JOINED, add=(samples.ALICE,), steps=steps)))
    assert line.startswith("Plan: 1 to join · 1 person joins · ")


def test_a_single_group_matches_the_configuration_in_the_singular() -> None:
    assert last_line(plan_of(samples.SAME)) == "No changes: 1 group matches the configuration."


ONE_DIFFERS = "1 group differs but is only observed"


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([samples.OBSERVED], f"{ONE_DIFFERS}."),
        ([samples.OBSERVED, samples.SAME], f"1 group matches the configuration, {ONE_DIFFERS}."),
        ([samples.OBSERVED, replace(samples.OBSERVED, key="too")], "2 groups differ but are only observed."),
    ],
)
def test_a_group_that_is_only_observed_does_not_count_as_matching(groups: list[GroupPlan], words: str) -> None:
    assert last_line(plan_of(*groups)) == f"No changes: {words}"
    assert last_line(plan_of(*groups), drift=True) == f"No drift to correct: {words}"


def test_beside_changes_a_group_that_is_only_observed_does_not_count_as_in_sync() -> None:
    text = render_plan(samples.saved(plan_of(samples.ALPHA, samples.OBSERVED, samples.SAME)), samples.MASKED)
    assert f"\n1 group is in sync, {ONE_DIFFERS}.\n" in text
    text = render_plan(samples.saved(plan_of(samples.ALPHA, samples.OBSERVED)), samples.MASKED)
    assert f"\n{ONE_DIFFERS}.\n" in text


def test_people_a_step_moves_are_shown_even_where_the_difference_does_not_name_them() -> None:
    text = render_plan(samples.saved(plan_of(replace(samples.NEW, add=()))), samples.MASKED)
    assert "\n  + alice\n  + carol\n" in text


def test_a_long_description_is_cut_and_says_how_much_is_missing() -> None:
    line = lines_of(TextChange("description", Untrusted(""), "a" * 140))
    assert f'(none) → "{"a" * 100}" … (40 more characters)' in line
    assert '" … (1 more character)' in lines_of(TextChange("description", Untrusted(""), "a" * 101))


def test_two_long_descriptions_are_shown_from_where_they_part() -> None:
    line = lines_of(TextChange("description", Untrusted("a" * 300 + "OLD"), "a" * 300 + "NEW"))
    assert f'(280 unchanged characters) … "{"a" * 20}OLD" → (280 unchanged characters) … "{"a" * 20}NEW"' in line
    assert f'(80 unchanged characters) … "{"a" * 20}" →' in lines_of(
        TextChange("description", Untrusted("a" * 100), "a" * 150)
    )


def test_a_difference_that_masking_hides_is_mentioned() -> None:
    change = TextChange("description", Untrusted("call +1 202 555 0143"), "call +1 202 555 0243")
    assert "(a masked number differs)" in lines_of(change)
    assert "(a masked number differs)" not in lines_of(change, show_phones=True)


def test_a_number_is_masked_before_a_text_is_cut_through_it() -> None:
    line = lines_of(TextChange("description", Untrusted(""), "a" * 90 + " +1 202 555 0143"))
    assert "555" not in line


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (replace(samples.ALPHA, live=None), 'found by previous name "Project Alfa"'),
        (replace(samples.ALPHA, live=None, field_changes=(), steps=()), "found by a previous name;"),
        (samples.ADOPTED, "adopt: adopted: found by name;"),
    ],
)
def test_adopting_says_by_which_name_the_group_was_found(group: GroupPlan, words: str) -> None:
    assert words in render_plan(samples.saved(plan_of(group)), samples.MASKED)


def test_a_heading_takes_the_id_from_the_live_group_where_the_plan_has_none() -> None:
    text = render_plan(samples.saved(plan_of(replace(samples.BLOCKED, id=None))), samples.MASKED)
    assert text.startswith(f'beta  "Beta"  {samples.BETA_ID}\n')


def test_a_result_takes_the_id_from_the_live_group_where_nothing_else_has_it() -> None:
    result = ApplyResult(plan_of(replace(samples.BLOCKED, id=None)))
    assert render_result(result, samples.MASKED).startswith(f'beta  "Beta"  {samples.BETA_ID}\n')


def test_an_unknown_step_that_creates_nothing_warns_of_no_second_group() -> None:
    result = ApplyResult(samples.SMALL, (StepResult(samples.ALPHA.steps[1], StepStatus.UNKNOWN, saying("no answer")),))
    text = render_result(result, samples.MASKED)
    assert "! unknown: adding alice, Bob Marsh (bob, until 2026-12-31, contractor): no answer" in text
    assert "The outcome of" not in text


def test_a_group_without_a_known_name_has_none_in_its_heading() -> None:
    text = render_plan(samples.saved(plan_of(replace(samples.JOINED, name=Untrusted("")))), samples.MASKED)
    assert text.startswith("club  (known after apply)\n")


def test_a_message_that_would_fill_the_screen_is_cut() -> None:
    text = render_plan(samples.saved(plan_of(replace(samples.SAME, blocked=(saying("x" * 1100),)))), samples.MASKED)
    assert f"  ! blocked: {'x' * 1000} … (100 more characters)\n" in text


def test_from_the_eleventh_person_on_advice_only_counts() -> None:
    people = tuple(samples.who(f"120255501{n:02}", f"p{n:02}") for n in range(12))
    group = replace(samples.SAME, advice=(Advice(AdviceKind.KEPT, saying("protected"), people),))
    text = render_plan(samples.saved(plan_of(group)), samples.MASKED)
    assert "i not removed: p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, 2 more: protected\n" in text


@pytest.mark.parametrize(
    ("problems", "line"),
    [
        ((), "0 errors"),
        ((Problem("a", 1, 1, "", "m", severity="warning", kind=ProblemKind.VALUE),), "1 warning"),
        ((Problem("a", 1, 1, "", "m", kind=ProblemKind.VALUE),), "1 error"),
    ],
)
def test_problems_end_in_how_many_there_are(problems: tuple[Problem, ...], line: str) -> None:
    assert render_problems(problems).splitlines()[-1] == line


def test_without_colours_no_text_has_an_escape_and_only_the_colours_differ() -> None:
    plain = render_plan(samples.saved(samples.EVERYTHING), samples.MASKED)
    colored = render_plan(samples.saved(samples.EVERYTHING), samples.COLORED)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]+m", "", colored) == plain
