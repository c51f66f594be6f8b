"""Write rows as CSV that a spreadsheet shows as text: no cell is a formula, and numbers are masked as everywhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reconciler.report.options import RenderOptions
from reconciler.report.pieces import Pieces, plain_text

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with (CWE-1236), also as a full-width character."""


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Pieces]], options: RenderOptions) -> str:
    """Return a head with the columns, and a line for each row; a column that a row does not have is empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    # Many rows are about one commit.
    cells: dict[Pieces, str] = {(): ""}
    for row in rows:
        texts = []
        for column in columns:
            pieces = row.get(column, ())
            text = cells.get(pieces)
            if text is None:
                text = cells[pieces] = _cell(plain_text(pieces, options))
            texts.append(text)
        writer.writerow(texts)
    return file.getvalue().rstrip("\n")


def _cell(text: str) -> str:
    """Return a cell; an apostrophe keeps what begins like a formula from being one."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
