"""Find the variables in an expression or a message, and what is not one of them, at its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reconciler.model.text import closest_name
from reconciler.rules.variables import ROOTS, Variable

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
_STEP = re.compile(r"\w+", re.ASCII)


class ExpressionError(Exception):
    """A mistake in an expression or a message, at a line and column (from 1) of it; `hint` is what to do."""

    def __init__(self, message: str, line: int, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Use:
    """A variable in an expression, by its path, and where: from `start` to `end`.

    `asked`: it is inside of `has(…)`, which `start` and `end` include.
    """

    path: str
    start: int
    end: int
    asked: bool = False

    @property
    def name(self) -> str:
        """What is used of it: the value, or only whether there is one."""
        return f"has({self.path})" if self.asked else self.path


def find_uses(text: str, variables: Mapping[str, Variable]) -> list[Use]:
    """Return the variables in an expression, in its order; raise ExpressionError for what is not one of them.

    The library's own check lets a macro have a variable named like one of ours, and takes null for a value. The first
    would make this list wrong, the second is never what somebody means.
    """
    tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "space"]
    return [use for index in range(len(tokens)) if (use := _use_at(index, tokens, text, variables)) is not None]


def _use_at(index: int, tokens: Sequence[re.Match[str]], text: str, variables: Mapping[str, Variable]) -> Use | None:
    """Return the variable at a token, if there is one."""
    token = tokens[index]
    if token.lastgroup != "path" or (index and tokens[index - 1][0] == "."):
        return None
    steps = _STEP.findall(token[0])
    if steps[0] == "null":
        hint = 'ask with `has(member.until)` whether there is a last day; texts are `""` without a value'
        raise error_at(text, token.start(), "no variable is ever `null`", hint)
    if steps[0] not in ROOTS:
        return None
    path = find_variable(text, token.start(), steps, variables)
    if index < 2 or tokens[index - 1][0] != "(" or tokens[index - 2][0] != "has":
        last = list(_STEP.finditer(token[0]))[path.count(".")]
        return Use(path, token.start(), token.start() + last.end())
    if not variables[path].optional:
        hint = 'compare it, with `""` say, instead of `has`'
        raise error_at(text, token.start(), f"`{path}` always has a value", hint)
    return Use(path, tokens[index - 2].start(), (tokens[index + 1] if index + 1 < len(tokens) else token).end(), True)


def find_variable(text: str, start: int, steps: Sequence[str], variables: Mapping[str, Variable]) -> str:
    """Return the path of the variable that a chain of names begins with: `member.until` of `member.until.getDay`.

    Raises ExpressionError, at `start` of the text.
    """
    beginnings = [".".join(steps[:end]) for end in range(len(steps), 0, -1)]
    found = next((path for path in beginnings if path in variables), None)
    if found is not None:
        return found
    fields = [path for path in variables if path.startswith(f"{steps[0]}.")]
    close = next(filter(None, (closest_name(path, fields) for path in beginnings if "." in path)), None)
    hint = f"did you mean `{close}`?" if close else f"there are {_listed(fields or list(variables))}"
    if any(path.startswith(f"{beginnings[0]}.") for path in variables):
        message = f"`{beginnings[0]}` is not a value, and no name for a variable of your own"
        raise error_at(text, start, message, f"name one of its fields: {_listed(fields)}")
    raise error_at(text, start, f"there is no `{beginnings[0]}` in this rule", hint)


def replaced(text: str, uses: Sequence[Use], replacements: Iterator[str]) -> str:
    """Return an expression with something else in the place of each use."""
    edges = [0, *(edge for use in uses for edge in (use.start, use.end)), len(text)]
    kept = [text[start:end] for start, end in list(pairwise(edges))[::2]]
    return kept[0] + "".join(f"{replacement}{rest}" for replacement, rest in zip(replacements, kept[1:], strict=True))


def split_logic(text: str) -> tuple[str, list[str]] | None:
    """Return `||` or `&&` and the expressions that it joins, None where no operator joins the whole.

    That is the operator of the lowest precedence outside of all brackets: `a && b || c` is `a && b` or `c`.
    """
    tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "space"]
    while len(tokens) > 1 and tokens[0][0] == "(" and _closing(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    depth, found = 0, dict[str, list[int]]()
    for index, token in enumerate(tokens):
        depth += (token[0] in _OPEN) - (token[0] in _CLOSE)
        if depth == 0 and token[0] in "?|&" and token.lastgroup == "other":
            if token[0] == "?":
                return None
            if index and tokens[index - 1].end() == token.start() and tokens[index - 1][0] == token[0]:
                found.setdefault(token[0] * 2, []).append(index)
    operator = "||" if "||" in found else "&&"
    if operator not in found:
        return None
    begins, ends = [0, *(index + 1 for index in found[operator])], [*(i - 2 for i in found[operator]), len(tokens) - 1]
    return operator, [text[tokens[a].start() : tokens[b].end()] for a, b in zip(begins, ends, strict=True)]


_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


def _closing(tokens: Sequence[re.Match[str]]) -> int:
    """Return the index of the bracket that closes the first one."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token[0] in _OPEN) - (token[0] in _CLOSE)
        if depth == 0:
            return index
    return -1


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def error_at(text: str, start: int, message: str, hint: str = "") -> ExpressionError:
    """Return a mistake at an index of a text."""
    return ExpressionError(message, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), hint)
