"""Rules that are CEL expressions: what breaks them, and their messages with values in braces.

They fail closed: a rule that cannot be evaluated for somebody, or takes too long, is an error like a broken one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import Final, TypeAlias

from reconciler.model.rules import Each, Expression, Rule
from reconciler.rules.cel import EvaluationError, Program, Value, compile_expression, evaluate, is_true_for_all
from reconciler.rules.conditions import Violation
from reconciler.rules.names import error_at, find_variable
from reconciler.rules.population import ContextTable, Key, Population, Subject
from reconciler.rules.variables import VARIABLES, ValueType
from reconciler.time_limit import Ended, limited

MAX_SECONDS: Final = 2.0
"""Seconds that one rule may take."""
MAX_TOTAL: Final = 30.0
"""Seconds that all rules together may take."""
_TOGETHER: Final = 500
"""Contexts that are evaluated together, as long as all of them are fine."""
_BRACES = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}]*)\}|[{}]")


class NotEvaluated(Exception):
    """A rule could not be evaluated; the message has the reason, and the place."""


Outcome: TypeAlias = Sequence[Key] | NotEvaluated | None
"""The contexts in which a rule is broken, why that is not known, or None where its `when` is never true."""


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


def broken_contexts(rules: Sequence[Rule], population: Population) -> Mapping[str, Outcome]:
    """Return by name of the rule in which contexts it is broken, or why that is not known."""
    conditions = [(rule.name, rule.condition) for rule in rules if isinstance(rule.condition, Expression)]
    pieces = [partial(_broken, condition, population) for _, condition in conditions]
    found: dict[str, Outcome] = {}
    for (name, _), result in zip(conditions, limited(pieces, MAX_SECONDS, MAX_TOTAL), strict=True):
        found[name] = NotEvaluated(str(result)) if isinstance(result, str | Ended) else result
    return found


def expression_violations(rule: Rule, keys: Sequence[Key], population: Population) -> Iterator[Violation]:
    """Yield what breaks a rule in these contexts: by group, then by person."""
    condition = rule.condition
    if not keys or not isinstance(condition, Expression):
        return
    subjects = _table(condition, population).subjects(frozenset(keys))
    found = [_violation(rule.message, condition, subject, population) for subject in subjects]
    yield from sorted(found, key=lambda violation: (violation.group or "", violation.person or ""))


def no_context(rule: Rule, outcome: Outcome, population: Population) -> str:
    """Return why an expression is about nothing, whatever it requires; "" where it is about something."""
    condition = rule.condition
    if not isinstance(condition, Expression):
        return ""
    if outcome is None:
        return "`when` is never true"
    if _table(condition, population).count:
        return ""
    return {Each.GROUP: "there is no group", Each.PERSON: "there are no people"}.get(
        condition.each, "no group has members"
    )


def _programs(condition: Expression) -> list[tuple[str, Program]]:
    """Return the programs of `when`, where there is one, and `require`, each behind its key in the file."""
    texts = (("when", condition.when), ("require", condition.require))
    return [(key, compiled(text, condition.each)) for key, text in texts if text]


def _table(condition: Expression, population: Population) -> ContextTable:
    return population.table(condition.each, [program.uses for _, program in _programs(condition)])


def _broken(condition: Expression, population: Population) -> list[Key] | str | None:
    """Return the contexts in which a rule is broken, or else why that cannot be known; None: `when` is never true."""
    table = _table(condition, population)
    keys = list(table.keys())
    for index, (name, program) in enumerate(_programs(condition)):
        span, by_part = table.part(index), dict[Key, list[Key]]()
        for key in keys:
            by_part.setdefault(key[span], []).append(key)
        keys, before = [], keys
        try:
            for part in _parts_where(program, name == "when", table, index, list(by_part)):
                keys += by_part[part]
        except _Failed as failure:
            first = next(table.subjects(frozenset(by_part[failure.part])))
            return f"`{name}` cannot be evaluated for {_describe(first, population)}: {failure}"
        if name == "when" and before and not keys and condition.each is not Each.CHANGE:
            return None
    return keys


class _Failed(Exception):
    """An expression could not be evaluated in a context."""

    def __init__(self, part: Key, reason: str) -> None:
        super().__init__(reason)
        self.part = part


def _parts_where(
    program: Program, wanted: bool, table: ContextTable, index: int, parts: Sequence[Key]
) -> Iterator[Key]:
    """Yield the parts of keys for which an expression is true, or else those for which it is false."""
    for begin in range(0, len(parts), _TOGETHER):
        some = parts[begin : begin + _TOGETHER]
        contexts = [table.values(part, index) for part in some]
        if not wanted and is_true_for_all(program, contexts):
            continue
        for part, values in zip(some, contexts, strict=True):
            try:
                if evaluate(program, values) is wanted:
                    yield part
            except EvaluationError as error:
                raise _Failed(part, str(error)) from None


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
