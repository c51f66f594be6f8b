"""One group of a plan as every format shows it: what changes and is blocked, with the cause of each difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from reconciler.diff.change import MatchedBy, TextChange
from reconciler.messages import LiteralText
from reconciler.model.person_ref import PersonRef, pair_new_numbers
from reconciler.model.text import plural
from reconciler.plan.model import Action, GroupPlan, Refusal
from reconciler.plan.revision import DriftItem
from reconciler.report.pieces import (
    OutsideText,
    PersonName,
    PhoneNumber,
    Piece,
    Pieces,
    QuotedText,
    join_pieces,
    literal,
    message_pieces,
    outside,
    person_pieces,
)
from reconciler.report.sections import KNOWN_AFTER_APPLY, Badge, Line, Note, Section, Tone, advice_note, field_line
from reconciler.report.summary import ACTION_NOUNS, cause_words


@dataclass(frozen=True, slots=True)
class ActionItem:
    """A step that concerns the group as a whole."""

    tone: Tone
    words: str
    cause: str
    counted: tuple[str, str]
    """What one such group is called, and what several are."""


@dataclass(frozen=True, slots=True)
class FieldItem:
    """A name or description that differs; no step changes it where it is not `planned`."""

    change: TextChange
    planned: bool
    cause: str


@dataclass(frozen=True, slots=True)
class PersonItem:
    """Somebody to be added or removed; no step moves them where it is not `planned`."""

    person: PersonRef
    added: bool
    planned: bool
    cause: str

    @property
    def name(self) -> PersonName:
        """What the person is called."""
        return PersonName(self.person)

    @property
    def line(self) -> Line:
        """Return `+ Bob Marsh (bob, until 2026-12-31)`."""
        return Line("+" if self.added else "-", person_pieces(self.person) + literal(_remarks(self)))

    @property
    def details(self) -> Pieces:
        """Return the day, the reason and the cause, for a format that shows them apart from the name."""
        until = "until" if self.added else "last day was"
        day = literal(f"{until} {self.person.until.isoformat()}" if self.person.until else "")
        return join_pieces(" · ", [day, outside(self.person.reason), literal(self.cause)])


@dataclass(frozen=True, slots=True)
class NewNumber:
    """One person whose earlier number is in a group: that one leaves, the new one joins."""

    old: PersonItem
    new: PersonItem

    @property
    def line(self) -> Line:
        """Return `~ Bob Marsh (bob): new number, +1 202 ••• ••43 → +1 202 ••• ••44`."""
        numbers = (PhoneNumber(self.old.person.identity or ""), LiteralText(" → "))
        words = (LiteralText(": new number, "), *numbers, PhoneNumber(self.new.person.identity or ""))
        return Line("~", person_pieces(self.new.person) + words + literal(_remarks(self.new)))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Everything a report says about one group of a plan."""

    key: str
    name: str
    id: Piece
    has_changes: bool
    waits: bool
    """Whether a part of it is pending until another day."""
    actions: tuple[ActionItem, ...]
    adopted: Pieces
    """By which previous name the group was found; nothing for other groups."""
    found_by_name: bool
    """Whether its name led to the group; one line of the plan has all of these."""
    fields: tuple[FieldItem, ...]
    people: tuple[PersonItem, ...]
    """Who is added, then who is removed."""
    refusals: tuple[Refusal, ...]
    blocked: tuple[Pieces, ...]
    notes: tuple[Note, ...]
    members: int
    """How many people are in the live group, without the account itself; 0 where that is not known."""

    @property
    def needs_decision(self) -> bool:
        """Whether a person has to decide something before this group can match the configuration."""
        return bool(self.refusals or self.blocked)

    @property
    def differs(self) -> bool:
        """Whether anything in the group differs or would be done."""
        return bool(self.actions or self.fields or self.people)

    @property
    def is_quiet(self) -> bool:
        """Whether the group needs no section of its own: it is only counted or named."""
        return not (self.has_changes or self.differs or self.notes or self.refusals)

    @property
    def new_numbers(self) -> tuple[NewNumber, ...]:
        """Return the people whose number changed: one alias that leaves with one number and joins with another."""
        old = {item.person: item for item in self.moving(added=False)}
        new = {item.person: item for item in self.moving(added=True)}
        return tuple(NewNumber(old[before], new[after]) for after, before in pair_new_numbers(old, new).items())

    @property
    def _moved(self) -> dict[str, int]:
        """Count the steps' people: who leaves, who joins, and who does both with another number."""
        renewed = [change for change in self.new_numbers if change.old.planned and change.new.planned]
        leaving, joining = (sum(item.planned for item in self.moving(added=added)) for added in (False, True))
        return {"leave": leaving - len(renewed), "join": joining - len(renewed), "renew": len(renewed)}

    @property
    def leaving(self) -> int:
        """How many people a step removes, without those who only get a new number."""
        return self._moved["leave"]

    @property
    def loss(self) -> str:
        """Return `8 of 33 people leave`, "" where nobody leaves or the 33 is not known."""
        if not 0 < self.leaving <= self.members:
            return ""
        people = plural(self.members, "person", "people")
        return f"{self.leaving} of {people} {'leaves' if self.leaving == 1 else 'leave'}"

    @property
    def people_lines(self) -> Iterator[Line]:
        """Yield who has a new number, who is added and who is removed."""
        changed = self.new_numbers
        shown = {item for change in changed for item in (change.old, change.new)}
        yield from (change.line for change in changed)
        yield from (item.line for item in self.people if item not in shown)

    def moving(self, *, added: bool) -> tuple[PersonItem, ...]:
        """Return who would be added, or who would be removed."""
        return tuple(item for item in self.people if item.added is added)

    def section(self, shared_reasons: Collection[Pieces] = ()) -> Section:
        """Return what text and markdown show; `shared_reasons` for being blocked are shown elsewhere."""
        badges, is_elsewhere = tuple(self.badges()), any(reason in shared_reasons for reason in self.blocked)
        removes = any(badge.tone == "remove" for badge in badges)
        urgency = [bool(self.refusals), bool(self.blocked), removes, self.has_changes, True].index(True)
        return Section(
            key=self.key,
            name=self.name,
            id=self.id,
            lines=partial(self._lines, shared_reasons),
            badges=badges,
            remark="; ".join(filter(None, ["blocked" if is_elsewhere else "", self.loss])),
            urgency=urgency,
        )

    def badges(self) -> Iterator[Badge]:
        """Yield the group in short, what is urgent first."""
        moved = self._moved
        yield from (Badge("stop", "refused") for _ in self.refusals[:1])
        yield from (Badge("stop", "blocked") for _ in self.blocked[:1])
        yield from (Badge(item.tone, item.words) for item in self.actions)
        if self.leaving:
            yield Badge("remove", self.loss or plural(self.leaving, "person leaves", "people leave"))
        if moved["join"]:
            yield Badge("add", plural(moved["join"], "person joins", "people join"))
        if moved["renew"]:
            yield Badge("change", plural(moved["renew"], "new number"))
        yield from (Badge("change", f"new {item.change.field}") for item in self.fields if item.planned)
        if self.adopted or self.found_by_name:
            yield Badge("note", "adopted")
        if self.waits:
            yield Badge("note", "pending")
        elif not self.has_changes:
            yield Badge("note", "no changes")

    def _lines(self, shared_reasons: Collection[Pieces]) -> Iterator[Line]:
        """Yield what is done to the group, who is added and removed, what is blocked and good to know."""
        for action in self.actions:
            yield Line("-" if action.tone == "remove" else "+", literal(action.words + _suffix(action.cause)))
        if self.adopted:
            yield Line("=", self.adopted, "adopt")
        for field in self.fields:
            yield field_line(field.change, _remarks(field))
        yield from self.people_lines
        yield from (Line("!", reason, "blocked") for reason in self.blocked if reason not in shared_reasons)
        yield from (note.line for note in self.notes)


