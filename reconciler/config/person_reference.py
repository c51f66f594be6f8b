"""The person that a word on the command line means: by alias, name, a part of these, number, JID or private id."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.config.document import Tree
from reconciler.config.phone_numbers import InvalidPhoneNumber, NationalNumber, copied_number, read_address
from reconciler.config.problem_collector import quote_person, quote_value, suggest_person
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, Person
from reconciler.model.identity import Identity, identity_of_digits
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import composed, normalize

_MAX_REFERENCE_LENGTH = 200
_MAX_CANDIDATES = 10
GIVE_ONE_PERSON = "give one person: an alias, a name, a phone number or a JID"


def parse_person(text: str) -> Person:
    """Return the person with a phone number or phone JID; raise UsageError if the text is neither."""
    try:
        jid = read_address(copied_number(text), None)
    except NationalNumber:
        message = f"{quote_person(text)} is a national number"
        raise UsageError(message, "write it with + and the country code: +49 171 … instead of 0171 …") from None
    except InvalidPhoneNumber as error:
        raise UsageError(f"{quote_person(text)} {error.message}", error.hint) from None
    if jid.is_lid:
        raise UsageError(f"{quote_person(text)} is a private id (LID), not a phone number", "give the phone number")
    return Person(identity_of_digits(jid.digits), jid.phone_jid)


def resolve_person(word: str, desired: Desired, *, whole: bool = False) -> PersonRef:
    """Return the person that a word on the command line names.

    The word is an exact alias, an exact name, a phone number or an id, or an alias or name in other capitals, or the
    beginning of a word in one, unless it must be a `whole` one. National numbers are read as in the file, by its
    `region`. Raise UsageError for a word that names nobody, or several people, with their aliases.
    """
    word = normalize(word)
    if not word or len(word) > _MAX_REFERENCE_LENGTH:
        raise UsageError("PERSON is empty" if not word else "PERSON is too long", GIVE_ONE_PERSON)
    everybody = list(desired.people.values())
    folded = word.casefold()
    matches = [person for person in everybody if word in person.aliases]
    matches = matches or [person for person in everybody if person.name == word]
    if not matches and "@" not in word:
        matches = [person for person in everybody if folded in map(str.casefold, _names(person))]
    if len(matches) > 1:
        raise UsageError(f"{quote_value(word)} is the name of {len(matches)} people", _use_an_alias(matches))
    if not (matches or whole) and any(map(str.isalpha, word)) and word not in desired.origins.get("teams", {}):
        matches = _partly_named(folded, everybody)
        if len(matches) > 1:
            message = f"{quote_value(word)} is a part of the names of {len(matches)} people"
            raise UsageError(message, _use_an_alias(matches))
    return PersonRef.of(matches[0]) if matches else _resolve_address(word, desired)


def _resolve_address(word: str, desired: Desired) -> PersonRef:
    word = copied_number(word)
    try:
        jid = read_address(word, desired.region)
    except InvalidPhoneNumber as error:
        if "@" not in word and not word.startswith("+") and any(map(str.isalpha, word)):
            raise UsageError(*_unknown_name(word, desired)) from None
        hint = GIVE_ONE_PERSON if "@" in word else error.hint
        raise UsageError(f"{quote_person(word)} {error.message}", hint) from None
    if not jid.is_lid:
        identity = identity_of_digits(jid.digits)
        return PersonRef.of(desired.people.get(identity) or Person(identity, jid.phone_jid))
    lid = f"{jid.digits}@lid"
    person = next((person for person in desired.people.values() if person.lid == lid), None)
    return PersonRef(None, None, lid=lid) if person is None else PersonRef.of(person)


def _unknown_name(word: str, desired: Desired) -> tuple[str, str]:
    if word in desired.origins.get("teams", {}):
        return f"{quote_value(word)} is a team, not a person", GIVE_ONE_PERSON
    names = [name for person in desired.people.values() for name in _names(person)]
    message = f"{quote_person(word)} is not an alias, a name or a phone number"
    return message, suggest_person(word, names) or GIVE_ONE_PERSON


def _names(person: Person) -> tuple[str, ...]:
    """Return the aliases and the name that the file gives a person."""
    return (*person.aliases, *([person.name] if person.name else []))


def _partly_named(folded: str, people: list[Person]) -> list[Person]:
    """Return the people who have an alias or a name with this text at the beginning of a word."""
    part = re.compile(rf"(?:^|[\W_]){re.escape(folded)}")
    return [person for person in people if any(part.search(name.casefold()) for name in _names(person))]


def _use_an_alias(people: list[Person]) -> str:
    """Return a hint with the aliases, each with the name of its person."""
    labels = [
        quote_value(person.alias or "") + (f" ({quote_value(person.name)[1:-1]})" if person.name else "")
        for person in sorted(people, key=lambda person: person.alias or "")
    ]
    more = ", …" if len(labels) > _MAX_CANDIDATES else ""
    return f"use an alias: {', '.join(labels[:_MAX_CANDIDATES])}{more}"


def reference_of(item: Tree) -> str:
    """Return the alias, number or JID of an entry in a list of people: as it is, or in a mapping."""
    found = (item.get("person") or item.get("phone")) if isinstance(item, dict) else item
    return composed(found).strip() if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class PersonReferences:
    """What means one person in the lists of a configuration: aliases, and every spelling of the number.

    `others` are the aliases of everybody else.
    """

    identity: Identity
    region: str | None
    aliases: frozenset[str]
    others: frozenset[str]

    @classmethod
    def of(cls, identity: Identity, desired: Desired) -> PersonReferences:
        """Return what means a person in this configuration."""
        person = desired.people.get(identity)
        aliases = frozenset(person.aliases if person is not None else ())
        everybody = frozenset(alias for each in desired.people.values() for alias in each.aliases)
        return cls(identity, desired.region, aliases, everybody - aliases)

    def indexes(self, items: Tree) -> list[int]:
        """Return which entries of a list mean the person; none of what is not a list."""
        found = items if isinstance(items, list) else []
        return [index for index, item in enumerate(found) if self._match(reference_of(item))]

    def _match(self, word: str) -> bool:
        if word in self.aliases or word in self.others:
            return word in self.aliases
        # Reading a number takes time, and a file may have 250,000 of them.
        if re.sub(r"\D", "", word.partition("@")[0])[-4:] != self.identity[-4:]:
            return False
        try:
            return identity_of_digits(read_address(word, self.region).digits) == self.identity
        except InvalidPhoneNumber:
            return False
