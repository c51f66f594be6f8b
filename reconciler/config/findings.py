"""What is wrong or doubtful in the files, gathered over a whole run and placed in their text at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.config.positions import locate
from reconciler.config.quoting import trail_text
from reconciler.config.tree import Place, Trail
from reconciler.errors import Kind, Problem

_Marker = Callable[[Place], tuple[int, int]]

MOST = 500
"""Errors, and warnings, shown in one run. A hostile file can have a million; nobody reads more than these."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `mark` is its line and column where they are known already, both from 1.

    `other` is a second place that the message ends with ("… first defined at groups.yaml:3:3").
    """

    kind: Kind
    place: Place
    message: str
    hint: str = ""
    severity: str = "error"
    mark: tuple[int, int] | None = None
    other: Place | None = None


class Findings:
    """All findings of a run, each once, in the order in which they were made."""

    def __init__(self) -> None:
        self._errors: dict[Finding, None] = {}
        self._warnings: dict[Finding, None] = {}

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return bool(self._errors)

    @property
    def full(self) -> bool:
        """Whether there are so many errors that looking for more is of no use."""
        return len(self._errors) >= MOST

    def error(
        self,
        kind: Kind,
        place: Place,
        message: str,
        hint: str = "",
        *,
        mark: tuple[int, int] | None = None,
        other: Place | None = None,
    ) -> None:
        """Note something that makes the configuration unusable."""
        if not self.full:
            self._errors[Finding(kind, place, message, hint, mark=mark, other=other)] = None

    def warning(self, kind: Kind, place: Place, message: str, hint: str = "", *, other: Place | None = None) -> None:
        """Note something that works but is probably not meant."""
        if len(self._warnings) < MOST:
            self._warnings[Finding(kind, place, message, hint, "warning", other=other)] = None

    def problems(self, texts: Mapping[str, str]) -> tuple[Problem, ...]:
        """Everything found, sorted by file, line and column. `texts` has the text of every file by its path."""
        found = [*self._errors, *self._warnings]
        wanted: dict[str, set[Trail]] = {}
        for finding in found:
            for place in (None if finding.mark else finding.place, finding.other):
                if place is not None and place.file in texts:
                    wanted.setdefault(place.file, set()).add(place.trail)
        spots = {file: locate(texts[file], trails) for file, trails in wanted.items()}

        def mark(place: Place) -> tuple[int, int]:
            spot = spots[place.file].get(place.trail) if place.file in spots else None
            return (0, 0) if spot is None else spot.key if place.key else spot.value

        problems = [_problem(finding, mark) for finding in found]
        if self.full:
            message = f"there are {MOST} errors or more; the others are not looked for"
            problems.append(Problem(problems[0].file, 0, 0, "", message, "mend these first", kind=Kind.LIMIT))
        return tuple(sorted(problems))


def _problem(finding: Finding, mark: _Marker) -> Problem:
    line, column = finding.mark or mark(finding.place)
    message = finding.message
    if finding.other is not None:
        message = f"{message} {finding.other.file}:{':'.join(map(str, mark(finding.other)))}"
    path, hint, severity = trail_text(finding.place.trail), finding.hint, finding.severity
    return Problem(finding.place.file, line, column, path, message, hint, severity, kind=finding.kind)
