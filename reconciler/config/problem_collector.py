"""What is wrong or doubtful in the files, gathered over a whole run and placed in their text at the end.

Text of a file in a message: escaped, short, and never with a whole phone number."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reconciler.config.document import DocumentPath, SourceLocation
from reconciler.config.positions import locate
from reconciler.errors import Problem, ProblemKind
from reconciler.sanitize.escape import escape_controls
from reconciler.sanitize.mask import mask_person, mask_user_input

_Marker = Callable[[SourceLocation], tuple[int, int]]


MAX_PROBLEMS = 500
"""Errors, and warnings, shown in one run. A hostile file can have a million; nobody reads more than these."""


@dataclass(frozen=True, slots=True)
class UnplacedProblem:
    """One thing found. `mark` is its line and column where they are known already, both from 1.

    `other` is a second place that the message ends with ("… first defined at groups.yaml:3:3").
    """

    kind: ProblemKind
    place: SourceLocation
    message: str
    hint: str = ""
    severity: str = "error"
    mark: tuple[int, int] | None = None
    other: SourceLocation | None = None


class ProblemCollector:
    """All findings of a run, each once, in the order in which they were made."""

    def __init__(self) -> None:
        self._errors: dict[UnplacedProblem, None] = {}
        self._warnings: dict[UnplacedProblem, None] = {}

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return bool(self._errors)

    @property
    def limit_reached(self) -> bool:
        """Whether there are so many errors that looking for more is of no use."""
        return len(self._errors) >= MAX_PROBLEMS

    def error(
        self,
        kind: ProblemKind,
        place: SourceLocation,
        message: str,
        hint: str = "",
        *,
        mark: tuple[int, int] | None = None,
        other: SourceLocation | None = None,
    ) -> None:
        """Note something that makes the configuration unusable."""
        if not self.limit_reached:
            self._errors[UnplacedProblem(kind, place, message, hint, mark=mark, other=other)] = None

    def warning(
        self,
        kind: ProblemKind,
        place: SourceLocation,
        message: str,
        hint: str = "",
        *,
        other: SourceLocation | None = None,
    ) -> None:
        """Note something that works but is probably not meant."""
        if len(self._warnings) < MAX_PROBLEMS:
            self._warnings[UnplacedProblem(kind, place, message, hint, "warning", other=other)] = None

    def problems(self, texts: Mapping[str, str]) -> tuple[Problem, ...]:
        """Everything found, sorted by file, line and column. `texts` has the text of every file by its path."""
        found = [*self._errors, *self._warnings]
        wanted: dict[str, set[DocumentPath]] = {}
        for finding in found:
            for place in (None if finding.mark else finding.place, finding.other):
                if place is not None and place.file in texts:
                    wanted.setdefault(place.file, set()).add(place.path)
        spots = {file: locate(texts[file], trails) for file, trails in wanted.items()}

        def mark(place: SourceLocation) -> tuple[int, int]:
            spot = spots[place.file].get(place.path) if place.file in spots else None
            return (0, 0) if spot is None else spot.key if place.key else spot.value

        problems = [_problem(finding, mark) for finding in found]
        if self.limit_reached:
            message = f"there are {MAX_PROBLEMS} errors or more; the others are not looked for"
            problems.append(Problem(problems[0].file, 0, 0, "", message, "mend these first", kind=ProblemKind.LIMIT))
        return tuple(sorted(problems))


def _problem(finding: UnplacedProblem, mark: _Marker) -> Problem:
    line, column = finding.mark or mark(finding.place)
    message = finding.message
    if finding.other is not None:
        message = f"{message} {finding.other.file}:{':'.join(map(str, mark(finding.other)))}"
    path, hint, severity = format_path(finding.place.path), finding.hint, finding.severity
    return Problem(finding.place.file, line, column, path, message, hint, severity, kind=finding.kind)


MAX_QUOTED_LENGTH = 60
"""Characters of a quoted text that are shown."""


_MOST_NAMES = 500


_MOST_STEPS = 12


def quote_value(text: str) -> str:
    """A text of the file in backticks: phone numbers masked, what does not print escaped, cut to 60 characters."""
    clear = escape_controls(mask_user_input(text[: 4 * MAX_QUOTED_LENGTH]))
    return (
        f"`{clear[: MAX_QUOTED_LENGTH - 1]}…`"
        if len(clear) > MAX_QUOTED_LENGTH or len(text) > 4 * MAX_QUOTED_LENGTH
        else f"`{clear}`"
    )


def quote_person(reference: str) -> str:
    """Like `shown`, for what should be a person: a mistyped number (with a letter in it, say) is masked as a whole."""
    return quote_value(mask_person(reference[: 4 * MAX_QUOTED_LENGTH]))


def format_path(trail: DocumentPath) -> str:
    """A place in a document: `groups.project-alpha.members[2]`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{quote_value(step)[1:-1]}" for step in trail[:_MOST_STEPS]]
    return "".join(parts).removeprefix(".") + ("…" if len(trail) > _MOST_STEPS else "")


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A suggestion, "did you mean `description`?", or nothing when no name is near."""
    size, first, last = len(word), word[:1].casefold(), word[-1:].casefold()
    near = [
        name
        for name in names
        if abs(len(name) - size) <= 3 and (name[:1].casefold() == first or name[-1:].casefold() == last)
    ]
    found = difflib.get_close_matches(word, near[:_MOST_NAMES], n=1, cutoff=0.65)
    return f"did you mean {quote_value(found[0])}?" if found else ""
