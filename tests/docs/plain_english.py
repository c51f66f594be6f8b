"""The word list of the house: phrases that plain, active English does without, and where texts come from.

Count the hits of every root, also of those that no test checks yet:

    python -m tests.docs.plain_english [ROOT]
"""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import click
import yaml

from reconciler.cli.command import LazyGroup
from reconciler.cli.main import cli
from tests.docs.pages import ROOT, blocks

NOUNS = (
    "account|address|admin|alias|answer|call|change|character|chat|code|country|date|day|difference|directory|error|file|"
    "folder|group|id|instance|key|link|list|mapping|name|number|option|part|path|person|phone|place|plan|port|problem|"
    "reason|revision|rule|run|state|team|text|url|value|version|word|yaml"
)
"""Nouns that a negation must not precede after "is": "is not a number", not "is no number"."""

PHRASES: dict[str, str] = {
    rf"(?<!there\s)\b(?:is|are|was|were) no (?:\w+ )?(?:{NOUNS})s?\b": "negate the verb: is not a …",
    r"(?<!there\s)\b(?:is|are) (?-i:none)\b": "negate the verb",
    r"\b(?:is|are|was|were|be|been|being) told\b": "name who does it: report, show, print",
    r"\btold (?:of|in|from|by|as|with|apart)\b": "report, show, distinguish",
    r"\btells? (?:of|what|which|whether|who|everybody)\b": "report, show",
    r"\b(?:is|are|was|were) said\b": "report, show, print",
    r"\bsa(?:ys|id) (?:of|it all|what|which|whether|more|who)\b": "a tool shows or reports; people say",
    r"\bsay(?:s|ing)? (?:all|everything) at once\b": "report every …",
    r"\bthe (?:file|plan|yaml|list) (?:wants?|says|said|knows|notes|asks)\b": "files do not speak: configured, lists",
    r"\bas the (?:file|plan|list|yaml) says\b": "matches the configuration, in sync",
    r"\bby now\b": "drop it, or use meanwhile",
    r"\ball the same\b": "anyway, still",
    r"\bwho(?:so)?ever\b": "everyone who, if somebody",
    r"\bwhatsoever\b": "drop it",
    r"\bnobody's\b": "rephrase",
    r"\bsomebody's\b": "a person's",
    r"\bstands? (?:in|at|beside|below|above|there|ready|still|(?:for|by) itself)\b": "things do not stand: is",
    r"\b(?:where|what|which|who|it|that|as it) stands\b": "things do not stand: is, follows",
    r"\bstands? in the way\b": "prevents, blocks",
    r"\ba hand\b|\bby (?:a|some) hand\b": "manual change",
    r"\b(?:wish|wishes|wished)\b": "desired state, change",
    r"\bout of the way\b": "rephrase",
    r"\bbeside (?:it|them|this|that) all\b": "in addition",
    r"\bbesides\b": "also, in addition",
    r"\bwhat is (?:more|due|to be|asked|wanted|left)\b": "use a noun: the rest, the remaining …",
    r"\bis (?:wanted|not wanted|sought|meant) (?:in|for|by|to)\b": "desired, configured",
    r"\bwhom\b": "the person who, people who",
    r"\b(?:lest|thereof|therein|whence|anew|forthwith|hence)\b": "again, so that, from",
    r"\bmend(?:s|ed|ing)?\b": "fix, repair",
    r"\bheld against\b": "compared with",
    r"\b(?:is|are|be|being) taken for\b": "mistaken for, treated as",
    r"\botherwise than\b": "differently from",
    r"\bthrow(?:s|n)? (?:out|somebody)\b": "remove",
    r"\b(?:comes?|came) to nothing\b": "has no effect",
    r"\bgoes? (?:before|by) the\b|\bgoes before\b": "overrides, uses",
}
"""Patterns, each with a hint what to write instead; a pattern matches in any case and across line breaks."""

_PATTERNS = [(re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), hint) for pattern, hint in PHRASES.items()]
_CODE = re.compile(r"`[^`\n]*(?:\n[^`\n]*)?`")
_QUOTED_LABEL = re.compile(r"\*(?:changed by\s+hand|not applied\s+yet|may have been\s+sent)\*")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of prose: where it is, its words, and the line it starts in (0 for what has no lines)."""

    place: str
    words: str
    line: int = 0

    def place_at(self, offset: int) -> str:
        """Return the place of a character: "README.md:12"."""
        return f"{self.place}:{self.line + self.words.count(chr(10), 0, offset)}" if self.line else self.place


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of the list in a text."""

    place: str
    phrase: str
    hint: str

    def __str__(self) -> str:
        return f"{self.place}: {self.phrase!r} ({self.hint})"


def hits(texts: Iterator[Text]) -> list[Hit]:
    """Return every phrase of the list in the texts, in order."""
    return [
        Hit(text.place_at(match.start()), re.sub(r"\s+", " ", match[0]), hint)
        for text in texts
        for pattern, hint in _PATTERNS
        for match in pattern.finditer(text.words)
    ]


def _paragraphs(name: str, page: str) -> Iterator[Text]:
    """Yield the paragraphs of a text that has lines, each with the line it starts in."""
    for match in re.finditer(r"(?:[^\n]*\S[^\n]*(?:\n|$))+", page):
        yield Text(name, match[0], 1 + page.count("\n", 0, match.start()))


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n") or " "


