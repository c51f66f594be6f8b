"""What is on the page, from top to bottom: the view of the plan, where it is from, its numbers, and its layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Plan, summarize_plan
from reconciler.report.group_view import GroupView, PersonItem
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, Pieces, first_pieces, literal
from reconciler.report.plan_view import PersonMoves, PlanView, plan_view
from reconciler.report.sections import Tone
from reconciler.report.summary import duration

_MAX_FILES: Final = 5
_MAX_COLUMNS: Final = 12
_MAX_ROWS: Final = 40
_LONG: Final = 100


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the top of the page and what it counts."""

    number: int
    label: str
    detail: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page. `stacks` are the groups with a card, by heading; `anchors` lead to each group, by key.

    `people` are people × groups where that is small enough to be seen at once: `columns` are the groups of the table,
    none where a list is easier to read.
    """

    kind: str
    view: PlanView
    facts: tuple[tuple[str, Pieces], ...]
    tiles: tuple[Tile, ...]
    stacks: Mapping[str, tuple[GroupView, ...]]
    people: tuple[PersonMoves, ...]
    columns: tuple[GroupView, ...]
    anchors: Mapping[str, str]

    @property
    def is_long(self) -> bool:
        """Whether a browser had better draw only what is on the screen."""
        return len(self.view.reported) > _LONG or len(self.people) > _LONG

    def cells(self, person: PersonMoves) -> list[PersonItem | None]:
        """Return a person's cells of the table, one for each column."""
        items = {group.key: item for group, item in person.groups}
        return [items.get(group.key) for group in self.columns]


def plan_page(saved: SavedPlan, options: RenderOptions) -> Page:
    """Return the page of a plan."""
    view = plan_view(saved.plan, drift=options.drift)
    stacks: dict[str, list[GroupView]] = {"Needs a decision": [], "Changes": [], "Notices": []}
    for group in view.reported:
        stacks["Needs a decision" if group.needs_decision else "Changes" if group.differs else "Notices"].append(group)
    people, columns = view.people, [group for group in view.groups if group.people]
    is_small = len(columns) <= _MAX_COLUMNS and len(people) <= _MAX_ROWS
    return Page(
        kind="Drift" if options.drift else "Plan",
        view=view,
        facts=tuple((label, pieces) for label, pieces in _facts(saved) if pieces),
        tiles=tuple(_tiles(saved.plan)),
        stacks={title: tuple(groups) for title, groups in stacks.items() if groups},
        people=tuple(people),
        columns=tuple(columns) if is_small else (),
        anchors={group.key: f"g{number}" for number, group in enumerate(view.groups, 1)},
    )


def _facts(saved: SavedPlan) -> Iterator[tuple[str, Pieces]]:
    """Yield where the page is from; the order is that of the page."""
    yield "Instance", (OutsideText(saved.plan.instance_id),) if saved.plan.instance_id else ()
    yield "From", first_pieces([source.path for source in saved.sources], _MAX_FILES)
    yield "As of", literal(saved.plan.as_of.isoformat())
    yield "Made", (*_moment(saved.made_at), *literal(" by reconciler "), OutsideText(saved.made_by))


def _moment(written: str) -> Pieces:
    """Return `2026-11-21 12:00 UTC`; a text that is not a point in time with its offset from UTC stays as it is."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return literal(moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    return (OutsideText(written),)


def _tiles(plan: Plan) -> Iterator[Tile]:
    """Yield the numbers at the top; what is rare (joining, leaving, adopting) only where there is any."""
    count = summarize_plan(plan)
    yield Tile(len(plan.groups), "group" if len(plan.groups) == 1 else "groups", _in_sync(plan))
    yield Tile(count.creates, "to create", tone="add")
    yield Tile(count.changes, "to change", tone="change")
    if count.joins:
        yield Tile(count.joins, "to join", tone="add")
    if count.leaves:
        yield Tile(count.leaves, "to leave", tone="remove")
    if count.adopts:
        yield Tile(count.adopts, "to adopt", "found by name", "note")
    yield Tile(count.adds, "person to add" if count.adds == 1 else "people to add", tone="add")
    yield Tile(count.removes, "person to remove" if count.removes == 1 else "people to remove", tone="remove")
    yield Tile(count.blocked, "blocked", tone="stop")
    yield Tile(count.refusals, "refused", tone="stop")
    yield Tile(count.calls, "call" if count.calls == 1 else "calls", duration(count.seconds))


def _in_sync(plan: Plan) -> str:
    observed = sum(group.observe_only for group in plan.groups)
    in_sync = summarize_plan(plan).unchanged - observed
    return f"{in_sync:,} in sync" + (f", {observed:,} observed only" if observed else "")
