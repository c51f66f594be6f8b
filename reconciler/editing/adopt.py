"""Take what was changed by hand in live groups into the configuration. Pure: differences in, an edit out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from reconciler.config.document import as_sequence
from reconciler.config.export import alias_for
from reconciler.config.person_reference import reference_of
from reconciler.config.policy import allows_number
from reconciler.config.problem_collector import quote_value
from reconciler.diff.change import AdviceKind, Change
from reconciler.diff.match import normalized_names
from reconciler.editing.config_edit import ConfigEdit
from reconciler.editing.edit_entries import add_person
from reconciler.editing.edit_members import PersonEntry, remove_people, with_item
from reconciler.errors import UsageError
from reconciler.model.desired import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, State, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import normalize, plural

FIELDS: Final = ("name", "description", "members")
"""What can be adopted."""
NO_NAMES: Final[Mapping[Identity, str]] = MappingProxyType({})
NOBODY: Final[Mapping[str, Collection[Identity]]] = MappingProxyType({})
_MAX_LABEL_LENGTH: Final = 200
_MAX_NAMES: Final = 10
_LIMITS: Final = {"name": MAX_NAME_LENGTH, "description": MAX_DESCRIPTION_LENGTH}
_READABLE: Final = frozenset({"not-admin"})
"""Reasons for which a plan changes nothing in a group, although everything in it was read."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """An edit, and for each group what of it is not adopted, and why; the reasons contain full numbers."""

    edit: ConfigEdit
    skipped: tuple[tuple[str, str], ...] = field(default=())


def adopt(
    edit: ConfigEdit,
    changes: Iterable[Change],
    fields: Collection[str],
    *,
    missing: bool,
    names: Mapping[Identity, str] = NO_NAMES,
    never_in: Mapping[str, Collection[Identity]] = NOBODY,
) -> Adoption:
    """Return the configuration as the live groups are: names, descriptions, the people who came.

    With `missing`, also without the people who are gone; those of `never_in`, by key, may never have been in the group.
    `changes` are the differences of the groups to adopt. Somebody who came and has no alias gets one if they are in
    `names`, where `people` are in one file. Raise UsageError where people are to be adopted and the account itself is
    unknown, who would be one of them.
    """
    if "members" in fields and edit.desired.account is None:
        message = "the account's own number is unknown, so it would be adopted as a member"
        raise UsageError(message, "set `instance.phone`, or pass --only name,description")
    skipped: list[tuple[str, str]] = []
    changes = tuple(changes)
    shared = _shared_names(edit, [each for each in changes if _why_unreadable(each) is None], fields)
    for change in changes:
        key = change.group.key
        reason = _why_unreadable(change)
        if reason is not None:
            skipped += [(key, reason)] if reason else []
            continue
        edit, notes = _with_texts(edit, change, fields, shared.get(key, ()))
        skipped += [(key, note) for note in notes]
        if "members" in fields:
            edit, notes = _with_people(edit, change, names, missing=missing, never_in=never_in.get(key, ()))
            skipped += [(key, note) for note in notes]
    return Adoption(edit, tuple(skipped))


def _why_unreadable(change: Change) -> str | None:
    """Return why nothing of a group is adopted; "" where there is nothing to adopt, None where there may be."""
    if change.group.state is State.LEFT:
        return ""
    if change.live is None and not change.blocked:
        return "no live group is it; if somebody renamed it, set its `id` first"
    if any(advice.kind is AdviceKind.OBSERVED for advice in change.advice):
        return "its membership is observe, so no plan changes the differences"
    blocked = [message for message in change.blocked if message.code not in _READABLE]
    doubts = [advice.message for advice in change.advice if advice.kind is AdviceKind.DOUBTFUL]
    if blocked or doubts:
        return "; ".join(message.to_text() for message in (*blocked, *doubts))
    return None


def _shared_names(
    edit: ConfigEdit, changes: Collection[Change], fields: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return, by key, which other groups would have the live name of a group, too, or have it as an earlier name."""
    if "name" not in fields:
        return {}
    names: dict[str, set[str]] = defaultdict(set)
    for group in edit.desired.groups:
        for name in normalized_names(group):
            names[name].add(group.key)
    new = {
        change.group.key: normalize(text.old or "")
        for change in changes
        for text in change.field_changes
        if text.field == "name"
    }
    for key, name in new.items():
        names[name].add(key)
    return {key: tuple(sorted(names[name] - {key})) for key, name in new.items() if names[name] != {key}}


def _with_texts(
    edit: ConfigEdit, change: Change, fields: Collection[str], namesakes: tuple[str, ...]
) -> tuple[ConfigEdit, list[str]]:
    notes = []
    for text in change.field_changes:
        live = normalize(text.old or "")
        if text.field not in fields:
            continue
        if text.field == "name" and live and namesakes:
            keys = ", ".join(map(quote_value, namesakes))
            notes.append(f"its live name is also that of {keys}; rename one of the live groups")
            continue
        if (text.field == "name" and not live) or len(live) > _LIMITS[text.field]:
            what = f"has {len(live)} characters" if live else "is not in the server's answer"
            notes.append(f"the live {text.field} {what}")
            continue
        if text.field == "description" and "description" not in edit.fields(change.group.key):
            notes.append("its description comes from `defaults`")
            continue
        edit = edit.with_field(change.group.key, text.field, live)
    return edit, notes


