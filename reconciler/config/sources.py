"""Take people and teams from the files that `sources` names, as if they were under `people` and `teams`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath
from typing import TypeAlias

from reconciler.config.document import (
    ALL_NAMES,
    CellLocation,
    LocatedValue,
    MergedConfig,
    SourceLocation,
    as_mapping,
    as_text,
)
from reconciler.config.people_rows import PeopleFileRows, PeopleRows
from reconciler.config.phone_numbers import is_region, region_hint
from reconciler.config.problem_collector import ProblemCollector, quote_cell, quote_value
from reconciler.config.source_files import FileContent, has_hidden_part
from reconciler.config.source_options import READERS
from reconciler.errors import ProblemKind
from reconciler.model.text import composed
from reconciler.sources.model import RowProblem

FileFinder: TypeAlias = Callable[[str, str], Mapping[str, FileContent]]
"""Takes the name of a YAML file and a path or pattern; returns the files that fit, by their paths below its folder."""


def add_sources(
    merged: MergedConfig,
    entries: Iterable[LocatedValue],
    names: Mapping[str, str],
    find: FileFinder,
    problems: ProblemCollector,
    as_of: date,
    *,
    is_broken: bool = False,
) -> tuple[MergedConfig, tuple[PeopleFileRows, ...]]:
    """Return the configuration with everybody and every team that its people files give, and these files.

    `entries` are those of `sources`, `is_broken` whether another one breaks the schema. `names` has the path of each
    YAML file below the loaded folder. After a mistake in a source, any person and team may be missing, and a reference
    to one is not a second mistake. Some rosters have days, of which `as_of` counts.
    """
    before = problems.error_count
    reader = _SourceReader(merged, names, find, problems, as_of)
    for entry in entries:
        reader.read(entry)
    sections = {**merged.sections, **reader.rows.sections(), "sources": reader.entries}
    broken_names = merged.broken
    if is_broken or problems.error_count > before:
        broken_names = {**broken_names, **{name: broken_names[name] | {ALL_NAMES} for name in ("people", "teams")}}
    return replace(merged, sections=sections, broken=broken_names), tuple(reader.files)


class _SourceReader:
    """Reads the people files of one entry of `sources` after the other."""

    def __init__(
        self,
        merged: MergedConfig,
        names: Mapping[str, str],
        find: FileFinder,
        problems: ProblemCollector,
        as_of: date,
    ) -> None:
        self._merged = merged
        self._names = names
        self._find = find
        self._problems = problems
        self._as_of = as_of
        self.rows = PeopleRows(merged, problems)
        self._shown_hints: set[str] = set()
        self.entries: dict[str, LocatedValue] = {}
        self.files: list[PeopleFileRows] = []

    def read(self, entry: LocatedValue) -> None:
        """Add what the files of an entry give."""
        fields = as_mapping(entry.value)
        formats = [name for name in READERS if name in fields]
        if len(formats) != 1:
            message = f"has {' and '.join(f'`{name}`' for name in formats)}, and a source has one of them"
            self._problems.error(ProblemKind.VALUE, entry.place, message, "write an item of the list for each")
            return
        format_, place = formats[0], entry.place.at(formats[0])
        pattern = _below_folder(as_text(fields[format_]))
        if pattern is None:
            message = f"{quote_value(as_text(fields[format_]))} leads out of the folder of this file"
            hint = "put the file into this folder or below, and write its path from here with slashes"
            self._problems.error(ProblemKind.VALUE, place, message, hint)
            return
        if has_hidden_part(PurePosixPath(pattern)):
            message = f"{quote_value(pattern)} has a name that begins with a dot"
            hint = "such files and folders are not for people files; give it another name"
            self._problems.error(ProblemKind.VALUE, place, message, hint)
            return
        region = as_text(fields["region"]).upper() if "region" in fields else "US"
        if not is_region(region):
            message = f"{quote_value(region)} is not a country's code"
            self._problems.error(ProblemKind.VALUE, entry.place.at("region"), message, region_hint(region))
            return
        folder = PurePosixPath(self._names[place.file]).parent
        self.entries.setdefault(str(folder / pattern), entry)
        found = self._find(place.file, pattern)
        if not found:
            message = f"there is no file {quote_value(pattern)} in the folder of this file"
            self._problems.error(ProblemKind.FILE, place, message, "correct the path, or put the file there")
        for below, content in sorted(found.items()):
            self._read_file(content, folder, below, pattern, format_, entry)

    def _read_file(
        self, content: FileContent, folder: PurePosixPath, below: str, pattern: str, format_: str, entry: LocatedValue
    ) -> None:
        if content.error:
            self._problems.error(ProblemKind.FILE, SourceLocation(content.file), content.error, content.hint)
            return
        file = PeopleFileRows(
            path=content.file,
            name=str(folder / below),
            format=format_,
            entry=self._merged.file_and_line(entry.place.at(format_)),
            digest=hashlib.sha256(content.data).hexdigest(),
            source=entry,
            pattern=pattern,
            folder=folder,
            data=content.data,
            linked=content.linked,
        )
        self.files.append(file)
        fields = as_mapping(entry.value)
        read = READERS[format_](fields, self._as_of)(content.data)
        for problem in read.problems:
            self._report(file, problem)
        is_whole = all(problem.severity != "error" for problem in read.problems)
        self.rows.add(file, fields, read.rows, is_whole=is_whole)

    def _report(self, file: PeopleFileRows, problem: RowProblem) -> None:
        message, hint = (_filled(text, problem.values) for text in (problem.message, problem.hint))
        if not (problem.row or problem.line):
            # What is wrong with several whole files is repaired in one way, such as installing what reads them.
            hint = "" if hint in self._shown_hints else hint
            self._shown_hints.add(hint)
        line = 0 if problem.part else problem.line
        place = CellLocation(file.path, row=problem.row, line=line, column=problem.column, part=problem.part)
        report = self._problems.error if problem.severity == "error" else self._problems.warning
        report(ProblemKind.PEOPLE_FILE, place, message, hint)


def _filled(text: str, values: Sequence[str]) -> str:
    """Return a text with the quoted values in the places of `{0}`, `{1}` …"""
    return re.sub(r"\{([0-9]+)\}", lambda match: quote_cell(values[int(match[1])]), text)


def _below_folder(path: str) -> str | None:
    """Return a path below a folder without `.` in it; None if it may lead out of the folder."""
    parts = [part for part in path.strip().split("/") if part != "."]
    leads_out = ".." in parts or "" in parts or "\\" in path or re.match(r"[A-Za-z]:", path)
    return None if leads_out else composed("/".join(parts)) or None
