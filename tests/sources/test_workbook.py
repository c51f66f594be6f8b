"""A workbook is read as the texts that its cells stand for, and a damaged one is refused."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from reconciler.sources.columns import Columns, read_columns
from reconciler.sources.model import SourceRows
from reconciler.sources.table import read_table

COLUMNS = Columns(id=("no",), phone=("mobile",), name="{first} {last}", until="leaves")
HEADER = ("no", "first", "last", "mobile", "leaves")


def workbook(*rows: Sequence[Any], sheets: Sequence[str] = ("Pupils",)) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    for name in sheets[1:]:
        book.create_sheet(name)
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_part(data: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """Return a workbook with one of its XML files changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content.decode()) if member == name else content)
    return stream.getvalue()


def problems(read: SourceRows) -> list[str]:
    return [f"{problem.row}: {problem.message}" for problem in read.problems]


def test_numbers_dates_and_texts_become_what_a_person_reads() -> None:
    data = workbook(
        HEADER,
        (1001, "Ann", "Marsh", "+1 202 555 0143", date(2027, 7, 31)),
        (1002.0, "Bob", None, 12025550144, datetime(2027, 7, 31, 12, 30)),  # noqa: DTZ001  spreadsheets have no zones
        (),
        ("x-3", True, "Stone", 12025550145.0, "2027-08-01"),
    )
    read = read_columns(data, COLUMNS)
    assert not read.problems
    assert [(row.row, row.line, row.id, row.name, row.phones[0].text, row.until) for row in read.rows] == [
        (2, 0, "1001", "Ann Marsh", "+1 202 555 0143", "2027-07-31"),
        (3, 0, "1002", "Bob", "12025550144", "2027-07-31T12:30:00"),
        (5, 0, "x-3", "true Stone", "12025550145", "2027-08-01"),
    ]


def test_a_number_with_more_digits_than_a_spreadsheet_keeps_is_shown_as_rounded() -> None:
    read = read_columns(workbook(HEADER, (1, "A", "B", 120255501430000000, "")), COLUMNS)
    assert read.rows[0].phones[0].text == "1.2025550143e+17"


def test_of_several_sheets_one_is_named() -> None:
    data = workbook(HEADER, (1, "A", "B", "+1 202 555 0143"), sheets=("Pupils", "Old"))
    (problem,) = read_columns(data, COLUMNS).problems
    assert (problem.message, problem.values) == ("the file has 2 sheets", ("Pupils", "Old"))
    assert problem.hint == "name one as `sheet`: {0}, {1}"
    assert len(list(read_table(data, [], "Pupils").rows)) == 1
    named = Columns(id=("no",), phone=("mobile",), sheet="Pupil")
    assert problems(read_columns(data, named)) == ["0: the file has no such sheet"]
    assert problems(read_columns(b"no,mobile\n1,2\n", named)) == ["0: the file is not a workbook, and has no sheets"]


def test_the_result_of_a_formula_counts_and_one_without_a_result_is_an_error() -> None:
    data = workbook(HEADER, (1, "A", '=CONCATENATE("St","one")', "+1 202 555 0143"))
    assert problems(read_columns(data, COLUMNS)) == ["2: the cell C2 has a formula without its result"]
    stored = with_part(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("</f><v></v>", "</f><v>Stone</v>").replace("</f><v />", "</f><v>Stone</v>"),
    )
    stored = with_part(stored, "xl/worksheets/sheet1.xml", lambda xml: xml.replace('<c r="C2">', '<c r="C2" t="str">'))
    read = read_columns(stored, COLUMNS)
    assert (problems(read), [row.name for row in read.rows]) == ([], ["A Stone"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04nothing", "the file is damaged: it begins like a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "the file is a workbook in the old format .xls"),
        (
            with_part(workbook(HEADER), "xl/worksheets/sheet1.xml", lambda xml: xml[:300]),
            "the file is a damaged workbook",
        ),
        (with_part(workbook(HEADER), "xl/workbook.xml", lambda xml: "<nothing/>"), "the file is a damaged workbook"),
    ],
    ids=["cut off", "old Excel", "a sheet that is cut off", "no sheets"],
)
def test_what_is_damaged_is_refused(data: bytes, message: str) -> None:
    read = read_columns(data, COLUMNS)
    assert ([problem.message for problem in read.problems], read.rows) == ([message], ())


def test_another_archive_is_not_a_workbook() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("content.xml", "")
    assert problems(read_columns(stream.getvalue(), COLUMNS)) == [
        "0: the file is an archive, and not a workbook (.xlsx)"
    ]


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.sources.workbook._MAX_UNPACKED", 1_000)
    assert problems(read_columns(workbook(HEADER), COLUMNS)) == ["0: the file unpacks to more than 0 MB"]


def test_a_sheet_has_a_limit_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.sources.table.MAX_ROWS", 2)
    rows = [(number, "A", "B", "+1 202 555 0143") for number in range(3)]
    assert problems(read_columns(workbook(HEADER, *rows), COLUMNS)) == ["3: the sheet has more than 2 rows"]


def test_a_size_that_a_sheet_only_claims_costs_nothing() -> None:
    data = with_part(
        workbook(HEADER, (1, "A", "B", "+1 202 555 0143")),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace('ref="A1:E2"', 'ref="A1:XFD1048576"'),
    )
    assert len(read_columns(data, COLUMNS).rows) == 1


def test_without_openpyxl_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (problem,) = read_columns(workbook_bytes(), COLUMNS).problems
    assert "openpyxl, which reads it, is not installed" in problem.message
    assert "[xlsx]" in problem.hint


def workbook_bytes() -> bytes:
    """Return what begins like a workbook and has its main part."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    return stream.getvalue()


def test_a_row_far_below_the_others_is_an_error_at_once() -> None:
    data = with_part(
        workbook(HEADER, ("1", "Ann", "Marsh", "+1 202 555 0143", None), ("2", "Bob", "Marsh", "x", None)),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace('<row r="3"', '<row r="400000"').replace('r="A3"', 'r="A400000"'),
    )
    assert problems(read_columns(data, COLUMNS)) == ["10003: more than 10,000 empty rows follow the row 2"]