def _with_people(
    edit: ConfigEdit, change: Change, names: Mapping[Identity, str], *, missing: bool, never_in: Collection[Identity]
) -> tuple[ConfigEdit, list[str]]:
    group, notes = change.group, list(_notes(edit, change))
    came = [person for person in change.remove if _reason_to_skip(edit, change, person) is None]
    hidden = _hidden(change)
    gone = [person for person in change.add if missing and not hidden and person.identity not in never_in]
    if missing and change.add and hidden:
        who = plural(hidden, "participant is", "participants are")
        notes.append(f"{who} not identified and may be somebody who seems to be gone, so --missing removes nobody")
    notes += [
        f"{person.label or person.identity} stays in the configuration: no apply is known to have added them"
        for person in change.add
        if missing and not hidden and person.identity in never_in
    ]
    if change.add and not missing:
        absent = [str(person.label or person.identity) for person in change.add]
        more = [f"{len(absent) - _MAX_NAMES} more"] if len(absent) > _MAX_NAMES else []
        who, verb = ", ".join([*absent[:_MAX_NAMES], *more]), "is" if len(absent) == 1 else "are"
        notes.append(f"{who} {verb} not in it; an apply adds them, --missing removes them from the configuration")
    if not came and not gone:
        return edit, notes
    if isinstance(group.members, Unmanaged):
        return edit, notes
    fields = edit.fields(group.key)
    if "members" not in fields and "members" in edit.section("defaults"):
        return edit, [*notes, "its members come from `defaults`"]
    if came:
        items = list(as_sequence(fields.get("members", [])))
        for person in came:
            edit, someone = _named(edit, _entry(edit, person), names)
            items = with_item(items, someone.reference)
        edit = edit.with_field(group.key, "members", items, after=["name", "teams", "except"])
    leaving = [_entry(edit, person) for person in gone]
    return remove_people(edit, leaving, [group.key], excepting=True), notes


def _entry(edit: ConfigEdit, person: PersonRef) -> PersonEntry:
    """Return a person by an alias that the YAML has, else by number: the row of an alias of a people file may go."""
    known = edit.desired.people.get(person.identity) if person.identity is not None else None
    aliases = known.aliases if known is not None else ()
    alias = next((each for each in aliases if edit.file_of("people", each) is not None), None)
    return PersonEntry.of(replace(person, alias=alias))


def _named(edit: ConfigEdit, person: PersonEntry, names: Mapping[Identity, str]) -> tuple[ConfigEdit, PersonEntry]:
    """Return a person with a new alias, made of their name, if they have a name and no alias."""
    name = names.get(person.identity, "").strip()
    known = {alias: reference_of(entry) for alias, entry in edit.entries("people")}
    added = next((alias for alias, number in known.items() if number == person.reference), None)
    if added is not None:  # came into an earlier group, too
        return edit, PersonEntry(person.identity, added)
    is_known = person.identity in edit.desired.people
    if is_known or not 0 < len(name) <= _MAX_LABEL_LENGTH or len(edit.files_for("people")) > 1:
        return edit, person
    alias = alias_for(name, person.identity, {*known, *edit.desired.aliases})
    return add_person(edit, alias, name, person), PersonEntry(person.identity, alias)


def _notes(edit: ConfigEdit, change: Change) -> Iterator[str]:
    """Yield who came and is not adopted."""
    for person in change.remove:
        reason = _reason_to_skip(edit, change, person)
        if reason is not None:
            yield f"{person.label or person.identity} {reason}"
    for advice in change.advice:
        if advice.kind is AdviceKind.UNIDENTIFIED and advice.people:
            yield advice.message.to_text()


def _hidden(change: Change) -> int:
    """Return how many participants nobody could identify: each may be anybody of the configuration."""
    return sum(len(advice.people) for advice in change.advice if advice.kind is AdviceKind.UNIDENTIFIED)


def _reason_to_skip(edit: ConfigEdit, change: Change, person: PersonRef) -> str | None:
    """Return why somebody who is in a live group is not adopted; None if nothing forbids it."""
    group, identity = change.group, person.identity
    if identity is None or person.jid is None:
        return "has no known number"
    if identity in group.absent:
        return "is in `absent`, and in the group"
    if identity in group.excepted:
        return "is in `except`, and in the group"
    if any(member.person.identity == identity for member in group.expired):
        return "is in the group, and the membership has ended"
    if not allows_number(edit.desired.policy, identity):
        return "came, and the number is from a country that `policy.allowed_countries` does not have"
    return None
