"""Rules that are CEL expressions: what breaks them, and their messages with values in braces.

They fail closed: a rule that cannot be evaluated for somebody, or takes too long, is an error like a broken one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache, partial
from typing import Final, TypeAlias

from reconciler.model.rules import Each, Expression, Rule
from reconciler.rules.cel import NotEvaluated, Program, Value, compile_expression, evaluate, filter_contexts
from reconciler.rules.conditions import Violation
from reconciler.rules.names import ExpressionError, error_at, find_variable, split_logic
from reconciler.rules.population import Contexts, Key, Population, Rows, Subject
from reconciler.rules.values import part_of
from reconciler.rules.variables import VARIABLES, ValueType
from reconciler.time_limit import Ended, limited

MAX_SECONDS: Final = 2.0
"""Seconds that one rule may take."""
MAX_TOTAL: Final = 30.0
"""Seconds that all rules together may take."""
_TOGETHER: Final = (250, 10)
"""How many contexts are evaluated together, as long as none of them fails."""
_BRACES = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}]*)\}|[{}]")


Outcome: TypeAlias = Rows | NotEvaluated | None
"""The subjects that break a rule, why these are not known, or None where its `when` is never true."""


@cache
def compiled(text: str, each: Each) -> Program:
    """Return the program of an expression; raise ExpressionError or CelUnavailable as `compile_expression` does."""
    return compile_expression(text, VARIABLES[each])


@cache
def _pieces(text: str, each: Each) -> tuple[bool, tuple[str, ...]] | None:
    """Return whether `&&` joins an expression, else `||`, and what it joins; None for an expression in one piece.

    What uses the same parts of a subject is one piece: the others cost more than they save.
    """
    split = split_logic(text)
    if split is None:
        return None
    operator, texts = split
    by_parts: dict[frozenset[str], list[str]] = {}
    for one in texts:
        parts = frozenset(map(part_of, compiled(one, each).uses)) - {""}
        by_parts.setdefault(parts, []).append(f"({one}\n)")
    if len(by_parts) == 1:
        return None
    joined = tuple(f" {operator} ".join(by_parts[parts]) for parts in sorted(by_parts, key=len))
    try:
        for one in joined:
            compiled(one, each)
    except ExpressionError:  # with its brackets it is too long, or too deep
        return None
    return operator == "&&", joined


@cache
def message_parts(message: str, each: Each) -> tuple[tuple[str, str], ...]:
    """Return a message as pairs of a text and the variable behind it, by path ("" for none).

    Raises ExpressionError for a single brace, and for a name in braces that is not a variable.
    """
    parts: list[tuple[str, str]] = []
    text, end = "", 0
    for match in _BRACES.finditer(message):
        text += message[end : match.start()]
        end = match.end()
        if match["path"] is None and len(match[0]) == 2:
            text += match[0][0]
            continue
        if match["path"] is None:
            raise error_at(
                message, match.start(), f"`{match[0]}` has no partner", f"write `{match[0] * 2}` for a brace"
            )
        path, variables = match["path"].strip(), VARIABLES[each]
        if find_variable(message, match.start(), path.split("."), variables) != path:
            raise error_at(message, match.start(), f"`{path}` is not a variable", "write the name of one alone")
        if variables[path].type is ValueType.LISTS:
            raise error_at(message, match.start(), f"`{path}` is not a text", "name another variable")
        parts.append((text, path))
        text = ""
    return (*parts, (text + message[end:], ""))


def broken_rows(rules: Sequence[Rule], population: Population) -> Mapping[str, Outcome]:
    """Return by name of the rule which subjects break it, or why that is not known."""
    conditions = [(rule.name, rule.condition) for rule in rules if isinstance(rule.condition, Expression)]
    pieces = [partial(_broken, condition, population) for _, condition in conditions]
    found: dict[str, Outcome] = {}
    for (name, _), result in zip(conditions, limited(pieces, MAX_SECONDS, MAX_TOTAL), strict=True):
        found[name] = NotEvaluated(result.reason) if isinstance(result, Ended) else result
    return found


def expression_violations(rule: Rule, rows: Rows, population: Population) -> Iterator[Violation]:
    """Yield what breaks a rule of these subjects: by group, then by person."""
    condition = rule.condition
    if not rows or not isinstance(condition, Expression):
        return
    subjects = (population.subject(condition.each, row) for row in rows)
    found = [_violation(rule.message, condition, subject, population) for subject in subjects]
    yield from sorted(found, key=lambda violation: (violation.group or "", violation.person or ""))


def no_subject(rule: Rule, outcome: Outcome, population: Population) -> str:
    """Return why an expression is about nothing, whatever it requires; "" where it is about something."""
    condition = rule.condition
    if not isinstance(condition, Expression):
        return ""
    if outcome is None:
        return "`when` is never true"
    if population.rows(condition.each):
        return ""
    return {Each.GROUP: "there is no group", Each.PERSON: "there are no people"}.get(
        condition.each, "no group has members"
    )


def _broken(condition: Expression, population: Population) -> Outcome:
    """Return which subjects break a rule; None: its `when` is never true."""
    rows, each = population.rows(condition.each), condition.each
    for name, text, wanted in (("when", condition.when, True), ("require", condition.require, False)):
        if not text:
            continue
        before = rows
        try:
            rows = _rows_where(text, each, wanted, rows, population)
        except _Failed as failure:
            subject = _describe(population.subject(each, failure.row), population)
            return NotEvaluated(f"`{name}` cannot be evaluated for {subject}: {failure}")
        if name == "when" and before and not rows and each is not Each.CHANGE:
            return None
    return rows


class _Failed(Exception):
    """An expression could not be evaluated for a subject."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row


