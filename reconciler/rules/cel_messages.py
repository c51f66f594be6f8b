"""The library's messages about expressions in words for those who write rules, with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from reconciler.model.text import closest_name
from reconciler.rules.names import ExpressionError
from reconciler.rules.variables import ROOTS

_LOCATED = re.compile(r"^(?:[A-Z_]+: )*<input>:(?P<line>\d+):(?P<column>\d+): (?P<message>.*)$", re.MULTILINE)
_STATUS = re.compile(r"^(?:[A-Z_]+: )+|(?: \[[A-Z_]+\])+$|<input>:-1:-1: | \(in container ''\)")
_OPERATOR: Final = re.compile(r"'_(\?)_:_'|'_?([^\w'\[]+)_'|'_(\[)_\]'|(?<![\w'])_?([^\w\s'\[(]+)_(?=\()|'@(in)'")
_TYPES: Final = {
    "string": "a text",
    "int": "a number",
    "double": "a number with decimals",
    "bool": "true or false",
    "timestamp": "a day",
    "duration": "a duration",
    "list(string)": "a list of texts",
    "list(int)": "a list of numbers",
    "list": "a list",
    "map": "a mapping",
    "map(string, list(string))": "a mapping of lists",
}
_NAMES: Final = (
    *("all", "contains", "duration", "endsWith", "exists", "exists_one", "false", "filter", "has", "map"),
    *("matches", "size", "startsWith", "string", "timestamp", "true"),
)
_WORDS_OF_OTHERS: Final = {
    "and": "`&&` is and",
    "or": "`||` is or",
    "not": "`!` is not: `!(x in y)`",
    "like": "a text has `contains`, `startsWith`, `endsWith` and `matches`",
    "if": "`condition ? this : that` chooses",
    "len": "`size(list)` counts",
    "none": "nothing is ever null: ask with `has(member.until)`, or compare with `''`",
    "any": "a list has `exists`",
}
_SIGNS: Final = {
    "=>": "`>=` is at least",
    "=~": "a text has `matches`: `group.name.matches('Kids .*')`",
    "=": "`==` compares",
    "&": "`&&` is and",
    "|": "`||` is or",
    "#": "`//` begins a comment",
    ";": "an expression has no `;`",
    "\u2265": "`>=` is at least",
    "\u2264": "`<=` is at most",
    "\u2260": "`!=` is unequal",
}
_CURLY_QUOTES: Final = "\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_OVERLOADS: Final = {
    ("in", "string", "string"): "`text.contains(part)` looks for a part of a text",
    ("contains", "list(string)", "string"): "write `text in list`",
    ("+", "timestamp", "int"): "add a duration: `today + duration('24h')`",
    ("-", "timestamp", "int"): "subtract a duration: `today - duration('24h')`",
}
"""What to write instead of a function or an operator, by its name and the types that it was given."""
_PAIRS: Final = {
    frozenset({"timestamp", "string"}): "a day is `timestamp('2026-12-31T00:00:00Z')`",
    frozenset({"int", "string"}): "a number has no quotes",
    frozenset({"int", "double"}): "write a whole number",
}
"""The same of two types that do not compare."""


def expression_error(report: str, text: str) -> ExpressionError:
    """Return the first error of the library's report about an expression, at its line and column."""
    found = _LOCATED.search(report)
    if found is None:
        return ExpressionError(in_words(report.splitlines()[0]), 1, 1)
    line, column = int(found["line"]), int(found["column"])
    message, hint = _mistake(found["message"], (text.split("\n")[line - 1 : line] or [""])[0][: column - 1])
    return ExpressionError(message, line, column, hint)


def in_words(report: str) -> str:
    """Return a message about values without what only the library's authors need: places, codes, names of functions."""
    return _mistake(report, "")[0]


def type_in_words(name: str) -> str:
    """Return a type of CEL, `int` say, in words: `a number`."""
    return _TYPES.get(name, f"`{name}`")


