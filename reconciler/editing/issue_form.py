"""Read the body of an issue that was written with a form, and make the edit that it asks for: add or remove people.

Strangers write the text. It names a person and groups, and nothing else of it has an effect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from reconciler.config.export import alias_for
from reconciler.config.problem_collector import quote_person, quote_value
from reconciler.editing.config_edit import ConfigEdit
from reconciler.editing.edit_entries import add_person
from reconciler.editing.edit_members import (
    PersonEntry,
    Terms,
    add_people,
    find_person_entry,
    remove_people,
    require_known,
)
from reconciler.errors import UsageError
from reconciler.model.text import closest_name, composed

HEADINGS: Final = ("Action", "Person", "Phone number", "Groups", "Until", "Reason")
"""The labels of the form's fields, which are the headings of the issue."""
MAX_CHARACTERS: Final = 20_000
_HEADING = re.compile(r"^###[ \t]+(.*?)[ \t]*$", re.MULTILINE)
_NO_ANSWER = "_No response_"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOX = re.compile(r"^[-*][ \t]+\[(?P<mark>[ xX])\][ \t]+")
_BULLET = re.compile(r"^[-*][ \t]+")
ASK: Final = "a form cannot do this; ask somebody who edits the configuration"
"""The hint of an error that the writer of a form cannot correct."""
_USE_FORM = "write the issue with the form, and leave its headings as they are"


class FormError(UsageError):
    """What the writer of the form can correct: the hint is about the form, not about files or the command line."""


@dataclass(frozen=True, slots=True)
class IssueForm:
    """What a form asks for; `person` is an alias or a name, empty where only the number is given."""

    removes: bool
    person: str
    phone: str
    groups: tuple[str, ...]
    until: date | None
    reason: str | None


def read_form(text: str) -> IssueForm:
    """Return what the body of an issue asks for; raise FormError if that is not clear."""
    if len(text) > MAX_CHARACTERS:
        raise FormError(f"the form has more than {MAX_CHARACTERS:,} characters", _USE_FORM)
    answers = _answers(text.replace("\r\n", "\n").replace("\r", "\n"))
    action = answers["Action"].casefold()
    if action not in ("add", "remove"):
        raise FormError(f"{quote_value(answers['Action'])} is not an action", "answer Add or Remove under `Action`")
    groups = _listed(answers["Groups"])
    if not groups:
        raise FormError("the form names no group", "choose one under `Groups`")
    if action == "remove" and answers["Until"]:
        message = "the form has an answer under `Until`, and a removal takes effect at once"
        raise FormError(message, "leave `Until` empty, or answer Add to let the membership end on that day")
    for heading in ("Person", "Phone number", "Until", "Reason"):
        if "\n" in answers[heading]:
            raise FormError(f"the answer under {quote_value(heading)} has several lines", "answer in one line")
    return IssueForm(
        removes=action == "remove",
        person=answers["Person"],
        phone=answers["Phone number"],
        groups=groups,
        until=_date(answers["Until"]),
        reason=answers["Reason"] or None,
    )


def _answers(text: str) -> dict[str, str]:
    """Return the answer below each heading, "" for none."""
    names = {heading.casefold(): heading for heading in HEADINGS}
    parts = _HEADING.split(text)
    answers: dict[str, str] = dict.fromkeys(HEADINGS, "")
    seen: set[str] = set()
    for title, answer in zip(parts[1::2], parts[2::2], strict=True):
        heading = names.get(title.casefold())
        if heading is None:
            raise FormError(f"the form has an unknown heading, {quote_value(title)}", _USE_FORM)
        if heading in seen:
            raise FormError(f"the form has the heading {quote_value(heading)} twice", _USE_FORM)
        seen.add(heading)
        answers[heading] = "" if answer.strip() == _NO_ANSWER else answer.strip()
    missing = [heading for heading in ("Action", "Groups") if heading not in seen]
    if missing:
        raise FormError(f"the form lacks the heading {quote_value(missing[0])}", _USE_FORM)
    return answers


def _listed(answer: str) -> tuple[str, ...]:
    """Return the keys of a list: with commas, one a line, or boxes of which some are ticked."""
    found: dict[str, None] = {}
    for line in answer.split("\n"):
        box = _BOX.match(line.strip())
        if box is not None and box["mark"] == " ":
            continue
        words = (_BOX if box is not None else _BULLET).sub("", line.strip()).split(",")
        found |= dict.fromkeys(composed(word.strip()) for word in words if word.strip())
    return tuple(found)


def _date(answer: str) -> date | None:
    if not answer:
        return None
    try:
        if _DAY.fullmatch(answer):
            return date.fromisoformat(answer)
    except ValueError:
        pass
    raise FormError("the answer under `Until` is not a date", "write it as YYYY-MM-DD, or leave it empty")


def apply_form(edit: ConfigEdit, form: IssueForm) -> tuple[ConfigEdit, PersonEntry]:
    """Return the configuration with what a form asks for, and the person of the form."""
    known = [group.key for group in edit.desired.groups]
    unknown = next((key for key in form.groups if key not in known), None)
    if unknown is not None:
        closest = closest_name(unknown, known)
        hint = "choose groups of the list in the form" if closest is None else f"did you mean {quote_value(closest)}?"
        raise FormError(f"there is no group {quote_value(unknown)}", hint)
    edit, person = _person(edit, form)
    if form.removes:
        try:
            require_known(edit, person)
        except UsageError as error:
            raise FormError(error.message, "check the number") from None
        return remove_people(edit, [person], form.groups, excepting=False), person
    return add_people(edit, [person], form.groups, Terms(form.until, form.reason)), person


def _person(edit: ConfigEdit, form: IssueForm) -> tuple[ConfigEdit, PersonEntry]:
    """Return the person of a form; somebody new to add, who has a name, gets an alias."""
    if not form.phone:
        if not form.person:
            raise FormError("the form names nobody", "answer under `Person` or `Phone number`")
        return edit, _find(form.person, edit, "answer with a name as it is in the configuration, or give the number")
    person = _find(form.phone, edit, "write it with + and the country code, as in +1 202 555 0143")
    known = edit.desired.people.get(person.identity)
    if known is not None or not form.person:
        names = {name.casefold() for name in (known.aliases if known is not None else ())}
        if known is not None and known.name is not None:
            names.add(known.name.casefold())
        if form.person and form.person.casefold() not in names:
            message = f"the number in the form is that of {person.label}, not of {quote_person(form.person)}"
            raise FormError(message, "correct the number or the name")
        return edit, person
    _require_new_name(edit, form.person)
    if form.removes:
        return edit, person
    alias = alias_for(
        form.person, person.identity, {*edit.desired.aliases, *(alias for alias, _ in edit.entries("people"))}
    )
    return add_person(edit, alias, form.person, person), PersonEntry(person.identity, alias)


def _find(answer: str, edit: ConfigEdit, hint: str) -> PersonEntry:
    """Return the person that an answer means; raise FormError for nobody, or for several."""
    try:
        return find_person_entry(answer, edit)
    except UsageError as error:
        is_about_people = error.hint.startswith(("did you mean", "use an alias"))
        raise FormError(error.message, error.hint if is_about_people else hint) from None


def _require_new_name(edit: ConfigEdit, name: str) -> None:
    """Raise FormError if somebody with another number has this alias or name."""
    for each in edit.desired.people.values():
        names = {*each.aliases, *([each.name] if each.name is not None else [])}
        if name.casefold() in map(str.casefold, names):
            message = f"{quote_person(name)} is in the configuration with another number"
            raise FormError(message, "correct the number, or leave it empty to mean that person")
