"""The table of markers fits the tests that there are."""

from __future__ import annotations

import pytest

from tests.marks import HERE, MARKS, marks_of


@pytest.mark.parametrize("place", MARKS)
def test_every_marked_place_exists(place: str) -> None:
    assert (HERE / place).exists()


def test_every_marker_is_registered(pytestconfig: pytest.Config) -> None:
    registered = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert {mark for marks in MARKS.values() for mark in marks} <= registered


def test_a_file_has_the_markers_of_its_folder() -> None:
    assert marks_of(HERE / "faults" / "test_races.py") == {"faults", "slow"}
    assert marks_of(HERE / "cli" / "test_fuzz.py") == {"fuzz"}
    assert marks_of(HERE / "model" / "test_shard.py") == set()
