"""Who leaves, who joins and whose number is new, by name: the lists at the top of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reconciler.model.person_ref import PersonRef
from reconciler.report.group_view import GroupView, NewNumber, PersonItem
from reconciler.report.pieces import Pieces
from reconciler.report.plan_view import PersonMoves, PlanView

_MAX_OPEN_ROWS: Final = 25
_MAX_CHIPS: Final = 8
_MAX_NAMED_GROUPS: Final = 1500

Way: TypeAlias = Literal["leaves", "joins", "renews", "stays"]
"""What happens to a person: `renews` for a new number, `stays` where nothing is planned."""

GroupMove: TypeAlias = tuple[GroupView, PersonItem]
_Renewals: TypeAlias = Mapping[tuple[str, PersonItem], NewNumber]

_OPPOSITE: Final[Mapping[Way, Way]] = {"leaves": "joins", "joins": "leaves"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person and the groups of one list; `number` is the same for one person in every list.

    `also` has the groups of the opposite list, so that somebody who moves is not taken for somebody who leaves. `old`
    is the same person with the number that the groups still have.
    """

    way: Way
    number: int
    person: PersonRef
    groups: tuple[GroupMove, ...]
    also: tuple[GroupView, ...]
    old: PersonRef | None

    @property
    def details(self) -> Pieces:
        """Return the day, the reason and the cause, where they are the same in all groups of the row."""
        found = {item.details for _, item in self.groups}
        return found.pop() if len(found) == 1 else ()

    @property
    def parts(self) -> tuple[Sequence[GroupMove], Sequence[GroupMove]]:
        """Return the groups that are seen at once, and the folded ones."""
        return self.groups[:_MAX_CHIPS], self.groups[_MAX_CHIPS:]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleList:
    """One list, those with most groups first; `names_groups` unless there are so many that a number is better."""

    way: Way
    title: str
    rows: tuple[PersonRow, ...]

    @property
    def names_groups(self) -> bool:
        """Whether each row names its groups; in a huge list a number has to do."""
        return sum(len(row.groups) for row in self.rows) <= _MAX_NAMED_GROUPS

    @property
    def parts(self) -> tuple[Sequence[PersonRow], Sequence[PersonRow]]:
        """Return the open rows and the folded ones."""
        return self.rows[:_MAX_OPEN_ROWS], self.rows[_MAX_OPEN_ROWS:]


def people_lists(view: PlanView, titles: Mapping[Way, str]) -> Iterator[PeopleList]:
    """Yield the lists in the order of their titles, none that is empty."""
    renewals = {
        (group.key, item): change
        for group in view.groups
        for change in group.new_numbers
        for item in (change.old, change.new)
    }
    rows = [row for number, moves in enumerate(view.people, 1) for row in _rows(moves, number, renewals)]
    for way, title in titles.items():
        found = sorted((row for row in rows if row.way == way), key=lambda row: -len(row.groups))
        if found:
            yield PeopleList(way=way, title=title, rows=tuple(found))


def person_numbers(view: PlanView) -> Mapping[str, int]:
    """Return the number of each person's rows, by `ref_id`."""
    return {moves.groups[0][1].person.ref_id: number for number, moves in enumerate(view.people, 1)}


def _rows(moves: PersonMoves, number: int, renewals: _Renewals) -> Iterator[PersonRow]:
    by_way: dict[Way, list[GroupMove]] = {}
    for group, item in moves.groups:
        change = renewals.get((group.key, item))
        if change is None or item == change.new:  # the old number has no row of its own
            by_way.setdefault(_way(item, change), []).append((group, item))
    for way, groups in by_way.items():
        group, item = groups[0]
        change = renewals.get((group.key, item))
        yield PersonRow(
            way=way,
            number=number,
            person=item.person,
            groups=tuple(groups),
            also=tuple(group for group, _ in by_way.get(_OPPOSITE.get(way, way), ()) if way in _OPPOSITE),
            old=change.old.person if change else None,
        )


def _way(item: PersonItem, change: NewNumber | None) -> Way:
    if not item.planned:
        return "stays"
    if change:
        return "renews"
    return "joins" if item.added else "leaves"


@dataclass(frozen=True, slots=True)
class GroupPeople:
    """The people of one group's card; those with a new number are in `renews` alone, those nobody moves in `stays`."""

    leaves: tuple[PersonItem, ...]
    joins: tuple[PersonItem, ...]
    renews: tuple[NewNumber, ...]
    stays: tuple[PersonItem, ...]


def group_people(group: GroupView) -> GroupPeople:
    """Return who leaves a group, who joins it, whose number changes in it, and who differs and is left as they are."""
    renews = group.new_numbers
    renewed = {item for change in renews for item in (change.old, change.new)}
    others = [item for item in group.people if item not in renewed]
    leaves, joins = (tuple(item for item in others if item.planned and item.added is added) for added in (False, True))
    return GroupPeople(leaves, joins, renews, stays=tuple(item for item in others if not item.planned))
