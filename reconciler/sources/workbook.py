"""Read a sheet of an Excel workbook (.xlsx), each cell as text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final

from reconciler.sources.model import RowProblem, UnreadableFile, placeholders

_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_MAX_UNPACKED: Final = 512 * 1024 * 1024
"""Bytes of a workbook without its compression."""
_MAX_COLUMNS: Final = 1_000
_MAX_EMPTY: Final = 10_000
"""Empty rows that may follow one another: one cell far below costs as much as all the rows above it."""
_EXACT: Final = 10**15
"""From here on a spreadsheet has lost digits of a number."""
_SAVE_AGAIN: Final = "open it in a spreadsheet program, and save it again as .xlsx or CSV"


def is_workbook(data: bytes) -> bool:
    """Return whether a file is a workbook by its first bytes; raise UnreadableFile for one in the old format."""
    if data.startswith(_OLD_EXCEL):
        raise UnreadableFile(
            RowProblem(message="the file is a workbook in the old format .xls", hint="save it as .xlsx or CSV")
        )
    return data.startswith(_ZIP)


def read_workbook(data: bytes, sheet: str, max_rows: int) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each row of a sheet that has any text; raise UnreadableFile for what is no workbook.

    Without the name of a `sheet` the workbook must have only one.
    """
    _check_archive(data)
    worksheet = _worksheet(_open(data, values=False), sheet)
    rows = worksheet.iter_rows(max_row=max_rows + 1, max_col=_MAX_COLUMNS)
    values: Iterator[tuple[Any, ...]] | None = None
    empty = 0
    for number, cells in enumerate(_guarded(rows), 1):
        if number > max_rows:
            raise UnreadableFile(
                RowProblem(
                    row=number, message=f"the sheet has more than {max_rows:,} rows", hint="split it into several files"
                )
            )
        if values is None and any(cell.data_type == "f" for cell in cells):
            # What a formula comes to is only in a second reading.
            others = _worksheet(_open(data, values=True), sheet)
            values = _guarded(others.iter_rows(min_row=number, max_col=_MAX_COLUMNS, values_only=True))
        empty = 0 if any(cell.value is not None for cell in cells) else empty + 1
        if empty > _MAX_EMPTY:
            message = f"more than {_MAX_EMPTY:,} empty rows follow the row {number - empty}"
            hint = "delete the rows below the last person in a spreadsheet program, and save it again"
            raise UnreadableFile(RowProblem(row=number, message=message, hint=hint))
        results = None if values is None else next(values, ())
        texts = [_text(cell, results, place, number) for place, cell in enumerate(cells)]
        if any(texts):
            while not texts[-1]:
                texts.pop()
            yield number, texts


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise UnreadableFile(
            RowProblem(message="the file is damaged: it begins like a workbook", hint=_SAVE_AGAIN)
        ) from None
    if not any(member.filename == "xl/workbook.xml" for member in members):
        raise UnreadableFile(RowProblem(message="the file is an archive, and not a workbook (.xlsx)", hint=_SAVE_AGAIN))
    if sum(member.file_size for member in members) > _MAX_UNPACKED:
        message = f"the file unpacks to more than {_MAX_UNPACKED // 1024 // 1024} MB"
        raise UnreadableFile(RowProblem(message=message, hint="delete sheets that are not used"))


def _open(data: bytes, *, values: bool) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError:
        message = "the file is a workbook, and openpyxl, which reads it, is not installed"
        hint = "install the reconciler again with its extra `[xlsx]`, or save the sheet as CSV"
        raise UnreadableFile(RowProblem(message=message, hint=hint)) from None
    try:
        return load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False)
    except Exception:  # openpyxl raises whatever a damaged part leads to
        raise UnreadableFile(RowProblem(message="the file is a damaged workbook", hint=_SAVE_AGAIN)) from None


def _worksheet(workbook: Any, sheet: str) -> Any:
    names = [worksheet.title for worksheet in workbook.worksheets]
    if not names:
        raise UnreadableFile(RowProblem(message="the file is a damaged workbook", hint=_SAVE_AGAIN))
    shown = placeholders(len(names[:10]))
    if sheet and sheet not in names:
        hint = f"its sheets: {shown}"
        raise UnreadableFile(RowProblem(message="the file has no such sheet", hint=hint, values=tuple(names[:10])))
    if not sheet and len(names) != 1:
        message, hint = f"the file has {len(names)} sheets", f"name one as `sheet`: {shown}"
        raise UnreadableFile(RowProblem(message=message, hint=hint, values=tuple(names[:10])))
    worksheet = workbook[sheet or names[0]]
    # The size that the file tells may be a million times that of its rows.
    worksheet.reset_dimensions()
    return worksheet


def _guarded(rows: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception:  # openpyxl raises whatever a damaged part leads to
            raise UnreadableFile(RowProblem(message="the file is a damaged workbook", hint=_SAVE_AGAIN)) from None
        yield row


def _text(cell: Any, results: tuple[Any, ...] | None, place: int, row: int) -> str:
    value = cell.value
    if cell.data_type == "f":
        value = results[place] if results is not None and place < len(results) else None
        if value is None:
            message = f"the cell {cell.coordinate} has a formula without its result"
            raise UnreadableFile(RowProblem(row=row, message=message, hint=_SAVE_AGAIN))
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, int) and abs(value) >= _EXACT:
        return f"{value:E}"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)
