"""A plan as every format shows it: one view, built once, that text, comments and the HTML page lay out.

`PlanView` has the headline and the totals, what is refused, what many groups share, group by group what changes and is
blocked, and who is added and removed where. A format decides on the layout alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.messages import LiteralText
from reconciler.plan.model import Plan, Refusal
from reconciler.plan.summary import PlanSummary, summarize_plan
from reconciler.report.group_view import GroupView, PersonItem, group_view
from reconciler.report.pieces import OutsideText, PersonName, Pieces, first_pieces, plural
from reconciler.report.sections import DOUBTFUL_TOPIC, Line, Note, advice_note
from reconciler.report.summary import Totals, in_sync_sentence, plan_headline, plan_totals, scope_sentences

REFUSED: Final = "Apply will refuse this plan. Nothing will be changed."
_MAX_KEYS: Final = 10
MIN_GROUPS: Final = 3
"""How many groups are shown together; fewer are easier to read one by one."""
_MAX_SHARED_KEYS: Final = 5


@dataclass(frozen=True, slots=True)
class PersonMoves:
    """A person and every group that adds or removes them, in the order of the groups."""

    name: PersonName
    groups: tuple[tuple[GroupView, PersonItem], ...]


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
        keys = first_pieces([group.key for group in self.groups], _MAX_SHARED_KEYS)
        return (LiteralText(f"{len(self.groups)} groups change alike: "), *keys)

    def lines(self) -> Iterator[Line]:
        """Yield what changes in each of the groups."""
        team = (LiteralText("  (team "), OutsideText(self.team), LiteralText(")")) if self.team else ()
        for line in self.groups[0].people_lines:
            yield Line(line.mark, line.pieces + (team if line.mark == "+" else ()))
        yield from (note.line for note in self.groups[0].notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A whole plan: the main thing in a few words, what is refused, its groups by key, notes on the whole run.

    `shared` are the changes that several groups share; these groups are in `groups` too. `scope` has what the plan was
    limited to or compared with; `in_sync` how many groups have nothing to change.
    """

    headline: str
    totals: Totals
    summary: PlanSummary
    refusals: tuple[Refusal, ...]
    shared: tuple[SharedChange, ...]
    groups: tuple[GroupView, ...]
    notes: tuple[Note, ...]
    scope: tuple[Pieces, ...]
    in_sync: str

    @property
    def reported(self) -> list[GroupView]:
        """Return the groups that need a section."""
        return [group for group in self.groups if not group.is_quiet]

    @property
    def single(self) -> list[GroupView]:
        """Return the groups that need a section of their own, since no shared change says all of them."""
        shared = {group.key for change in self.shared for group in change.groups}
        return [group for group in self.reported if group.key not in shared]

    @property
    def warnings(self) -> list[Note]:
        """Return the notes on the whole plan that tell why it may be wrong."""
        return [note for note in self.notes if note.topic == DOUBTFUL_TOPIC]

    @property
    def quiet(self) -> list[GroupView]:
        """Return the other groups."""
        return [group for group in self.groups if group.is_quiet]

    @property
    def people(self) -> list[PersonMoves]:
        """Return everybody who is added to a group or removed from one, in the order of people."""
        moves: dict[str, list[tuple[GroupView, PersonItem]]] = {}
        for group in self.groups:
            for item in group.people:
                moves.setdefault(item.person.ref_id, []).append((group, item))
        ordered = sorted(moves.values(), key=lambda found: found[0][1].person.sort_key)
        return [PersonMoves(found[0][1].name, tuple(found)) for found in ordered]


def plan_view(plan: Plan, *, drift: bool) -> PlanView:
    """Return the view of a plan; `drift` for one that nobody intends to apply."""
    groups = tuple(group_view(group, plan.refusals) for group in plan.groups)
    found = [group.key for group in groups if group.is_quiet and group.adopted]
    notes = sorted(map(advice_note, plan.advice), key=lambda note: note.topic)
    return PlanView(
        headline=plan_headline(plan, drift=drift),
        totals=plan_totals(plan, drift=drift),
        summary=summarize_plan(plan),
        refusals=plan.refusals,
        shared=shared_changes(groups),
        groups=groups,
        notes=(*([_found_by_name(found)] if found else []), *notes),
        scope=tuple(scope_sentences(plan)),
        in_sync=in_sync_sentence(plan),
    )


def single_groups_lines(view: PlanView) -> Iterator[Line]:
    """Yield the groups with changes of their own in one line, and each blocked group with the reasons."""
    changing = [group.key for group in view.single if group.differs and not group.blocked]
    if changing:
        count = plural(len(changing), "other group changes: ", "other groups change: ")
        words = count if view.shared else count.replace("other ", "")
        yield Line("~", (LiteralText(words), *first_pieces(changing, _MAX_KEYS)))
    for group in view.groups:
        yield from (
            Line("!", (OutsideText(group.key), LiteralText(": "), *reason), "blocked") for reason in group.blocked
        )


def _found_by_name(keys: Sequence[str]) -> Note:
    """Return one note for all groups that only differ in having been found by name."""
    ids = "its id" if len(keys) == 1 else "their ids"
    pin = LiteralText(f": found by name; run `reconciler pin` to write {ids} into the file")
    return Note("adopt", (*first_pieces(keys, _MAX_KEYS), pin), mark="=")


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
