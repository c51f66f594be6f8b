"""Whatever bytes a table has, it is rows or problems, quickly; and no day is guessed."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sources import table
from reconciler.sources.columns import Columns, TeamColumn, read_columns
from reconciler.sources.dates import NotOneDay, read_day

COLUMNS = Columns(
    id=("no",), phone=("mobile",), name="{no} {class}", teams=(TeamColumn("class", ";"),), until="leaves", consent="ok"
)
HEADER = b"no,mobile,class,leaves,ok\n"
PIECES = st.sampled_from(
    [b"1", b",", b";", b"\n", b"\r", b'"', b"=", b"\t", b"\xff", b"\0", b"yes", b"{0}", b"'", b"a"]
)


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=60).map(b"".join)), st.booleans())
def test_any_bytes_are_rows_or_problems(data: bytes, with_header: bool) -> None:
    read = read_columns(HEADER + data if with_header else data, COLUMNS)
    assert read.rows or any(problem.severity == "error" for problem in read.problems)
    assert all(row.id for row in read.rows)


SHAPES = {
    "a header of commas": b"," * 1_000_000,
    "a long line": b"a" * 1_000_001,
    "an open quote": HEADER + b'1,"' + b"a\n" * 100_000,
    "blank rows": HEADER + b"\n" * 1_000_000,
    "spaces": HEADER + b" ,,,,\n" * 100_000,
    "NUL bytes": b"\0" * 1_000_000,
    "one class with many courses": HEADER + b"1,2," + b"a;" * 50_000 + b",,yes\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_table_takes_little_time(shape: str) -> None:
    begun = time.process_time()
    read_columns(SHAPES[shape], COLUMNS)
    assert time.process_time() - begun < 5


def test_a_table_has_a_limit_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    (problem,) = read_columns(HEADER + b"1,2,3,,yes\n2,2,3,,yes\n", COLUMNS).problems
    assert (problem.row, problem.message) == (3, "the table has more than 2 rows")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-07-31", date(2027, 7, 31)),
        ("2027/7/3", date(2027, 7, 3)),
        ("2027.07.31", date(2027, 7, 31)),
        ("31.07.2027", date(2027, 7, 31)),
        ("3.4.2027", date(2027, 4, 3)),
        ("31/07/2027", date(2027, 7, 31)),
        ("07/31/2027", date(2027, 7, 31)),
        ("05-05-2027", date(2027, 5, 5)),
        (" 2027-07-31 00:00:00 ", date(2027, 7, 31)),
        ("2027-07-31T12:30:00+02:00", date(2027, 7, 31)),
    ],
)
def test_a_day_is_read_where_it_is_one_day(text: str, day: date) -> None:
    assert read_day(text) == day


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("03/04/2027", "may be 2027-04-03 or 2027-03-04"),
        ("03-04-2027", "may be 2027-04-03 or 2027-03-04"),
        ("31.02.2027", "is not a day of the calendar"),
        ("2027-13-01", "is not a day of the calendar"),
        ("31.07.27", "is not a date"),
        ("46599", "is not a date"),
        ("20270731", "is not a date"),
        ("31 July 2027", "is not a date"),
        ("2027-07/31", "is not a date"),
        ("next year", "is not a date"),
    ],
)
def test_what_may_be_another_day_is_refused(text: str, message: str) -> None:
    with pytest.raises(NotOneDay) as caught:
        read_day(text)
    assert caught.value.message == message
