"""A YAML file for groups that exist: it validates, and planning it changes nothing.

What such a file cannot hold (a name too long, a member list that was read in part) is left out, which makes it
unmanaged, and a comment says so.


Text written as YAML so that it reads back exactly, and so that neither reader nor terminal is misled by it.

Keys and aliases made from names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconciler.config.loader import desired_of
from reconciler.config.phone_numbers import InvalidPhoneNumber, read_phone
from reconciler.config.problem_collector import ProblemCollector
from reconciler.config.source_files import SourceFile
from reconciler.errors import ConfigError
from reconciler.model.desired import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, MAX_PARTICIPANTS, Person
from reconciler.model.identity import Identity, identity_of_jid, parse_jid, phone_jid
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.text import normalize
from reconciler.sanitize.escape import escape

_FILE = "the imported groups"


_LONGEST_LABEL = 200


_LONGEST_ID = 200


def render_config(
    groups: Sequence[LiveGroup],
    *,
    instance_id: str,
    instance: Person | None,
    instance_guessed: bool,
    names: Mapping[Identity, str],
) -> str:
    """The text of a file that describes these groups as they are.

    `instance` is the account itself, which is not listed among the members; `instance_guessed` says that its number
    was concluded, not given. People in `names` get an alias.
    Raises ConfigError if the file would not be valid, which would be a mistake of this program.
    """
    writer = _Writer(instance, names)
    bodies = writer.groups(groups)
    lines = ["version: 1", *_instance_lines(instance_id, instance, instance_guessed)]
    if writer.people:
        lines += ["", "people:", *writer.people_lines()]
    lines += ["", "groups:", *bodies] if bodies else ["", "groups: {}"]
    text = "\n".join(lines) + "\n"
    findings = ProblemCollector()
    desired_of([SourceFile(_FILE, text.encode(), text)], findings, date.min)
    if findings.failed:
        raise ConfigError(findings.problems({_FILE: text}))
    return text


def _instance_lines(instance_id: str, instance: Person | None, guessed: bool) -> Iterator[str]:
    fits = 0 < len(instance_id) <= _LONGEST_ID and instance_id.isascii() and instance_id.isprintable()
    identifier = yaml_scalar(instance_id) if fits and " " not in instance_id else None
    yield "instance:" if identifier or instance else "# instance:"
    if identifier:
        yield f"  id: {identifier}"
    if instance is None:
        yield "  # Fill in the instance's own number, as `phone: +…`, before anybody can be removed from a group."
        return
    if guessed:
        yield "  # Taken for the instance's own number because it is the one participant of every group: check it."
    yield f"  phone: {_address(instance.jid, instance.identity) or instance.jid}"


def _address(jid: str | None, identity: Identity) -> str | None:
    """How a person is written: an international number where it is a valid one, else the JID as the server spells it.

    None where neither would be read back as the same person.
    """
    parsed = parse_jid(jid or phone_jid(identity[1:]))
    if parsed is None or parsed.is_lid or identity_of_jid(parsed.phone_jid) != identity:
        return None
    try:
        valid = read_phone(f"+{parsed.digits}", None) == parsed.digits
    except InvalidPhoneNumber:
        valid = False
    return _spaced_number(parsed.digits) if valid else parsed.phone_jid


def _spaced_number(digits: str) -> str:
    from phonenumbers import PhoneNumberFormat, format_number, parse

    spaced = format_number(parse(f"+{digits}"), PhoneNumberFormat.INTERNATIONAL)
    return spaced if read_phone(spaced, None) == digits else f"+{digits}"


@dataclass(slots=True)
class _Writer:
    """Writes groups, and gathers the people that got an alias on the way."""

    instance: Person | None
    names: Mapping[Identity, str]
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    _references: dict[tuple[Identity, str | None], str | None] = field(default_factory=dict)
    _aliases: dict[Identity, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def groups(self, groups: Sequence[LiveGroup]) -> list[str]:
        """The lines of all groups, sorted by key; equal names are told apart in the order of their ids."""
        taken: set[str] = set()
        by_key = {
            unique_key(slug(group.name) or f"group-{group.id.partition('@')[0][-6:]}", taken): group
            for group in sorted(groups, key=lambda group: group.id)
        }
        return [line for key in sorted(by_key) for line in self._group(key, by_key[key])]

    def people_lines(self) -> Iterator[str]:
        """The lines of the people, sorted by alias."""
        for alias, (address, name) in sorted(self.people.items()):
            label = name.strip()
            quoted = yaml_scalar(label) if 0 < len(label) <= _LONGEST_LABEL and label.strip(" \t\r\n") else None
            # Neither spelling of a name has a comma or brace outside quotes, which would end it inside the braces.
            yield f"  {alias}: {{phone: {address}, name: {quoted}}}" if quoted else f"  {alias}: {address}"

    def _group(self, key: str, group: LiveGroup) -> Iterator[str]:
        yield f"  {yaml_scalar(key)}:"
        yield f"    id: {group.id}"
        yield f"    {_name_line(group.name)}"
        yield f"    {_description_line(group.description)}"
        others = [p for p in group.participants if self.instance is None or p.identity != self.instance.identity]
        yield from (f"    {line}" for line in self._member_lines(group, others))

    def _member_lines(self, group: LiveGroup, others: Sequence[Participant]) -> Iterator[str]:
        members = self._listed(others)
        admins = self._listed([p for p in others if p.is_admin or p.is_owner])
        reason = _why_unmanaged(group, members)
        if reason:
            yield yaml_comment(f"members are left out, and so not managed: {reason}")
        else:
            assert members is not None  # noqa: S101  that would be a reason
            yield from _list_lines("members", members)
            unknown = sorted({p.lid or p.id for p in others if p.identity is None})
            yield from (yaml_comment(f"without a known number, and left alone: {one}") for one in unknown)
        if admins is not None:
            yield from _list_lines("admins", admins)

    def _listed(self, participants: Sequence[Participant]) -> list[str] | None:
        """The references of everybody whose number is known; None where one of them cannot be written."""
        references = {p.identity: self._reference(p.identity, p.jid) for p in participants if p.identity is not None}
        listed = [reference for reference in references.values() if reference is not None]
        return sorted(listed) if len(listed) == len(references) else None

    def _reference(self, identity: Identity, jid: str | None) -> str | None:
        if (identity, jid) not in self._references:
            address = _address(jid, identity)
            self._references[identity, jid] = address
            if address is not None and identity in self.names:
                self._references[identity, jid] = self._alias(identity, address)
        return self._references[identity, jid]

    def _alias(self, identity: Identity, address: str) -> str:
        if identity not in self._aliases:
            name = self.names[identity]
            wanted = slug(name)
            if not any(char.isalpha() for char in wanted) or yaml_scalar(wanted) != wanted:
                wanted = f"person-{wanted or identity[-4:]}"
            self._aliases[identity] = unique_key(wanted, self._taken)
            self.people[self._aliases[identity]] = (address, name)
        return self._aliases[identity]


def _why_unmanaged(group: LiveGroup, members: list[str] | None) -> str:
    if group.count is not None and group.count != len(group.participants):
        return f"{len(group.participants)} participants were read, and the list of groups says {group.count}"
    if not group.participants:
        return "no participant was read"
    if members is None:
        return "a participant's number is none that this file can hold"
    if len(members) > MAX_PARTICIPANTS:
        return f"{len(members)} are more than the {MAX_PARTICIPANTS} that a group can have"
    return ""


def _list_lines(key: str, references: Sequence[str]) -> Iterator[str]:
    yield f"{key}:" if references else f"{key}: []"
    yield from (f"  - {reference}" for reference in references)


def _name_line(live: str) -> str:
    name = normalize(live)
    if not name.strip(" \t\r\n") or len(name) > MAX_NAME_LENGTH:
        return yaml_comment(f"name is left out, and so not managed: it has {len(name)} characters")
    written = yaml_scalar(name)
    return f"name: {written}" if written is not None else yaml_comment("name is left out: it is no valid Unicode")


def _description_line(live: str) -> str:
    description = normalize(live)
    if len(description) > MAX_DESCRIPTION_LENGTH:
        return yaml_comment(f"description is left out, and so not managed: it has {len(description)} characters")
    written = yaml_block(description, " " * 6) or yaml_scalar(description)
    return (
        f"description: {written}" if written is not None else yaml_comment("description is left out: no valid Unicode")
    )


_PLAIN = re.compile(r"\w(?:[\w .()/&'+-]*[\w.)])?")


_NUMBER_LIKE = re.compile(r"[0-9][0-9a-fA-F_.xXoO+-]*")


_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def yaml_scalar(text: str) -> str | None:
    """The text on one line, plain where that is safe for every YAML reader, else in double quotes.

    None where YAML cannot hold it (half of a surrogate pair).
    """
    if _is_plain(text):
        return text
    if any("\ud800" <= char <= "\udfff" for char in text):
        return None
    return '"' + "".join(map(_double_quoted, text)) + '"'


def yaml_block(text: str, indent: str) -> str | None:
    """The text as a `|-` block below an indentation, for several lines that print; None where that cannot be exact."""
    lines = text.split("\n")
    if len(lines) < 2 or text != text.strip() or not all(line.replace("\t", "").isprintable() for line in lines):
        return None
    return "\n".join(["|-", *(f"{indent}{line}" if line else "" for line in lines)])


def yaml_comment(text: str) -> str:
    """The text as a comment of one line; what does not print is escaped."""
    return "# " + "".join(char if char.isprintable() else escape(ord(char)) for char in text)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and text.isprintable()
        and text.casefold() not in _WORDS
        and not _NUMBER_LIKE.fullmatch(text)
    )


def _double_quoted(char: str) -> str:
    if char == "\n":
        return "\\n"
    return f"\\{char}" if char in '"\\' else char if char.isprintable() else escape(ord(char))


_LONGEST = 60


def slug(name: str) -> str:
    """The name in small ASCII letters, digits and single hyphens; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST].strip("-")


def unique_key(wanted: str, taken: set[str]) -> str:
    """The wanted key, with a number behind it where it is taken; the result is added to the taken ones."""
    key, number = wanted, 2
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    taken.add(key)
    return key
