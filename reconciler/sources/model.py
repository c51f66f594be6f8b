"""What every reader returns: the rows of a source, and the problems in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PhoneCell:
    """A phone number as a row has it, unchecked. `column` is its column or property, `label` its kind ("mobile")."""

    text: str
    column: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One person of a source, as the file spells them.

    `row` counts from 1, a table's header included; in a file without rows it is the line. `line` is where the row
    begins in the text, 0 in a file without lines. `id` is not yet an alias, and `teams` are not yet keys. The first of
    the `phones` is the one that counts, unless the source wants all. `consents` is None where the file does not say.
    """

    row: int
    line: int = 0
    id: str = ""
    phones: tuple[PhoneCell, ...] = ()
    name: str = ""
    teams: tuple[str, ...] = ()
    until: str = ""
    consents: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """A mistake in a row, or in the whole file where `row` is 0. `column` is the column's name, or a property's.

    With `values`, texts of the file or of the configuration, `{0}`, `{1}` … in `message` and `hint` stand for them:
    who shows the problem quotes, masks and escapes them.
    """

    row: int = 0
    line: int = 0
    column: str = ""
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceRows:
    """What a reader found in one file: everybody in the order of the file, and what is wrong."""

    rows: tuple[SourceRow, ...]
    problems: tuple[RowProblem, ...] = ()


class UnreadableFile(Exception):
    """A file cannot be read, or not from some row on: `problem` says where and why."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem
