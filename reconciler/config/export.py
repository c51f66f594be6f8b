"""Write a YAML file for groups that exist: it validates, and planning it changes nothing.

What such a file cannot hold (a name that is too long, an incomplete member list) is left out, which makes it unmanaged,
and a comment says so. Text is written so that it reads back exactly, and misleads neither a reader nor a terminal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconciler.config.loader import load_contents
from reconciler.config.phone_numbers import address_text
from reconciler.config.source_files import FileContent
from reconciler.config.yaml_text import YAML_WORDS, slug, unique_key, yaml_block, yaml_comment, yaml_scalar
from reconciler.model.desired import MAX_DESCRIPTION_LENGTH, MAX_MEMBERS, MAX_NAME_LENGTH, Person
from reconciler.model.identity import Identity
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.text import normalize, plural

_FILE = "the imported groups"
_MAX_LABEL_LENGTH = 200
_MAX_ID_LENGTH = 200
_DIGITS_OF_NUMBER = 7
"""From so many digits on a name may be a phone number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What the file that groups are added to has already.

    `aliases` has the alias of each person, `taken` every alias; `names` are those of its groups, normalized. `defaults`
    are the fields that its groups have unless they set them.
    """

    keys: Collection[str] = ()
    names: Collection[str] = ()
    aliases: Mapping[Identity, str] = field(default_factory=dict)
    taken: Collection[str] = ()
    defaults: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """YAML of new people by alias and of new groups by key, as below a section: indented by two spaces.

    `members` are the people in these groups (an id where no number is known), `unnamed` those without an alias.
    """

    people: Mapping[str, str]
    groups: Mapping[str, str]
    members: frozenset[str]
    unnamed: frozenset[str]

    @property
    def summary(self) -> str:
        """What they are in a few words: `12 groups, 145 people (30 without a name)`."""
        groups, people, unnamed = len(self.groups), len(self.members), len(self.unnamed)
        words = f"{plural(groups, 'group')}, {plural(people, 'person', 'people')}"
        return f"{words} ({unnamed} without a name)" if unnamed else words


def render_entries(
    groups: Sequence[LiveGroup],
    *,
    instance: Person | None,
    names: Mapping[Identity, str],
    existing: Existing,
) -> Entries:
    """Return the entries that describe these groups as they are.

    `instance` is the account itself, which is left out of the members. People in `names` get an alias, unless the file
    has one for them.
    """
    writer = _Writer(instance, names, existing)
    bodies = writer.groups(groups)
    members = frozenset(person.identity or person.id for group in groups for person in writer.others(group))
    return Entries(writer.people_lines(), bodies, members, members - writer.aliases.keys())


def render_config(entries: Entries, *, instance_id: str, instance: Person | None, instance_guessed: bool) -> str:
    """Return the text of a file with these entries.

    `instance_guessed` means that the account's number was inferred from the groups. Raise ConfigError if the file would
    be invalid, which would be a mistake of this program.
    """
    lines = ["version: 1", *_instance_lines(instance_id, instance, instance_guessed)]
    if entries.people:
        lines += ["", "people:", *entries.people.values()]
    lines += ["", "groups:", *entries.groups.values()] if entries.groups else ["", "groups: {}"]
    text = "\n".join(lines) + "\n"
    load_contents([FileContent(_FILE, text.encode())], as_of=date.min, folder=None, name="")
    return text


def _instance_lines(instance_id: str, instance: Person | None, guessed: bool) -> Iterator[str]:
    fits = 0 < len(instance_id) <= _MAX_ID_LENGTH and instance_id.isascii() and instance_id.isprintable()
    identifier = yaml_scalar(instance_id) if fits and " " not in instance_id else None
    yield "instance:" if identifier or instance else "# instance:"
    if identifier:
        yield f"  id: {identifier}"
    if instance is None:
        yield "  # Add the instance's own number as `phone: +…`. Until then nobody can be removed from a group."
        return
    if guessed:
        yield "  # Check this number: it is probably the instance's own, as the only participant of every group."
    yield f"  phone: {address_text(instance.jid, instance.identity) or instance.jid}"


class _Writer:
    """Writes groups, and collects the people who get an alias."""

    def __init__(self, instance: Person | None, names: Mapping[Identity, str], existing: Existing) -> None:
        self._instance = instance
        self._names = names
        self._existing = existing
        self.aliases: dict[Identity, str] = dict(existing.aliases)
        self._people: dict[str, tuple[str, str]] = {}
        self._references: dict[tuple[Identity, str | None], tuple[bool, str] | None] = {}
        self._taken = set(existing.taken)
        self._group_names = set(existing.names)

    def groups(self, groups: Sequence[LiveGroup]) -> dict[str, str]:
        """Return the lines of each group, sorted by key; equal keys get numbers in the order of the groups' ids."""
        taken = set(self._existing.keys)
        by_id = sorted(groups, key=lambda group: group.id)
        keys = [
            unique_key(slug(group.name.raw) or f"group-{group.id.partition('@')[0][-6:]}", taken) for group in by_id
        ]
        bodies = {key: "\n".join(self._group(key, group)) for key, group in zip(keys, by_id, strict=True)}
        return dict(sorted(bodies.items()))

    def people_lines(self) -> dict[str, str]:
        """Return the line of each new person, sorted by alias."""
        lines = {}
        for alias, (address, name) in sorted(self._people.items()):
            label = name.strip()
            quoted = yaml_scalar(label) if 0 < len(label) <= _MAX_LABEL_LENGTH and label.strip(" \t\r\n") else None
            # Neither spelling of a name has a comma or brace outside quotes, which would end it inside the braces.
            key = yaml_scalar(alias)
            lines[alias] = f"  {key}: {{phone: {address}, name: {quoted}}}" if quoted else f"  {key}: {address}"
        return lines

    def others(self, group: LiveGroup) -> list[Participant]:
        """Return the participants of a group without the account itself."""
        own = self._instance.identity if self._instance is not None else None
        return [p for p in group.participants if own is None or p.identity != own]

    def _group(self, key: str, group: LiveGroup) -> Iterator[str]:
        yield f"  {yaml_scalar(key)}:"
        yield f"    id: {group.id}"
        yield from (f"    {line}" for line in self._name_lines(group.name.raw))
        yield from (f"    {line}" for line in self._description_lines(group.description.raw))
        yield from (f"    {line}" for line in self._member_lines(group, self.others(group)))
        unwanted = [field for field in ("absent", "teams") if field in self._existing.defaults]
        yield from (f"    {field}: []" for field in unwanted)

    def _name_lines(self, live: str) -> Iterator[str]:
        name = normalize(live)
        written = yaml_scalar(name)
        if not name:
            yield yaml_comment("name is not managed: the server does not give it")
        elif not name.strip(" \t\r\n") or len(name) > MAX_NAME_LENGTH:
            yield yaml_comment(f"name is not managed: it has {len(name)} characters")
        elif written is None:
            yield yaml_comment("name is not managed: it is not valid Unicode")
        elif name in self._group_names:
            yield yaml_comment(f"name is not managed: another group is called {written}, too")
        else:
            self._group_names.add(name)
            yield f"name: {written}"

    def _description_lines(self, live: str) -> Iterator[str]:
        description = normalize(live)
        if not description and "description" not in self._existing.defaults:
            return
        written = yaml_block(description, " " * 6) or yaml_scalar(description)
        if len(description) > MAX_DESCRIPTION_LENGTH:
            yield yaml_comment(f"description is not managed: it has {len(description)} characters")
        elif written is None:
            yield yaml_comment("description is not managed: it is not valid Unicode")
        else:
            yield f"description: {written}"

    def _member_lines(self, group: LiveGroup, others: Sequence[Participant]) -> Iterator[str]:
        members = self._listed(others)
        are_told = all(p.is_admin is not None for p in others)
        admins = self._listed([p for p in others if p.is_admin or p.is_owner]) if are_told else None
        reason = _why_unmanaged(group, members)
        if reason:
            yield yaml_comment(f"members are not managed: {reason}")
            if {"members", "teams"} & set(self._existing.defaults):
                yield "membership: observe"
        else:
            assert members is not None  # noqa: S101  None is a reason
            unknown = sorted({p.lid or p.id for p in others if p.identity is None})
            if unknown:
                # Once the server tells their numbers, an exact list would remove them.
                yield yaml_comment("nobody is removed, because the number of a participant is unknown")
                yield "membership: additive"
            yield from _list_lines("members", members)
            yield from (yaml_comment(f"not managed, because the number is unknown: {lid}") for lid in unknown)
        if admins or (admins is not None and "admins" in self._existing.defaults):
            yield from _list_lines("admins", admins)

    def _listed(self, participants: Sequence[Participant]) -> list[str] | None:
        """Return the references of everybody whose number is known, aliases first; None if one cannot be written."""
        references = {p.identity: self._reference(p.identity, p.jid) for p in participants if p.identity is not None}
        listed = [reference for reference in references.values() if reference is not None]
        return [text for _, text in sorted(listed)] if len(listed) == len(references) else None

    def _reference(self, identity: Identity, jid: str | None) -> tuple[bool, str] | None:
        """Return an alias or a number, after whether it is a bare number; None if the number cannot be written."""
        if identity in self._existing.aliases:
            return False, yaml_scalar(self._existing.aliases[identity]) or ""
        if (identity, jid) not in self._references:
            address = address_text(jid, identity)
            reference = None if address is None else (True, address)
            if address is not None and identity in self._names:
                reference = (False, yaml_scalar(self._alias(identity, address)) or "")
            self._references[identity, jid] = reference
        return self._references[identity, jid]

    def _alias(self, identity: Identity, address: str) -> str:
        if identity not in self.aliases:
            name = self._names[identity]
            self.aliases[identity] = alias_for(name, identity, self._taken)
            self._people[self.aliases[identity]] = (address, name)
        return self.aliases[identity]


def alias_for(name: str, identity: Identity, taken: set[str]) -> str:
    """Return a new alias for a person with this name, and add it to the taken ones."""
    wanted = slug(name)
    if sum(map(str.isdigit, wanted)) >= _DIGITS_OF_NUMBER:  # an alias is never masked
        wanted = ""
    if not any(char.isalpha() for char in wanted) or wanted in YAML_WORDS:
        wanted = f"person-{wanted or identity[-4:]}"
    return unique_key(wanted, taken)


def _why_unmanaged(group: LiveGroup, members: list[str] | None) -> str:
    if group.count is not None and group.count != len(group.participants):
        return f"the group has {len(group.participants)} participants, but the list of groups says {group.count}"
    if not group.participants:
        return "the group shows no participants"
    if members is None:
        return "the number of a participant cannot be written to a file"
    if len(members) > MAX_MEMBERS:
        return f"{len(members)} members are more than the {MAX_MEMBERS} that a group can have beside the account"
    return ""


def _list_lines(key: str, references: Sequence[str]) -> Iterator[str]:
    yield f"{key}:" if references else f"{key}: []"
    yield from (f"  - {reference}" for reference in references)
