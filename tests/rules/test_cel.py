"""Expressions: mistakes are found beforehand with their column; what cannot be evaluated never counts as true."""

from __future__ import annotations

from datetime import date
from time import monotonic
from typing import Any

import pytest

from reconciler.model.rules import Each
from reconciler.rules.cel import NotEvaluated, cel_value, compile_expression, evaluate
from reconciler.rules.names import ExpressionError
from reconciler.rules.variables import VARIABLES

pytest.importorskip("cel_expr_python")
TODAY = date(2026, 11, 30)
MEMBER = VARIABLES[Each.MEMBER]


def is_true(text: str, **values: Any) -> bool | NotEvaluated:
    """Evaluate an expression about a member; `__` in a name stands for the dot."""
    return evaluate(
        compile_expression(text, MEMBER), {name.replace("__", "."): cel_value(v) for name, v in values.items()}
    )


def mistake(text: str, each: Each = Each.MEMBER) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, VARIABLES[each])
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("member.untill < today", 1, 1, "there is no `member.untill`"),
        ("group.size >", 1, 13, "ends too early"),
        ("group.size > 1 &&\n  group.nme == 'x'", 2, 3, "there is no `group.nme`"),
        ("group.size > 'x'", 1, 12, "`>` does not take a number and a text"),
        ("group.key == 1", 1, 11, "`==` does not take a text and a number"),
        ("member.until == null", 1, 17, "no variable is ever `null`"),
        ("member == member", 1, 1, "`member` is not a value"),
        ("member['until'] == today", 1, 1, "`member` is not a value"),
        ("group.members.exists(person, person == 'a')", 1, 22, "`person` is not a value"),
        ("has(person.alias)", 1, 5, "always has a value"),
        ("group.size", 1, 1, "is a number, and not true or false"),
        ("nobody == 1", 1, 1, "there is no `nobody`"),
        ("change.action == 'add'", 1, 1, "there is no `change.action` in this rule"),
        ("true || " * 400 + "true", 1, 1, "2,000 are allowed"),
    ],
)
def test_a_mistake_is_found_beforehand_at_its_line_and_column(text: str, line: int, column: int, words: str) -> None:
    found = mistake(text)
    assert (found.line, found.column) == (line, column), found.message
    assert words in found.message


def test_a_close_name_is_suggested() -> None:
    assert mistake("member.untill < today").hint == "did you mean `member.until`?"
    assert mistake("member.person.aliass == ''").hint == "did you mean `member.person.alias`?"


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("group.size = 3", 12, "`=` means nothing in CEL", "`==` compares"),
        ("group.size > 3 and group.size < 5", 16, "`and` is not expected here", "`&&` is and"),
        ("group.size > 3 OR group.size < 5", 16, "`OR` is not expected here", "`||` is or"),
        ("group.size > 3 & group.size < 5", 16, "`&` means nothing in CEL", "`&&` is and"),
        ("group.key not in person.groups", 11, "`not` is not expected here", "`!` is not: `!(x in y)`"),
        ("not group.size > 3", 5, "`group` is not expected here", "`!` is not: `!(x in y)`"),
        ("group.key == 'a", 14, "the text that begins here has no end", "close it with `'` in the same line"),
        ("group.key == \u201ca\u201d", 14, "`\u201c` is no quote in CEL", "write `'` or `\"`"),
        ("(group.size > 3", 16, "a `)` is missing here", "close every bracket that is open"),
        ("group.size > 3)", 15, "`)` is not expected here", "it closes no bracket"),
        ("group.key in ('a', 'b')", 18, "`,` is not expected here", "a list has square brackets"),
        ("group.size <> 3", 13, "`>` is not expected here", "`!=` is unequal"),
        ("group.size >= '3'", 12, "`>=` does not take a number and a text", "a number has no quotes"),
        (
            "today > '2026-01-01'",
            7,
            "`>` does not take a day and a text",
            "a day is `timestamp(",
        ),
        ("today + 30 > today", 7, "`+` does not take a day and a number", "add a duration"),
        ("group.members.contains('a')", 23, "`contains` does not take a list of texts and a text", "`text in list`"),
        ("group.key.startswith('a')", 21, "there is no `startswith`", "did you mean `startsWith`?"),
        ("len(group.members) > 3", 4, "there is no `len`", "`size(list)` counts"),
        ("group.members.size > 3", 14, "a list of texts has no fields", "a function has brackets"),
        ("group.key == alpha", 14, "there is no `alpha`", "a text has quotes: `'alpha'`"),
        ("group.size() > 3", 1, "there is no `group`", "a value has no brackets"),
        ("if group.size > 3", 1, "`if` is a reserved word", "`condition ? this : that` chooses"),
    ],
)
def test_a_slip_is_told_in_words_with_what_to_write_instead(text: str, column: int, message: str, hint: str) -> None:
    found = mistake(text)
    assert message in found.message
    assert hint in found.hint
    assert (found.line, found.column) == (1, column)


