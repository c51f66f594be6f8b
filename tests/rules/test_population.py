"""Contexts: each distinct one once, with the values that the expression uses, and every subject that has it."""

from __future__ import annotations

import pytest

from reconciler.model.rules import Each
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
    table = population().table(Each.MEMBER, [uses])
    keys = table.keys()
    assert len(keys) == contexts
    assert sum(1 for _ in table.subjects(frozenset(keys))) == 6


def test_two_expressions_share_the_contexts_and_see_their_own_variables() -> None:
    table = population().table(Each.MEMBER, [("group.key",), ("member.reason", "person.alias")])
    keys = table.keys()
    assert len(keys) == 6
    for key in keys:
        (subject,) = table.subjects({key})
        assert subject.group is not None
        assert subject.person is not None
        assert subject.member is not None
        assert table.values(key[table.part(0)], 0) == {"group.key": subject.group.key}
        own = {"member.reason": subject.member.reason or "", "person.alias": subject.person.alias}
        assert table.values(key[table.part(1)], 1) == own


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
