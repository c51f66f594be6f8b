"""Who gains and loses what: people × groups where that is small enough to be seen at once, else a list of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import GroupPlan
from reconciler.report.html.cards import Card
from reconciler.report.plan_text import moving_people
from reconciler.report.style import TextStyle, person_name

_MATRIX_GROUPS = 12


_MATRIX_PEOPLE = 40


@dataclass(frozen=True, slots=True)
class Move:
    """One group that somebody enters (`gains`) or leaves; `stays` where no step sees to it."""

    anchor: str
    key: str
    gains: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody and everything they gain and lose, in the order of the groups."""

    name: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class PeopleView:
    """Everybody with a change. `columns` are the groups (anchor, key) of a table; none where a list serves better."""

    rows: tuple[PersonRow, ...]
    columns: tuple[tuple[str, str], ...]

    @property
    def cells(self) -> tuple[tuple[PersonRow, tuple[Move | None, ...]], ...]:
        """The table: for each person, one cell a column."""
        return tuple(
            (row, tuple({move.anchor: move for move in row.moves}.get(anchor) for anchor, _ in self.columns))
            for row in self.rows
        )


def people_view(groups: Sequence[GroupPlan], cards: Mapping[str, Card], ink: TextStyle) -> PeopleView:
    """Everybody who enters or leaves a group, by label; `cards` are the groups' cards by key."""
    people: dict[str, PersonRef] = {}
    moves: dict[str, list[Move]] = {}
    columns = []
    for group in groups:
        card = cards[group.key]
        moving = [(who, stays, comes) for comes in (True, False) for who, stays in moving_people(group, comes=comes)]
        for who, stays, comes in moving:
            people.setdefault(who.ref_id, who)
            moves.setdefault(who.ref_id, []).append(Move(card.anchor, card.key, comes, stays))
        if moving:
            columns.append((card.anchor, card.key))
    ordered = sorted(people.values(), key=lambda who: who.sort_key)
    rows = tuple(PersonRow(person_name(who, ink.show_phones), tuple(moves[who.ref_id])) for who in ordered)
    small = len(columns) <= _MATRIX_GROUPS and len(rows) <= _MATRIX_PEOPLE
    return PeopleView(rows, tuple(columns) if small else ())
