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
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, Step
from reconciler.plan.revision import ChangedSince
from reconciler.plan.shard import ShardInfo
from reconciler.report.markdown import render_plan_markdown, render_result_markdown
from reconciler.report.pr_comment import (
    MAX_COMMENT_CHARACTERS,
    comment_size,
)
from tests.builders import saying
from tests.report import report_samples as samples
from tests.sanitize.hostile_readers import Page, github_page

GOLDEN = Path(__file__).parent / "golden"
COMMENTS: dict[str, Callable[[], str]] = {
    "plan_small": lambda: render_plan_markdown(samples.saved(samples.SMALL), samples.MASKED),
    "plan_everything": lambda: render_plan_markdown(samples.saved(samples.EVERYTHING), samples.MASKED),
    "plan_show_phones": lambda: render_plan_markdown(samples.saved(samples.SMALL), samples.FULL),
    "plan_nothing": lambda: render_plan_markdown(samples.saved(samples.NOTHING), samples.MASKED),
    "plan_empty": lambda: render_plan_markdown(samples.saved(samples.EMPTY), samples.MASKED),
    "drift": lambda: render_plan_markdown(samples.saved(samples.SMALL), samples.DRIFT),
    "drift_none": lambda: render_plan_markdown(samples.saved(samples.NOTHING), samples.DRIFT),
    "result_good": lambda: render_result_markdown(samples.GOOD, samples.MASKED),
    "result_bad": lambda: render_result_markdown(samples.BAD, samples.MASKED),
    "result_interrupted": lambda: render_result_markdown(samples.INTERRUPTED, samples.MASKED),
    "result_nothing": lambda: render_result_markdown(ApplyResult(samples.NOTHING), samples.MASKED),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_comment_matches_its_golden_file(name: str) -> None:
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


def test_the_comments_of_two_shards_have_different_markers() -> None:
    parts = [replace(samples.SHARD, shard=ShardInfo(1, count, 83)) for count in (5, 6)]
    plans = [render_plan_markdown(samples.saved(part), samples.MASKED) for part in parts]
    results = [render_result_markdown(ApplyResult(part), samples.MASKED) for part in parts]
    assert [text.splitlines()[0] for text in (*plans, *results)] == [
        "<!-- reconciler:plan inst_abc123 1/5 -->",
        "<!-- reconciler:plan inst_abc123 1/6 -->",
        "<!-- reconciler:apply inst_abc123 1/5 -->",
        "<!-- reconciler:apply inst_abc123 1/6 -->",
    ]


def crowd(number: int, first: int = 0) -> tuple[PersonRef, ...]:
    return tuple(samples.who(f"1202555{first + n:04}", f"member-{first + n:04}") for n in range(number))


def number_of(key: str) -> int:
    return int(key.rpartition("-")[2])


def adding(key: str, number: int = 3) -> GroupPlan:
    people = crowd(number, number_of(key))
    step = Step(group=key, action=Action.ADD, phase=Phase.BUILD, group_id="5@g.us", people=people)
    return GroupPlan(key=key, name=Untrusted(key.title()), id="5@g.us", add=people, steps=(step,))


def removing(key: str, number: int = 3) -> GroupPlan:
    people = crowd(number, 5000 + number_of(key))
    step = Step(group=key, action=Action.REMOVE, phase=Phase.REMOVE, group_id="5@g.us", people=people)
    return GroupPlan(key=key, name=Untrusted(key.title()), id="5@g.us", remove=people, steps=(step,))


def blocked(key: str, reason: str = "no admin") -> GroupPlan:
    return GroupPlan(key=key, name=Untrusted(key.title()), id="5@g.us", blocked=(saying(reason),))


def comment_of(*groups: GroupPlan, refusals: tuple[Refusal, ...] = (), name: str = "") -> str:
    named = tuple(replace(group, name=Untrusted(name) if name else group.name) for group in groups)
    plan = Plan(
        instance_id="inst_abc123",
        as_of=samples.SMALL.as_of,
        groups=tuple(sorted(named, key=lambda group: group.key)),
        refusals=refusals,
    )
    return render_plan_markdown(samples.saved(plan), samples.MASKED)


TITLE = r"(?:<b>.*</b> )?<code>([a-z]+-\d+)</code>"
EACH = "<summary>What changes in each group</summary>"


def keys(text: str) -> list[str]:
    return re.findall(rf"^\| {TITLE}", text, re.MULTILINE)


def opened(text: str) -> list[str]:
    if EACH in text:
        return re.findall(rf"^{TITLE}", text.split(EACH)[1], re.MULTILINE)
    return re.findall(rf"<summary>{TITLE}", text)


def test_what_is_refused_blocked_or_loses_people_comes_first() -> None:
    refused = (Refusal(saying("too many"), saying("--max-removals 9"), "refused-0"),)
    noted = replace(samples.SAME, key="noted-0", advice=(Advice(AdviceKind.KEPT, saying("protected")),))
    text = comment_of(
        adding("adding-0"), noted, removing("removing-0"), blocked("blocked-0"), removing("refused-0"), refusals=refused
    )
    assert opened(text) == ["refused-0", "blocked-0", "removing-0", "adding-0", "noted-0"]
    first = text.split("<details>")[0]
    assert "**Apply will refuse this plan. Nothing will be changed.**" in first
    assert "too many. --max-removals 9." in github_page(first).text
    assert "> - <b>Blocked-0</b> <code>blocked-0</code>: no admin" in first


@pytest.mark.parametrize(
    "name",
    ["", "Group", "🧀" * 80, "ж" * 100, "@@||<>" * 20],
    ids=["no name", "plain", "pairs of units", "two bytes each", "all escaped"],
)
@pytest.mark.parametrize("number", [60, 501, 1500])
def test_a_comment_has_a_size_limit_and_counts_what_it_leaves_out(number: int, name: str) -> None:
    groups = [removing(f"removing-{n}", 30) for n in range(number // 3)]
    groups += [blocked(f"blocked-{n}", f"no admin of {n}") for n in range(number // 3)]
    groups += [adding(f"adding-{n}", 40) for n in range(number // 3)]
    text = comment_of(*groups, name=name)
    assert comment_size(text) <= MAX_COMMENT_CHARACTERS
    assert len(text) <= 65_000
    assert len(text.encode()) < 262_144
    page = github_page(text)
    assert not page.open
    assert page.tags.count("details") == page.tags.count("summary") == bool(opened(text))
    # Every group stands there in full, in one line, or is counted; the urgent before the harmless.
    urgency = ["blocked", "removing", "adding"]
    order = [urgency.index(key.split("-")[0]) for key in keys(text)]
    assert order == sorted(order)
    assert opened(text) == keys(text)[: len(opened(text))]
    missing = number - len(keys(text))
    left_out = re.search(r"(\d+) more groups? (?:is|are) left out", text)
    assert (int(left_out[1]) if left_out else 0) == missing
    short = re.search(r"\*\*(\d+) groups? (?:is|are) shown in one line", text)
    assert (int(short[1]) if short else 0) == len(keys(text)) - len(opened(text))
    assert ("see the artifact" in text) is (len(opened(text)) < number)
    assert comment_size(text) > MAX_COMMENT_CHARACTERS - 8_500 or len(opened(text)) == number


def test_in_a_group_too_large_to_show_removals_are_shown_first() -> None:
    both = replace(adding("both-0", 600), remove=crowd(90, 5000))
    both = replace(both, steps=(*both.steps, *removing("both-0", 90).steps))
    text = comment_of(both)
    assert len(re.findall(r"^- member-5", text, re.M)) == 90
    shown = len(re.findall(r"^\+ member-0", text, re.M))
    assert 100 < shown < 600
    assert f"*{600 - shown} more lines: see the artifact.*" in text


def test_of_many_refusals_the_first_are_shown_and_the_others_counted() -> None:
    refusals = tuple(Refusal(saying(f"too many: {n}"), saying("--max-removals 9"), f"refused-{n}") for n in range(25))
    text = comment_of(*(removing(f"refused-{n}") for n in range(25)), refusals=refusals)
    assert text.count("> - <code>refused-") == 10
    assert "> - and 15 more" in text


def test_a_plan_made_to_fill_the_comment_stays_within_it() -> None:
    long = "@" * 12_000
    refusals = tuple(Refusal(saying(long), saying(long), long) for _ in range(10))
    advice = tuple(Advice(kind, saying(long), crowd(20), names=(Untrusted(long),) * 5) for kind in AdviceKind)
    text = TextChange("name", Untrusted(long), long)
    group = GroupPlan(
        key=long,
        name=Untrusted(long),
        id=long,
        field_changes=(text,),
        live=LiveGroup(id=long, name=Untrusted(long), description=Untrusted(long)),
        blocked=(saying(long),) * 9,
    )
    plan = Plan(
        instance_id=long,
        as_of=samples.SMALL.as_of,
        groups=(group,) * 50,
        refusals=refusals,
        advice=advice,
        targets=(long,) * 30,
    )
    made = render_plan_markdown(samples.saved(plan, made_by=long), samples.FULL)
    assert comment_size(made) <= MAX_COMMENT_CHARACTERS
    assert "**There is more: see the artifact.**" in made
    assert not github_page(made).open


def test_the_scope_of_a_plan_is_stated() -> None:
    since = ChangedSince(ref="main", commit="0123456789abcdef", unchanged=("key-01", "key-02"), removed=("key-03",))
    plan = replace(samples.NOTHING, targets=("key-00",), changed_since=since)
    seen = github_page(render_plan_markdown(samples.saved(plan), samples.MASKED)).text
    assert "Selected groups: key-00.\n2 groups changed since main (commit 012345678); skipped 2 unchanged" in seen
    assert "2 unchanged groups: key-01, key-02." in seen
    assert "No longer in the configuration, so their live groups stay unchanged: key-03." in seen


def test_up_to_three_groups_are_open_at_once() -> None:
    groups = [adding(f"adding-{n}") for n in range(4)]
    assert comment_of(*groups[:3]).count("<details open>") == 3
    assert comment_of(*groups).count("<details open>") == 0


def test_what_has_not_converged_comes_first_in_a_result() -> None:
    plan = Plan(
        instance_id="inst_abc123",
        as_of=samples.SMALL.as_of,
        groups=(adding("adding-0"), adding("failed-0"), removing("removing-0")),
    )
    steps = [
        StepResult(step, StepStatus.FAILED if step.group == "failed-0" else StepStatus.DONE, saying("no"))
        for step in plan.steps
    ]
    text = render_result_markdown(ApplyResult(plan, tuple(steps)), samples.MASKED)
    assert opened(text) == ["failed-0", "removing-0", "adding-0"]


def test_a_block_of_code_shows_the_lines_of_the_text() -> None:
    page: Page = github_page(COMMENTS["plan_everything"]())
    code = "".join(text for text, is_code in page.texts if is_code)
    for line in (
        '! name         "Project Alfa" → "Project Alpha"',
        "+ Bob Marsh (bob, until 2026-12-31, contractor)",
        "- +1 202 ••• ••46",
    ):
        assert f"{line}\n" in code
