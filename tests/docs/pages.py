"""Parse the pages for tests: fenced blocks with their positions, and headings as link anchors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: language ("" for none), text, line of the fence, and the offsets of the text in the page."""

    language: str
    text: str
    line: int
    start: int
    end: int


def blocks(page: str) -> list[Block]:
    """Return all fenced blocks of a page, in order."""
    return [
        Block(m["language"], m["text"], page[: m.start()].count("\n") + 1, m.start("text"), m.end("text"))
        for m in _FENCE.finditer(page)
    ]


def prose(page: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page)


def anchors(page: str) -> set[str]:
    """Return the anchors of a page: its headings as GitHub spells them in links."""
    found: set[str] = set()
    for match in _HEADING.finditer(prose(page)):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match["title"])
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        number = 0
        while (named := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(named)
    return found
