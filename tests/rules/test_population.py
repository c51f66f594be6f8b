"""Contexts: each distinct one once, with the values that the expression uses, and every subject that has it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.rules import Each
from reconciler.rules import expressions
from reconciler.rules.cel import NotEvaluated, evaluate
from reconciler.rules.conditions import Subjects
from reconciler.rules.population import Population
from tests.rules.files import TODAY, findings, loaded

TEXT = """\
groups:
  a: {name: A, members: [alice, {person: bob, reason: guest}, {person: carol, until: 2026-07-01, reason: guest}]}
  b: {name: B, members: [alice, {person: bob, reason: guest}, dave], membership: additive}
"""


def population() -> Population:
    return Population(Subjects(loaded(TEXT), TODAY), lambda _: "US")


@pytest.mark.parametrize(
    ("uses", "contexts"),
    [
        (("member.reason",), 2),
        (("has(member.until)",), 2),
        (("member.until", "member.reason"), 3),
        (("person.country",), 1),
        (("person.alias",), 4),
        (("group.membership", "member.reason"), 4),
        (("group.key", "person.alias"), 6),
        (("today",), 1),
        ((), 1),
    ],
)
def test_memberships_that_agree_in_what_is_used_are_one_context(uses: tuple[str, ...], contexts: int) -> None:
    everything = population()
    rows, found = everything.rows(Each.MEMBER), everything.contexts(Each.MEMBER, uses)
    assert len(rows) == 6
    assert len(found.keys(rows)) == contexts
    assert list(found.select(rows, found.keys(rows))) == list(rows)
    assert len(found.keys(rows[:1])) == 1


def test_a_context_has_the_values_of_its_subjects() -> None:
    everything, uses = population(), ("group.key", "member.reason", "person.alias")
    rows, contexts = everything.rows(Each.MEMBER), everything.contexts(Each.MEMBER, uses)
    for key in contexts.keys(rows):
        (row,) = contexts.select(rows, [key])
        subject = everything.subject(Each.MEMBER, row)
        assert contexts.values([key])[0] == everything.values(subject, uses)


ATOMS = st.sampled_from(
    [
        "group.key == 'a'",
        "group.size > 2",
        "person.alias in ['alice', 'carol']",
        "has(member.until)",
        "member.reason == 'guest'",
        "person.alias in group.admins",
        "today < timestamp('2027-01-01T00:00:00Z')",
        "member.until > today",
        "1 / (group.size - 4) > 0",
        "person.alias.contains(')||(')",
    ]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda one: st.one_of(
        st.tuples(one, st.sampled_from([" && ", " || ", "&&\n"]), one).map("".join),
        st.tuples(st.just("("), one, st.just(") // and (\n")).map("".join),
        st.tuples(st.just("!("), one, st.just(")")).map("".join),
        st.tuples(st.just("("), one, st.just(") ? ("), one, st.just(") : "), one).map("".join),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(text=EXPRESSIONS, wanted=st.booleans())
def test_an_expression_in_pieces_is_what_the_whole_is_for_each_member(text: str, wanted: bool) -> None:
    pytest.importorskip("cel_expr_python")
    everything, program = population(), expressions.compiled(text, Each.MEMBER)
    rows, contexts = everything.rows(Each.MEMBER), everything.contexts(Each.MEMBER, program.uses)

    def result(row: int) -> bool | NotEvaluated:
        (key,) = contexts.keys([row])
        return evaluate(program, {**contexts.everywhere, **contexts.values([key])[0]})

    def found() -> list[int]:
        return list(expressions._rows_where(text, Each.MEMBER, wanted, rows, everything))

    results = list(map(result, rows))
    if any(isinstance(one, NotEvaluated) for one in results):
        with pytest.raises(expressions._Failed):
            found()
    else:
        assert found() == [row for row, one in zip(rows, results, strict=True) if one is wanted]


def test_what_breaks_a_rule_is_found_for_every_subject_of_the_context() -> None:
    pytest.importorskip("cel_expr_python")
    rule = "rules: [{name: r, each: member, require: member.reason == ''}]\n"
    assert [(one.group, one.person) for one in findings(TEXT + rule)] == [
        ("a", "+12025550144"),
        ("a", "+13035550145"),
        ("b", "+12025550144"),
    ]


def test_require_is_not_evaluated_where_when_is_false() -> None:
    pytest.importorskip("cel_expr_python")
    rule = "rules: [{name: r, each: member, when: has(member.until), require: member.until > today}]\n"
    assert findings(TEXT + rule) == ()


def test_an_expression_that_is_too_long_in_pieces_is_evaluated_as_a_whole() -> None:
    pytest.importorskip("cel_expr_python")
    require = " && ".join(["true", "group.size<9", *["has(member.until)"] * 94])
    assert 1970 < len(require) <= 2000
    assert len(findings(TEXT + f"rules: [{{name: r, each: member, require: {require}}}]\n")) == 5
