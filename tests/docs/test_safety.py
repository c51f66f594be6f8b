"""Every message that the safety page quotes is in the source of the program, piece by piece."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator

import pytest

from reconciler.message_catalogue import CATALOGUE, MessageKind
from tests.docs.pages import DOCS, ROOT

GENERATOR = runpy.run_path(str(DOCS / "generate.py"))
SAFETY_TABLES, code_span, message_shape = (GENERATOR[name] for name in ("SAFETY_TABLES", "code_span", "message_shape"))
PAGE = (DOCS / "safety.md").read_text(encoding="utf-8")
_QUOTED = re.compile(r"(?<!`)`([^`|]+)`(?!`)")


def source_texts() -> Iterator[str]:
    """Yield every string literal in the source of the program."""
    yield from (message_shape(sentence.text) for sentence in CATALOGUE.values())
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


@pytest.mark.parametrize("kind", SAFETY_TABLES)
def test_every_guard_of_the_catalogue_is_on_the_page_with_its_sentence(kind: MessageKind) -> None:
    sentences = [sentence for sentence in CATALOGUE.values() if sentence.kind is kind and sentence.when]
    assert sentences
    for sentence in sentences:
        assert f"| {sentence.when} | {code_span(message_shape(sentence.text))} |" in PAGE


def test_a_sentence_on_the_page_has_a_mark_for_each_parameter_and_agrees_with_many() -> None:
    assert (
        message_shape("{count:int} live {count:group is|groups are} called {name:live}") == "… live groups are called …"
    )
