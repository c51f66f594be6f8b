"""What address books and rosters have in common: who counts, which number comes first, an id for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from reconciler.model.text import folded_name
from reconciler.sources.model import (
    ANY,
    EXPORT_OR_REMOVE,
    MOBILE,
    PhoneCell,
    RowProblem,
    SourceRow,
    SourceRows,
    placeholders,
)

_MAX_SHOWN: Final = 5
_MAX_ID: Final = 50
"""Characters of an id. An alias keeps only the beginning of a longer one, which all ids of one program may share."""
_DIGITS_OF_ID: Final = 4
_NAMELESS: Final = "contact"


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which people of an address book or a roster count, and which of their numbers.

    With `teams` only who is in one of them, as the file spells them in any case; "*" is any team. With `labels` only
    numbers with one of them, those with the first label first.
    """

    teams: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def filter_rows(read: SourceRows, row_filter: RowFilter) -> SourceRows:
    """Return the people who count, each with an id.

    A file in which nobody counts is an error, and so is a team or a label that nobody has: it may be misspelled.
    """
    problems = [*read.problems]
    if not any(problem.severity == "error" for problem in problems):
        problems += _missing(read.rows, row_filter)
    rows = read.rows if row_filter == RowFilter() else [_filter_row(row, row_filter) for row in read.rows]
    return SourceRows(with_ids(row for row in rows if row.teams or not row_filter.teams), tuple(problems))


def _missing(rows: Sequence[SourceRow], row_filter: RowFilter) -> Iterator[RowProblem]:
    if not rows:
        yield RowProblem(message="the file has nobody", hint=EXPORT_OR_REMOVE)
        return
    teams = {team.casefold(): team for row in rows for team in row.teams}
    labels = {phone.label for row in rows for phone in row.phones if phone.label}
    for word, wanted, known in (("team", row_filter.teams, teams.values()), ("label", row_filter.labels, labels)):
        folded = {name.casefold() for name in known}
        for name in wanted:
            if name.casefold() not in folded and name != ANY:
                shown = sorted(known)[:_MAX_SHOWN]
                hint = (
                    f"correct it; the file has {placeholders(len(shown), 1)}{', …' if len(known) > len(shown) else ''}"
                )
                hint = hint if shown else f"remove it; the file has no {word}s"
                message = f"nobody in the file has the {word} {{0}}"
                yield RowProblem(message=message, hint=hint, values=(name, *shown))


def _filter_row(row: SourceRow, row_filter: RowFilter) -> SourceRow:
    teams, phones = row.teams, row.phones
    if row_filter.teams and ANY not in row_filter.teams:
        wanted = {team.casefold() for team in row_filter.teams}
        teams = tuple(team for team in teams if team.casefold() in wanted)
    if row_filter.labels:
        phones = tuple(
            phone for label in row_filter.labels for phone in phones if phone.label.casefold() == label.casefold()
        )
    return replace(row, teams=teams, phones=phones)


def order_phones(phones: Iterable[PhoneCell]) -> tuple[PhoneCell, ...]:
    """Return the numbers with the mobile ones first: most people have WhatsApp there. The rest keep their order."""
    return tuple(sorted(phones, key=lambda phone: phone.label != MOBILE))


def with_ids(rows: Iterable[SourceRow]) -> tuple[SourceRow, ...]:
    """Return the rows with an id for each that has none: the name. An id that is too long becomes its digest.

    Namesakes get the last digits of their number behind it, all of them, so that the order of the rows never decides
    who is meant. Rows without a number name nobody, and keep the name.
    """
    rows = tuple(rows)
    namesakes: defaultdict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if not row.id and row.phones:
            namesakes[folded_name(row.name)].append(index)
    ids = {index: _short(row.id) or row.name for index, row in enumerate(rows)}
    for folded, indexes in namesakes.items():
        if len(indexes) == 1 and folded:
            continue
        taken: set[str] = set()
        for index in sorted(indexes, key=lambda index: _content(rows[index])):
            ids[index] = _free(f"{rows[index].name or _NAMELESS} {_last_digits(rows[index])}", taken)
    return tuple(row if row.id == ids[index] else replace(row, id=ids[index]) for index, row in enumerate(rows))


def _short(id_: str) -> str:
    return id_ if len(id_) <= _MAX_ID else f"id-{sha256(id_.encode()).hexdigest()[:16]}"


def _last_digits(row: SourceRow) -> str:
    return "".join(char for char in row.phones[0].text if char.isdigit())[-_DIGITS_OF_ID:]


def _content(row: SourceRow) -> tuple[object, ...]:
    """Return what tells two contacts apart wherever they are in the file."""
    return ([(phone.text, phone.label) for phone in row.phones], row.name, row.teams)


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while folded_name(name) in taken:
        name, number = f"{wanted} {number}", number + 1
    taken.add(folded_name(name))
    return name