def group_view(group: GroupPlan, refusals: Sequence[Refusal]) -> GroupView:
    """Return the view of one group."""
    cause = cause_words(group, DriftItem.GROUP)
    actions = tuple(
        ActionItem(*_ACTIONS[step.action], cause, ACTION_NOUNS[step.action])
        for step in group.steps
        if step.action in _ACTIONS
    )
    on_blocked = literal("" if actions else _suffix(cause))
    return GroupView(
        key=group.key,
        name=group.name.raw,
        id=_id(group),
        has_changes=group.has_changes,
        waits=group.waits,
        actions=actions,
        adopted=_previous_name(group) if group.matched_by is MatchedBy.PREVIOUS_NAME else (),
        found_by_name=group.matched_by is MatchedBy.NAME,
        fields=tuple(_fields(group)),
        people=(*_people(group, added=True), *_people(group, added=False)),
        refusals=tuple(refusal for refusal in refusals if refusal.group == group.key),
        blocked=tuple(message_pieces(reason) + on_blocked for reason in group.blocked),
        notes=tuple(map(advice_note, group.advice)),
        members=group.live_members,
    )


_ACTIONS: Final[dict[Action, tuple[Tone, str]]] = {
    Action.JOIN: ("add", "join through the invite link"),
    Action.CREATE: ("add", "create the group"),
    Action.LEAVE: ("remove", "leave the group"),
}


def _id(group: GroupPlan) -> Piece:
    """Return the live group's id, whether the file or a name led to it; else why there is none."""
    if known := group.id or (group.live.id if group.live else None):
        return OutsideText(known)
    enters = any(step.action.enters_group for step in group.steps)
    return LiteralText(KNOWN_AFTER_APPLY if enters else "(no live group)")


def _previous_name(group: GroupPlan) -> Pieces:
    """Return by which earlier name an adopted group was found: `found by previous name "Project Alfa"`."""
    old = group.live.name if group.live else next((c.old for c in group.field_changes if c.field == "name"), None)
    by_name = (LiteralText("found by previous name "), QuotedText(old.raw)) if old else ()
    found = by_name or literal("found by a previous name")
    return (*found, LiteralText("; run `reconciler pin` to write its id into the file"))


def _fields(group: GroupPlan) -> Iterator[FieldItem]:
    """Yield name, then description. The name of a group that is yet to be created is in its heading already."""
    sent = {text for step in group.steps for text in step.texts.items()}
    for change in sorted(group.field_changes, key=lambda change: (change.field != "name", change.field)):
        if change.field != "name" or change.old is not None:
            yield FieldItem(change, (change.field, change.new) in sent, cause_words(group, DriftItem(change.field)))


def _people(group: GroupPlan, *, added: bool) -> Iterator[PersonItem]:
    """Yield who is added, or who is removed, in the order of people."""
    actions = (Action.CREATE, Action.ADD) if added else (Action.REMOVE,)
    planned = {person.ref_id: person for step in group.steps if step.action in actions for person in step.people}
    differing = {person.ref_id: person for person in (group.add if added else group.remove)}
    item = DriftItem.ADD if added else DriftItem.REMOVE
    for person in sorted((planned | differing).values(), key=lambda person: person.sort_key):
        yield PersonItem(person, added, person.ref_id in planned, cause_words(group, item, person))


def _remarks(item: FieldItem | PersonItem) -> str:
    return _suffix("" if item.planned else "no change planned") + _suffix(item.cause)


def _suffix(words: str) -> str:
    return f"  ({words})" if words else ""
