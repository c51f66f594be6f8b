"""Rules that are CEL expressions: what breaks them, and their messages with values in braces.

They fail closed: a rule that cannot be evaluated for somebody, or takes too long, is an error like a broken one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from time import monotonic
from typing import Final

from reconciler.model.rules import Expression
from reconciler.rules.cel import (
    EvaluationError,
    ExpressionError,
    Program,
    Value,
    compile_expression,
    error_at,
    evaluate,
    find_variable,
)
from reconciler.rules.conditions import Breach
from reconciler.rules.population import ContextTable, Key, Population, Subject
from reconciler.rules.variables import VARIABLES, Each, ValueType

MAX_SECONDS: Final = 2.0
"""Seconds that one rule may take."""
_BRACES = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}]*)\}|[{}]")


class NotEvaluated(Exception):
    """A rule could not be evaluated; the message is why, and for whom."""


@cache
def compiled(text: str, each: Each) -> Program:
    """Return the program of an expression; raise ExpressionError or CelUnavailable as `compile_expression` does."""
    return compile_expression(text, VARIABLES[each])


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
            raise error_at(message, match.start(), f"`{match[0]}` stands alone", f"write `{match[0] * 2}` for a brace")
        path, variables = match["path"].strip(), VARIABLES[each]
        if find_variable(message, match.start(), path.split("."), variables) != path:
            raise error_at(message, match.start(), f"`{path}` is not a variable", "write one by its name alone")
        if variables[path].type is ValueType.LISTS:
            raise error_at(message, match.start(), f"`{path}` is not a text", "name another variable")
        parts.append((text, path))
        text = ""
    return (*parts, (text + message[end:], ""))


def broken(condition: Expression, population: Population) -> Iterator[Breach]:
    """Yield what breaks an expression: by group, then by person. Raises NotEvaluated."""
    uses = _uses(condition)
    table = population.table(condition.each, uses)
    keys = {key for key, values in _timed(table) if not _holds(condition, values, table, key, population)}
    found = [_breach(condition, subject, population) for subject in table.subjects(keys)] if keys else []
    yield from sorted(found, key=lambda breach: (breach.group or "", breach.person or ""))


def _uses(condition: Expression) -> tuple[str, ...]:
    texts = [text for text in (condition.when, condition.require) if text]
    return tuple(sorted({path for text in texts for path in compiled(text, condition.each).uses}))


def _timed(table: ContextTable) -> Iterator[tuple[Key, dict[str, Value]]]:
    """Yield the contexts; raise NotEvaluated when they take too long."""
    end = monotonic() + MAX_SECONDS
    for done, context in enumerate(table.contexts()):
        if monotonic() > end:
            raise NotEvaluated(f"it takes more than {MAX_SECONDS:g} seconds, and was stopped after {done:,} evaluations")
        yield context


def _holds(
    condition: Expression, values: dict[str, Value], table: ContextTable, key: Key, population: Population
) -> bool:
    """Return whether a rule holds in a context; raise NotEvaluated where that cannot be known."""
    for text, name in ((condition.when, "when"), (condition.require, "require")):
        if not text:
            continue
        try:
            is_true = evaluate(compiled(text, condition.each), values)
        except EvaluationError as error:
            who = _describe(next(table.subjects({key})), population)
            raise NotEvaluated(f"`{name}` cannot be evaluated for {who}: {error}") from None
        if not is_true:
            return name == "when"
    return True


def _breach(condition: Expression, subject: Subject, population: Population) -> Breach:
    group, person = subject.group, subject.person
    return Breach(
        _message(condition, subject, population),
        group.key if group is not None else None,
        person.identity if person is not None else None,
    )


def _message(condition: Expression, subject: Subject, population: Population) -> str:
    if not condition.message:
        return f"{_describe(subject, population)} does not meet `{' '.join(condition.require.split())}`"
    parts = message_parts(condition.message, condition.each)
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
    """Return who an expression is evaluated for: `anna` in `kids-1`."""
    names = [f"`{population.name(subject.person.identity)}`"] if subject.person is not None else []
    names += [f"`{subject.group.key}`"] if subject.group is not None else []
    return " in ".join(names)
