"""Add people to groups, and take them out: of one group, of a team, or of everything. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reconciler.config.document import Tree, as_sequence
from reconciler.config.person_reference import PersonReferences, reference_of, resolve_person
from reconciler.config.phone_numbers import address_text
from reconciler.config.problem_collector import quote_person, quote_value
from reconciler.editing.config_edit import ConfigEdit, EditedConfig
from reconciler.errors import UsageError
from reconciler.model.desired import DesiredGroup, Membership, PeopleFile, SourcedPerson, Unmanaged
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef

_PLACES = ("members", "admins", "except")
"""Lists of a group that a person is taken out of everywhere."""


_SECTIONS = {"defaults": ("members", "admins", "absent"), "policy": ("protected", "ignored")}
"""The lists of people in the sections that are not about one group or team."""


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A person to add or remove: the identity, and what a new entry says, an alias or a number."""

    identity: Identity
    reference: str

    @classmethod
    def of(cls, person: PersonRef) -> PersonEntry:
        """Return a person of the command line; raise UsageError for somebody without a known number."""
        if person.identity is None or person.jid is None:
            label = quote_person(person.lid or "")
            raise UsageError(f"{label} is a private id (LID), which no list can have", "give the phone number")
        number = address_text(person.jid, person.identity) or person.jid
        return cls(person.identity, person.alias or number)

    @property
    def label(self) -> str:
        """The alias for a message, or the masked number."""
        return quote_person(self.reference)


def find_person_entry(word: str, edit: ConfigEdit) -> PersonEntry:
    """Return the person of an alias, a name or a number; raise UsageError for a word that means nobody, or several."""
    return PersonEntry.of(resolve_person(word, edit.desired, whole=True))


