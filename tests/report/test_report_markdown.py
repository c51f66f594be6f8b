"""Comments for pull requests: whole ones against golden files, what comes first, and where they end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.apply.result import ApplyResult, StepResult, StepStatus
from reconciler.diff.change import Advice, AdviceKind, TextChange
from reconciler.model.live import LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.model import ChangedSince, GroupPlan, Plan, Refusal
from reconciler.plan.shard import ShardInfo
from reconciler.plan.step import Action, Phase, Step
from reconciler.report.plan_markdown import render_plan_markdown
from reconciler.report.pr_comment import MAX_COMMENT_CHARACTERS, Section, comment_marker, md_size, render_comment
from reconciler.report.result import render_result_markdown
from tests.builders import saying
from tests.report import report_samples as samples
from tests.sanitize.hostile_readers import Page, github_page

GOLDEN = Path(__file__).parent / "golden"
MADE = "reconciler 0.1.0, 2026-11-21T12:00:00+00:00"
COMMENTS: dict[str, Callable[[], str]] = {
    "plan_small": lambda: render_plan_markdown(samples.SMALL, show_phones=False, made=MADE),
    "plan_everything": lambda: render_plan_markdown(samples.EVERYTHING, show_phones=False, made=MADE),
    "plan_show_phones": lambda: render_plan_markdown(samples.SMALL, show_phones=True),
    "plan_nothing": lambda: render_plan_markdown(samples.NOTHING, show_phones=False, made=MADE),
    "plan_empty": lambda: render_plan_markdown(samples.EMPTY, show_phones=False),
    "drift": lambda: render_plan_markdown(samples.SMALL, show_phones=False, drift=True, made=MADE),
    "drift_none": lambda: render_plan_markdown(samples.NOTHING, show_phones=False, drift=True),
    "result_good": lambda: render_result_markdown(samples.GOOD, show_phones=False),
    "result_bad": lambda: render_result_markdown(samples.BAD, show_phones=False),
    "result_interrupted": lambda: render_result_markdown(samples.INTERRUPTED, show_phones=False),
    "result_nothing": lambda: render_result_markdown(ApplyResult(samples.NOTHING), show_phones=False),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_comment_is_as_its_golden_file_says(name: str) -> None:
    text = COMMENTS[name]() + "\n"
    file = GOLDEN / f"{name}.md"
    if os.environ.get("RECONCILER_UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_golden_comment_belongs_to_one_that_is_made() -> None:
    assert {file.stem for file in GOLDEN.glob("*.md")} == set(COMMENTS)


@pytest.mark.parametrize("name", COMMENTS)
def test_a_comment_begins_with_its_marker_and_ends_every_element(name: str) -> None:
    text = COMMENTS[name]()
    kind = {"plan": "plan", "drif": "drift", "resu": "apply"}[name[:4]]
    assert text.splitlines()[0] == f"<!-- reconciler:{kind} inst_abc123 -->"
    page = github_page(text)
    assert not page.open
    assert page.tags.count("details") == page.tags.count("summary")


@pytest.mark.parametrize(
    ("instance", "shown"),
    [("inst_a", "inst_a"), ("--> <b>", "_b_"), ("x" * 200, "x" * 80), ("a--b\n", "a_b_")],
)
def test_no_instance_ends_the_marker(instance: str, shown: str) -> None:
    assert comment_marker("plan", instance) == f"<!-- reconciler:plan {shown} -->"
    assert comment_marker("plan") == "<!-- reconciler:plan -->"


def test_the_comments_of_two_shards_are_told_apart() -> None:
    parts = [replace(samples.SHARD, shard=ShardInfo(1, count, 83)) for count in (5, 6)]
    plans = [render_plan_markdown(part, show_phones=False) for part in parts]
    results = [render_result_markdown(ApplyResult(part), show_phones=False) for part in parts]
    assert [text.splitlines()[0] for text in (*plans, *results)] == [
        "<!-- reconciler:plan inst_abc123 1/5 -->",
        "<!-- reconciler:plan inst_abc123 1/6 -->",
        "<!-- reconciler:apply inst_abc123 1/5 -->",
        "<!-- reconciler:apply inst_abc123 1/6 -->",
    ]


def crowd(number: int, first: int = 0) -> tuple[PersonRef, ...]:
    return tuple(samples.who(f"1202555{first + n:04}", f"member-{first + n:04}") for n in range(number))


def adding(key: str, number: int = 3) -> GroupPlan:
    people = crowd(number)
    step = Step(key, Action.ADD, Phase.BUILD, "5@g.us", people=people)
    return GroupPlan(key, Untrusted(key.title()), "5@g.us", add=people, steps=(step,))


def removing(key: str, number: int = 3) -> GroupPlan:
    people = crowd(number, 5000)
    step = Step(key, Action.REMOVE, Phase.REMOVE, "5@g.us", people=people)
    return GroupPlan(key, Untrusted(key.title()), "5@g.us", remove=people, steps=(step,))


def blocked(key: str) -> GroupPlan:
    return GroupPlan(key, Untrusted(key.title()), "5@g.us", blocked=(saying("no admin"),))


def comment_of(*groups: GroupPlan, refusals: tuple[Refusal, ...] = (), name: str = "") -> str:
    named = tuple(replace(group, name=Untrusted(name) if name else group.name) for group in groups)
    plan = Plan("inst_abc123", samples.SMALL.as_of, tuple(sorted(named, key=lambda group: group.key)), refusals)
    return render_plan_markdown(plan, show_phones=False, made=MADE)


def keys(text: str) -> list[str]:
    return re.findall(r"<code>([a-z]+-\d+)</code>", text)


def opened(text: str) -> list[str]:
    return re.findall(r"<summary><code>([a-z]+-\d+)</code>", text)


def test_what_is_refused_blocked_or_loses_people_comes_first() -> None:
    refused = (Refusal(saying("too many"), saying("--max-removals 9"), "refused-0"),)
    noted = replace(samples.SAME, key="noted-0", advice=(Advice(AdviceKind.KEPT, saying("protected")),))
    text = comment_of(
        adding("adding-0"), noted, removing("removing-0"), blocked("blocked-0"), removing("refused-0"), refusals=refused
    )
    assert opened(text) == ["refused-0", "blocked-0", "removing-0", "adding-0", "noted-0"]
    assert "**Refused: apply would stop before its first write.**" in text.split("<details>")[0]
    assert "too many: --max-removals 9" in github_page(text.split("<details>")[0]).text


@pytest.mark.parametrize(
    "name",
    ["", "Group", "🧀" * 80, "ж" * 100, "@@||<>" * 20],
    ids=["no name", "plain", "pairs of units", "two bytes each", "all escaped"],
)
@pytest.mark.parametrize("number", [60, 501, 1500])
def test_a_comment_has_an_end_and_says_what_is_not_in_it(number: int, name: str) -> None:
    groups = [removing(f"removing-{n}", 30) for n in range(number // 3)]
    groups += [blocked(f"blocked-{n}") for n in range(number // 3)]
    groups += [adding(f"adding-{n}", 40) for n in range(number // 3)]
    text = comment_of(*groups, name=name)
    assert md_size(text) <= MAX_COMMENT_CHARACTERS
    assert len(text) <= 65_000
    assert len(text.encode()) < 262_144
    page = github_page(text)
    assert not page.open
    assert page.tags.count("details") == page.tags.count("summary") == len(opened(text))
    # Every group stands there in full, in one line, or is counted; the urgent before the harmless.
    urgency = ["blocked", "removing", "adding"]
    order = [urgency.index(key.split("-")[0]) for key in keys(text)]
    assert order == sorted(order)
    assert opened(text) == keys(text)[: len(opened(text))]
    missing = number - len(keys(text))
    said = re.search(r"(\d+) more groups? (?:is|are) left out", text)
    assert (int(said[1]) if said else 0) == missing
    short = re.search(r"\*\*(\d+) groups? stands? here in one line only", text)
    assert (int(short[1]) if short else 0) == len(keys(text)) - len(opened(text))
    assert ("see the artifact" in text) is (len(opened(text)) < number)
    assert md_size(text) > MAX_COMMENT_CHARACTERS - 8_500 or len(opened(text)) == number


def test_in_a_group_too_large_to_show_those_who_leave_stay() -> None:
    both = replace(adding("both-0", 600), remove=crowd(90, 5000))
    both = replace(both, steps=(*both.steps, *removing("both-0", 90).steps))
    text = comment_of(both)
    assert len(re.findall(r"^- member-5", text, re.M)) == 90
    shown = len(re.findall(r"^\+ member-0", text, re.M))
    assert 100 < shown < 600
    assert f"*{600 - shown} more lines: see the artifact.*" in text


def test_of_many_refusals_the_first_are_shown_and_the_others_counted() -> None:
    refusals = tuple(Refusal(saying("too many"), saying("--max-removals 9"), f"refused-{n}") for n in range(25))
    text = comment_of(*(removing(f"refused-{n}") for n in range(25)), refusals=refusals)
    assert text.count("> - <code>refused-") == 10
    assert "> - and 15 more" in text


def test_a_plan_made_to_fill_the_comment_stays_within_it() -> None:
    long = "@" * 12_000
    refusals = tuple(Refusal(saying(long), saying(long), long) for _ in range(10))
    advice = tuple(Advice(kind, saying(long), crowd(20), names=(Untrusted(long),) * 5) for kind in AdviceKind)
    text = TextChange("name", Untrusted(long), long)
    group = GroupPlan(
        long,
        Untrusted(long),
        long,
        field_changes=(text,),
        live=LiveGroup(long, Untrusted(long), Untrusted(long)),
        blocked=(saying(long),) * 9,
    )
    plan = Plan(long, samples.SMALL.as_of, (group,) * 50, refusals, advice, targets=(long,) * 30)
    made = render_plan_markdown(plan, show_phones=True, made=long)
    assert md_size(made) <= MAX_COMMENT_CHARACTERS
    assert "**There is more to know: see the artifact.**" in made
    assert not github_page(made).open


def test_what_a_plan_was_narrowed_to_is_said() -> None:
    since = ChangedSince("main", "0123456789abcdef", unchanged=("key-01", "key-02"), removed=("key-03",))
    plan = replace(samples.NOTHING, targets=("key-00",), changed_since=since)
    seen = github_page(render_plan_markdown(plan, show_phones=False)).text
    assert "Only looked at: key-00.\n2 groups changed since main (commit 012345678)" in seen
    assert "No longer in the file, and left alone as they are: key-03." in seen


def test_up_to_three_groups_are_open_at_once() -> None:
    groups = [adding(f"adding-{n}") for n in range(4)]
    assert comment_of(*groups[:3]).count("<details open>") == 3
    assert comment_of(*groups).count("<details open>") == 0


def test_what_is_not_as_the_file_says_comes_first_in_a_result() -> None:
    plan = Plan("inst_abc123", samples.SMALL.as_of, (adding("adding-0"), adding("failed-0"), removing("removing-0")))
    steps = [
        StepResult(step, StepStatus.FAILED if step.group == "failed-0" else StepStatus.DONE, saying("no"))
        for step in plan.steps
    ]
    text = render_result_markdown(ApplyResult(plan, tuple(steps)), show_phones=False)
    assert opened(text) == ["failed-0", "removing-0", "adding-0"]


def test_what_stands_in_a_block_of_code_is_shown_as_it_is_in_the_text() -> None:
    page: Page = github_page(COMMENTS["plan_everything"]())
    code = "".join(text for text, is_code in page.texts if is_code)
    for line in (
        '~ name         "Project Alfa" → "Project Alpha"',
        "+ Bob Marsh (until 2026-12-31, contractor)",
        "- +1 202 ••• ••46",
    ):
        assert f"{line}\n" in code


def test_a_group_that_its_one_line_says_all_of_opens_nothing() -> None:
    assert render_comment("### Plan", [Section("alpha"), Section("beta", lambda: "- more")], "the end") == (
        "### Plan\n\n- alpha\n\n<details open>\n<summary>beta</summary>\n\n- more\n\n</details>\n\nthe end"
    )


def test_what_never_stands_in_a_comment_is_not_written_either() -> None:
    written: list[int] = []

    def section(number: int) -> Section:
        def body() -> str:
            written.append(number)
            return "x" * 7_000

        return Section(f"group {number}", body)

    text = render_comment("### Plan", [section(number) for number in range(100)], "")
    assert text.count("<details>") == 8
    assert written == [*range(9)]
