"""What stands in the page, from top to bottom, as values: every text in it is masked and escaped already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.model.counts import PlanSummary, summarize_plan
from reconciler.model.desired import Source
from reconciler.model.plan import Plan
from reconciler.report.html.cards import Card, NoteView, Tone, card_of, note_of
from reconciler.report.html.people import PeopleView, people_view
from reconciler.report.lines import Ink
from reconciler.report.narrowing import narrowing_lines
from reconciler.report.plan_text import ADVICE_WORDS
from reconciler.report.summary import about, plan_line
from reconciler.report.wording import counted

_FILES = 5
_LONG = 100


class Made(Protocol):
    """A plan and where it is from, as a plan file holds it."""

    @property
    def plan(self) -> Plan:
        """The plan."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files it was made from."""

    @property
    def made_by(self) -> str:
        """The version that made it."""

    @property
    def made_at(self) -> str:
        """When, as ISO-8601 in UTC."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the top of the page and what it counts."""

    number: str
    label: str
    detail: str = ""
    tone: Tone = "plain"


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


def page_of(made: Made, *, show_phones: bool, drift: bool) -> Page:
    """The page of a plan; `drift` for one that nobody means to apply."""
    ink, plan = Ink(show_phones, color=False), made.plan
    cards = _cards(plan, ink)
    told = [card for card in cards.values() if not card.silent]
    sections = (
        Section("decide", "Needs a decision", tuple(card for card in told if card.stopped)),
        Section("changes", "Changes", tuple(card for card in told if card.changes and not card.stopped)),
        Section("known", "Good to know", tuple(card for card in told if not card.changes and not card.stopped)),
    )
    return Page(
        "Drift" if drift else "Plan",
        _title(plan, drift),
        plan_line(plan, drift=drift),
        tuple(ink.words(line) for line in narrowing_lines(plan)),
        tuple(_facts(made, ink)),
        tuple(_tiles(plan)),
        tuple(_refusals(plan, cards, ink)),
        tuple(section for section in sections if section.cards),
        people_view(plan.groups, cards, ink),
        tuple(note_of(advice, ink) for advice in sorted(plan.advice, key=lambda item: ADVICE_WORDS[item.kind])),
        tuple(card for card in cards.values() if card.silent),
        not show_phones,
    )


def _cards(plan: Plan, ink: Ink) -> dict[str, Card]:
    """Every group's card by the group's key, in the order of the plan."""
    cards = {}
    for number, group in enumerate(plan.groups, 1):
        refusals = [refusal for refusal in plan.refusals if refusal.group == group.key]
        cards[group.key] = card_of(group, f"g{number}", refusals, ink)
    return cards


def _title(plan: Plan, drift: bool) -> str:
    pending = sum(group.pending for group in plan.groups)
    if plan.refusals:
        return "Apply would be refused"
    if not pending:
        return "No drift" if drift else "Nothing to do"
    differ = "differs from the file" if pending == 1 else "differ from the file"
    return f"{counted(pending, 'group', 'groups')} {differ if drift else 'would change'}"


def _facts(made: Made, ink: Ink) -> Sequence[tuple[str, str]]:
    """Where the page is from; the order is that of the page."""
    plan = made.plan
    files = [ink.words(source.path) for source in made.sources]
    shown = ", ".join(files[:_FILES]) + (f" and {len(files) - _FILES} more" if len(files) > _FILES else "")
    facts = [
        ("Instance", ink.words(plan.instance_id)),
        ("From", shown),
        ("As of", plan.as_of.isoformat()),
        ("Made", f"{ink.words(made.made_at)} by reconciler {ink.words(made.made_by)}"),
    ]
    return [(label, text) for label, text in facts if text]


def _tiles(plan: Plan) -> Sequence[Tile]:
    """The numbers at the top; what is rare (joining, leaving, adopting) only where there is any."""
    count = summarize_plan(plan)
    rare = [
        Tile(str(count.joins), "to join", tone="add"),
        Tile(str(count.leaves), "to leave", tone="remove"),
        Tile(str(count.adopts), "to adopt", "found by name", "note"),
    ]
    return [
        Tile(str(len(plan.groups)), "group" if len(plan.groups) == 1 else "groups", _alike(count)),
        Tile(str(count.creates), "to create", tone="add"),
        Tile(str(count.changes), "to change", tone="change"),
        *(tile for tile in rare if tile.number != "0"),
        Tile(str(count.adds), "person to add" if count.adds == 1 else "people to add", tone="add"),
        Tile(str(count.removes), "person to remove" if count.removes == 1 else "people to remove", tone="remove"),
        Tile(str(count.blocked), "blocked", tone="stop"),
        Tile(str(count.refused), "refused", tone="stop"),
        Tile(str(count.calls), "call" if count.calls == 1 else "calls", about(count.seconds)),
    ]


def _alike(count: PlanSummary) -> str:
    return f"{count.unchanged} as the file says"


def _refusals(plan: Plan, cards: dict[str, Card], ink: Ink) -> Sequence[RefusalView]:
    return [
        RefusalView(
            ink.words(refusal.message),
            ink.words(refusal.lift),
            ink.words(refusal.group or ""),
            cards.get(refusal.group or ""),
        )
        for refusal in plan.refusals
    ]