def _mistake(report: str, before: str) -> tuple[str, str]:
    """Return what is wrong, and what to do; `before` is what the line has before the place."""
    text = _OPERATOR.sub(_operator, _STATUS.sub("", report)).removeprefix("Syntax error: ")
    text = text.replace("google.protobuf.Timestamp", "timestamp").replace("google.protobuf.Duration", "duration")
    for pattern, explain in _KINDS:
        found = pattern.match(text)
        if found is not None:
            return explain(found, before)
    return text, ""


def _operator(found: re.Match[str]) -> str:
    name = next(filter(None, found.groups()))
    return {"[": "`[]`", "?": "`?:`"}.get(name, f"`{name}`")


def _unknown_sign(found: re.Match[str], _: str) -> tuple[str, str]:
    sign = found["sign"].replace("\\n", "").strip()
    if sign[:1] in ("'", '"'):
        return "the text that begins here has no end", f"close it with `{sign[0]}` in the same line"
    if sign[:1] in _CURLY_QUOTES:
        return f"`{sign[:1]}` is no quote in CEL", "write `'` or `\"`"
    hint = next((hint for each, hint in _SIGNS.items() if sign.startswith(each)), "")
    return f"`{sign}` means nothing in CEL", hint


def _unexpected(found: re.Match[str], before: str) -> tuple[str, str]:
    word, wanted = found["word"], found["wanted"] or ""
    if word == "<EOF>":
        return "the expression ends too early", ""
    last = re.search(r"(\w*)\s*$", before)
    hint = _WORDS_OF_OTHERS.get(word.casefold()) or _WORDS_OF_OTHERS.get(last[1].casefold() if last else "", "")
    if word == "," and wanted == "')'":
        hint = "a list has square brackets: `group.key in ['a', 'b']`"
    elif word == ">" and before.endswith("<"):
        hint = "`!=` is unequal"
    elif word in (")", "]"):
        hint = "it closes no bracket"
    return f"`{word}` is not expected here", hint


def _no_overload(found: re.Match[str], _: str) -> tuple[str, str]:
    name, types = found["name"].strip("`'"), re.split(r", (?![^(]*\))", found["types"])
    hint = next((hint for call, hint in _OVERLOADS.items() if call == (name, *types)), "") or _PAIRS.get(
        frozenset(types), ""
    )
    return f"`{name}` does not take {' and '.join(map(type_in_words, types))}", hint


def _unknown_name(found: re.Match[str], _: str) -> tuple[str, str]:
    name = found["name"]
    hint = _WORDS_OF_OTHERS.get(name.casefold(), "")
    close = closest_name(name, _NAMES)
    if not hint and close is not None:
        hint = f"did you mean `{close}`?"
    if name in ROOTS:
        hint = "a value has no brackets: `group.size > 3`"
    return f"there is no `{name}`", hint or f"a text has quotes: `'{name}'`"


def _missing(found: re.Match[str], _: str) -> tuple[str, str]:
    return f"a `{found['sign']}` is missing here", "close every bracket that is open"


def _no_fields(found: re.Match[str], _: str) -> tuple[str, str]:
    return f"{type_in_words(found['type'])} has no fields", "a function has brackets, as in `group.members.size()`"


def _reserved(found: re.Match[str], _: str) -> tuple[str, str]:
    return f"`{found['name']}` is a reserved word of CEL", _WORDS_OF_OTHERS.get(found["name"], "")


_KINDS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], tuple[str, str]]], ...]] = (
    (re.compile(r"token recognition error at: '(?P<sign>.*)'$"), _unknown_sign),
    (re.compile(r"(?:mismatched|extraneous) input '(?P<word>.*?)'(?: expecting (?P<wanted>.*))?$"), _unexpected),
    (re.compile(r"no viable alternative at input '(?P<word>.*)'(?P<wanted>)$"), _unexpected),
    (re.compile(r"missing '(?P<sign>.*?)' at "), _missing),
    (re.compile(r"found no matching overload for (?P<name>\S+) applied to '\((?P<types>.*)\)'"), _no_overload),
    (re.compile(r"undeclared reference to '(?P<name>[^']*)'"), _unknown_name),
    (re.compile(r"expression of type '(?P<type>.*)' cannot be the operand of a select"), _no_fields),
    (re.compile(r"reserved identifier: (?P<name>\w+)"), _reserved),
)
"""Each form of the library's messages, and what puts it into words."""