def markdown(*patterns: str, without: tuple[str, ...] = ()) -> Iterator[Text]:
    """Yield the prose of Markdown pages: what is in backticks or a block quotes the program and does not count."""
    for pattern in patterns:
        for page in sorted(ROOT.glob(pattern)):
            if page.name not in without:
                text = page.read_text(encoding="utf-8")
                for block in blocks(text):
                    text = text.replace(block.text, "\n" * block.text.count("\n"), 1)
                text = _QUOTED_LABEL.sub(_blank, _CODE.sub(_blank, text.replace("```", "")))
                yield from _paragraphs(str(page.relative_to(ROOT)), text)


def schema_texts() -> Iterator[Text]:
    """Yield the titles and descriptions of the published schemas."""

    def walk(part: Any, place: str) -> Iterator[Text]:
        if isinstance(part, dict):
            for name, value in part.items():
                if name in ("title", "description") and isinstance(value, str):
                    yield Text(f"{place}/{name}", _CODE.sub(" ", value))
                else:
                    yield from walk(value, f"{place}/{name}")

    for file in sorted((ROOT / "schemas").glob("*.schema.json")):
        yield from walk(json.loads(file.read_text(encoding="utf-8")), file.name)


def comments(*patterns: str) -> Iterator[Text]:
    """Yield the comments of YAML and shell files; adjacent comment lines are one text."""
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            lines = file.read_text(encoding="utf-8").splitlines()
            found = [re.search(r"(?:^|\s)#(?!!)(.*)$", line) for line in lines]
            text = "\n".join(match[1] if match else "" for match in found)
            yield from _paragraphs(str(file.relative_to(ROOT)), _CODE.sub(_blank, text))


def forms(pattern: str) -> Iterator[Text]:
    """Yield what issue forms show: names, labels, descriptions and options."""

    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, str):
            yield _CODE.sub(" ", part)
        elif isinstance(part, (dict, list)):
            for each in part.values() if isinstance(part, dict) else part:
                yield from walk(each)

    for file in sorted(ROOT.glob(pattern)):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        yield from (Text(str(file.relative_to(ROOT)), words) for words in walk(content))


def help_texts() -> Iterator[Text]:
    """Yield what `--help` prints: descriptions and the help of options, for every command."""

    def walk(command: click.Command, name: str) -> Iterator[Text]:
        yield Text(name, _CODE.sub(" ", command.help or ""))
        for param in command.params:
            yield Text(f"{name} {param.opts[0]}", _CODE.sub(" ", getattr(param, "help", None) or ""))
        for child, (place, line) in command.lazy.items() if isinstance(command, LazyGroup) else ():
            yield Text(f"{name} ({child})", line)
            module, _, attribute = place.partition(":")
            yield from walk(getattr(importlib.import_module(module), attribute), f"{name} {child}")

    return walk(cli, "reconciler")


def python_files(folder: str) -> Iterator[tuple[str, str]]:
    """Yield every Python file below a folder, as its name and its source."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")


def docstrings(folder: str) -> Iterator[Text]:
    """Yield the docstrings of modules, classes, functions and attributes."""
    for name, source in python_files(folder):
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Expr(value=ast.Constant(value=str() as text)):
                    yield Text(name, text, node.lineno)


def literals(folder: str) -> Iterator[Text]:
    """Yield string literals with a space in them, docstrings excepted; `…` stands for the values of formatted ones."""
    for name, source in python_files(folder):
        tree = ast.parse(source)
        nodes = list(ast.walk(tree))
        skipped = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        skipped |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            if id(node) in skipped:
                continue
            text = ""
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            elif isinstance(node, ast.JoinedStr):
                text = "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
            if " " in text:
                yield Text(name, text, getattr(node, "lineno", 0))


def python_comments(folder: str) -> Iterator[Text]:
    """Yield the comments of Python files; adjacent comment lines are one text."""
    for name, source in python_files(folder):
        lines = [""] * (source.count("\n") + 1)
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                lines[token.start[0] - 1] = token.string.lstrip("# ")
        yield from _paragraphs(name, "\n".join(lines))


GENERATED_FROM_HELP = "commands.md"
ROOTS: dict[str, Callable[[], Iterator[Text]]] = {
    "README": lambda: markdown("*.md", ".github/*.md", without=("ARCHITECTURE.md",)),
    "forms": lambda: forms(".github/ISSUE_TEMPLATE/*.yml"),
    "docs": lambda: markdown("docs/*.md", without=(GENERATED_FROM_HELP,)),
    "schema": schema_texts,
    "starter": lambda: comments("reconciler/starter/**/*.y*ml", "examples/**/*.y*ml", "examples/*.sh"),
    "ARCHITECTURE": lambda: markdown("ARCHITECTURE.md"),
    "commands": lambda: markdown(f"docs/{GENERATED_FROM_HELP}"),
    "help": help_texts,
    "literals": lambda: literals("reconciler"),
    "docstrings": lambda: docstrings("reconciler"),
    "comments": lambda: python_comments("reconciler"),
}
"""Where prose is. A test keeps the roots in `CHECKED` free of hits; switch the others on when they are clean."""

CHECKED = (
    "README",
    "forms",
    "ARCHITECTURE",
    "docs",
    "schema",
    "starter",
    "commands",
    "help",
    "literals",
    "docstrings",
    "comments",
)


def main(names: list[str]) -> None:
    """Print the number of hits of every root, or the hits of the named ones."""
    for name in names or ROOTS:
        found = hits(ROOTS[name]())
        print(f"{name}: {len(found)}{'' if name in CHECKED else ' (not checked)'}")  # noqa: T201
        if names:
            print(*found, sep="\n")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
