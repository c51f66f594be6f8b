"""What is on the page, from top to bottom: the answer, who moves, what groups share, each group, the small print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.model.text import plural
from reconciler.plan.file_format import SavedPlan
from reconciler.report.group_view import GroupView
from reconciler.report.html.origin import Link, author_link, origin_links
from reconciler.report.html.people import PeopleList, Way, people_lists, person_numbers
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, Pieces, first_pieces, literal
from reconciler.report.plan_view import PlanView, plan_view
from reconciler.report.sections import Tone
from reconciler.report.summary import as_of_sentence, moment_text

_MAX_FILES: Final = 5
_MAX_OPEN_CARDS: Final = 10
_MIN_FILTERED: Final = 12

_PLAN_TITLES: Final[Mapping[Way, str]] = {
    "leaves": "Leaves",
    "joins": "Joins",
    "renews": "New number",
    "stays": "No change planned",
}
_DRIFT_TITLES: Final[Mapping[Way, str]] = {
    **_PLAN_TITLES,
    "leaves": "In a group, not in the configuration",
    "joins": "Missing from a group",
}


@dataclass(frozen=True, slots=True)
class Jump:
    """A link to a part of the page, with the number of what is there."""

    anchor: str
    words: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page; `anchors` lead to each group by its key, `numbers` are those of the people's rows."""

    kind: str
    view: PlanView
    links: tuple[Link, ...]
    author: Link | None
    sentences: tuple[Pieces, ...]
    people: tuple[PeopleList, ...]
    cards: tuple[GroupView, ...]
    notices: tuple[GroupView, ...]
    facts: tuple[tuple[str, Pieces], ...]
    anchors: Mapping[str, str]
    numbers: Mapping[str, int]
    titles: Mapping[Way, str]

    @property
    def jumps(self) -> list[Jump]:
        """Return a link to every part, removals first; what is not there has none."""
        return list(self._jumps())

    @property
    def names(self) -> Mapping[str, str]:
        """Return what each group is called, by its key."""
        return {group.key: group.name or group.key for group in self.view.groups}

    @property
    def linked(self) -> frozenset[str]:
        """Return the keys of the groups that are on the page by themselves, not only in a list of blocked groups."""
        shared = (group for change in self.view.shared for group in change.groups)
        return frozenset(group.key for group in (*self.cards, *self.notices, *self.view.quiet, *shared))

    @property
    def has_script(self) -> bool:
        """Whether there is anything that a script would help with."""
        return bool(self.people or self.cards or self.notices)

    @property
    def can_be_filtered(self) -> bool:
        """Whether there is enough on the page to look for something in it."""
        rows = sum(len(people.rows) for people in self.people)
        return rows + len(self.cards) + len(self.notices) + len(self.view.shared) >= _MIN_FILTERED

    def is_open(self, group: GroupView) -> bool:
        """Return whether a card begins open: among many only those where something has to be decided."""
        return len(self.cards) <= _MAX_OPEN_CARDS or group.needs_decision

    def _jumps(self) -> Iterator[Jump]:
        tones: Mapping[Way, Tone] = {"leaves": "remove", "joins": "add", "renews": "change"}
        for people in self.people:
            if people.way in tones:
                yield Jump(people.way, f"{people.title} {len(people.rows):,}", tones[people.way])
        changing = len(self.cards) + sum(len(change.groups) for change in self.view.shared)
        if changing:
            yield Jump("shared" if self.view.shared else "groups", plural(changing, "group"), "change")
        notices = len(self.notices) + len(self.view.notes) + (self.view.found_by_name is not None)
        if notices:
            yield Jump("notices", plural(notices, "notice"), "note")
        if self.view.quiet:
            yield Jump("same", f"{len(self.view.quiet):,} unchanged", "plain")


def plan_page(saved: SavedPlan, options: RenderOptions) -> Page:
    """Return the page of a plan."""
    view = plan_view(saved.plan, drift=options.drift)
    single = [group for group in view.single if group.differs or group.needs_decision]
    titles = _DRIFT_TITLES if options.drift else _PLAN_TITLES
    return Page(
        kind="Drift" if options.drift else "Plan",
        view=view,
        links=tuple(origin_links(options.run)),
        author=author_link(options.run),
        people=tuple(people_lists(view, titles)),
        cards=tuple(sorted(single, key=_urgency)),
        sentences=tuple(filter(None, (*view.scope, as_of_sentence(saved)))),
        notices=tuple(group for group in view.single if not (group.differs or group.needs_decision)),
        facts=tuple((label, pieces) for label, pieces in _facts(saved, view) if pieces),
        anchors={group.key: f"g{number}" for number, group in enumerate(view.groups, 1)},
        numbers=person_numbers(view),
        titles=titles,
    )


def removals(group: GroupView) -> int:
    """Return how many people a plan removes from a group."""
    return sum(item.planned for item in group.moving(added=False))


def _urgency(group: GroupView) -> tuple[bool, bool, int, str]:
    return not group.refusals, not group.blocked, -removals(group), (group.name or group.key).casefold()


def _facts(saved: SavedPlan, view: PlanView) -> Iterator[tuple[str, Pieces]]:
    """Yield the small print: what an apply takes, and where the page is from."""
    if saved.plan.has_changes:
        yield "Takes", literal(view.totals.rest)
    yield "From", first_pieces([source.path for source in saved.sources], _MAX_FILES)
    made_at = literal(moment_text(saved.made_at)) or (OutsideText(saved.made_at),)
    yield "Made", (*made_at, *literal(" by reconciler "), OutsideText(saved.made_by))
    yield "As of", literal(saved.plan.as_of.isoformat())
    yield "Instance", (OutsideText(saved.plan.instance_id),) if saved.plan.instance_id else ()