def require_known(edit: ConfigEdit, person: PersonEntry) -> None:
    """Raise UsageError if the configuration has nobody with this number, which is probably mistyped."""
    references = PersonReferences.of(person.identity, edit.desired)
    groups = [edit.fields(key) for key, _ in edit.entries("groups")]
    lists = [fields.get(place) for fields in groups for place in (*_PLACES, "absent")]
    lists += [entry.get("members") if isinstance(entry, dict) else entry for _, entry in edit.entries("teams")]
    lists += [edit.section(section).get(place) for section, places in _SECTIONS.items() for place in places]
    if person.identity not in edit.desired.people and not any(map(references.indexes, lists)):
        raise UsageError(f"{edit.path} has nobody with the number {person.label}", "check the number")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a membership that were asked for: the last day, and why."""

    until: date | None = None
    reason: str | None = None

    def fields(self) -> dict[str, Tree]:
        """Return the fields of an entry."""
        fields: dict[str, Tree] = {} if self.until is None else {"until": self.until.isoformat()}
        return fields if self.reason is None else {**fields, "reason": self.reason}


def add_people(edit: ConfigEdit, people: Iterable[PersonEntry], keys: Sequence[str], terms: Terms) -> ConfigEdit:
    """Return the same with people in groups: entries in `members`, and none in `except`.

    Without a last day in the terms, the memberships have no end: a last day that they had goes.
    """
    if terms.until is not None and terms.until < edit.desired.as_of:
        raise UsageError(f"the last day, {terms.until.isoformat()}, has passed", "give a later day")
    for person in people:
        references = PersonReferences.of(person.identity, edit.desired)
        for key in keys:
            edit = _added(edit, edit.group(key), person, references, terms.fields())
    return edit


def _added(
    edit: ConfigEdit, group: DesiredGroup, person: PersonEntry, references: PersonReferences, terms: Mapping[str, Tree]
) -> ConfigEdit:
    excepted = group.excepted.get(person.identity)
    if excepted is not None:
        edit = _without(edit, group.key, "except", references)
    member = group.listed_members.get(person.identity) or excepted
    items = as_sequence(edit.fields(group.key).get("members", []))
    found = references.indexes(items)
    if found:
        new = _with_terms(items[found[0]], terms, references)
        return edit if new == items[found[0]] else _with_item(edit, group.key, found[0], new)
    if member is not None and member.teams and member.until is None and not terms:
        return edit
    _require_own_members(edit, group)
    return edit.with_field(group.key, "members", with_item(items, _entry(person, terms)), after=["name", "teams"])


def _require_own_members(edit: ConfigEdit, group: DesiredGroup) -> None:
    """Raise UsageError if a list of this one person would take the others out of the group."""
    key = quote_value(group.key)
    if "members" in edit.fields(group.key):
        return
    if "members" in edit.section("defaults"):
        message = f"the group {key} has the members of `defaults`, which a list of its own would replace"
        raise UsageError(message, "write its own `members` first, with everybody who is to stay")
    if isinstance(group.members, Unmanaged) and group.membership is Membership.EXACT:
        message = f"the members of the group {key} are not managed: a list of one person would remove all others"
        raise UsageError(message, "write its `members` first, or set its `membership` to additive")


def _entry(person: PersonEntry, terms: Mapping[str, Tree]) -> Tree:
    is_number = person.reference[:1] == "+" or "@" in person.reference
    return {"phone" if is_number else "person": person.reference, **terms} if terms else person.reference


def _with_terms(item: Tree, terms: Mapping[str, Tree], references: PersonReferences) -> Tree:
    """Return an entry with other terms: with their last day, or without an end."""
    if not isinstance(item, dict):
        is_alias = reference_of(item) in references.aliases
        return {"person" if is_alias else "phone": item, **terms} if terms else item
    fields = dict(item)
    if "until" not in terms:
        fields.pop("until", None)
    return {**fields, **terms}


def _with_item(edit: ConfigEdit, key: str, index: int, item: Tree) -> ConfigEdit:
    items = as_sequence(edit.fields(key)["members"])
    return edit.with_field(key, "members", [*items[:index], item, *items[index + 1 :]])


def with_item(items: Sequence[Tree], item: Tree) -> list[Tree]:
    """Return a list with one more entry: sorted where the list is sorted, else at the end."""
    keys = [_sort_key(each) for each in items]
    new = _sort_key(item)
    at = len(items)
    if len(items) > 1 and keys == sorted(keys):
        at = next((index for index, key in enumerate(keys) if key > new), at)
    return [*items[:at], item, *items[at:]]


def _sort_key(item: Tree) -> tuple[bool, str]:
    reference = reference_of(item)
    return reference[:1] in "+0123456789", reference.casefold()


def remove_people(
    edit: ConfigEdit, people: Iterable[PersonEntry], keys: Sequence[str], *, excepting: bool
) -> ConfigEdit:
    """Return the same without people in groups; `excepting` puts those who are in through a team into `except`."""
    for person in people:
        references = PersonReferences.of(person.identity, edit.desired)
        for group in map(edit.group, keys):
            for place in ("members", "admins"):
                edit = _without(edit, group.key, place, references)
            member = group.listed_members.get(person.identity)
            if excepting and member is not None and member.teams:
                items = as_sequence(edit.fields(group.key).get("except", []))
                edit = edit.with_field(group.key, "except", with_item(items, person.reference), after=["teams"])
    return edit


def remove_from_teams(edit: ConfigEdit, people: Iterable[PersonEntry], teams: Sequence[str]) -> ConfigEdit:
    """Return the same without people in teams; raise UsageError for a person who a team does not list itself."""
    for person in people:
        references = PersonReferences.of(person.identity, edit.desired)
        for team in teams:
            file = next((file for file in edit.desired.people_files if team in file.teams), None)
            if edit.file_of("teams", team) is None and file is not None:
                message = f"the people of the team {quote_value(team)} come from {quote_value(file.name)}"
                raise UsageError(message, "change the row there")
            if edit.file_of("teams", team) is None:
                raise UsageError(f"{edit.path} has no team {quote_value(team)}", "check the names under `teams`")
            edited = _without_in_team(edit, team, references)
            if edited is edit:
                raise UsageError(
                    f"the team {quote_value(team)} does not list {person.label} itself", "name another team"
                )
            edit = edited
    return edit


def remove_everywhere(edit: ConfigEdit, person: PersonEntry) -> ConfigEdit:
    """Return the same without a person in any group or team, or in the `defaults`; `absent` and `policy` stay."""
    for file in edit.desired.people_files:
        for given in file.people.values():
            if given.identity == person.identity and given.teams and not given.left:
                raise _from_people_file(person, file, given)
    references = PersonReferences.of(person.identity, edit.desired)
    for key in [group.key for group in edit.desired.groups]:
        for place in _PLACES:
            edit = _without(edit, key, place, references)
    for team in [team for team, _ in edit.entries("teams")]:
        edit = _without_in_team(edit, team, references)
    return _without_in_section(edit, "defaults", ("members", "admins"), references)


def _from_people_file(person: PersonEntry, file: PeopleFile, given: SourcedPerson) -> UsageError:
    message = f"nothing was written: {person.label} comes from {quote_value(file.name)}, row {given.row}"
    return UsageError(message, "remove the row there")


def forget(edit: ConfigEdit, person: PersonEntry, *, protected_too: bool) -> ConfigEdit:
    """Return the same without a person in `absent`, `policy` and `people`, who is nowhere else any more.

    Raise UsageError for a protected person unless `protected_too`.
    """
    if person.identity in edit.desired.policy.protected and not protected_too:
        raise UsageError(f"{person.label} is in `policy.protected`", "pass --yes to forget a protected person")
    for file in edit.desired.people_files:
        for given in file.people.values():
            if given.identity == person.identity:
                raise _from_people_file(person, file, given)
    references = PersonReferences.of(person.identity, edit.desired)
    for key in [group.key for group in edit.desired.groups]:
        edit = _without(edit, key, "absent", references)
    edit = _without_in_section(edit, "defaults", ("absent",), references)
    edit = _without_in_section(edit, "policy", ("protected", "ignored"), references)
    for alias in sorted(references.aliases):
        edit = edit.without_entry("people", alias)
    return edit


def require_effect(
    edited: EditedConfig, people: Iterable[PersonEntry], keys: Iterable[str], terms: Terms | None
) -> None:
    """Raise UsageError unless people are in groups now, until the day that was asked for; without `terms`, out of them.

    A team may bring them in anyway, or for longer. Nobody else may come or go.
    """
    people = tuple(people)
    edited.require_nobody_else({person.identity for person in people})
    groups = {group.key: group for group in edited.after.groups}
    for person in people:
        for group in map(groups.__getitem__, keys):
            member, key = group.listed_members.get(person.identity), quote_value(group.key)
            teams = " and ".join(map(quote_value, member.teams)) if member is not None else ""
            if terms is None and member is not None:
                through = f"through the team {teams}" if teams else "through `defaults.members`"
                hint = "name the team with --from-team, or pass --except to leave them in it but not in this group"
                message = f"nothing was written: {person.label} would still be in the group {key}, {through}"
                raise UsageError(message, hint if teams else "take them out there, or give the group its own `members`")
            if terms is not None and member is None:
                message = f"nothing was written: {person.label} would not be in the group {key}"
                hint = "take them out of `absent` first"
                raise UsageError(message, hint if person.identity in group.absent else "edit the group's lists by hand")
            if terms is not None and member is not None and terms.until != member.until:
                end = "without an end" if member.until is None else f"until {member.until.isoformat()}"
                through = f", through the team {teams}" if teams else ""
                message = f"nothing was written: {person.label} is in the group {key} {end}{through}"
                hint = "give no last day" if member.until is None else "give that last day or a later one"
                raise UsageError(message, f"{hint}, or take them out of the team with `edit remove --from-team`")


def _without(edit: ConfigEdit, key: str, place: str, references: PersonReferences) -> ConfigEdit:
    """Take a person out of one list of a group; an empty `except` goes, too."""
    items = edit.fields(key).get(place)
    left = _left(items, references)
    if left is None:
        return edit
    return edit.without_field(key, place) if place == "except" and not left else edit.with_field(key, place, left)


def _without_in_team(edit: ConfigEdit, team: str, references: PersonReferences) -> ConfigEdit:
    entry = edit.entry("teams", team)
    left = _left(entry.get("members") if isinstance(entry, dict) else entry, references)
    if left is None:
        return edit
    return edit.with_entry("teams", team, {**entry, "members": left} if isinstance(entry, dict) else left)


def _without_in_section(
    edit: ConfigEdit, section: str, places: Iterable[str], references: PersonReferences
) -> ConfigEdit:
    for place in places:
        values = edit.section(section)
        left = _left(values.get(place), references)
        if left is not None:
            edit = edit.with_section(section, {**values, place: left})
    return edit


def with_number(edit: ConfigEdit, identity: Identity, number: str) -> ConfigEdit:
    """Return the same with another number for a person wherever a list has their number; aliases stay."""
    references = PersonReferences.of(identity, edit.desired)
    for key in [group.key for group in edit.desired.groups]:
        for place in (*_PLACES, "absent"):
            new = _renumbered(edit.fields(key).get(place), references, number)
            edit = edit if new is None else edit.with_field(key, place, new)
    for team, entry in list(edit.entries("teams")):
        new = _renumbered(entry.get("members") if isinstance(entry, dict) else entry, references, number)
        if new is not None:
            edit = edit.with_entry("teams", team, {**entry, "members": new} if isinstance(entry, dict) else new)
    for section, places in _SECTIONS.items():
        for place in places:
            new = _renumbered(edit.section(section).get(place), references, number)
            edit = edit if new is None else edit.with_section(section, {**edit.section(section), place: new})
    return edit


def _renumbered(items: Tree, references: PersonReferences, number: str) -> list[Tree] | None:
    """Return a list with another number for a person; None if it does not have the old one."""
    found = [i for i in references.indexes(items) if reference_of(as_sequence(items)[i]) not in references.aliases]
    if not found:
        return None

    def renumbered(item: Tree) -> Tree:
        return (
            {k: number if k in ("phone", "person") else v for k, v in item.items()}
            if isinstance(item, dict)
            else number
        )

    return [renumbered(item) if index in found else item for index, item in enumerate(as_sequence(items))]


def _left(items: Tree, references: PersonReferences) -> list[Tree] | None:
    """Return a list without a person; None if they are not in it."""
    found = references.indexes(items)
    return [item for index, item in enumerate(as_sequence(items)) if index not in found] if found else None
