"""Who is added and removed where: people × groups where that is small enough to be seen at once, else a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.report.pieces import PersonName
from reconciler.report.plan_view import GroupSection, PersonItem

_MAX_GROUPS: Final = 12
_MAX_PEOPLE: Final = 40


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person and every group that adds or removes them, in the order of the groups."""

    name: PersonName
    moves: tuple[tuple[GroupSection, PersonItem], ...]


@dataclass(frozen=True, slots=True)
class PeopleMatrix:
    """Everybody who is added or removed. `columns` are the groups of a table; none where a list is easier to read."""

    rows: tuple[PersonRow, ...]
    columns: tuple[GroupSection, ...]

    def cells(self, row: PersonRow) -> list[PersonItem | None]:
        """Return a person's cells of the table, one for each column."""
        items = {group.key: item for group, item in row.moves}
        return [items.get(group.key) for group in self.columns]


def people_matrix(groups: Iterable[GroupSection]) -> PeopleMatrix:
    """Return everybody who is added to a group or removed from one, by label."""
    moves: dict[str, list[tuple[GroupSection, PersonItem]]] = {}
    columns = [group for group in groups if group.people]
    for group in columns:
        for item in group.people:
            moves.setdefault(item.person.ref_id, []).append((group, item))
    ordered = sorted(moves.values(), key=lambda found: found[0][1].person.sort_key)
    rows = tuple(PersonRow(PersonName(found[0][1].person), tuple(found)) for found in ordered)
    small = len(columns) <= _MAX_GROUPS and len(rows) <= _MAX_PEOPLE
    return PeopleMatrix(rows, tuple(columns) if small else ())
