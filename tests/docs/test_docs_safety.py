"""Every message that the safety page quotes is in the source of the program, piece by piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.pages import DOCS, ROOT

PAGE = (DOCS / "safety.md").read_text(encoding="utf-8")
_QUOTED = re.compile(r"`([^`|]+)`")


def source_texts() -> Iterator[str]:
    """Yield every string literal in the source of the program."""
    for file in sorted((ROOT / "reconciler").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


SOURCE = "\n".join(source_texts())


def messages() -> list[str]:
    """Return the quoted messages of the page: code spans of four words and more."""
    quoted = [re.sub(r"\s+", " ", match) for match in _QUOTED.findall(PAGE)]
    return [text for text in quoted if len(text.split()) >= 4 and not text.startswith("--")]


@pytest.mark.parametrize("message", messages())
def test_the_program_contains_every_quoted_message(message: str) -> None:
    for piece in (piece.strip() for piece in message.split("…")):
        assert piece in SOURCE, f"no message contains {piece!r}"


def test_every_refusal_and_every_reason_to_block_or_doubt_is_on_the_page() -> None:
    messages_of_guards = [
        *refusals(),
        *reasons("reconciler/diff/participants.py", "distrust_reasons"),
        *reasons("reconciler/diff/match.py", None),
    ]
    assert len(messages_of_guards) >= 8
    quoted = " ".join(messages())
    for text in messages_of_guards:
        longest = max(re.split(r"[…`]", text), key=len).strip()
        assert longest[:40] in quoted, f"missing on the page: {text}"


def refusals() -> list[str]:
    """Return the messages of all refusals, with … for values."""
    tree = ast.parse((ROOT / "reconciler/plan/guards.py").read_text(encoding="utf-8"))
    return [text for node in ast.walk(tree) if (text := formatted(node)) and len(text.split()) > 6 and "`" not in text]


def reasons(file: str, function: str | None) -> list[str]:
    """Return the formatted sentences of a module or of one of its functions."""
    tree: ast.AST = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    if function is not None:
        tree = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    found = [formatted(node) for node in ast.walk(tree)]
    return [text for text in found if len(text.split()) > 6 and not text.startswith(" ")]


def formatted(node: ast.AST) -> str:
    """Return a formatted text with … for its values; "" for anything else."""
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
