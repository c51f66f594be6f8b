"""CEL expressions: compile one against typed variables, and evaluate it. Only this module knows the library.

Every mistake that can be known beforehand is an error of compiling, with its line and column in the expression. What
can only be known with values (a division by zero, an absent value) is an error of evaluating.

The library ends an evaluation after 10,000 rounds of `all`, `exists`, `map` and `filter` together, and its regular
expressions need linear time. So one evaluation of an expression of limited length ends soon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from reconciler.errors import ReconcilerError
from reconciler.model.text import closest_name
from reconciler.rules.variables import ROOTS, ValueType, Variable

if TYPE_CHECKING:
    from cel_expr_python.cel import Env, Expression

Value: TypeAlias = "str | int | date | tuple[str, ...] | Mapping[str, tuple[str, ...]]"
"""The value of a variable."""
MAX_LENGTH: Final = 2000
"""Characters of an expression."""
INSTALL: Final = "pip install 'wappfy-reconciler[rules]'"
"""The command that installs what CEL needs."""

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*)
    | (?P<text>[rR][bB]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
        | [bB]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    | (?P<path>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
    | (?P<number>\d[\w.]*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LOCATED = re.compile(r"^(?:[A-Z_]+: )*<input>:(?P<line>\d+):(?P<column>\d+): (?P<message>.*)$", re.MULTILINE)
_STATUS = re.compile(r"^(?:[A-Z_]+: )+|(?: \[[A-Z_]+\])+$")
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
"""Characters at which the library would cut a text off, or end the process."""


class CelUnavailable(ReconcilerError):
    """The library is not installed."""


class ExpressionError(Exception):
    """A mistake in an expression or a message, at a line and column (from 1) of it; `hint` is what to do."""

    def __init__(self, message: str, line: int, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


class EvaluationError(Exception):
    """An expression could not be evaluated with these values; the message is the library's reason."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression that is true or false.

    `uses` are the paths of the variables in it, sorted; `optional` are those that may be absent.
    """

    uses: tuple[str, ...]
    optional: tuple[str, ...]
    expression: Expression


def compile_expression(text: str, variables: Mapping[str, Variable]) -> Program:
    """Compile an expression that is true or false; `variables` are those that it may use, by path.

    Raises ExpressionError for the first mistake, CelUnavailable where the library is not installed.
    """
    if len(text) > MAX_LENGTH:
        message = f"the expression has {len(text):,} characters; {MAX_LENGTH:,} are allowed"
        raise ExpressionError(message, 1, 1, "split the rule into several")
    optional = tuple(path for path, variable in variables.items() if variable.optional)
    environment = _environment(variables)
    uses = sorted(set(_variables_in(text, variables)))
    try:
        expression = environment.compile(text)
    except Exception as error:  # the library raises nothing more special
        raise _located(str(error)) from None
    returned = expression.return_type().name()
    if returned != "BOOL":
        message = f"the expression is of type {returned.lower()}, and not true or false"
        raise ExpressionError(message, 1, 1, "compare it with something, as in `group.size <= 100`")
    return Program(tuple(uses), optional, expression)


def evaluate(program: Program, values: Mapping[str, Value]) -> bool:
    """Return whether the expression is true. `values` has those that it uses, by path; absent ones are left out.

    Raises EvaluationError.
    """
    data: dict[str, Any] = {path: _cel_value(value) for path, value in values.items()}
    for path in program.optional:
        parent, _, name = path.rpartition(".")
        data[parent] = {name: data.pop(path)} if path in data else {}
    try:
        result = program.expression.eval(data=data).value()
    except RuntimeError as error:
        result = str(error)
    if result is True or result is False:
        return bool(result)
    raise EvaluationError(_reason(str(result), program))


def _reason(report: str, program: Program) -> str:
    """Return why an evaluation failed, in our own words where they say more."""
    if "Iteration budget" in report:
        return "its loops take more than 10,000 rounds"
    for path in program.optional:
        if report.endswith(f'Key not found in map : "{path.rpartition(".")[2]}"'):
            return f"there is no `{path}`; ask with `has({path})` first"
    return _STATUS.sub("", report)


def _environment(variables: Mapping[str, Variable]) -> Env:
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
    declared = {path: types[variable.type] for path, variable in variables.items() if not variable.optional}
    # `has` looks into a map. A field of the map that is declared by its whole path comes before the map.
    optional = {path: types[variable.type] for path, variable in variables.items() if variable.optional}
    maps = {path.rpartition(".")[0]: Type.Map(Type.STRING, type_) for path, type_ in optional.items()}
    return NewEnv(variables=declared | maps)


def _cel_value(value: Value) -> Any:
    if isinstance(value, str):
        return _UNREADABLE.sub("\ufffd", value)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {_cel_value(name): _cel_value(texts) for name, texts in value.items()}
    return [_UNREADABLE.sub("\ufffd", text) for text in value]


def _variables_in(text: str, variables: Mapping[str, Variable]) -> Iterator[str]:
    """Yield the paths of the variables in an expression; raise ExpressionError for what is not one of them.

    The library's checker would take any field of `member` (it is declared for `has`), and null for a value. It also
    lets a macro have a variable named like one of ours, which would make this list wrong, so that is an error here.
    """
    before, asked = "", False
    for match in _TOKEN.finditer(text):
        token = match[0]
        if match.lastgroup == "space":
            continue
        if match.lastgroup == "path" and before != ".":
            steps = [step.strip() for step in token.split(".")]
            if steps[0] in ROOTS:
                yield find_variable(text, match.start(), steps, variables, asked=asked)
            elif steps[0] == "null":
                hint = "ask with `has(member.until)` whether there is a last day; texts are `\"\"` without a value"
                raise error_at(text, match.start(), "no variable is ever `null`", hint)
        asked = token == "(" and before == "has"
        before = token


def find_variable(
    text: str, start: int, steps: Sequence[str], variables: Mapping[str, Variable], *, asked: bool = False
) -> str:
    """Return the path of the variable that a chain of names begins with: `member.until` of `member.until.getDay`.

    `asked`: it is asked by `has` whether the variable has a value. Raises ExpressionError, at `start` of the text.
    """
    beginnings = [".".join(steps[:end]) for end in range(len(steps), 0, -1)]
    found = next((path for path in beginnings if path in variables), None)
    if found is not None:
        if asked and not variables[found].optional:
            raise error_at(text, start, f"`{found}` always has a value", 'compare it, with `""` say, instead of `has`')
        return found
    fields = [path for path in variables if path.startswith(f"{steps[0]}.")]
    close = next(filter(None, (closest_name(path, fields) for path in beginnings if "." in path)), None)
    hint = f"did you mean `{close}`?" if close else f"there are {_listed(fields or list(variables))}"
    if any(path.startswith(f"{beginnings[0]}.") for path in variables):
        message = f"`{beginnings[0]}` is not a value, and no name for a variable of your own"
        raise error_at(text, start, message, f"name one of its fields: {_listed(fields)}")
    raise error_at(text, start, f"there is no `{beginnings[0]}` in this rule", hint)


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def error_at(text: str, start: int, message: str, hint: str = "") -> ExpressionError:
    """Return a mistake at an index of a text."""
    return ExpressionError(message, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), hint)


def _located(report: str) -> ExpressionError:
    """Return the first error of the library's report."""
    match = _LOCATED.search(report)
    if match is None:
        return ExpressionError(_STATUS.sub("", report.splitlines()[0]), 1, 1)
    return ExpressionError(match["message"], int(match["line"]), int(match["column"]))
