"""What the page on safety quotes is what the program says: every quoted message is in its source, piece by piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.pages import DOCS, ROOT

PAGE = (DOCS / "safety.md").read_text(encoding="utf-8")
_QUOTED = re.compile(r"`([^`|]+)`")


def source_texts() -> Iterator[str]:
    """Every text in the program's source, the fixed parts of formatted ones joined by …."""
    for file in sorted((ROOT / "reconciler").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


SOURCE = "\n".join(source_texts())


def messages() -> list[str]:
    """What the tables and the text quote as the program's words: quoted parts of four words and more."""
    quoted = [re.sub(r"\s+", " ", match) for match in _QUOTED.findall(PAGE)]
    return [text for text in quoted if len(text.split()) >= 4 and not text.startswith("--")]


@pytest.mark.parametrize("message", messages())
def test_what_is_quoted_is_said_by_the_program(message: str) -> None:
    for piece in (piece.strip() for piece in message.split("…")):
        assert piece in SOURCE, f"nothing says {piece!r}"


def test_every_refusal_and_every_reason_to_block_or_doubt_is_on_the_page() -> None:
    told = [
        *refusals(),
        *reasons("reconciler/diff/participants.py", "distrust_reasons"),
        *reasons("reconciler/diff/match.py", None),
    ]
    assert len(told) >= 8
    quoted = " ".join(messages())
    for text in told:
        longest = max(re.split(r"[…`]", text), key=len).strip()
        assert longest[:40] in quoted, f"the page does not tell: {text}"


def refusals() -> list[str]:
    """The messages of all refusals, … for what differs."""
    tree = ast.parse((ROOT / "reconciler/plan/guards.py").read_text(encoding="utf-8"))
    return [text for node in ast.walk(tree) if (text := formatted(node)) and len(text.split()) > 6 and "`" not in text]


def reasons(file: str, function: str | None) -> list[str]:
    """The formatted sentences of a module or of one of its functions."""
    tree: ast.AST = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    if function is not None:
        tree = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    found = [formatted(node) for node in ast.walk(tree)]
    return [text for text in found if len(text.split()) > 6 and not text.startswith(" ")]


def formatted(node: ast.AST) -> str:
    """A formatted text with … for its values; "" for anything else."""
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
