"""Text on a narrow terminal: broken between parts and words, never within them; elsewhere as it is."""

from __future__ import annotations

import re

import pytest

from reconciler.report.options import RenderOptions
from reconciler.report.text import render_plan, render_result, wrap_text
from tests.report import report_samples as samples

LAST = "Plan: 12 to change · 4 people join, 4 leave · 36 calls, about 22 s"


@pytest.mark.parametrize(
    ("text", "width", "wrapped"),
    [
        (LAST, None, LAST),
        (LAST, 80, LAST),
        (LAST, 50, "Plan: 12 to change · 4 people join, 4 leave ·\n  36 calls, about 22 s"),
        ("  + Bob Marsh (bob, contractor)", 24, "  + Bob Marsh (bob,\n    contractor)"),
        ("\x1b[1mone two three four five\x1b[0m", 20, "\x1b[1mone two three four\n  five\x1b[0m"),
        ("x" * 40, 20, "x" * 40),
        ("  " + "x" * 40 + " end", 20, "  " + "x" * 40 + "\n    end"),
        ("グループ名 グループ名 end", 20, "グループ名\n  グループ名 end"),
    ],
    ids=["a pipe", "wide", "at dots", "at words", "colours", "no space", "one long word", "wide characters"],
)
def test_lines_are_broken_where_a_reader_expects_it(text: str, width: int | None, wrapped: str) -> None:
    assert wrap_text(text, width) == wrapped


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_nothing_is_lost_by_wrapping(width: int) -> None:
    wide, narrow_options = RenderOptions(color=True), RenderOptions(color=True, width=width)
    saved = samples.saved(samples.EVERYTHING)
    for plain, narrow in (
        (render_plan(saved, wide), render_plan(saved, narrow_options)),
        (render_result(samples.BAD, wide), render_result(samples.BAD, narrow_options)),
    ):
        assert re.sub(r"\s+", " ", narrow) == re.sub(r"\s+", " ", plain)
