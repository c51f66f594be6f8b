"""Turn text into a person: the one reading of phone numbers and JIDs, and the words of the command line."""

from __future__ import annotations

from reconciler.config.phone_numbers import InvalidPhoneNumber, read_phone
from reconciler.config.problem_collector import did_you_mean, quote_person, quote_value
from reconciler.errors import UsageError
from reconciler.model.desired import Desired, Person
from reconciler.model.identity import Jid, identity_of_digits, is_group_id, parse_jid
from reconciler.model.person_ref import PersonRef

_MAX_LENGTH = 200
_GIVE_ONE_PERSON = "give one person: an alias, a name, a phone number or a JID"


def read_address(text: str, region: str | None) -> Jid:
    """Return the digits of a phone number or JID, and whether they are a private id.

    National numbers are numbers of `region`. Raise InvalidPhoneNumber, whose message does not repeat the text.
    """
    if "@" not in text:
        return Jid(read_phone(text, region), is_lid=False)
    if is_group_id(text):
        raise InvalidPhoneNumber("is a group's id, not a person", "name a person; a group cannot be a member")
    jid = parse_jid(text)
    if jid is None:
        raise InvalidPhoneNumber("is not a person's JID", "write a JID as DIGITS@s.whatsapp.net")
    return jid


def parse_person(text: str) -> Person:
    """Return the person with a phone number or phone JID; raise UsageError if the text is neither."""
    try:
        jid = read_address(text.strip(), None)
    except InvalidPhoneNumber as error:
        raise UsageError(f"{quote_person(text)} {error.message}", error.hint) from None
    if jid.is_lid:
        raise UsageError(f"{quote_person(text)} is a private id (LID), not a phone number", "give the phone number")
    return Person(identity_of_digits(jid.digits), jid.phone_jid)


def resolve_person(word: str, desired: Desired) -> PersonRef:
    """Return the person that a word on the command line names.

    The word is an exact alias, an exact name, a phone number or an id, or an alias or name in other capitals.
    National numbers are read as in the file, by its `region`. Raise UsageError, with a suggestion, for a word that
    names nobody or several people.
    """
    word = word.strip()
    if not word or len(word) > _MAX_LENGTH:
        raise UsageError("PERSON is empty" if not word else "PERSON is too long", _GIVE_ONE_PERSON)
    everybody = list(desired.people.values())
    folded = word.casefold()
    matches = [person for person in everybody if word in person.aliases]
    matches = matches or [person for person in everybody if person.name == word]
    if not matches and "@" not in word:
        matches = [person for person in everybody if folded in map(str.casefold, _names(person))]
    if len(matches) > 1:
        aliases = ", ".join(quote_value(alias) for alias in sorted(person.alias or "" for person in matches))
        raise UsageError(f"{quote_value(word)} is the name of {len(matches)} people", f"use an alias: {aliases}")
    return PersonRef.of(matches[0]) if matches else _resolve_address(word, desired)


def _resolve_address(word: str, desired: Desired) -> PersonRef:
    try:
        jid = read_address(word, desired.region)
    except InvalidPhoneNumber as error:
        if "@" in word:
            raise UsageError(f"{quote_person(word)} {error.message}", _GIVE_ONE_PERSON) from None
        if not word.startswith("+") and any(map(str.isalpha, word)):
            raise UsageError(*_unknown_name(word, desired)) from None
        raise UsageError(f"{quote_person(word)} {error.message}", error.hint) from None
    if not jid.is_lid:
        identity = identity_of_digits(jid.digits)
        return PersonRef.of(desired.people.get(identity) or Person(identity, jid.phone_jid))
    lid = f"{jid.digits}@lid"
    person = next((person for person in desired.people.values() if person.lid == lid), None)
    return PersonRef(None, None, lid=lid) if person is None else PersonRef.of(person)


def _unknown_name(word: str, desired: Desired) -> tuple[str, str]:
    if word in desired.origins.get("teams", {}):
        return f"{quote_value(word)} is a team, not a person", _GIVE_ONE_PERSON
    names = [name for person in desired.people.values() for name in _names(person)]
    message = f"{quote_person(word)} is not an alias, a name or a phone number"
    return message, did_you_mean(word, names) or _GIVE_ONE_PERSON


def _names(person: Person) -> tuple[str, ...]:
    """Return the aliases and the name that the file gives a person."""
    return (*person.aliases, *([person.name] if person.name else []))
