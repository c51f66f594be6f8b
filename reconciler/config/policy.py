"""What `policy` says, and how many removals a group allows.

`policy.allowed_countries`: whose numbers may be in the groups, by the countries that phone numbers belong to.

What the file asks of people whom its own `policy` leaves alone: it is never done, so it is warned of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from reconciler.config.document import LocatedValue, SourceLocation, as_items, as_text
from reconciler.config.merge import MergedConfig
from reconciler.config.people import PeopleResolver
from reconciler.config.phone_numbers import country_of, is_region
from reconciler.config.problem_collector import ProblemCollector, format_path, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.desired import DesiredGroup, Person, Policy, RemovalLimit, Unmanaged
from reconciler.model.identity import Identity


def read_removal_limit(entry: LocatedValue | None, merged: MergedConfig) -> RemovalLimit | None:
    """A count or a share of removals, with the place a refusal can name: "policy.max_removals (groups.yaml:18)"."""
    if entry is None:
        return None
    source = f"{format_path(entry.place.path)} ({merged.where(entry.place)})"
    return RemovalLimit.parse(as_text(entry.value), source)


def read_policy(merged: MergedConfig, directory: PeopleResolver, countries: CountryPolicy) -> Policy:
    """The rules for every group."""
    fields = merged.sections["policy"]
    return Policy(
        protected=frozenset(directory.persons(fields.get("protected"))),
        ignored=frozenset(directory.persons(fields.get("ignored"))),
        max_removals=read_removal_limit(fields.get("max_removals"), merged),
        writes_per_minute=_whole(fields.get("writes_per_minute")),
        allowed_countries=countries.allowed,
        max_members=_whole(fields.get("max_members")),
    )


def _whole(entry: LocatedValue | None) -> int | None:
    return int(float(as_text(entry.value))) if entry is not None else None


_OTHER_NAMES = {"UK": "GB", "EL": "GR", "EN": "GB"}
"""Codes that people write for a country that has another one."""


class CountryPolicy:
    """Judges whoever is wanted in a group or a team; everybody passes where the file has no such list.

    `allowed` are the codes, in capitals; None where the file does not say or says it wrongly.
    """

    def __init__(self, merged: MergedConfig, findings: ProblemCollector) -> None:
        self._merged = merged
        self._findings = findings
        entry = merged.sections["policy"].get("allowed_countries")
        self.allowed = _codes(entry, findings) if entry is not None else None
        self._where = f"`policy.allowed_countries` ({merged.where(entry.place)})" if entry is not None else ""

    def check(self, person: Person, place: SourceLocation) -> bool:
        """Whether this person may be wanted; if not, the reason is noted at their number.

        That is `place`, or the alias they go by: one line to mend, however many lists have them.
        """
        if self.allowed is None or _belongs(person.identity, self.allowed):
            return True
        where = self._where_said(person, place)
        country = country_of(person.identity)
        who = (
            f"{quote_value(person.alias)} has a number"
            if person.alias
            else f"{quote_value(person.identity)} is a number"
        )
        of = f"of {country}" if country else "of no country that can be told"
        listed = ", ".join(sorted(self.allowed))
        hint = f"add {country} to the list, or take the person out" if country else "take the person out"
        self._findings.error(ProblemKind.COUNTRY, where, f"{who} {of}; {self._where} has {listed}", hint)
        return False

    def _where_said(self, person: Person, place: SourceLocation) -> SourceLocation:
        said = self._merged.sections["people"].get(person.alias) if person.alias else None
        if said is None:
            return place
        return said.place.at("phone") if isinstance(said.value, dict) else said.place


def _codes(entry: LocatedValue, findings: ProblemCollector) -> frozenset[str] | None:
    codes, known = set(), True
    for index, item in as_items(entry.value):
        code = as_text(item).upper()
        codes.add(code)
        if not is_region(code):
            known = False
            other = _OTHER_NAMES.get(code)
            hint = f"did you mean {other}?" if other else "write it like US or DE"
            findings.error(ProblemKind.VALUE, entry.place.at(index), f"{quote_value(code)} is no country's code", hint)
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


def warn_of_contradictions(
    groups: Sequence[DesiredGroup], merged: MergedConfig, directory: PeopleResolver, findings: ProblemCollector
) -> None:
    """Note, once a person, where `policy` says the opposite of what groups do."""
    for section, asks, asked, never in _CONTRADICTIONS:
        entry = merged.sections["policy"].get(section)
        if entry is None:
            continue
        for index, reference in as_items(entry.value):
            place = entry.place.at(index)
            person = directory.person(as_text(reference), place)
            keys = [group.key for group in groups if person is not None and asks(group, person.identity)]
            if person is not None and keys:
                more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
                message = (
                    f"{directory.label(person)} is in `policy.{section}`, and {asked} the group {quote_value(keys[0])}"
                )
                hint = "take them out of one of the two"
                findings.warning(ProblemKind.CONTRADICTION, place, f"{message}{more}: {never}", hint)


def _wants(group: DesiredGroup, identity: Identity) -> bool:
    return not isinstance(group.members, Unmanaged) and identity in group.members


def _keeps_out(group: DesiredGroup, identity: Identity) -> bool:
    return identity in group.absent


_IGNORED = "ignored people are neither added nor removed"


_CONTRADICTIONS: tuple[tuple[str, Callable[[DesiredGroup, Identity], bool], str, str], ...] = (
    ("ignored", _wants, "wanted in", _IGNORED),
    ("ignored", _keeps_out, "in `absent` of", _IGNORED),
    ("protected", _keeps_out, "in `absent` of", "protected people are never removed"),
)