def _rows_where(text: str, each: Each, wanted: bool, rows: Rows, population: Population) -> Rows:
    """Return the subjects for which an expression is true, or else those for which it is false.

    `group.size < 9 || has(member.until)` is evaluated in two pieces: for each group, then for each terms of members of
    the groups that are left. A failure of a piece means nothing where the other one decides.
    """
    pieces = _pieces(text, each)
    if pieces is not None:
        is_and, texts = pieces
        with suppress(_Failed):
            if is_and is wanted:
                return _rows_where_all(texts, each, wanted, rows, population)
            return _rows_where_any(texts, each, wanted, rows, population)
    contexts, program = population.contexts(each, compiled(text, each).uses), compiled(text, each)
    keys = tuple(contexts.keys(rows))
    found = _keys_where(program, wanted, keys, contexts, rows, _TOGETHER)
    return rows if len(found) == len(keys) else contexts.select(rows, found)


def _keys_where(
    program: Program, wanted: bool, keys: Sequence[Key], contexts: Contexts, rows: Rows, together: Sequence[int]
) -> Sequence[Key]:
    """Return the contexts in which an expression is true, or else false: so many at once, fewer where one fails."""
    if not together:
        return [key for key in keys if _is_true(program, key, contexts, rows) is wanted]
    found: list[Key] = []
    for begin in range(0, len(keys), together[0]):
        some = keys[begin : begin + together[0]]
        indexes = filter_contexts(program, wanted, contexts.values(some), contexts.everywhere)
        if indexes is None:
            found += _keys_where(program, wanted, some, contexts, rows, together[1:])
        else:
            found += map(some.__getitem__, indexes)
    return found


def _is_true(program: Program, key: Key, contexts: Contexts, rows: Rows) -> bool:
    result = evaluate(program, {**contexts.everywhere, **contexts.values([key])[0]})
    if isinstance(result, NotEvaluated):
        raise _Failed(contexts.select(rows, [key])[0], result.reason)
    return result


def _rows_where_all(texts: Sequence[str], each: Each, wanted: bool, rows: Rows, population: Population) -> Rows:
    for text in texts:
        rows = _rows_where(text, each, wanted, rows, population)
    return rows


def _rows_where_any(texts: Sequence[str], each: Each, wanted: bool, rows: Rows, population: Population) -> Rows:
    found: set[int] = set()
    for text in texts:
        left = [row for row in rows if row not in found] if found else rows
        found.update(_rows_where(text, each, wanted, left, population))
    return sorted(found)


def _violation(message: str, condition: Expression, subject: Subject, population: Population) -> Violation:
    group, person = subject.group, subject.person
    return Violation(
        _message(message, condition, subject, population),
        group.key if group is not None else None,
        person.identity if person is not None else None,
        is_whole=True,
    )


def _message(message: str, condition: Expression, subject: Subject, population: Population) -> str:
    if not message:
        return f"{_describe(subject, population)} does not meet `{' '.join(condition.require.split())}`"
    parts = message_parts(message, condition.each)
    values = population.values(subject, [path for _, path in parts if path])
    return "".join(f"{text}{_shown(values.get(path)) if path else ''}" for text, path in parts)


def _shown(value: Value | None) -> str:
    """Return a value for a message: a day as 2026-12-31, a list with commas, `none` for an absent or empty one."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        value = ", ".join(value)
    return "none" if value in (None, "") else str(value)


def _describe(subject: Subject, population: Population) -> str:
    """Return what an expression is evaluated for: `anna` in `kids-1`."""
    names = [population.facts.subjects.label(subject.person.identity)] if subject.person is not None else []
    names += [f"`{subject.group.key}`"] if subject.group is not None else []
    action = f"`{subject.change.action}` of " if subject.change is not None and len(names) > 1 else ""
    action = f"`{subject.change.action}` in " if subject.change is not None and not action else action
    return action + " in ".join(names)
