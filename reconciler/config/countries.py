"""`policy.allowed_countries`: whose numbers may be in the groups, by the countries that phone numbers belong to."""

from __future__ import annotations

from functools import cache

from reconciler.config.findings import Findings
from reconciler.config.merge import Merged
from reconciler.config.phones import is_region
from reconciler.config.quoting import shown
from reconciler.config.tree import Entry, Place, numbered, text
from reconciler.errors import Kind
from reconciler.model.desired import Person
from reconciler.model.identity import Identity

_OTHER_NAMES = {"UK": "GB", "EL": "GR", "EN": "GB"}
"""Codes that people write for a country that has another one."""


class Countries:
    """Judges whoever is wanted in a group or a team; everybody passes where the file has no such list.

    `allowed` are the codes, in capitals; None where the file does not say or says it wrongly.
    """

    def __init__(self, merged: Merged, findings: Findings) -> None:
        self._merged = merged
        self._findings = findings
        entry = merged.sections["policy"].get("allowed_countries")
        self.allowed = _codes(entry, findings) if entry is not None else None
        self._where = f"`policy.allowed_countries` ({merged.where(entry.place)})" if entry is not None else ""

    def check(self, person: Person, place: Place) -> bool:
        """Whether this person may be wanted; if not, the reason is noted at their number.

        That is `place`, or the alias they go by: one line to mend, however many lists have them.
        """
        if self.allowed is None or _belongs(person.identity, self.allowed):
            return True
        where = self._where_said(person, place)
        country = country_of(person.identity)
        who = f"{shown(person.alias)} has a number" if person.alias else f"{shown(person.identity)} is a number"
        of = f"of {country}" if country else "of no country that can be told"
        listed = ", ".join(sorted(self.allowed))
        hint = f"add {country} to the list, or take the person out" if country else "take the person out"
        self._findings.error(Kind.COUNTRY, where, f"{who} {of}; {self._where} has {listed}", hint)
        return False

    def _where_said(self, person: Person, place: Place) -> Place:
        said = self._merged.sections["people"].get(person.alias) if person.alias else None
        if said is None:
            return place
        return said.place.at("phone") if isinstance(said.value, dict) else said.place


def _codes(entry: Entry, findings: Findings) -> frozenset[str] | None:
    codes, known = set(), True
    for index, item in numbered(entry.value):
        code = text(item).upper()
        codes.add(code)
        if not is_region(code):
            known = False
            other = _OTHER_NAMES.get(code)
            hint = f"did you mean {other}?" if other else "write it like US or DE"
            findings.error(Kind.VALUE, entry.place.at(index), f"{shown(code)} is no country's code", hint)
    return frozenset(codes) if known else None


@cache
def _belongs(identity: Identity, allowed: frozenset[str]) -> bool:
    """Whether a number is one of these countries'.

    Countries that share a calling code (+1, +7, +44) are told apart by the number itself. One that several countries
    give out alike (a toll-free +1 800) is each of theirs.
    """
    from phonenumbers import is_valid_number_for_region, parse

    own = country_of(identity)
    if own is None or own in allowed:
        return own is not None
    number = parse(identity)
    return any(is_valid_number_for_region(number, code) for code in sorted(allowed))


@cache
def country_of(identity: Identity) -> str | None:
    """The two-letter code of the country whose number this is; None for a number of no country (satellites, say).

    An identity is in the long form, so that the older JIDs of Brazil, Mexico and Argentina are judged as that.
    """
    from phonenumbers import NumberParseException, parse, region_code_for_number

    try:
        code = region_code_for_number(parse(identity))
    except NumberParseException:
        return None
    return code if code is not None and code.isalpha() else None
