"""Write a YAML file for groups that exist: it validates, and planning it changes nothing.

What such a file cannot hold (a name that is too long, an incomplete member list) is left out, which makes it unmanaged,
and a comment says so. Text is written so that it reads back exactly, and misleads neither a reader nor a terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconciler.config.loader import FileContent, load_contents
from reconciler.config.phone_numbers import InvalidPhoneNumber, read_phone
from reconciler.model.desired import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, MAX_PARTICIPANTS, Person
from reconciler.model.identity import Identity, identity_of_jid, parse_jid, phone_jid
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.text import normalize
from reconciler.sanitize.escape import escape

_FILE = "the imported groups"
_MAX_LABEL_LENGTH = 200
_MAX_ID_LENGTH = 200
_MAX_KEY_LENGTH = 60
_PLAIN = re.compile(r"\w(?:[\w .()/&'+-]*[\w.)])?")
_NUMBER_LIKE = re.compile(r"[0-9][0-9a-fA-F_.xXoO+-]*")
_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Letters and marks that do not show."""


def render_config(
    groups: Sequence[LiveGroup],
    *,
    instance_id: str,
    instance: Person | None,
    instance_guessed: bool,
    names: Mapping[Identity, str],
) -> str:
    """Return the text of a file that describes these groups as they are.

    `instance` is the account itself, which is left out of the members; `instance_guessed` means that its number was
    inferred from the groups. People in `names` get an alias. Raise ConfigError if the file would be invalid, which
    would be a mistake of this program.
    """
    writer = _Writer(instance, names)
    bodies = writer.groups(groups)
    lines = ["version: 1", *_instance_lines(instance_id, instance, instance_guessed)]
    if writer.people:
        lines += ["", "people:", *writer.people_lines()]
    lines += ["", "groups:", *bodies] if bodies else ["", "groups: {}"]
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
    yield f"  phone: {_address(instance.jid, instance.identity) or instance.jid}"


def _address(jid: str | None, identity: Identity) -> str | None:
    """Return the number of a person if it is valid, or else the JID as the server spells it.

    None if neither would be read back as the same person.
    """
    parsed = parse_jid(jid or phone_jid(identity[1:]))
    if parsed is None or parsed.is_lid or identity_of_jid(parsed.phone_jid) != identity:
        return None
    try:
        is_valid = read_phone(f"+{parsed.digits}", None) == parsed.digits
    except InvalidPhoneNumber:
        is_valid = False
    return _spaced_number(parsed.digits) if is_valid else parsed.phone_jid


def _spaced_number(digits: str) -> str:
    from phonenumbers import PhoneNumberFormat, format_number, parse

    spaced = format_number(parse(f"+{digits}"), PhoneNumberFormat.INTERNATIONAL)
    return spaced if read_phone(spaced, None) == digits else f"+{digits}"


