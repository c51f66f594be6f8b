"""The people of a configuration: what an alias, a phone number or a JID in the file stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.config.findings import Findings
from reconciler.config.merge import Merged
from reconciler.config.phones import BadNumber, is_region, read_phone, with_country_code
from reconciler.config.quoting import did_you_mean, shown, shown_person
from reconciler.config.tree import Entry, Place, Tree, mapping, numbered, text
from reconciler.errors import Kind
from reconciler.model.desired import Person
from reconciler.model.identity import Identity, identity_of_digits, is_group_id, parse_jid, phone_jid

_LONGEST_REFERENCE = 200
_MOST_SUGGESTIONS = 50


@dataclass(frozen=True, slots=True)
class _Nobody:
    """What a reference that stands for nobody is instead, in the words that follow it, and what to do about it."""

    kind: Kind
    why: str
    hint: str


class Directory:
    """Resolves references to people; each spelling is looked at once.

    `people` has the person of every alias by identity; `region` is the country of national numbers, in capitals.
    """

    def __init__(self, merged: Merged, findings: Findings) -> None:
        self._merged = merged
        self._findings = findings
        self._suggestions = 0
        self.region = self._read_region()
        self._region_known = not merged.broken["region"] and (merged.region is None or self.region is not None)
        self._aliases: dict[str, Identity] = {}
        self._by_text: dict[str, Person | _Nobody] = {}
        self._unusable: set[str] = set()
        self.people: dict[Identity, Person] = {}
        self._read_people()

    def person(self, reference: str, place: Place) -> Person | None:
        """The person; None, and the reason among the findings, where the reference stands for nobody."""
        if reference in self._aliases:
            return self.people[self._aliases[reference]]
        if reference in self._unusable or self._merged.is_broken("people", reference) or self._findings.full:
            return None
        found = self._by_text.get(reference)
        if found is None:
            found = self._by_text[reference] = self._read(reference, place)
        return self._usable(found, reference, place)

    def persons(self, entry: Entry | None) -> dict[Identity, Person]:
        """The people of a list, in its order."""
        people: dict[Identity, Person] = {}
        if entry is not None:
            for index, reference in numbered(entry.value):
                person = self.person(text(reference), entry.place.at(index))
                if person is not None:
                    people[person.identity] = person
        return people

    def label(self, person: Person) -> str:
        """A person in a message: the alias, else the masked number."""
        return shown(person.alias or person.identity)

    def _read_region(self) -> str | None:
        entry = self._merged.region
        if entry is None:
            return None
        code = text(entry.value).upper()
        if is_region(code):
            return code
        place = Place(entry.place.file, entry.place.trail)
        self._findings.error(Kind.VALUE, place, f"{shown(code)} is no country's code", "write it like US or DE")
        return None

    def _read_people(self) -> None:
        places: dict[Identity, Place] = {}
        lids: dict[str, tuple[Identity, Place]] = {}
        for alias, entry in self._merged.sections["people"].items():
            if self._findings.full:
                return
            person = self._aliased(alias, entry.value, entry.place)
            if person is None:
                self._unusable.add(alias)
                continue
            key = entry.place.as_key()
            if person.lid is not None:
                owner, place = lids.setdefault(person.lid, (person.identity, key))
                if owner != person.identity:
                    message = f"{shown(alias)} has the same `lid` as the person at"
                    self._findings.error(Kind.SAME_TWICE, key, message, "a lid is one person's", other=place)
            if person.identity in self.people:
                person = self._with_alias(alias, person, key, places[person.identity])
            else:
                places[person.identity] = key
            self._aliases[alias] = person.identity
            self.people[person.identity] = person

    def _with_alias(self, alias: str, person: Person, key: Place, first: Place) -> Person:
        """Who is known already, with one more alias and what the file says of them under it."""
        known = self.people[person.identity]
        label = self.label(known)
        facts = (("name", known.name, person.name), ("lid", known.lid, person.lid))
        differing = [f"`{fact}`" for fact, one, other in facts if None not in (one, other) and one != other]
        message = f"{shown(alias)} is the same person as {label} at"
        if differing:
            hint = f"one person has one {' and one '.join(differing)}; keep one alias"
            self._findings.error(Kind.SAME_TWICE, key, message, hint, other=first)
        else:
            hint = f"one person goes by one alias, {label}; keep one"
            self._findings.warning(Kind.SAME_TWICE, key, message, hint, other=first)
        return replace(known, name=known.name or person.name, lid=known.lid or person.lid, also=(*known.also, alias))

    def _aliased(self, alias: str, value: Tree, place: Place) -> Person | None:
        fields = mapping(value) if isinstance(value, dict) else {"phone": value}
        phone = text(fields["phone"])
        spot = place.at("phone") if isinstance(value, dict) else place
        found = self._usable(self._read(phone, spot, alias_allowed=False), phone, spot)
        if found is None:
            return None
        name, lid = fields.get("name"), fields.get("lid")
        return replace(
            found,
            alias=alias,
            name=text(name).strip() if name is not None else None,
            lid=f"{text(lid).partition('@')[0]}@lid" if lid is not None else None,
        )

    def phone(self, entry: Entry) -> Person | None:
        """The person with this phone number or JID (no alias), under their alias where they have one."""
        number = text(entry.value)
        return self._usable(self._read(number, entry.place, alias_allowed=False), number, entry.place)

    def _usable(self, found: Person | _Nobody, reference: str, place: Place) -> Person | None:
        if isinstance(found, Person):
            return found
        # With a region that cannot be read, nobody knows whether a national number is right.
        if self._region_known or reference.lstrip().startswith(("+", "00")) or any(map(str.isalpha, reference)):
            self._findings.error(found.kind, place, f"{shown_person(reference)} {found.why}", found.hint)
        return None

    def _read(self, reference: str, place: Place, *, alias_allowed: bool = True) -> Person | _Nobody:
        word = reference.strip()
        if len(word) > _LONGEST_REFERENCE:
            return _Nobody(Kind.VALUE, "is too long for an alias, a phone number or a JID", "write one person an entry")
        if alias_allowed and word in self._aliases:
            return self.people[self._aliases[word]]
        if "@" in word:
            return self._read_jid(word)
        if alias_allowed and not _is_numeric(word):
            return self._unknown(word)
        try:
            digits = read_phone(word, self.region)
        except BadNumber as error:
            return _Nobody(Kind.PHONE_NUMBER, error.message, error.hint)
        other = with_country_code(word, self.region, digits)
        if other is not None:
            message = f"{shown_person(word)} has no + and is read as a national number, {shown(f'+{digits}')}"
            hint = f"write {shown(f'+{other}')} if its country code is in it already, else a + and the code before it"
            self._findings.warning(Kind.PHONE_NUMBER, place, message, hint)
        return self._known(digits)

    def _known(self, digits: str) -> Person:
        identity = identity_of_digits(digits)
        return self.people.get(identity) or Person(identity, phone_jid(digits))

    def _read_jid(self, word: str) -> Person | _Nobody:
        if is_group_id(word):
            hint = "name a person; a group cannot be a member"
            return _Nobody(Kind.PHONE_NUMBER, "is a group's id, not a person", hint)
        jid = parse_jid(word)
        if jid is None:
            return _Nobody(Kind.PHONE_NUMBER, "is no JID of a person", "a JID looks like DIGITS@s.whatsapp.net")
        if jid.is_lid:
            hint = "name the person by phone and note the lid under `people`"
            return _Nobody(Kind.PHONE_NUMBER, "is a private id (LID), which cannot be added", hint)
        return self._known(jid.digits)

    def _unknown(self, word: str) -> _Nobody:
        if word in self._merged.sections["teams"]:
            return _Nobody(Kind.UNKNOWN_REFERENCE, "is a team, not a person", "put it under `teams`")
        self._suggestions += 1
        hint = did_you_mean(word, self._aliases) if self._suggestions <= _MOST_SUGGESTIONS else ""
        return _Nobody(Kind.UNKNOWN_REFERENCE, "is no alias and no phone number", hint or "define it under `people`")


def _is_numeric(word: str) -> bool:
    """Whether a word is meant as a number: it begins like one, and aliases of its kind do not exist."""
    return word.startswith("+") or not any(char.isalpha() for char in word) or sum(map(str.isdigit, word)) > 6
