"""What is on the page, from top to bottom: the view of the plan, its title, where it is from, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reconciler.plan.model import Plan, summarize_plan
from reconciler.report.html.people_matrix import PeopleMatrix, people_matrix
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, Pieces, first_pieces, literal
from reconciler.report.plan_view import GroupSection, PlanView, plan_view
from reconciler.report.sections import Tone
from reconciler.report.summary import no_changes
from reconciler.report.vocabulary import duration, plural

if TYPE_CHECKING:
    from reconciler.plan.file_format import SavedPlan

_MAX_FILES: Final = 5
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
    """The whole page. `stacks` are the groups with a card, by heading; `anchors` lead to each group, by key."""

    kind: str
    title: str
    view: PlanView
    facts: tuple[tuple[str, Pieces], ...]
    tiles: tuple[Tile, ...]
    stacks: Mapping[str, tuple[GroupSection, ...]]
    people: PeopleMatrix
    anchors: Mapping[str, str]

    @property
    def is_long(self) -> bool:
        """Whether a browser had better draw only what is on the screen."""
        return len(self.view.reported) > _LONG or len(self.people.rows) > _LONG


def plan_page(saved: SavedPlan, options: RenderOptions) -> Page:
    """Return the page of a plan."""
    view = plan_view(saved.plan, drift=options.drift)
    stacks: dict[str, list[GroupSection]] = {"Needs a decision": [], "Changes": [], "Notices": []}
    for group in view.reported:
        stacks["Needs a decision" if group.needs_decision else "Changes" if group.differs else "Notices"].append(group)
    return Page(
        kind="Drift" if options.drift else "Plan",
        title=_title(saved.plan, drift=options.drift),
        view=view,
        facts=tuple((label, pieces) for label, pieces in _facts(saved) if pieces),
        tiles=tuple(_tiles(saved.plan)),
        stacks={title: tuple(groups) for title, groups in stacks.items() if groups},
        people=people_matrix(view.groups),
        anchors={group.key: f"g{number}" for number, group in enumerate(view.groups, 1)},
    )


def _title(plan: Plan, *, drift: bool) -> str:
    """Return the main thing in a few words: how many groups change and how many cannot, or that apply would stop."""
    if plan.refusals:
        return "Apply would be refused"
    if not plan.has_changes:
        return no_changes(plan, drift=drift)
    changing = sum(bool(group.steps) for group in plan.groups)
    blocked = sum(bool(group.blocked) for group in plan.groups)
    differ = ("group differs from the configuration", "groups differ from the configuration")
    changes = plural(changing, *(differ if drift else ("group would change", "groups would change")))
    stuck = plural(
        blocked, *(("is blocked", "are blocked") if changing else ("group is blocked", "groups are blocked"))
    )
    return ", ".join(part for part, number in ((changes, changing), (stuck, blocked)) if number)


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
