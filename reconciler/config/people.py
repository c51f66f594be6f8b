"""Resolve the people of a configuration: aliases, phone numbers and JIDs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from reconciler.config.document import (
    CellLocation,
    LocatedValue,
    MergedConfig,
    SourceLocation,
    as_mapping,
    as_text,
)
from reconciler.config.phone_numbers import (
    InvalidPhoneNumber,
    is_region,
    is_rounded,
    read_address,
    region_hint,
    with_country_code,
)
from reconciler.config.problem_collector import (
    MAX_LISTED_PLACES,
    MAX_PROBLEMS,
    ProblemCollector,
    quote_person,
    quote_value,
    suggest_person,
)
from reconciler.errors import ProblemKind
from reconciler.model.desired import Person
from reconciler.model.identity import Identity, identity_of_digits
from reconciler.model.text import composed, normalize, plural

_MAX_REFERENCE_LENGTH = 200
_IS_TEAM = "is a team, not a person"
_MAX_SUGGESTIONS = 50
_MAX_ALIASES = 20
"""Rows of people files that may have one number: families share one, and a number of everybody is a mistake."""
_MAX_LISTED_NAMESAKES = 10
_MAX_UNKNOWN_USES = 10_000
"""Uses of unknown aliases that are counted. A hostile file can have a million."""


@dataclass(frozen=True, slots=True)
class _InvalidReference:
    """The problem of a reference that names nobody."""

    kind: ProblemKind
    reason: str
    hint: str


@dataclass(slots=True)
class _UnknownAlias:
    """An alias that nobody has: why, how often it is used, and where (of a million places, the first ones)."""

    message: str
    suggestion: str
    uses: int = 0
    places: dict[SourceLocation, None] = field(default_factory=dict)

    def add(self, place: SourceLocation) -> None:
        """Count one more use; a place that is read twice counts once, as long as places are kept at all."""
        if len(self.places) > MAX_LISTED_PLACES:
            self.uses += 1
        elif place not in self.places:
            self.uses += 1
            self.places[place] = None


class People:
    """The people of a configuration by identity, and the region of national numbers, in capitals.

    References to people are resolved here; each spelling is read once.
    """

    def __init__(self, merged: MergedConfig, problems: ProblemCollector) -> None:
        self._merged = merged
        self._problems = problems
        self._unknown = 0
        self._unknown_uses = 0
        self.region = self._read_region()
        self._region_known = not merged.broken["region"] and (merged.region is None or self.region is not None)
        self._aliases: dict[str, Identity] = {}
        self._aliases_by_name: dict[str, list[str]] = defaultdict(list)
        self._unusable_aliases: set[str] = set()
        self._by_reference: dict[str, Person | _InvalidReference | _UnknownAlias] = {}
        self.by_identity: dict[Identity, Person] = {}
        self._rows_of_known: dict[str, list[CellLocation]] = defaultdict(list)
        self._read_aliases()
        self._report_shared_numbers()

    @property
    def limit_reached(self) -> bool:
        """Whether so much is wrong that it is useless to resolve more people."""
        return self._problems.limit_reached or self._unknown_uses >= _MAX_UNKNOWN_USES

    def person(self, reference: str, place: SourceLocation) -> Person | None:
        """Return the person; None, and the reason among the problems, if the reference names nobody."""
        reference = composed(reference)
        if reference in self._aliases:
            return self.by_identity[self._aliases[reference]]
        if reference in self._unusable_aliases or self._merged.is_broken("people", reference) or self.limit_reached:
            return None
        result = self._by_reference.get(reference)
        if result is None:
            if self._unknown >= MAX_PROBLEMS:
                return None
            result = self._by_reference[reference] = self._resolve(reference.strip(), place)
        if isinstance(result, _UnknownAlias):
            result.add(place)
            self._unknown_uses += 1
            return None
        return self._valid(result, reference, place)

    def identity_of(self, alias: str) -> Identity | None:
        """Return who has an alias; None if its entry is in error."""
        return self._aliases.get(alias)

    def persons(self, entry: LocatedValue | None) -> dict[Identity, Person]:
        """Return the people of a list, in its order."""
        references = entry.items() if entry is not None else ()
        people = (self.person(as_text(reference.value), reference.place) for reference in references)
        return {person.identity: person for person in people if person is not None}

    def phone(self, entry: LocatedValue, region: str | None = None) -> Person | None:
        """Return the person with this phone number or JID (not an alias), under their alias if they have one.

        A national number is one of `region`, else of the configuration's.
        """
        number = as_text(entry.value)
        return self._valid(self._read(number.strip(), entry.place, region), number, entry.place, region)

    def report_unknown_aliases(self) -> None:
        """Report each alias that nobody has once, with all places that use it."""
        for unknown in self._by_reference.values():
            if isinstance(unknown, _UnknownAlias):
                places = tuple(unknown.places)
                several = f"if this person left, take it out in these {unknown.uses} places"
                way_out = several if len(places) > 1 else "take it out if this person left"
                self._problems.error(
                    ProblemKind.UNKNOWN_REFERENCE,
                    places[0],
                    unknown.message,
                    f"{unknown.suggestion}define it under `people`, or {way_out}",
                    places=places if len(places) > 1 else (),
                )

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
        place = SourceLocation(entry.place.file, entry.place.path)
        message = f"{quote_value(code)} is not a country's code"
        self._problems.error(ProblemKind.VALUE, place, message, region_hint(code))
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
            is_new = person.identity not in self.by_identity
            if person.name is not None and is_new:
                self._add_name(alias, person.name, key)
            if not is_new:
                person = self._add_alias(alias, person, key, places[person.identity])
            places.setdefault(person.identity, key)
            self._aliases[alias] = person.identity
            self.by_identity[person.identity] = person

    def _read_entry(self, alias: str, entry: LocatedValue) -> Person | None:
        fields = as_mapping(entry.value) if isinstance(entry.value, dict) else {}
        number = entry.field("phone") if isinstance(entry.value, dict) else entry
        # Only people files have a region of their own. A `phone` that breaks the schema is gone.
        region = as_text(fields["region"]).upper() if "region" in fields else None
        person = self.phone(number, region) if number is not None else None
        if person is None:
            return None
        name, lid = fields.get("name"), fields.get("lid")
        # Not dataclasses.replace, which takes twice as long: a people file may have 100,000 rows.
        return Person(
            person.identity,
            person.jid,
            alias,
            normalize(as_text(name)) if name is not None else None,
            f"{as_text(lid).partition('@')[0]}@lid" if lid is not None else None,
        )

    def _add_name(self, alias: str, name: str, key: SourceLocation) -> None:
        namesakes = self._aliases_by_name[name]
        # In a people file an id tells namesakes apart.
        if namesakes and not isinstance(key, CellLocation):
            first = namesakes[0]
            other = self._merged.sections["people"][first].place.as_key()
            message = f"{quote_value(alias)} has the same name as {quote_value(first)}, and another number, at"
            hint = "if they are one person, keep one; if not, tell their names apart"
            self._problems.warning(ProblemKind.SAME_TWICE, key, message, hint, other=other)
        namesakes.append(alias)

    def _add_alias(self, alias: str, person: Person, key: SourceLocation, first: SourceLocation) -> Person:
        """Return the person that the file already has, with one more alias and the facts under it."""
        known = self.by_identity[person.identity]
        if isinstance(key, CellLocation):
            return self._add_row(alias, person, key, first)
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

    def _add_row(self, alias: str, person: Person, place: CellLocation, first: SourceLocation) -> Person:
        """Return the person that another row or the YAML has already, with the alias of this row."""
        known = self.by_identity[person.identity]
        if len(known.other_aliases) >= _MAX_ALIASES:
            message = f"more than {_MAX_ALIASES} rows have this number, first at"
            hint = "leave it out: a number belongs to one person, or a family"
            self._problems.error(ProblemKind.SAME_TWICE, place, message, hint, other=first)
            return known
        self._rows_of_known[place.file].append(place)
        return replace(known, name=known.name or person.name, other_aliases=(*known.other_aliases, alias))

    def _report_shared_numbers(self) -> None:
        """Tell once for each people file how many of its rows have a number that is not theirs alone."""
        for places in self._rows_of_known.values():
            place = min(places, key=lambda place: place.row)
            count = plural(len(places), "row has", "rows have")
            message = f"{count} the number of somebody else, this one first"
            hint = "correct it, unless these people share a phone: then they are one person, with several aliases"
            self._problems.warning(ProblemKind.SAME_TWICE, place, message, hint)

    def _valid(
        self,
        result: Person | _InvalidReference,
        reference: str,
        place: SourceLocation,
        region: str | None = None,
    ) -> Person | None:
        if isinstance(result, Person):
            return result
        # Without a valid region, a national number may be right.
        if (
            region
            or self._region_known
            or reference.lstrip().startswith(("+", "00"))
            or any(map(str.isalpha, reference))
        ):
            hint = result.hint
            if result.reason == _IS_TEAM and place.path[:1] == ("teams",) and len(place.path) == 3:  # a team is a list
                hint = f"write {quote_value(f'{place.path[1]}: {{teams: [{reference.strip()}], members: […]}}')}"
            self._problems.error(result.kind, place, f"{quote_person(reference)} {result.reason}", hint)
        return None

    def _resolve(self, word: str, place: SourceLocation) -> Person | _InvalidReference | _UnknownAlias:
        """Resolve an alias, a phone number or a JID."""
        if word in self._aliases:
            return self.by_identity[self._aliases[word]]
        if "@" in word or _is_numeric(word) or len(word) > _MAX_REFERENCE_LENGTH:
            return self._read(word, place)
        if word in self._merged.sections["teams"]:
            return _InvalidReference(ProblemKind.UNKNOWN_REFERENCE, _IS_TEAM, "move it to `teams`")
        namesakes = self._aliases_by_name.get(normalize(word), [])
        if namesakes:
            more = " or others" if len(namesakes) > _MAX_LISTED_NAMESAKES else ""
            hint = f"write the alias {' or '.join(map(quote_value, namesakes[:_MAX_LISTED_NAMESAKES]))}{more}"
            return _InvalidReference(ProblemKind.UNKNOWN_REFERENCE, "is a name, not an alias", hint)
        self._unknown += 1
        suggestion = suggest_person(word, self._aliases) if self._unknown <= _MAX_SUGGESTIONS else ""
        return _UnknownAlias(
            f"{quote_person(word)} is neither an alias nor a phone number",
            f"{suggestion} If not, " if suggestion else "",
        )

    def _read(self, word: str, place: SourceLocation, region: str | None = None) -> Person | _InvalidReference:
        """Read a phone number or a JID; a national number is one of `region`, else of the configuration's."""
        region = region or self.region
        if len(word) > _MAX_REFERENCE_LENGTH:
            reason = "is too long for an alias, a phone number or a JID"
            return _InvalidReference(ProblemKind.VALUE, reason, "write one person per entry")
        try:
            jid = read_address(word, region)
        except InvalidPhoneNumber as error:
            return _InvalidReference(ProblemKind.PHONE_NUMBER, error.message, error.hint)
        if jid.is_lid:
            reason = "is a private id (LID), which cannot be added"
            hint = "use the person's phone number, and add the lid under `people`"
            return _InvalidReference(ProblemKind.PHONE_NUMBER, reason, hint)
        other = with_country_code(word, region, jid.digits) if "@" not in word else None
        if other is not None:
            number = quote_value(f"+{jid.digits}")
            message = f"{quote_person(word)} has no + and is read as a national number, {number}"
            hint = f"if it already has the country code, write {quote_value(f'+{other}')}; if not, add + and the code"
            self._problems.warning(ProblemKind.PHONE_NUMBER, place, message, hint)
        identity = identity_of_digits(jid.digits)
        return self.by_identity.get(identity) or Person(identity, jid.phone_jid)


def _is_numeric(word: str) -> bool:
    """Return whether a word must be a number: it begins with +, has no letter, or has more than six digits."""
    digits = sum(map(str.isdigit, word))
    return word.startswith("+") or not any(map(str.isalpha, word)) or digits > 6 or is_rounded(word)
