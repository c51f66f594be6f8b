"""What stands in the page, from top to bottom, as values: every text in it is masked and escaped already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.plan.model import GroupPlan, Plan
from reconciler.report.html.cards import Card, NoteView, card_of, note_of
from reconciler.report.html.header import PlanSource, Tile, count_tiles, header_facts, report_title
from reconciler.report.html.people_matrix import PeopleView, people_view
from reconciler.report.plan_text import needs_section
from reconciler.report.style import TextStyle, advice_in_order
from reconciler.report.summary import plan_line, scope_lines

_LONG = 100


@dataclass(frozen=True, slots=True)
class RefusalView:
    """Why apply would stop and what lifts it; `card` is the group it is about, where it is about one."""

    message: str
    lift: str
    where: str = ""
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Cards that belong together."""

    anchor: str
    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    kind: str
    title: str
    summary: str
    narrowed: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    refusals: tuple[RefusalView, ...]
    sections: tuple[Section, ...]
    people: PeopleView
    notes: tuple[NoteView, ...]
    same: tuple[Card, ...]
    masked: bool

    @property
    def long(self) -> bool:
        """Whether a browser had better draw only what is on the screen."""
        return sum(len(section.cards) for section in self.sections) > _LONG or len(self.people.rows) > _LONG


def page_of(made: PlanSource, *, show_phones: bool, drift: bool) -> Page:
    """The page of a plan; `drift` for one that nobody means to apply."""
    ink, plan = TextStyle(show_phones, color=False), made.plan
    cards = _cards(plan, ink)
    silent = [group for group in plan.groups if not needs_section(group) and not _refused(group, plan)]
    quiet = {group.key for group in silent}
    told = [card for key, card in cards.items() if key not in quiet]
    sections = (
        Section("decide", "Needs a decision", tuple(card for card in told if card.stopped)),
        Section("changes", "Changes", tuple(card for card in told if card.changes and not card.stopped)),
        Section("known", "Good to know", tuple(card for card in told if not card.changes and not card.stopped)),
    )
    return Page(
        "Drift" if drift else "Plan",
        report_title(plan, drift),
        plan_line(plan, drift=drift),
        tuple(ink.text(line) for line in scope_lines(plan)),
        tuple(header_facts(made, ink)),
        tuple(count_tiles(plan)),
        tuple(_refusals(plan, cards, ink)),
        tuple(section for section in sections if section.cards),
        people_view(plan.groups, cards, ink),
        (*_adopted([cards[group.key] for group in silent if group.adopted]), *_advice(plan, ink)),
        tuple(cards[group.key] for group in silent),
        not show_phones,
    )


def _cards(plan: Plan, ink: TextStyle) -> dict[str, Card]:
    """Every group's card by the group's key, in the order of the plan."""
    cards = {}
    for number, group in enumerate(plan.groups, 1):
        refusals = [refusal for refusal in plan.refusals if refusal.group == group.key]
        cards[group.key] = card_of(group, f"g{number}", refusals, ink)
    return cards


def _refused(group: GroupPlan, plan: Plan) -> bool:
    return any(refusal.group == group.key for refusal in plan.refusals)


def _adopted(cards: Sequence[Card]) -> Sequence[NoteView]:
    """One note for all groups of which there is nothing to say but that they were found by name."""
    if not cards:
        return ()
    ids = "reconciler pin notes its id" if len(cards) == 1 else "reconciler pin notes their ids"
    return (NoteView("adopted", f"found by name; {ids}", tuple(card.key for card in cards), f"{len(cards)} groups"),)


def _advice(plan: Plan, ink: TextStyle) -> Sequence[NoteView]:
    return [note_of(advice, ink) for advice in advice_in_order(plan.advice)]


def _refusals(plan: Plan, cards: dict[str, Card], ink: TextStyle) -> Sequence[RefusalView]:
    return [
        RefusalView(
            ink.message(refusal.message),
            ink.message(refusal.override),
            ink.text(refusal.group or ""),
            cards.get(refusal.group or ""),
        )
        for refusal in plan.refusals
    ]
