"""Live text is hostile: whatever a stranger calls a group, no output obeys it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepResult, StepStatus
from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.errors import Problem, ProblemKind
from reconciler.model.live import CallRecord, LiveGroup
from reconciler.model.person_ref import PersonRef
from reconciler.model.rules import Exemption, Finding, FindingKind, FindingPlace, RuleOverride, Severity
from reconciler.model.text import Untrusted
from reconciler.plan.model import GroupPlan, Plan, Refusal
from reconciler.report.documents import mask_document, result_document
from reconciler.report.markdown import render_dry_run_markdown, render_plan_markdown, render_result_markdown
from reconciler.report.problems import finding_problem, problems_document, render_problems
from reconciler.report.text import DryRun, render_calls, render_plan, render_result
from reconciler.sanitize.escape import escape_controls, json_line, json_text, quoted
from tests.builders import saying
from tests.report import report_samples as samples
from tests.sanitize.hostile_readers import (
    Page,
    assert_github_links_nothing,
    assert_terminal_and_log_obey_nothing,
    github_page,
)
from tests.sanitize.hostile_texts import HOSTILE


def hostile_plan(text: str) -> Plan:
    person = PersonRef(samples.STRANGER.identity, samples.STRANGER.jid, text, reason=text)
    group = replace(
        samples.ALPHA,
        name=Untrusted(text),
        key=text,
        matched_by=MatchedBy.PREVIOUS_NAME,
        live=LiveGroup(id=samples.ALPHA_ID, name=Untrusted(text), description=Untrusted(text)),
        field_changes=(TextChange("name", Untrusted(text), text), TextChange("description", None, text)),
        add=(person,),
        remove=(person, replace(person, alias=None)),
        steps=tuple(
            replace(step, group=text, people=(person,) if step.people else (), name=text, description=text, invite=text)
            for step in (*samples.ALPHA.steps, *samples.NEW.steps, *samples.JOINED.steps, *samples.LEFT.steps)
        ),
        blocked=(saying(text),),
        advice=(Advice(AdviceKind.KEPT, saying(text), (person,)),),
    )
    return Plan(
        instance_id=text,
        as_of=samples.SMALL.as_of,
        groups=(group, GroupPlan(key="second", name=Untrusted(text), id=text, blocked=(saying(text),))),
        refusals=(Refusal(saying(text), saying(text), text),),
        advice=(
            Advice(AdviceKind.UNMANAGED, saying(text), names=(Untrusted(text), Untrusted(text))),
            Advice(AdviceKind.KEPT, saying(text)),
            Advice(AdviceKind.KEPT, saying(text)),
        ),
        targets=(text,),
        findings=hostile_findings(text),
        overridden_rules=(RuleOverride(text, text),),
    )


def hostile_findings(text: str) -> tuple[Finding, ...]:
    place, exemption = FindingPlace(text, 1, 1, text), Exemption(date(2027, 3, 31), text, text)
    finding = Finding(rule=text, severity=Severity.WARNING, message=text, place=place)
    return (
        finding,
        replace(finding, severity=Severity.ERROR, group=text),
        replace(finding, kind=FindingKind.EXEMPT, exemption=exemption, group="second"),
    )


def hostile_result(text: str) -> ApplyResult:
    plan = hostile_plan(text)
    steps = [
        StepResult(step, outcome, saying(text), text)
        for step in plan.groups[0].steps
        for outcome in (StepStatus.DONE, StepStatus.UNKNOWN)
    ]
    people = [PersonOutcome(text, plan.groups[0].add[0], state, saying(text), text) for state in PersonStatus]
    call = CallRecord(at=text, method="POST", path=text, code=text, error=text, request_id=text, body={text: [text]})
    return ApplyResult(plan, tuple(steps), tuple(people), remaining_drift=((text, saying(text)),), calls=(call,))


def hostile_problem(text: str) -> Problem:
    return Problem(text, 1, 1, text, text, text, kind=ProblemKind.VALUE)


def documents(text: str) -> list[dict[str, object]]:
    plan = samples.plan_file(hostile_plan(text))
    result = result_document(hostile_result(text))
    return [
        plan,
        mask_document(plan, False),
        result,
        mask_document(result, False),
        problems_document([hostile_problem(text), *map(finding_problem, hostile_findings(text))]),
    ]


RENDERERS: dict[str, Callable[[str], str]] = {
    "plan": lambda text: render_plan(samples.saved(hostile_plan(text)), samples.MASKED),
    "plan with numbers": lambda text: render_plan(samples.saved(hostile_plan(text)), samples.FULL),
    "result": lambda text: render_result(hostile_result(text), samples.MASKED),
    "result with numbers": lambda text: render_result(hostile_result(text), samples.FULL),
    "calls": lambda text: render_calls(
        DryRun(samples.saved(samples.EVERYTHING), samples.calls_of(hostile_plan(text))), samples.FULL
    ),
    "problems": lambda text: render_problems([hostile_problem(text), *map(finding_problem, hostile_findings(text))]),
    "plan as markdown": lambda text: render_plan_markdown(
        samples.saved(hostile_plan(text), made_by=text), samples.MASKED
    ),
    "dry run as markdown": lambda text: render_dry_run_markdown(
        DryRun(samples.saved(hostile_plan(text)), samples.calls_of(hostile_plan(text))), samples.FULL
    ),
    "result as markdown": lambda text: render_result_markdown(hostile_result(text), samples.FULL),
    "documents": lambda text: json_text(documents(text)),
    "document on a line": lambda text: json_line(documents(text)),
}


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_and_not_obeyed(renderer: str, name: str) -> None:
    text = RENDERERS[renderer](HOSTILE[name])
    assert_terminal_and_log_obey_nothing(text)
    assert text.count("\n") == RENDERERS[renderer]("harmless").count("\n"), "hostile text made or ate a line"


def structure(page: Page) -> list[str]:
    """The elements of a page, groups in whatever order, and how many comments say anything (the marker does)."""
    return [*sorted(page.tags), *("comment" for comment in page.comments if comment.strip())]


@pytest.mark.parametrize("renderer", ["plan as markdown", "result as markdown"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_adds_nothing_to_a_comment_and_links_nothing(renderer: str, name: str) -> None:
    page = github_page(RENDERERS[renderer](HOSTILE[name]))
    harmless = github_page(RENDERERS[renderer]("x"))
    assert_github_links_nothing(page)
    assert not page.open
    assert structure(page) == structure(harmless)


@settings(deadline=None)
@given(st.text(st.characters()))
def test_any_text_is_harmless_and_on_one_line_after_escaping(text: str) -> None:
    for shown in (escape_controls(text), quoted(text), json_line(text)):
        assert_terminal_and_log_obey_nothing(shown)
        assert "\n" not in shown


@settings(deadline=None)
@given(st.text())
def test_json_text_reads_back_as_what_was_written(text: str) -> None:
    assert json.loads(json_text({"x": [text]})) == {"x": [text]}
    assert json.loads(json_line([text])) == [text]


def test_json_text_is_indented_and_keeps_letters() -> None:
    assert json_text({"name": "Käse 🧀"}) == '{\n  "name": "Käse 🧀"\n}'


def test_json_has_no_word_for_infinity() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text(float("inf"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Käse 🧀 ok", "Käse 🧀 ok"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b\x9b\u202e\U000e0041", "\\x1b\\x9b\\u202e\\U000e0041"),
        ("::error::x", "\\x3a:error::x"),
        ("  ::error::x", "  \\x3a:error::x"),
        ("a::b", "a::b"),
        ("##[group]", "#\\x23[group]"),
        ("## heading", "## heading"),
        ("C:\\temp", "C:\\temp"),
    ],
)
def test_plain_shows_what_hides(text: str, shown: str) -> None:
    assert escape_controls(text) == shown


def test_where_a_quoted_text_ends_cannot_be_faked() -> None:
    assert quoted('a" → "b\\') == '"a\\" → \\"b\\\\"'
    assert quoted("\\n") != quoted("\n")