@dataclass(slots=True)
class _Writer:
    """Writes groups, and collects the people who get an alias."""

    instance: Person | None
    names: Mapping[Identity, str]
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    _references: dict[tuple[Identity, str | None], str | None] = field(default_factory=dict)
    _aliases: dict[Identity, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def groups(self, groups: Sequence[LiveGroup]) -> list[str]:
        """Return the lines of all groups, sorted by key; equal names get numbers in the order of their ids."""
        taken: set[str] = set()
        by_key = {
            unique_key(slug(group.name.raw) or f"group-{group.id.partition('@')[0][-6:]}", taken): group
            for group in sorted(groups, key=lambda group: group.id)
        }
        return [line for key in sorted(by_key) for line in self._group(key, by_key[key])]

    def people_lines(self) -> Iterator[str]:
        """Yield the lines of the people, sorted by alias."""
        for alias, (address, name) in sorted(self.people.items()):
            label = name.strip()
            quoted = yaml_scalar(label) if 0 < len(label) <= _MAX_LABEL_LENGTH and label.strip(" \t\r\n") else None
            # Neither spelling of a name has a comma or brace outside quotes, which would end it inside the braces.
            key = yaml_scalar(alias)
            yield f"  {key}: {{phone: {address}, name: {quoted}}}" if quoted else f"  {key}: {address}"

    def _group(self, key: str, group: LiveGroup) -> Iterator[str]:
        yield f"  {yaml_scalar(key)}:"
        yield f"    id: {group.id}"
        yield f"    {_name_line(group.name.raw)}"
        yield f"    {_description_line(group.description.raw)}"
        others = [p for p in group.participants if self.instance is None or p.identity != self.instance.identity]
        yield from (f"    {line}" for line in self._member_lines(group, others))

    def _member_lines(self, group: LiveGroup, others: Sequence[Participant]) -> Iterator[str]:
        members = self._listed(others)
        admins = self._listed([p for p in others if p.is_admin or p.is_owner])
        reason = _why_unmanaged(group, members)
        if reason:
            yield yaml_comment(f"members are not managed: {reason}")
        else:
            assert members is not None  # noqa: S101  None is a reason
            yield from _list_lines("members", members)
            unknown = sorted({p.lid or p.id for p in others if p.identity is None})
            yield from (yaml_comment(f"not managed, because the number is unknown: {lid}") for lid in unknown)
        if admins is not None:
            yield from _list_lines("admins", admins)

    def _listed(self, participants: Sequence[Participant]) -> list[str] | None:
        """Return the references of everybody whose number is known; None if one of them cannot be written."""
        references = {p.identity: self._reference(p.identity, p.jid) for p in participants if p.identity is not None}
        listed = [reference for reference in references.values() if reference is not None]
        return sorted(listed) if len(listed) == len(references) else None

    def _reference(self, identity: Identity, jid: str | None) -> str | None:
        if (identity, jid) not in self._references:
            address = _address(jid, identity)
            self._references[identity, jid] = address
            if address is not None and identity in self.names:
                self._references[identity, jid] = yaml_scalar(self._alias(identity, address))
        return self._references[identity, jid]

    def _alias(self, identity: Identity, address: str) -> str:
        if identity not in self._aliases:
            name = self.names[identity]
            wanted = slug(name)
            if not any(char.isalpha() for char in wanted) or wanted in _YAML_WORDS:
                wanted = f"person-{wanted or identity[-4:]}"
            self._aliases[identity] = unique_key(wanted, self._taken)
            self.people[self._aliases[identity]] = (address, name)
        return self._aliases[identity]


def _why_unmanaged(group: LiveGroup, members: list[str] | None) -> str:
    if group.count is not None and group.count != len(group.participants):
        return f"the group has {len(group.participants)} participants, but the list of groups says {group.count}"
    if not group.participants:
        return "the group shows no participants"
    if members is None:
        return "the number of a participant cannot be written to a file"
    if len(members) > MAX_PARTICIPANTS:
        return f"{len(members)} members are more than the {MAX_PARTICIPANTS} that a group can have"
    return ""


def _list_lines(key: str, references: Sequence[str]) -> Iterator[str]:
    yield f"{key}:" if references else f"{key}: []"
    yield from (f"  - {reference}" for reference in references)


def _name_line(live: str) -> str:
    name = normalize(live)
    if not name.strip(" \t\r\n") or len(name) > MAX_NAME_LENGTH:
        return yaml_comment(f"name is not managed: it has {len(name)} characters")
    written = yaml_scalar(name)
    return f"name: {written}" if written is not None else yaml_comment("name is not managed: it is not valid Unicode")


def _description_line(live: str) -> str:
    description = normalize(live)
    if len(description) > MAX_DESCRIPTION_LENGTH:
        return yaml_comment(f"description is not managed: it has {len(description)} characters")
    written = yaml_block(description, " " * 6) or yaml_scalar(description)
    if written is None:
        return yaml_comment("description is not managed: it is not valid Unicode")
    return f"description: {written}"


def yaml_scalar(text: str) -> str | None:
    """Return the text on one line, plain if that is safe for every YAML reader, or else in double quotes.

    None if YAML cannot hold it (half of a surrogate pair).
    """
    if _is_plain(text):
        return text
    if any("\ud800" <= char <= "\udfff" for char in text):
        return None
    return '"' + "".join(map(_double_quoted, text)) + '"'


def yaml_block(text: str, indent: str) -> str | None:
    """Return printable text of several lines as a `|-` block below an indentation; None if that would not be exact."""
    lines = text.split("\n")
    if len(lines) < 2 or text != text.strip() or not all(line.replace("\t", "").isprintable() for line in lines):
        return None
    return "\n".join(["|-", *(f"{indent}{line}" if line else "" for line in lines)])


def yaml_comment(text: str) -> str:
    """Return the text as a comment of one line, with unprintable characters escaped."""
    return "# " + "".join(char if char.isprintable() else escape(ord(char)) for char in text)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and text.isprintable()
        and text.casefold() not in _YAML_WORDS
        and not _NUMBER_LIKE.fullmatch(text)
    )


def _double_quoted(char: str) -> str:
    if char == "\n":
        return "\\n"
    return f"\\{char}" if char in '"\\' else char if char.isprintable() else escape(ord(char))


def slug(name: str) -> str:
    """Return the name as a key: its letters and digits in small print, joined by single hyphens; empty without any.

    Latin letters lose their accents; letters of other scripts stay as they are.
    """
    key = ""
    for char in _INVISIBLE.sub("", unicodedata.normalize("NFKD", name)).lower():
        category = unicodedata.category(char)
        if category[0] == "L" or category == "Nd":
            key += char
        elif category[0] == "M" and key and not key[-1].isascii():
            key += char  # part of a letter that is not Latin
        elif category[0] not in "MC" or char.isspace():
            key += "" if key.endswith("-") else "-"
    return unicodedata.normalize("NFC", key.strip("-"))[:_MAX_KEY_LENGTH].strip("-")


def unique_key(wanted: str, taken: set[str]) -> str:
    """Return the wanted key, with a number if it is taken, and add it to the taken keys."""
    key, number = wanted, 2
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    taken.add(key)
    return key
