"""Each benchmark runs at a tiny size and fills its part of the results. Nothing is timed here."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.__main__ import QUESTIONS, main
from benchmarks.answer import Answer, Bar, Chart, Table, Target
from benchmarks.chart import svg_of
from benchmarks.results import results_of
from benchmarks.sizes import TINY


@pytest.mark.parametrize("key", QUESTIONS)
def test_every_question_is_answered_at_a_tiny_size(key: str, tmp_path: Path) -> None:
    answer = QUESTIONS[key](TINY, tmp_path)
    assert answer.key == key
    assert answer.targets
    for table in answer.tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.head)}
    assert any(bar.ours and bar.value > 0 for bar in answer.chart.bars)
    assert ET.fromstring(svg_of(answer.chart)).tag.endswith("svg")


def test_a_question_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 1
    assert "unknown: speed" in capsys.readouterr().err


def test_the_results_tell_a_missed_target_with_its_reason_and_escape_what_would_break_a_row() -> None:
    answer = Answer(
        "one",
        "1. One",
        ("Prose.",),
        (Table(("what", "time"), (("a | b", "1 ms"),)),),
        (Target("kept", 1.0, 1.0), Target("missed", 2.0, 1.0, remark="busy"), Target("ahead", 6.0, 5.0, least=True)),
        Chart("One", "s", (Bar("ours", 0.0, ours=True), Bar("other", 1e6)), logarithmic=True),
    )
    text = results_of([answer], rounds=5, machine="a machine", versions="Python", day="2026-01-01")
    assert "| kept | 1 | ≤ 1 | yes |" in text
    assert "| missed | 2 | ≤ 1 | **no**: busy |" in text
    assert "| ahead | 6 | ≥ 5 | yes |" in text
    assert "| a \\| b | 1 ms |" in text
    assert "![One](results/one.svg)" in text
    assert ET.fromstring(svg_of(answer.chart)).tag.endswith("svg")
