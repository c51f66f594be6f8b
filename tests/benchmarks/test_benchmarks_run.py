"""Each benchmark runs at a tiny size and fills its part of the results. Nothing is timed here."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest

from benchmarks.__main__ import QUESTIONS, main
from benchmarks.answer import Answer, Bar, Chart, Table, Target
from benchmarks.calls.minimum import Api, Live, fewest
from benchmarks.calls.wanted import Wanted
from benchmarks.chart import svg_of
from benchmarks.pacing import dictated_by_limit
from benchmarks.results import results_of
from benchmarks.sizes import TINY


@cache
def answered(key: str) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        return QUESTIONS[key](TINY, Path(folder))


@pytest.mark.parametrize("key", QUESTIONS)
def test_every_question_is_answered_at_a_tiny_size(key: str) -> None:
    answer = answered(key)
    assert answer.key == key
    assert answer.targets
    for table in answer.tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.head)}
    assert any(bar.ours and bar.value > 0 for bar in answer.chart.bars)
    assert ET.fromstring(svg_of(answer.chart)).tag.endswith("svg")


@pytest.mark.parametrize(("package", "program"), [("ansible", "Ansible, uri"), ("octodns", "octoDNS, YAML")])
def test_a_peer_that_is_installed_takes_part(package: str, program: str) -> None:
    pytest.importorskip(package, reason=f"{package} is not installed; `make bench` installs it")
    offline = next(table for table in answered("peers").tables if "offline" in table.title)
    assert program in [row[0] for row in offline.rows]


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


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ([100.0] * 600, 10.0),
        ([100.75] * 600, 9.25),
        ([100.75] * 601, 11.25),
        ([100.5] * 100, 0.0),
        ([100.5] * 101, 1.5),
    ],
)
def test_the_limit_dictates_when_the_last_window_opens(sent: list[float], seconds: float) -> None:
    assert dictated_by_limit(sent, 100, 2.0) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("groups", "paging", "known", "unsure"),
    [
        (49, "offset", 1, 1),
        (50, "offset", 2, 2),
        (98, "offset", 2, 2),
        (99, "offset", 3, 3),
        (51, "none", 1, 1),
        (50, "none", 2, 2),
        (20, "none", 1, 3),
        (20, "page", 1, 1),
        (41, "page", 3, 6),
    ],
)
def test_the_fewest_lists_follow_from_the_pages_and_from_who_seems_absent_or_may_have_a_namesake(
    groups: int, paging: str, known: int, unsure: int
) -> None:
    live = [Live(f"{n}@g.us", f"Group {n}", "", frozenset()) for n in range(groups)]
    there = [Wanted("there", "Group 0", "0@g.us")]
    api = Api(whole_lists=False, paging=paging)
    assert fewest(there, live, api).plan == known
    assert fewest([Wanted("there", "Group 0")], live, api).lists == unsure
    assert fewest([*there, Wanted("new", "New")], live, api).lists == unsure


@pytest.mark.parametrize(("people", "reads"), [(500, 1), (1015, 0)])
def test_a_group_that_is_too_full_loses_people_first_and_needs_no_read_between(people: int, reads: int) -> None:
    def digits(start: int, count: int) -> frozenset[str]:
        return frozenset(str(number) for number in range(start, start + count))

    live = [Live(f"{key}@g.us", key, "", digits(0, people)) for key in "ab"]
    wanted = [Wanted(key, key, f"{key}@g.us", members=digits(20, people), membership="exact") for key in "ab"]
    between = fewest(wanted, live, Api(whole_lists=False)).read_backs - len(wanted)
    assert between == reads
