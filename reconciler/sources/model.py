"""The values of sources: rows, the problems in them, and the history of the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Protocol

ANY: Final = "*"
"""Among the values of a column, or the teams of a file: any that is not empty."""
MOBILE: Final = "mobile"
"""The label of a mobile number, in every format."""
EXPORT_OR_REMOVE: Final = "export it again; to do without it, remove it from `sources`"
"""What to do about a file without people."""


@dataclass(frozen=True, slots=True)
class PhoneCell:
    """A phone number as a row has it, unchecked.

    `column` is its column or property, `label` its kind in small letters ("mobile"). `line` is 0 where it is the row's.
    """

    text: str
    column: str
    label: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One person of a source, as the file spells them.

    `row` counts from 1, a table's header included; in a file without rows it is the line. `line` is where the row
    begins in the text, 0 in a file without lines. `id` is not yet an alias, and `teams` are not yet keys. The first of
    the `phones` is the one that counts, unless the source wants all. `consents` is None where the file does not say.
    `part` is the file of an archive, "" for any other file.
    """

    row: int
    line: int = 0
    id: str = ""
    phones: tuple[PhoneCell, ...] = ()
    name: str = ""
    teams: tuple[str, ...] = ()
    until: str = ""
    consents: bool | None = None
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """A mistake in a row or line, or in the whole file where both are 0. `column` is a column's name, or a property's.

    With `values`, texts of the file or of the configuration, `{0}`, `{1}` … in `message` and `hint` stand for them:
    who shows the problem quotes, masks and escapes them. `part` is the file of an archive.
    """

    row: int = 0
    line: int = 0
    column: str = ""
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    values: tuple[str, ...] = ()
    part: str = ""


@dataclass(frozen=True, slots=True)
class SourceRows:
    """What a reader found in one file: everybody in the order of the file, and what is wrong."""

    rows: tuple[SourceRow, ...]
    problems: tuple[RowProblem, ...] = ()


def placeholders(count: int, first: int = 0) -> str:
    """Return the places of so many `values` of a problem, as a list in its text: `{1}, {2}, {3}`."""
    return ", ".join(f"{{{number}}}" for number in range(first, first + count))


class UnreadableFile(Exception):
    """A file cannot be read, or not from some row on: `problem` says where and why."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class FileVersion:
    """A file as it was from a day on. `data` is None where it was not there."""

    day: date
    data: bytes | None


class FileHistory(Protocol):
    """Knows what the files of a configuration were in the last days."""

    def versions(
        self, place: str, wanted: Callable[[str], bool], current: Mapping[str, bytes], *, since: date, today: date
    ) -> Mapping[str, tuple[FileVersion, ...]]:
        """Return the versions of each file that changed since a day, the newest first.

        `place` is a file or a folder, by its path below the folder of the configuration, as are the files that are
        `wanted` there; `current` are those of today. The last version of each is the one that was there when the day
        began. What is not in the history yet is of `today`. Raises RevisionError where nobody can know all of them.
        """
