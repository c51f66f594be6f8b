"""The runner itself: what it knows of expressions it gets right, and what it does not know it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipelines.expressions import Loose, Refused, condition, evaluate, filled
from tests.pipelines.runner import pairs

CONTEXTS: dict[str, Any] = {
    "github": {"ref_name": "main", "event": {"number": 7, "repository": {"default_branch": "Main"}}},
    "steps": {"plan": {"outputs": Loose(code="3")}},
    "secrets": Loose(),
}
WELL = {"success": lambda: True, "failure": lambda: False, "always": lambda: True, "cancelled": lambda: False}
BADLY = {**WELL, "success": lambda: False, "failure": lambda: True}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ("github.event.number", 7),
        ("github.ref_name == github.event.repository.default_branch", True),
        ("github.ref_name != 'main'", False),
        ("steps.plan.outputs.nothing", None),
        ("steps.plan.outputs.nothing == ''", True),
        ("secrets.NOBODY_GAVE_IT || 'else'", "else"),
        ("!cancelled() && (false || steps.plan.outputs.code == '3')", True),
        ("true && github.ref_name", "main"),
    ],
)
def test_an_expression_has_the_value_that_it_has_on_the_forge(expression: str, value: object) -> None:
    assert evaluate(expression, CONTEXTS, WELL) == value


@pytest.mark.parametrize(
    "expression",
    [
        "github.evnet.number",
        "steps.paln.outputs.code",
        "github.ref_name.more",
        "contains(github.ref_name, 'm')",
        "fromJSON('1')",
        "github.ref_name 'main'",
        "(true",
        "1 < 2",
        "",
    ],
)
def test_what_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(Refused):
        evaluate(expression, CONTEXTS, WELL)


@pytest.mark.parametrize(
    ("text", "well", "badly"),
    [
        (None, True, False),
        ("true", True, False),
        ("${{ always() }}", True, True),
        ("failure()", False, True),
        ("${{ !cancelled() && steps.plan.outputs.code == '3' }}", True, True),
        ("steps.plan.outputs.code == '0'", False, False),
    ],
)
def test_a_condition_asks_for_success_unless_it_says_otherwise(text: str | None, well: bool, badly: bool) -> None:
    assert (condition(text, CONTEXTS, WELL), condition(text, CONTEXTS, BADLY)) == (well, badly)


def test_values_are_filled_into_texts_and_other_than_plain_ones_are_refused() -> None:
    assert filled("a${{ github.event.number }}b${{ true }}c${{ secrets.X }}", CONTEXTS, WELL) == "a7btruec"
    with pytest.raises(Refused):
        filled("${{ github.event }}", CONTEXTS, WELL)


def test_outputs_are_read_as_the_forge_reads_them() -> None:
    assert pairs("a=1\nb<<END\nx=y\n\nEND=\nEND\nc=<<d\n") == {"a": "1", "b": "x=y\n\nEND=", "c": "<<d"}
    for bad in ("a<<END\nx\n", "nothing\n"):
        with pytest.raises(Refused):
            pairs(bad)
