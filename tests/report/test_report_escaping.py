"""Live text is hostile: whatever a stranger calls a group, no output obeys it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import Problem
from reconciler.hostile.escaping import json_line, json_text, plain, quoted
from reconciler.model.live import LiveGroup
from reconciler.model.plan import Advice, AdviceKind, Found, GroupPlan, Plan, Refusal, TextChange, Who
from reconciler.model.result import ApplyResult, CallRecord, Outcome, PersonOutcome, PersonState, StepResult
from reconciler.report.document import masked, result_document
from reconciler.report.problems_text import problems_document
from reconciler.report.text import render_calls, render_plan, render_problems, render_result
from tests.report import report_samples as samples

HOSTILE = {
    "escape sequence": "\x1b[2J\x1b[31mred",
    "one-byte escape": "\x9b31mred",
    "line break": "one\ntwo\r\nthree",
    "carriage return": "good\rbad",
    "other line ends": "a\u2028b\u2029c\x0bd\x0ce\x85f",
    "workflow command": "::error file=x::boom",
    "workflow command after a line break": "x\n::error::boom",
    "old workflow command": "x ##[error]boom ##vso[task.complete]",
    "text direction": "abc\u202egnp.exe\u2066x\u2069",
    "zero width": "ad\u200bmin\ufeff",
    "tags": "x\U000e0041\U000e0042\U000e0101",
    "blank letter": "\u3164\u115f",
    "lone surrogate": "x\ud800y",
    "private and unassigned": "x\ue000\ud7fc\U0010fffd",
    "bell and backspace": "a\x07b\x08c\x7f\x00",
    "quote": 'a" "b\\',
    "forged line": '"\n  + alice',
}


def hostile_plan(text: str) -> Plan:
    person = Who(samples.STRANGER.identity, samples.STRANGER.jid, text, reason=text)
    group = replace(
        samples.ALPHA,
        name=text,
        key=text,
        found=Found.BY_PREVIOUS_NAME,
        live=LiveGroup(samples.ALPHA_ID, text, text),
        text=(TextChange("name", text, text), TextChange("description", None, text)),
        add=(person,),
        remove=(person, replace(person, label=None)),
        steps=tuple(
            replace(step, group=text, people=(person,) if step.people else (), name=text, description=text, invite=text)
            for step in (*samples.ALPHA.steps, *samples.NEW.steps, *samples.JOINED.steps, *samples.LEFT.steps)
        ),
        blocked=(text,),
        advice=(Advice(AdviceKind.KEPT, text, (person,)),),
    )
    return Plan(
        text,
        samples.SMALL.as_of,
        (group, GroupPlan("second", text, text, blocked=(text,))),
        (Refusal(text, text, text),),
        (
            Advice(AdviceKind.UNMANAGED, text, names=(text, text)),
            Advice(AdviceKind.KEPT, text),
            Advice(AdviceKind.KEPT, text),
        ),
        targets=(text,),
    )


def hostile_result(text: str) -> ApplyResult:
    plan = hostile_plan(text)
    steps = [
        StepResult(step, outcome, text, text)
        for step in plan.groups[0].steps
        for outcome in (Outcome.DONE, Outcome.UNKNOWN)
    ]
    people = [PersonOutcome(text, plan.groups[0].add[0], state, text, text) for state in PersonState]
    call = CallRecord(text, "POST", text, code=text, error=text, request_id=text, body={text: [text]})
    return ApplyResult(plan, tuple(steps), tuple(people), ((text, text),), (call,))


def hostile_problem(text: str) -> Problem:
    return Problem(text, 1, 1, text, text, text)


def documents(text: str) -> list[dict[str, object]]:
    plan = samples.plan_file(hostile_plan(text))
    result = result_document(hostile_result(text))
    return [plan, masked(plan, False), result, masked(result, False), problems_document([hostile_problem(text)])]


RENDERERS: dict[str, Callable[[str], str]] = {
    "plan": lambda text: render_plan(hostile_plan(text), show_phones=False, color=False),
    "plan with numbers": lambda text: render_plan(hostile_plan(text), show_phones=True, color=False),
    "result": lambda text: render_result(hostile_result(text), show_phones=False, color=False),
    "result with numbers": lambda text: render_result(hostile_result(text), show_phones=True, color=False),
    "calls": lambda text: render_calls(hostile_plan(text), show_phones=True),
    "problems": lambda text: render_problems([hostile_problem(text)]),
    "documents": lambda text: json_text(documents(text)),
    "document on a line": lambda text: json_line(documents(text)),
}


def assert_harmless(text: str) -> None:
    for char in text.replace("\n", ""):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}, hex(ord(char))
        assert not 0xE0000 <= ord(char) < 0xE1000, hex(ord(char))
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    assert "##[" not in text
    assert "##vso[" not in text


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_and_not_obeyed(renderer: str, name: str) -> None:
    text = RENDERERS[renderer](HOSTILE[name])
    assert_harmless(text)
    assert text.count("\n") == RENDERERS[renderer]("harmless").count("\n"), "hostile text made or ate a line"


@settings(deadline=None)
@given(st.text(st.characters()))
def test_any_text_is_harmless_and_on_one_line_after_escaping(text: str) -> None:
    for shown in (plain(text), quoted(text), json_line(text)):
        assert_harmless(shown)
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
    assert plain(text) == shown


def test_where_a_quoted_text_ends_cannot_be_faked() -> None:
    assert quoted('a" → "b\\') == '"a\\" → \\"b\\\\"'
    assert quoted("\\n") != quoted("\n")
