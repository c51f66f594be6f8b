"""The expressions of workflow files, as far as ours use them; anything else is refused, not guessed.

As GitHub documents them: texts are equal whatever their case, `&&` and `||` give one of their values, a missing value
is empty. Stricter than GitHub in one thing: a name that cannot be known is an error here and empty there, so that a
typo is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Functions = Mapping[str, Callable[[], bool]]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!(),]))")
_WITHIN = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class Refused(Exception):
    """An expression, or a part of a workflow, that this runner does not know."""


def evaluate(expression: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """The value of an expression without its `${{ }}`."""
    tokens = _tokens(expression)
    value = _Reader(tokens, contexts, functions).whole()
    if tokens:
        raise Refused(f"what follows {tokens!r} in {expression!r} is not understood")
    return value


def filled(text: str, contexts: Mapping[str, Any], functions: Functions) -> str:
    """A text with the values of its `${{ }}`."""
    return _WITHIN.sub(lambda match: as_text(evaluate(match[1], contexts, functions)), text)


def condition(text: str | None, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Whether an `if` holds. Without a word on how things went before, it asks for their success as well."""
    if text is None:
        return functions["success"]()
    bare = _WITHIN.sub(lambda match: match[1], text)
    value = bool(evaluate(bare, contexts, functions))
    asks = re.search(r"\b(?:success|failure|always|cancelled)\(", bare)
    return value and (asks is not None or functions["success"]())


def as_text(value: Any) -> str:
    """A value as it is written into a text."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str | int):
        return "" if value is None else str(value)
    raise Refused(f"{value!r} is no text")


def _tokens(expression: str) -> list[str]:
    return list(_cut(expression.strip()))


def _cut(rest: str) -> Iterator[str]:
    while rest:
        match = _TOKEN.match(rest)
        if match is None:
            raise Refused(f"{rest!r} is not understood")
        yield match[0].strip()
        rest = rest[match.end() :].strip()


class _Reader:
    def __init__(self, tokens: list[str], contexts: Mapping[str, Any], functions: Functions) -> None:
        self.tokens, self.contexts, self.functions = tokens, contexts, functions

    def whole(self) -> Any:
        value = self._and()
        while self._take("||"):
            other = self._and()
            value = value or other
        return value

    def _and(self) -> Any:
        value = self._equal()
        while self._take("&&"):
            other = self._equal()
            value = value and other
        return value

    def _equal(self) -> Any:
        value = self._one()
        for sign in ("==", "!="):
            if self._take(sign):
                return _same(value, self._one()) is (sign == "==")
        return value

    def _one(self) -> Any:
        if self._take("!"):
            return not self._one()
        if self._take("("):
            value = self.whole()
            self._need(")")
            return value
        if not self.tokens:
            raise Refused("the expression ends too soon")
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._take("("):
            return self._called(token)
        return {"true": True, "false": False}[token] if token in ("true", "false") else self._named(token)

    def _called(self, name: str) -> Any:
        if name != "startsWith":
            self._need(")")
            return _known(self.functions, name)()
        whole = as_text(self.whole())
        self._need(",")
        start = as_text(self.whole())
        self._need(")")
        return whole.casefold().startswith(start.casefold())

    def _named(self, name: str) -> Any:
        value: Any = self.contexts
        for part in name.split("."):
            if value is None:  # of what may be missing anything may be asked
                break
            if not isinstance(value, Mapping):
                raise Refused(f"{name}: {part} is asked of a plain value")
            lacking_is_fine = value is not self.contexts and getattr(value, "may_lack", False)
            value = value.get(part) if lacking_is_fine else _known(value, part)
        return value

    def _take(self, sign: str) -> bool:
        if self.tokens[:1] == [sign]:
            self.tokens.pop(0)
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise Refused(f"{sign} is missing before {self.tokens!r}")


class Loose(dict[str, Any]):
    """Values of which any may be missing: outputs that no step has set, secrets that nobody has given."""

    may_lack = True


def _known(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise Refused(f"there is no {name!r} among {sorted(values)}")
    return values[name]


def _same(one: Any, other: Any) -> bool:
    return as_text(one).casefold() == as_text(other).casefold()
