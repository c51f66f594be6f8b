"""Collect the problems of all files, and place them in the text at the end.

Messages quote text of a file escaped, short, and without whole phone numbers unless the user asks for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from reconciler.config.document import CellLocation, SourceLocation, mark_finder
from reconciler.config.yaml_errors import source_lines
from reconciler.config.yaml_events import DocumentPath
from reconciler.errors import Problem, ProblemKind
from reconciler.model.text import closest_name, mistyped_name
from reconciler.sanitize.escape import escape_controls
from reconciler.sanitize.mask import mask_person, mask_user_input

MAX_PROBLEMS = 500
"""Errors, and warnings, that one run reports. A hostile file can have a million; nobody reads more than these."""
MAX_QUOTED_LENGTH = 60
"""Characters of a quoted text that a message shows."""
_MAX_CELL_LENGTH = 30
"""The same of a cell of a people file."""
MAX_EXCERPT_LENGTH = 120
"""Characters of a line of the file that a problem shows."""
MAX_LISTED_PLACES = 20
"""Places that one problem lists."""
_MAX_PATH_STEPS = 12
_unmasked: ContextVar[bool] = ContextVar("unmasked", default=False)


@dataclass(frozen=True, slots=True)
class _Problem:
    """One problem that may not have its line and column yet."""

    kind: ProblemKind
    place: SourceLocation
    message: str
    hint: str
    severity: str
    mark: tuple[int, int] | None
    other: SourceLocation | None
    places: tuple[SourceLocation, ...] = ()


class ProblemCollector:
    """All problems of a run, each once, in the order of their discovery."""

    def __init__(self) -> None:
        self._errors: dict[_Problem, None] = {}
        self._warnings: dict[_Problem, None] = {}

    @property
    def failed(self) -> bool:
        """Whether at least one problem is an error."""
        return bool(self._errors)

    @property
    def error_count(self) -> int:
        """How many errors there are."""
        return len(self._errors)

    @property
    def limit_reached(self) -> bool:
        """Whether there are so many errors that it is useless to look for more."""
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
        places: Sequence[SourceLocation] = (),
    ) -> None:
        """Add a problem that makes the configuration unusable.

        `mark` is its line and column, both from 1, if they are known already. `other` is a second place, with which
        the message ends ("… first defined at groups.yaml:3:3"). A problem with several `places` is reported at the
        first of them, and their lines end the hint.
        """
        if not self.limit_reached:
            self._errors[_Problem(kind, place, message, hint, "error", mark, other, tuple(places))] = None

    def warning(
        self,
        kind: ProblemKind,
        place: SourceLocation,
        message: str,
        hint: str = "",
        *,
        other: SourceLocation | None = None,
    ) -> None:
        """Add a problem that works but is probably a mistake."""
        if len(self._warnings) < MAX_PROBLEMS:
            self._warnings[_Problem(kind, place, message, hint, "warning", None, other)] = None

    def extend(self, other: ProblemCollector) -> None:
        """Add the errors of another collector."""
        self._errors |= other._errors

    def locate_all(self, texts: Mapping[str, str], linked: Collection[str] = ()) -> tuple[Problem, ...]:
        """Return all problems by file, line and column. `texts` has the text of every file by its path.

        `linked` are the files that are symbolic links: no line of them is shown, for it may be that of any file.
        """
        found = [*self._errors, *self._warnings]
        places = (place for each in found for place in (None if each.mark else each.place, each.other, *each.places))
        mark_of = mark_finder(texts, (place for place in places if place is not None))
        lines: dict[str, list[str]] = {}
        problems = []
        for each in found:
            at = min(each.places, key=lambda place: (place.file, mark_of(place)), default=each.place)
            line, column = each.mark or mark_of(at)
            other = "" if each.other is None else f" {_format_place(each.other, mark_of(each.other))}"
            path, message = path_of(at), each.message + other
            hint = each.hint + _format_places([(place.file, mark_of(place)[0]) for place in each.places])
            excerpt: tuple[str, ...] = ()
            if each.kind is ProblemKind.YAML and line and at.file not in linked:
                if at.file not in lines:
                    lines[at.file] = source_lines(texts[at.file])
                excerpt = _excerpt(lines[at.file], line, column)
            problem = Problem(
                at.file, line, column, path, message, hint, each.severity, kind=each.kind, excerpt=excerpt
            )
            problems.append(problem)
        if self.limit_reached:
            message = f"there are {MAX_PROBLEMS} errors or more; validation stops here"
            problems.append(Problem(problems[0].file, 0, 0, "", message, "fix these first", kind=ProblemKind.LIMIT))
        return tuple(sorted(problems))


def _excerpt(lines: Sequence[str], line: int, column: int) -> tuple[str, ...]:
    """Return a line of the file, masked and escaped, and a caret below it unless what is before it looks otherwise."""
    source = lines[line - 1] if line <= len(lines) else ""
    if not source.strip():
        return ()
    shown = escape_controls(_mask(source[:MAX_EXCERPT_LENGTH]))
    text = f"  {line} | {shown}"
    if shown[:column] != source[:column] or column > MAX_EXCERPT_LENGTH:
        return (text,)
    return (text, f"  {' ' * len(str(line))} | {' ' * (column - 1)}^")


def path_of(place: SourceLocation) -> str:
    """Return the path in a document, or row and column of a people file: `row 17, column mobile`."""
    if not isinstance(place, CellLocation):
        return format_path(place.path)
    row = f"row {place.row}" if place.row else ""
    column = f"{'column' if place.row else 'property'} {quote_value(place.column)[1:-1]}" if place.column else ""
    return ", ".join(filter(None, (place.part, row, column)))


def _format_place(place: SourceLocation, mark: tuple[int, int]) -> str:
    """Return `groups.yaml:3:5`, or `roster.xlsx, row 17` for a file without lines."""
    if isinstance(place, CellLocation) and not place.line:
        return f"{place.file}, {path_of(place)}"
    return f"{place.file}:{mark[0]}:{mark[1]}"


def _format_places(places: Sequence[tuple[str, int]]) -> str:
    """Return the lines as `: groups.yaml line 12, line 20`; the file stands where it is another one than before.

    The words between the numbers keep the masker from taking them for a phone number.
    """
    texts, last = [], ""
    for file, line in sorted(places)[:MAX_LISTED_PLACES]:
        texts.append(f"{file} line {line}" if file != last else f"line {line}")
        last = file
    more = ", …" if len(places) > MAX_LISTED_PLACES else ""
    return f": {', '.join(texts)}{more}" if texts else ""


@contextmanager
def unmasked_messages() -> Iterator[None]:
    """Quote phone numbers in full for a while: for a user at their own screen who asked for it."""
    token = _unmasked.set(True)
    try:
        yield
    finally:
        _unmasked.reset(token)


def _mask(text: str) -> str:
    return text if _unmasked.get() else mask_user_input(text)


def quote_value(text: str, length: int = MAX_QUOTED_LENGTH) -> str:
    """Return the text in backticks: phone numbers masked, unprintable characters escaped, cut to `length`."""
    head = text[: 4 * MAX_QUOTED_LENGTH]
    escaped = escape_controls(_mask(head))
    is_cut = len(escaped) > length or len(head) < len(text)
    return f"`{escaped[: length - 1]}…`" if is_cut else f"`{escaped}`"


def quote_cell(text: str) -> str:
    """Quote a text of a people file: enough to find it, and no more, for the file may be none that is for reading."""
    return quote_value(text, _MAX_CELL_LENGTH)


def quote_person(reference: str) -> str:
    """Quote a text that should be a person: also mask a whole mistyped number, one with a letter in it, say."""
    return quote_value(reference if _unmasked.get() else mask_person(reference[: 4 * MAX_QUOTED_LENGTH]))


def format_path(path: DocumentPath) -> str:
    """Return a path in a document as text: `groups.project-alpha.members[2]`."""
    steps = path[:_MAX_PATH_STEPS]
    parts = [f"[{step}]" if isinstance(step, int) else f".{quote_value(step)[1:-1]}" for step in steps]
    return "".join(parts).removeprefix(".") + ("…" if len(path) > _MAX_PATH_STEPS else "")


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return a suggestion, "did you mean `description`?", or an empty text if no name is close."""
    name = closest_name(word, names)
    return "" if name is None else f"did you mean {quote_value(name)}?"


def suggest_person(word: str, names: Iterable[str]) -> str:
    """Return a suggestion for a mistyped alias or name, or an empty text.

    Only a single slip of the keyboard counts, and none that leads to another person of the same family: somebody who
    is no longer in the file must not be mistaken for a namesake.
    """
    name = mistyped_name(word, names)
    return "" if name is None else f"did you mean {quote_value(name)}?"
