"""Resolve people, in a configuration and on the command line: aliases, phone numbers and JIDs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.config.document import LocatedValue, MergedConfig, SourceLocation, as_mapping, as_text
from reconciler.config.phone_numbers import InvalidPhoneNumber, is_region, read_address, with_country_code
from reconciler.config.problem_collector import ProblemCollector, did_you_mean, quote_person, quote_value
from reconciler.errors import ProblemKind, UsageError
from reconciler.model.desired import Desired, Person
from reconciler.model.identity import Identity, identity_of_digits
from reconciler.model.person_ref import PersonRef

_MAX_REFERENCE_LENGTH = 200
_MAX_SUGGESTIONS = 50
_GIVE_ONE_PERSON = "give one person: an alias, a name, a phone number or a JID"


@dataclass(frozen=True, slots=True)
class _InvalidReference:
    """The problem of a reference that names nobody."""

    kind: ProblemKind
    reason: str
    hint: str


class People:
    """The people of a configuration by identity, and the region of national numbers, in capitals.

    References to people are resolved here; each spelling is read once.
    """

    def __init__(self, merged: MergedConfig, problems: ProblemCollector) -> None:
        self._merged = merged
        self._problems = problems
        self._suggestions = 0
        self.region = self._read_region()
        self._region_known = not merged.broken["region"] and (merged.region is None or self.region is not None)
        self._aliases: dict[str, Identity] = {}
        self._unusable_aliases: set[str] = set()
        self._by_reference: dict[str, Person | _InvalidReference] = {}
        self.by_identity: dict[Identity, Person] = {}
        self._read_aliases()

    def person(self, reference: str, place: SourceLocation) -> Person | None:
        """Return the person; None, and the reason among the problems, if the reference names nobody."""
        if reference in self._aliases:
            return self.by_identity[self._aliases[reference]]
        if (
            reference in self._unusable_aliases
            or self._merged.is_broken("people", reference)
            or self._problems.limit_reached
        ):
            return None
        result = self._by_reference.get(reference)
        if result is None:
            result = self._by_reference[reference] = self._resolve(reference.strip(), place)
        return self._valid(result, reference, place)

    def persons(self, entry: LocatedValue | None) -> dict[Identity, Person]:
        """Return the people of a list, in its order."""
        references = entry.items() if entry is not None else ()
        people = (self.person(as_text(reference.value), reference.place) for reference in references)
        return {person.identity: person for person in people if person is not None}

    def phone(self, entry: LocatedValue) -> Person | None:
        """Return the person with this phone number or JID (not an alias), under their alias if they have one."""
        number = as_text(entry.value)
        return self._valid(self._read(number.strip(), entry.place), number, entry.place)

    def label(self, person: Person) -> str:
        """Return the alias of a person for a message, or else the masked number."""
        return quote_value(person.alias or person.identity)

    def _read_region(self) -> str | None:
        entry = self._merged.region
        if entry is None:
            return None
        code = as_text(entry.value).upper()
        if is_region(code):
            return code
        place, hint = SourceLocation(entry.place.file, entry.place.path), "use a two-letter code such as US or DE"
        self._problems.error(ProblemKind.VALUE, place, f"{quote_value(code)} is not a country's code", hint)
        return None

    def _read_aliases(self) -> None:
        places: dict[Identity, SourceLocation] = {}
        lids: dict[str, tuple[Identity, SourceLocation]] = {}
        for alias, entry in self._merged.sections["people"].items():
            if self._problems.limit_reached:
                return
            person = self._read_entry(alias, entry)
            if person is None:
                self._unusable_aliases.add(alias)
                continue
            key = entry.place.as_key()
            if person.lid is not None:
                owner, other = lids.setdefault(person.lid, (person.identity, key))
                if owner != person.identity:
                    message = f"{quote_value(alias)} has the same `lid` as the person at"
                    hint = "correct one of them: a lid belongs to one person"
                    self._problems.error(ProblemKind.SAME_TWICE, key, message, hint, other=other)
            if person.identity in self.by_identity:
                person = self._add_alias(alias, person, key, places[person.identity])
            places.setdefault(person.identity, key)
            self._aliases[alias] = person.identity
            self.by_identity[person.identity] = person

    def _read_entry(self, alias: str, entry: LocatedValue) -> Person | None:
        fields = as_mapping(entry.value) if isinstance(entry.value, dict) else {}
        number = entry.field("phone") if isinstance(entry.value, dict) else entry
        person = self.phone(number) if number is not None else None  # a `phone` that breaks the schema is gone
        if person is None:
            return None
        name, lid = fields.get("name"), fields.get("lid")
        return replace(
            person,
            alias=alias,
            name=as_text(name).strip() if name is not None else None,
            lid=f"{as_text(lid).partition('@')[0]}@lid" if lid is not None else None,
        )

    def _add_alias(self, alias: str, person: Person, key: SourceLocation, first: SourceLocation) -> Person:
        """Return the person that the file already has, with one more alias and the facts under it."""
        known = self.by_identity[person.identity]
        label = self.label(known)
        facts = (("name", known.name, person.name), ("lid", known.lid, person.lid))
        differing = [f"`{fact}`" for fact, old, new in facts if None not in (old, new) and old != new]
        message = f"{quote_value(alias)} is the same person as {label} at"
        if differing:
            hint = f"keep one alias: one person has one {' and one '.join(differing)}"
            self._problems.error(ProblemKind.SAME_TWICE, key, message, hint, other=first)
        else:
            hint = f"keep one alias: output shows only the first, {label}"
            self._problems.warning(ProblemKind.SAME_TWICE, key, message, hint, other=first)
        return replace(
            known,
            name=known.name or person.name,
            lid=known.lid or person.lid,
            other_aliases=(*known.other_aliases, alias),
        )

    def _valid(self, result: Person | _InvalidReference, reference: str, place: SourceLocation) -> Person | None:
        if isinstance(result, Person):
            return result
        # Without a valid region, a national number may be right.
        if self._region_known or reference.lstrip().startswith(("+", "00")) or any(map(str.isalpha, reference)):
            self._problems.error(result.kind, place, f"{quote_person(reference)} {result.reason}", result.hint)
        return None

    def _resolve(self, word: str, place: SourceLocation) -> Person | _InvalidReference:
        """Resolve an alias, a phone number or a JID."""
        if word in self._aliases:
            return self.by_identity[self._aliases[word]]
        if "@" in word or _is_numeric(word) or len(word) > _MAX_REFERENCE_LENGTH:
            return self._read(word, place)
        if word in self._merged.sections["teams"]:
            return _InvalidReference(ProblemKind.UNKNOWN_REFERENCE, "is a team, not a person", "move it to `teams`")
        self._suggestions += 1
        hint = did_you_mean(word, self._aliases) if self._suggestions <= _MAX_SUGGESTIONS else ""
        reason = "is neither an alias nor a phone number"
        return _InvalidReference(ProblemKind.UNKNOWN_REFERENCE, reason, hint or "define it under `people`")

    def _read(self, word: str, place: SourceLocation) -> Person | _InvalidReference:
        """Read a phone number or a JID."""
        if len(word) > _MAX_REFERENCE_LENGTH:
            reason = "is too long for an alias, a phone number or a JID"
            return _InvalidReference(ProblemKind.VALUE, reason, "write one person per entry")
        try:
            jid = read_address(word, self.region)
        except InvalidPhoneNumber as error:
            return _InvalidReference(ProblemKind.PHONE_NUMBER, error.message, error.hint)
        if jid.is_lid:
            reason = "is a private id (LID), which cannot be added"
            hint = "use the person's phone number, and add the lid under `people`"
            return _InvalidReference(ProblemKind.PHONE_NUMBER, reason, hint)
        other = with_country_code(word, self.region, jid.digits) if "@" not in word else None
        if other is not None:
            number = quote_value(f"+{jid.digits}")
            message = f"{quote_person(word)} has no + and is read as a national number, {number}"
            hint = f"if it already has the country code, write {quote_value(f'+{other}')}; if not, add + and the code"
            self._problems.warning(ProblemKind.PHONE_NUMBER, place, message, hint)
        identity = identity_of_digits(jid.digits)
        return self.by_identity.get(identity) or Person(identity, jid.phone_jid)


def _is_numeric(word: str) -> bool:
    """Return whether a word must be a number: it begins with +, has no letter, or has more than six digits."""
    return word.startswith("+") or not any(char.isalpha() for char in word) or sum(map(str.isdigit, word)) > 6


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
    if not word or len(word) > _MAX_REFERENCE_LENGTH:
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
        if "@" not in word and not word.startswith("+") and any(map(str.isalpha, word)):
            raise UsageError(*_unknown_name(word, desired)) from None
        hint = _GIVE_ONE_PERSON if "@" in word else error.hint
        raise UsageError(f"{quote_person(word)} {error.message}", hint) from None
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
