"""One card a group: who comes, who goes, what it is called before and after, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reconciler.diff.change import Advice, TextChange
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import DriftItem, GroupPlan, Refusal
from reconciler.plan.step import Action
from reconciler.report.html.text_diff import TextView, text_view
from reconciler.report.plan_text import display_id, match_label, moving_people, text_changes
from reconciler.report.style import ADVICE_WORDS, TextStyle, cause_suffix, cause_words, person_name

Tone = Literal["add", "remove", "change", "stop", "note", "plain"]
"""What a mark means, whatever it looks like: comes, goes, changes, needs a person, is good to know, none of these."""

_ACTS: dict[Action, tuple[Tone, str, str]] = {
    Action.JOIN: ("add", "joins", "The instance joins this group by its invite."),
    Action.CREATE: ("add", "new", "This group is created."),
    Action.LEAVE: ("remove", "leaves", "The instance leaves this group."),
}


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody who comes or goes: what to call them, until when and why; `stays` where no step moves them."""

    name: str
    detail: str = ""
    stays: bool = False


@dataclass(frozen=True, slots=True)
class NoteView:
    """Something to know: what about, what there is to say, of which people and live groups (`several` of them)."""

    about: str
    text: str
    names: tuple[str, ...] = ()
    several: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A word or a number beside a group's heading; `said` is what a screen reader says."""

    tone: Tone
    shown: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a page says of one group; `anchor` is where links to it lead."""

    anchor: str
    key: str
    name: str
    id: str
    badges: tuple[Badge, ...] = ()
    acts: tuple[tuple[Tone, str], ...] = ()
    texts: tuple[TextView, ...] = ()
    adds: tuple[PersonView, ...] = ()
    removes: tuple[PersonView, ...] = ()
    refused: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    notes: tuple[NoteView, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether a person has to decide something before this group can be as the file says."""
        return bool(self.refused or self.blocked)

    @property
    def changes(self) -> bool:
        """Whether anything in it differs, or would have to be done."""
        return bool(self.acts or self.texts or self.adds or self.removes)


def card_of(group: GroupPlan, anchor: str, refusals: Sequence[Refusal], ink: TextStyle) -> Card:
    """The card of one group; `refusals` are those of this group."""
    acts = [_ACTS[step.action] for step in group.steps if step.action in _ACTS]
    texts = tuple(_text(group, change, ink, stays=stays) for change, stays in text_changes(group))
    adds, removes = moving_people(group, comes=True), moving_people(group, comes=False)
    of_group = cause_suffix(group.cause_of(DriftItem.GROUP), before=" ")
    return Card(
        anchor,
        ink.text(group.key),
        ink.text(group.name.raw),
        ink.text(display_id(group)),
        tuple(_badges(group, bool(refusals), texts, len(adds), len(removes))),
        tuple((tone, told + of_group) for tone, _, told in acts),
        texts,
        _people(group, adds, DriftItem.ADD, ink),
        _people(group, removes, DriftItem.REMOVE, ink),
        tuple(ink.message(refusal.message) for refusal in refusals),
        tuple(ink.message(reason) + ("" if acts else of_group) for reason in group.blocked),
        (*_adopted(group, ink), *(note_of(advice, ink) for advice in group.advice)),
    )


def note_of(advice: Advice, ink: TextStyle) -> NoteView:
    """A piece of advice, with everybody it is about."""
    people = [ink.person(who) for who in sorted(advice.people, key=lambda who: who.sort_key)]
    names = (*people, *(ink.title(name) for name in advice.names))
    what = "people" if people else "groups"
    return NoteView(ADVICE_WORDS[advice.kind], ink.advice(advice), names, f"{len(names)} {what}")


def _people(
    group: GroupPlan, moving: Iterable[tuple[PersonRef, bool]], element: DriftItem, ink: TextStyle
) -> tuple[PersonView, ...]:
    until = "until" if element is DriftItem.ADD else "last day was"
    views = []
    for who, stays in moving:
        day = f"{until} {who.until.isoformat()}" if who.until else ""
        said = cause_words(group.cause_of(element, who))
        detail = " · ".join(part for part in (day, ink.text(who.reason or ""), said) if part)
        views.append(PersonView(person_name(who, ink.show_phones), detail, stays))
    return tuple(views)


def _text(group: GroupPlan, change: TextChange, ink: TextStyle, *, stays: bool) -> TextView:
    view, said = text_view(change, ink, stays=stays), cause_words(group.cause_of(DriftItem(change.field)))
    return replace(view, remark="; ".join(part for part in (said, view.remark) if part))


def _badges(group: GroupPlan, refused: bool, texts: Sequence[TextView], adds: int, removes: int) -> Iterable[Badge]:
    if refused:
        yield Badge("stop", "refused")
    if group.blocked:
        yield Badge("stop", "blocked")
    for step in group.steps:
        if step.action in _ACTS:
            yield Badge(*_ACTS[step.action][:2])
    if adds:
        yield Badge("add", f"+{adds}", f"{adds} to add")
    if removes:
        yield Badge("remove", f"−{removes}", f"{removes} to remove")
    for text in texts:
        yield Badge("change", text.field, f"{text.field} differs")
    if group.adopted:
        yield Badge("note", "adopted")


def _adopted(group: GroupPlan, ink: TextStyle) -> tuple[NoteView, ...]:
    return (NoteView("adopted", f"{match_label(group, ink)}; reconciler pin notes its id"),) if group.adopted else ()
