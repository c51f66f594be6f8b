"""The people of a configuration: what an alias, a phone number or a JID in the file stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.config.document import LocatedValue, SourceLocation, Tree, as_items, as_mapping, as_text
from reconciler.config.merge import MergedConfig
from reconciler.config.phone_numbers import InvalidPhoneNumber, is_region, read_phone, with_country_code
from reconciler.config.problem_collector import ProblemCollector, did_you_mean, quote_person, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.desired import Person
from reconciler.model.identity import Identity, identity_of_digits, is_group_id, parse_jid, phone_jid

_LONGEST_REFERENCE = 200


_MOST_SUGGESTIONS = 50


@dataclass(frozen=True, slots=True)
class _Unresolved:
    """What a reference that stands for nobody is instead, in the words that follow it, and what to do about it."""

    kind: ProblemKind
    why: str
    hint: str


class PeopleResolver:
    """Resolves references to people; each spelling is looked at once.

    `people` has the person of every alias by identity; `region` is the country of national numbers, in capitals.
    """

    def __init__(self, merged: MergedConfig, findings: ProblemCollector) -> None:
        self._merged = merged
        self._findings = findings
        self._suggestions = 0
        self.region = self._read_region()
        self._region_known = not merged.broken["region"] and (merged.region is None or self.region is not None)
        self._aliases: dict[str, Identity] = {}
        self._by_text: dict[str, Person | _Unresolved] = {}
        self._unusable: set[str] = set()
        self.people: dict[Identity, Person] = {}
        self._read_people()

    def person(self, reference: str, place: SourceLocation) -> Person | None:
        """The person; None, and the reason among the findings, where the reference stands for nobody."""
        if reference in self._aliases:
            return self.people[self._aliases[reference]]
        if reference in self._unusable or self._merged.is_broken("people", reference) or self._findings.limit_reached:
            return None
        found = self._by_text.get(reference)
        if found is None:
            found = self._by_text[reference] = self._read(reference, place)
        return self._usable(found, reference, place)

    def persons(self, entry: LocatedValue | None) -> dict[Identity, Person]:
        """The people of a list, in its order."""
        people: dict[Identity, Person] = {}
        if entry is not None:
            for index, reference in as_items(entry.value):
                person = self.person(as_text(reference), entry.place.at(index))
                if person is not None:
                    people[person.identity] = person
        return people

    def label(self, person: Person) -> str:
        """A person in a message: the alias, else the masked number."""
        return quote_value(person.alias or person.identity)

    def _read_region(self) -> str | None:
        entry = self._merged.region
        if entry is None:
            return None
        code = as_text(entry.value).upper()
        if is_region(code):
            return code
        place = SourceLocation(entry.place.file, entry.place.path)
        self._findings.error(
            ProblemKind.VALUE, place, f"{quote_value(code)} is no country's code", "write it like US or DE"
        )
        return None

    def _read_people(self) -> None:
        places: dict[Identity, SourceLocation] = {}
        lids: dict[str, tuple[Identity, SourceLocation]] = {}
        for alias, entry in self._merged.sections["people"].items():
            if self._findings.limit_reached:
                return
            person = self._aliased(alias, entry.value, entry.place)
            if person is None:
                self._unusable.add(alias)
                continue
            key = entry.place.as_key()
            if person.lid is not None:
                owner, place = lids.setdefault(person.lid, (person.identity, key))
                if owner != person.identity:
                    message = f"{quote_value(alias)} has the same `lid` as the person at"
                    self._findings.error(ProblemKind.SAME_TWICE, key, message, "a lid is one person's", other=place)
            if person.identity in self.people:
                person = self._with_alias(alias, person, key, places[person.identity])
            else:
                places[person.identity] = key
            self._aliases[alias] = person.identity
            self.people[person.identity] = person

    def _with_alias(self, alias: str, person: Person, key: SourceLocation, first: SourceLocation) -> Person:
        """Who is known already, with one more alias and what the file says of them under it."""
        known = self.people[person.identity]
        label = self.label(known)
        facts = (("name", known.name, person.name), ("lid", known.lid, person.lid))
        differing = [f"`{fact}`" for fact, one, other in facts if None not in (one, other) and one != other]
        message = f"{quote_value(alias)} is the same person as {label} at"
        if differing:
            hint = f"one person has one {' and one '.join(differing)}; keep one alias"
            self._findings.error(ProblemKind.SAME_TWICE, key, message, hint, other=first)
        else:
            hint = f"one person goes by one alias, {label}; keep one"
            self._findings.warning(ProblemKind.SAME_TWICE, key, message, hint, other=first)
        return replace(
            known,
            name=known.name or person.name,
            lid=known.lid or person.lid,
            other_aliases=(*known.other_aliases, alias),
        )

    def _aliased(self, alias: str, value: Tree, place: SourceLocation) -> Person | None:
        fields = as_mapping(value) if isinstance(value, dict) else {"phone": value}
        phone = as_text(fields["phone"])
        spot = place.at("phone") if isinstance(value, dict) else place
        found = self._usable(self._read(phone, spot, alias_allowed=False), phone, spot)
        if found is None:
            return None
        name, lid = fields.get("name"), fields.get("lid")
        return replace(
            found,
            alias=alias,
            name=as_text(name).strip() if name is not None else None,
            lid=f"{as_text(lid).partition('@')[0]}@lid" if lid is not None else None,
        )

    def phone(self, entry: LocatedValue) -> Person | None:
        """The person with this phone number or JID (no alias), under their alias where they have one."""
        number = as_text(entry.value)
        return self._usable(self._read(number, entry.place, alias_allowed=False), number, entry.place)

    def _usable(self, found: Person | _Unresolved, reference: str, place: SourceLocation) -> Person | None:
        if isinstance(found, Person):
            return found
        # With a region that cannot be read, nobody knows whether a national number is right.
        if self._region_known or reference.lstrip().startswith(("+", "00")) or any(map(str.isalpha, reference)):
            self._findings.error(found.kind, place, f"{quote_person(reference)} {found.why}", found.hint)
        return None

    def _read(self, reference: str, place: SourceLocation, *, alias_allowed: bool = True) -> Person | _Unresolved:
        word = reference.strip()
        if len(word) > _LONGEST_REFERENCE:
            return _Unresolved(
                ProblemKind.VALUE, "is too long for an alias, a phone number or a JID", "write one person an entry"
            )
        if alias_allowed and word in self._aliases:
            return self.people[self._aliases[word]]
        if "@" in word:
            return self._read_jid(word)
        if alias_allowed and not _is_numeric(word):
            return self._unknown(word)
        try:
            digits = read_phone(word, self.region)
        except InvalidPhoneNumber as error:
            return _Unresolved(ProblemKind.PHONE_NUMBER, error.message, error.hint)
        other = with_country_code(word, self.region, digits)
        if other is not None:
            message = f"{quote_person(word)} has no + and is read as a national number, {quote_value(f'+{digits}')}"
            hint = f"write {quote_value(f'+{other}')} if its country code is in it already, else a + and the code before it"
            self._findings.warning(ProblemKind.PHONE_NUMBER, place, message, hint)
        return self._known(digits)

    def _known(self, digits: str) -> Person:
        identity = identity_of_digits(digits)
        return self.people.get(identity) or Person(identity, phone_jid(digits))

    def _read_jid(self, word: str) -> Person | _Unresolved:
        if is_group_id(word):
            hint = "name a person; a group cannot be a member"
            return _Unresolved(ProblemKind.PHONE_NUMBER, "is a group's id, not a person", hint)
        jid = parse_jid(word)
        if jid is None:
            return _Unresolved(
                ProblemKind.PHONE_NUMBER, "is no JID of a person", "a JID looks like DIGITS@s.whatsapp.net"
            )
        if jid.is_lid:
            hint = "name the person by phone and note the lid under `people`"
            return _Unresolved(ProblemKind.PHONE_NUMBER, "is a private id (LID), which cannot be added", hint)
        return self._known(jid.digits)

    def _unknown(self, word: str) -> _Unresolved:
        if word in self._merged.sections["teams"]:
            return _Unresolved(ProblemKind.UNKNOWN_REFERENCE, "is a team, not a person", "put it under `teams`")
        self._suggestions += 1
        hint = did_you_mean(word, self._aliases) if self._suggestions <= _MOST_SUGGESTIONS else ""
        return _Unresolved(
            ProblemKind.UNKNOWN_REFERENCE, "is no alias and no phone number", hint or "define it under `people`"
        )


def _is_numeric(word: str) -> bool:
    """Whether a word is meant as a number: it begins like one, and aliases of its kind do not exist."""
    return word.startswith("+") or not any(char.isalpha() for char in word) or sum(map(str.isdigit, word)) > 6
