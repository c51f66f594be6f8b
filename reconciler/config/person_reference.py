"""Whom a word on the command line means: an alias, a name, a number, a JID or a private id, in the file's terms.

What the command line gives in the file's words: a person's number, a folder's files."""

from __future__ import annotations

from reconciler.config.phone_numbers import InvalidPhoneNumber, read_phone
from reconciler.config.problem_collector import did_you_mean, quote_person, quote_value
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, Person
from reconciler.model.identity import Identity, identity_of_digits, is_group_id, parse_jid, phone_jid
from reconciler.model.person_ref import PersonQuery, PersonRef

_LONGEST = 200


_ONE_PERSON = "ask for one person: an alias, a name, a phone number or a JID"


def resolve_person(word: str, desired: Desired) -> PersonQuery:
    """The person: an alias or a name as written, else a number or an id, else the only alias or name but for capitals.

    Numbers are read as in the file, national ones by its `region`. Raises UsageError, with a suggestion, for a word
    that means nobody or more than one.
    """
    word = word.strip()
    if not word or len(word) > _LONGEST:
        raise UsageError("no person is asked for" if not word else "PERSON is too long", _ONE_PERSON)
    exact = [person for person in desired.people.values() if word in person.aliases]
    exact = exact or [person for person in desired.people.values() if person.name == word]
    if exact:
        return _only(exact, word)
    if "@" in word:
        return _by_id(word, desired)
    folded = word.casefold()
    near = [person for person in desired.people.values() if folded in map(str.casefold, _words(person))]
    if near:
        return _only(near, word)
    try:
        digits = read_phone(word, desired.region)
    except InvalidPhoneNumber as error:
        if _is_name(word):
            raise UsageError(*_unknown(word, desired)) from None
        raise UsageError(f"{quote_person(word)} {error.message}", error.hint) from None
    return _known(identity_of_digits(digits), phone_jid(digits), desired)


def _words(person: Person) -> tuple[str, ...]:
    """What the file calls somebody: aliases and name."""
    return (*person.aliases, *([person.name] if person.name else []))


def _is_name(word: str) -> bool:
    return not word.startswith("+") and any(map(str.isalpha, word))


def _only(people: list[Person], word: str) -> PersonQuery:
    if len(people) > 1:
        aliases = ", ".join(quote_value(alias) for alias in sorted(person.alias or "" for person in people))
        raise UsageError(f"{quote_value(word)} is the name of {len(people)} people", f"ask by alias: {aliases}")
    return _sought(people[0])


def _by_id(word: str, desired: Desired) -> PersonQuery:
    if is_group_id(word):
        raise UsageError(f"{quote_value(word)} is a group's id", _ONE_PERSON)
    jid = parse_jid(word)
    if jid is None:
        raise UsageError(f"{quote_person(word)} is no JID of a person", _ONE_PERSON)
    if not jid.is_lid:
        return _known(identity_of_digits(jid.digits), jid.phone_jid, desired)
    lid = f"{jid.digits}@lid"
    person = next((person for person in desired.people.values() if person.lid == lid), None)
    return PersonQuery(PersonRef(None, None, None, lid), None, lid) if person is None else _sought(person)


def _known(identity: Identity, jid: str, desired: Desired) -> PersonQuery:
    return _sought(desired.people.get(identity) or Person(identity, jid))


def _sought(person: Person) -> PersonQuery:
    return PersonQuery(PersonRef.of(person), person.identity, person.lid)


def _unknown(word: str, desired: Desired) -> tuple[str, str]:
    names = [name for person in desired.people.values() for name in _words(person)]
    if word in desired.origins.get("teams", {}):
        return f"{quote_value(word)} is a team, not a person", _ONE_PERSON
    return f"{quote_person(word)} is no alias, name or number", did_you_mean(word, names) or _ONE_PERSON


def parse_person(text: str) -> Person:
    """Read a phone number or phone JID from an option; UsageError says what is wrong with it."""
    jid = parse_jid(text)
    if jid is not None and not jid.is_lid:
        return Person(identity_of_digits(jid.digits), jid.phone_jid)
    try:
        digits = read_phone(text, None)
    except InvalidPhoneNumber as error:
        raise UsageError(f"{quote_person(text)} {error.message}", error.hint) from None
    return Person(identity_of_digits(digits), phone_jid(digits))