def test_the_variables_of_another_kind_of_rule_are_unknown() -> None:
    assert "`member.until`" in mistake("has(member.until)", Each.GROUP).message


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("has(member.until)", ("has(member.until)",)),
        ("has(member.until) && member.until < today", ("member.until", "today")),
        ("member . until < today", ("member.until", "today")),
        ("member.until.getFullYear() == 2026", ("member.until",)),
        ("group.teams.exists(t, t in person.teams)", ("group.teams", "person.teams")),
        ("'member.until' == r'group.key' // person.alias", ()),
        ('"""a "member.until" b""" == group.name', ("group.name",)),
        ("file.teams['board'].size() > 0", ("file.teams",)),
    ],
)
def test_only_the_variables_outside_texts_and_comments_are_used(text: str, uses: tuple[str, ...]) -> None:
    assert compile_expression(text, MEMBER).uses == uses


def test_an_absent_day_can_be_asked_for_and_never_compares() -> None:
    assert is_true("has(member.until)") is False
    assert (
        is_true("has(member.until) && member.until < today + duration('24h')", member__until=TODAY, today=TODAY) is True
    )
    assert is_true("has(member.until) && member.until < today", today=TODAY) is False
    failed = NotEvaluated("there is no `member.until`; ask with `has(member.until)` first")
    assert is_true("member.until <= today", today=TODAY) == failed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 / (group.size - 1) > 0", "divide by zero"),
        ("person.teams[3] == 'x'", "Index error"),
        ("file.teams['x'].size() == 0", "Key not found"),
        ("group.key.matches(group.key)", "invalid regular expression"),
    ],
)
def test_what_cannot_be_evaluated_is_an_error(text: str, words: str) -> None:
    values: dict[str, Any] = {
        "group.size": 1,
        "person.teams": ("a",),
        "file.teams": {"board": ("a",)},
        "group.key": "(",
    }
    program = compile_expression(text, MEMBER)
    result = evaluate(program, {path: cel_value(values[path]) for path in program.uses})
    assert isinstance(result, NotEvaluated)
    assert result.reason.startswith(words)


def test_values_keep_their_types() -> None:
    assert is_true("group.size + 1 == 3", group__size=2) is True
    assert is_true("person.teams == ['a', 'b']", person__teams=("a", "b")) is True
    assert is_true("file.teams['board'] == ['anna']", file__teams={"board": ("anna",)}) is True
    assert is_true("today == timestamp('2026-11-30T00:00:00Z')", today=TODAY) is True
    assert is_true("person.label == 'Zoë 🎉'", person__label="Zoë 🎉") is True


def test_a_text_with_odd_characters_is_neither_cut_off_nor_fatal() -> None:
    assert is_true("person.label == 'anna'", person__label="anna\0rest") is False
    assert is_true("person.label == 'anna'", person__label="anna\ud800") is False


NESTED = "group.members.all(a, group.members.all(b, group.members.all(c, a + b + c != '')))"


def test_nested_loops_over_a_large_group_end_soon() -> None:
    begun = monotonic()
    result = is_true(NESTED, group__members=tuple(f"person-{index}" for index in range(1000)))
    assert result == NotEvaluated("its loops take more than 10,000 rounds")
    assert monotonic() - begun < 2
