"""Changes that several groups share: one cause is shown once, however many groups it reaches.

It is found from the changes alone: groups that add and remove the same people, differ in nothing else and have the same
notes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.messages import LiteralText
from reconciler.report.group_view import GroupView, PersonItem
from reconciler.report.pieces import OutsideText, Pieces, first_pieces
from reconciler.report.sections import Line

MIN_GROUPS: Final = 3
"""How many groups are shown together; fewer are easier to read one by one."""
_MAX_KEYS: Final = 5


@dataclass(frozen=True, slots=True)
class SharedChange:
    """Groups of which each would change alike, sorted by key."""

    groups: tuple[GroupView, ...]

    @property
    def people(self) -> tuple[PersonItem, ...]:
        """Who is added to each of the groups, then who is removed."""
        return self.groups[0].people

    @property
    def team(self) -> str:
        """The one team through which everybody is added to each of the groups; "" where there is no such team.

        Nobody knows which team a removed person was in.
        """
        teams = [set(item.person.teams) for group in self.groups for item in group.moving(added=True)]
        common = set.intersection(*teams) if teams else set()
        return common.pop() if len(common) == 1 else ""

    @property
    def title(self) -> Pieces:
        """Return `114 groups change alike: ops-001, ops-002 and 112 more`."""
        keys = first_pieces([group.key for group in self.groups], _MAX_KEYS)
        return (LiteralText(f"{len(self.groups)} groups change alike: "), *keys)

    def lines(self) -> Iterator[Line]:
        """Yield what changes in each of the groups."""
        team = (LiteralText("  (team "), OutsideText(self.team), LiteralText(")")) if self.team else ()
        for line in self.groups[0].people_lines:
            yield Line(line.mark, line.pieces + (team if line.mark == "+" else ()))
        yield from (note.line for note in self.groups[0].notes)


def shared_changes(groups: Iterable[GroupView]) -> tuple[SharedChange, ...]:
    """Return the changes that at least three groups share, those of most groups first."""
    alike: dict[Hashable, list[GroupView]] = {}
    for group in groups:
        if group.people and not (group.actions or group.fields or group.adopted or group.needs_decision):
            alike.setdefault((tuple(map(_move, group.people)), group.notes), []).append(group)
    found = [SharedChange(tuple(same)) for same in alike.values() if len(same) >= MIN_GROUPS]
    return tuple(sorted(found, key=lambda change: (-len(change.groups), change.groups[0].key)))


def _move(item: PersonItem) -> Hashable:
    person = item.person
    return person.ref_id, item.added, item.planned, item.cause, person.until, person.reason
