"""Rules that are CEL expressions: what breaks them, and their messages with values in braces.

They fail closed: a rule that cannot be evaluated for somebody, or takes too long, is an error like a broken one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import Final

from reconciler.model.rules import Each, Expression, Rule
from reconciler.rules.cel import (
    EvaluationError,
    Program,
    Value,
    compile_expression,
    error_at,
    evaluate,
    find_variable,
)
from reconciler.rules.conditions import Breach
from reconciler.rules.population import ContextTable, Key, Population, Subject
from reconciler.rules.time_limit import Ended, limited
from reconciler.rules.variables import VARIABLES, ValueType

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
            raise error_at(message, match.start(), f"`{path}` is not a variable", "write the name of one alone")
        if variables[path].type is ValueType.LISTS:
            raise error_at(message, match.start(), f"`{path}` is not a text", "name another variable")
        parts.append((text, path))
        text = ""
    return (*parts, (text + message[end:], ""))


def broken_contexts(rules: Sequence[Rule], population: Population) -> Mapping[str, Sequence[Key] | NotEvaluated]:
    """Return by name of the rule in which contexts it is broken, or why that is not known."""
    conditions = [(rule.name, rule.condition) for rule in rules if isinstance(rule.condition, Expression)]
    pieces = [partial(_broken, condition, population) for _, condition in conditions]
    found: dict[str, Sequence[Key] | NotEvaluated] = {}
    for (name, _), result in zip(conditions, limited(pieces, MAX_SECONDS), strict=True):
        found[name] = NotEvaluated(str(result)) if isinstance(result, str | Ended) else result
    return found


def expression_breaches(rule: Rule, keys: Sequence[Key], population: Population) -> Iterator[Breach]:
    """Yield what breaks a rule in these contexts: by group, then by person."""
    condition = rule.condition
    if not keys or not isinstance(condition, Expression):
        return
    subjects = population.table(condition.each, _uses(condition)).subjects(frozenset(keys))
    found = [_breach(rule.message, condition, subject, population) for subject in subjects]
    yield from sorted(found, key=lambda breach: (breach.group or "", breach.person or ""))


def _uses(condition: Expression) -> tuple[str, ...]:
    texts = [text for text in (condition.when, condition.require) if text]
    return tuple(sorted({path for text in texts for path in compiled(text, condition.each).uses}))


def _broken(condition: Expression, population: Population) -> list[Key] | str:
    """Return the contexts in which a rule is broken, or else why that cannot be known."""
    table = population.table(condition.each, _uses(condition))
    programs = [(name, compiled(text, condition.each)) for name, text in _texts(condition)]
    keys = []
    for key, values in table.contexts():
        try:
            is_true, name = True, ""
            for name, program in programs:
                is_true = evaluate(program, values)
                if not is_true:
                    break
        except EvaluationError as error:
            return f"`{name}` cannot be evaluated for {_describe_first(table, key, population)}: {error}"
        if not is_true and name == "require":
            keys.append(key)
    return keys


def _texts(condition: Expression) -> list[tuple[str, str]]:
    texts = [("when", condition.when), ("require", condition.require)]
    return [(name, text) for name, text in texts if text]


def _breach(message: str, condition: Expression, subject: Subject, population: Population) -> Breach:
    group, person = subject.group, subject.person
    return Breach(
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


def _describe_first(table: ContextTable, key: Key, population: Population) -> str:
    return _describe(next(table.subjects(frozenset([key]))), population)


def _describe(subject: Subject, population: Population) -> str:
    """Return for whom an expression is evaluated: `anna` in `kids-1`."""
    names = [f"`{population.name(subject.person.identity)}`"] if subject.person is not None else []
    names += [f"`{subject.group.key}`"] if subject.group is not None else []
    return " in ".join(names)
