"""CEL expressions: compile one against typed variables, and evaluate it. Only this module knows the library.

Every mistake that can be known beforehand is an error of compiling, with its line and column in the expression. What
can only be known with values (a division by zero, an absent value) is an error of evaluating.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reconciler.errors import ReconcilerError
from reconciler.model.text import composed
from reconciler.rules.cel_messages import expression_error, in_words, type_in_words
from reconciler.rules.names import ExpressionError, Use, find_uses, replaced
from reconciler.rules.variables import ANYWHERE, ValueType, Variable

if TYPE_CHECKING:
    from cel_expr_python.cel import Env, Expression

Value: TypeAlias = "str | int | date | tuple[str, ...] | Mapping[str, tuple[str, ...]]"
"""The value of a variable."""
MAX_LENGTH: Final = 2000
"""Characters of an expression."""
INSTALL: Final = "pip install 'cel-expr-python>=0.1.3,<0.2'"
"""The command that installs it. It names the package, because nobody may own the name of this program on an index."""

_UNREADABLE = re.compile("[\0\ud800-\udfff]")
"""Characters at which the library would cut a text off, or end the process."""
_SOME_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)


class CelUnavailable(ReconcilerError):
    """The library is not installed."""


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """Why an expression, or a rule, could not be evaluated."""

    reason: str


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression that is true or false.

    `uses` are the names of what it uses, sorted: the paths of variables, and `has(member.until)` where only that is
    asked. `filters` returns the expression for where it is true, or else false, among several contexts.
    """

    uses: tuple[str, ...]
    optional: tuple[str, ...]
    expression: Expression
    filters: Callable[[bool], Expression | None]


def compile_expression(text: str, variables: Mapping[str, Variable]) -> Program:
    """Compile an expression that is true or false; `variables` are those that it may use, by path.

    Raises ExpressionError for the first mistake, CelUnavailable where the library is not installed.
    """
    if len(text) > MAX_LENGTH:
        message = f"the expression has {len(text):,} characters; {MAX_LENGTH:,} are allowed"
        raise ExpressionError(message, 1, 1, "split the rule into several")
    text = composed(text)
    environment = _environment(tuple(variables.items()))
    uses = find_uses(text, variables)
    try:
        expression = environment.compile(text)
    except RuntimeError as error:
        raise expression_error(str(error), text) from None
    returned = expression.return_type().name()
    if returned != "BOOL":
        message = f"the expression is {type_in_words(returned.lower())}, and not true or false"
        raise ExpressionError(message, 1, 1, "compare it with something, as in `group.size <= 100`")
    names = {use.name for use in uses} - {f"has({use.path})" for use in uses if not use.asked}
    optional = tuple(path for path, variable in variables.items() if variable.optional)
    filters = cache(partial(_filter, text, uses, names, environment))
    return Program(tuple(sorted(names)), optional, expression, filters)


def evaluate(program: Program, values: Mapping[str, Any]) -> bool | NotEvaluated:
    """Return whether the expression is true, or why that is not known.

    `values` has, as `cel_value` returns them, those of `uses` that there are.
    """
    data = dict(values)
    for path in program.optional:
        parent, _, name = path.rpartition(".")
        value = data.pop(path, _SOME_DAY if f"has({path})" in data else None)
        data[parent] = {name: value} if value is not None else {}
    result = _evaluated(program.expression, data)
    if result is True or result is False:
        return bool(result)
    return NotEvaluated(_reason(str(result), program))


def filter_contexts(
    program: Program, wanted: bool, contexts: Sequence[Mapping[str, Any]], everywhere: Mapping[str, Any]
) -> Sequence[int] | None:
    """Return in which of several contexts the expression is true, or else false, in a fraction of the time.

    `everywhere` has the values that are the same in all of them. None where that is not known: evaluate fewer.
    """
    expression = program.filters(wanted)
    if expression is None:
        return None
    data = {_INDEXES: list(range(len(contexts))), _CONTEXTS: list(contexts), _EVERYWHERE: everywhere}
    found = _evaluated(expression, data)
    return [index.value() for index in found] if isinstance(found, list) else None


def _evaluated(expression: Expression, data: Mapping[str, Any]) -> Any:
    try:
        return expression.eval(data=data).value()
    except RuntimeError as error:  # loops that take too many rounds
        return str(error)


def cel_value(value: Value) -> Any:
    """Return a value of a variable as the library takes it."""
    if isinstance(value, str):
        return _readable(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {cel_value(name): cel_value(texts) for name, texts in value.items()}
    return [_readable(text) for text in value]


def _readable(text: str) -> str:
    return composed(_UNREADABLE.sub("\ufffd", text))


_INDEXES: Final = "_indexes"
_INDEX: Final = "_index"
_CONTEXTS: Final = "_contexts"
_EVERYWHERE: Final = "_everywhere"


def _filter(text: str, uses: Sequence[Use], names: Iterable[str], environment: Env, wanted: bool) -> Expression | None:
    """Return an expression for the indexes of the contexts in which the given one is true, or else false."""
    if any(name in text for name in (_INDEX, _CONTEXTS, _EVERYWHERE)):
        return None
    forms = []
    for use in uses:
        context = f"{_CONTEXTS}[{_INDEX}]"
        value = f'{context}["{use.path}"]'
        if use.asked:
            value = f'("{use.name if use.name in names else use.path}" in {context})'
        forms.append(f'{_EVERYWHERE}["{use.path}"]' if use.path in ANYWHERE else value)
    one = f"{'' if wanted else '!'}({replaced(text, uses, iter(forms))}\n)"
    try:
        return environment.compile(f"{_INDEXES}.filter({_INDEX}, {one})", disable_check=True)
    except RuntimeError:
        return None


def _reason(report: str, program: Program) -> str:
    """Return why an evaluation failed, in our own words where they say more."""
    if "Iteration budget" in report:
        return "its loops take more than 10,000 rounds"
    for path in program.optional:
        if report.endswith(f'Key not found in map : "{path.rpartition(".")[2]}"'):
            return f"there is no `{path}`; ask with `has({path})` first"
    return in_words(report)


@lru_cache
def _environment(variables: tuple[tuple[str, Variable], ...]) -> Env:
    try:
        from cel_expr_python.cel import NewEnv, Type
    except ImportError:
        raise CelUnavailable("CEL is not installed, which rules with `require` need", INSTALL) from None
    types = {
        ValueType.TEXT: Type.STRING,
        ValueType.NUMBER: Type.INT,
        ValueType.DAY: Type.TIMESTAMP,
        ValueType.TEXTS: Type.List(Type.STRING),
        ValueType.LISTS: Type.Map(Type.STRING, Type.List(Type.STRING)),
    }
    declared = {path: types[variable.type] for path, variable in variables if not variable.optional}
    # `has` looks into a map. A field of the map that is declared by its whole path comes before the map.
    optional = {path: types[variable.type] for path, variable in variables if variable.optional}
    maps = {path.rpartition(".")[0]: Type.Map(Type.STRING, type_) for path, type_ in optional.items()}
    return NewEnv(variables=declared | maps)
