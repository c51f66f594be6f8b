"""Read `policy`, and check the members and groups against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache

from reconciler.config.document import CellLocation, LocatedValue, MergedConfig, SourceLocation, as_mapping, as_text
from reconciler.config.people import People
from reconciler.config.phone_numbers import country_of, is_region, region_hint
from reconciler.config.problem_collector import ProblemCollector, format_path, quote_value
from reconciler.errors import ProblemKind
from reconciler.model.desired import (
    Budget,
    CheckNumbers,
    DesiredGroup,
    Limit,
    Person,
    Policy,
    RowsWithoutPhone,
    Unmanaged,
)
from reconciler.model.identity import Identity


def read_policy(merged: MergedConfig, people: People, problems: ProblemCollector) -> Policy:
    """Return the rules for every group."""
    fields = merged.sections["policy"]
    return Policy(
        protected=frozenset(people.persons(fields.get("protected"))),
        ignored=frozenset(people.persons(fields.get("ignored"))),
        max_removals=read_removal_limit(fields.get("max_removals"), merged),
        max_source_loss=read_removal_limit(fields.get("max_source_loss"), merged),
        writes_per_minute=_integer(fields.get("writes_per_minute")),
        allowed_countries=_country_codes(fields.get("allowed_countries"), problems),
        max_members=_integer(fields.get("max_members")),
        check_numbers=_check_numbers(fields.get("check_numbers")),
        budget=_budget(fields.get("budget")),
        rows_without_phone=_rows_without_phone(fields.get("rows_without_phone")),
    )


def read_removal_limit(entry: LocatedValue | None, merged: MergedConfig) -> Limit | None:
    """Return a limit with its place for the message of a guard: "policy.max_removals (groups.yaml:18)"."""
    if entry is None:
        return None
    source = f"{format_path(entry.place.path)} ({merged.file_and_line(entry.place)})"
    return Limit.parse(as_text(entry.value), source)


def _check_numbers(entry: LocatedValue | None) -> CheckNumbers:
    return CheckNumbers.AMBIGUOUS if entry is None else CheckNumbers(as_text(entry.value))


def _rows_without_phone(entry: LocatedValue | None) -> RowsWithoutPhone:
    return RowsWithoutPhone.SKIP if entry is None else RowsWithoutPhone(as_text(entry.value))


def _budget(entry: LocatedValue | None) -> Budget | None:
    if entry is None:
        return None
    limits = {name: value for name, value in as_mapping(entry.value).items() if value is not None}
    return Budget(**{name: int(float(as_text(value))) for name, value in limits.items()})


def read_account_since(entry: LocatedValue | None, policy: Policy, problems: ProblemCollector) -> date | None:
    """Return the day since which the account is used: it makes a budget smaller, so without one it is warned about."""
    if entry is None:
        return None
    text = as_text(entry.value)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        hint = "write a day of the calendar as YYYY-MM-DD"
        problems.error(ProblemKind.VALUE, entry.place, f"{quote_value(text)} is not a valid date", hint)
        return None
    if policy.budget is None:
        message, hint = "`since` makes a budget smaller, and `policy` has no `budget`", "add `budget` under `policy`"
        problems.warning(ProblemKind.CONTRADICTION, entry.place.as_key(), message, hint)
    return day


def _integer(entry: LocatedValue | None) -> int | None:
    return int(float(as_text(entry.value))) if entry is not None else None


def _country_codes(entry: LocatedValue | None, problems: ProblemCollector) -> frozenset[str] | None:
    """Return the codes, in capitals; None without a list, or if one of them is unknown."""
    if entry is None:
        return None
    codes = [(as_text(item.value).upper(), item.place) for item in entry.items()]
    for code, place in codes:
        if not is_region(code):
            message = f"{quote_value(code)} is not a country's code"
            problems.error(ProblemKind.VALUE, place, message, region_hint(code))
    return frozenset(code for code, _ in codes) if all(is_region(code) for code, _ in codes) else None


def check_policy(
    groups: Sequence[DesiredGroup], policy: Policy, merged: MergedConfig, people: People, problems: ProblemCollector
) -> None:
    """Warn of groups that contradict the policy."""
    for section, asks, relation, consequence in _CONTRADICTIONS:
        entry = merged.sections["policy"].get(section)
        for reference in entry.items() if entry is not None else ():
            person = people.person(as_text(reference.value), reference.place)
            keys = [group.key for group in groups if person is not None and asks(group, person.identity)]
            if person is not None and keys:
                more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
                message = f"{people.label(person)} is in `policy.{section}` and {relation} {quote_value(keys[0])}{more}"
                hint = "remove the person from one of the two"
                problems.warning(ProblemKind.CONTRADICTION, reference.place, f"{message}: {consequence}", hint)


def check_country(
    person: Person, place: SourceLocation, policy: Policy, merged: MergedConfig, problems: ProblemCollector
) -> bool:
    """Report a member of a group or team whose number belongs to another country; return whether it is allowed.

    The problem is at the number: at the alias, once, or else at the place of the member. Of a row that is gone there is
    none.
    """
    allowed = policy.allowed_countries
    if allowed is None or _belongs(person.identity, allowed):
        return True
    number = _number_place(person, place, merged)
    if isinstance(number, CellLocation) and number.past:
        return False
    where = merged.file_and_line(merged.sections["policy"]["allowed_countries"].place)
    rule = f"`policy.allowed_countries` ({where}) allows only {', '.join(sorted(allowed))}"
    country = country_of(person.identity)
    who = f"{quote_value(person.alias)} has a number" if person.alias else f"{quote_value(person.identity)} is a number"
    origin = f"from {country}" if country else "from an unknown country"
    hint = f"add {country} to the list, or remove the person" if country else "remove the person"
    problems.error(ProblemKind.COUNTRY, number, f"{who} {origin}, but {rule}", hint)
    return False


def _number_place(person: Person, place: SourceLocation, merged: MergedConfig) -> SourceLocation:
    """Return the place of the number under the person's alias; without an alias, the given place."""
    entry = merged.sections["people"].get(person.alias) if person.alias else None
    if entry is None:
        return place
    return entry.place.at("phone") if isinstance(entry.value, dict) else entry.place


def allows_number(policy: Policy, identity: Identity) -> bool:
    """Return whether a policy allows a number as a member: `allowed_countries` has its country, or is not set."""
    return policy.allowed_countries is None or _belongs(identity, policy.allowed_countries)


@cache
def _belongs(identity: Identity, allowed: frozenset[str]) -> bool:
    """Return whether a number belongs to one of these countries.

    The number itself decides between countries that share a calling code (+1, +7, +44). A number that several
    countries assign alike (a toll-free +1 800) belongs to each of them.
    """
    from phonenumbers import is_valid_number_for_region, parse

    own = country_of(identity)
    if own is None or own in allowed:
        return own is not None
    number = parse(identity)
    return any(is_valid_number_for_region(number, code) for code in sorted(allowed))


def _has_member(group: DesiredGroup, identity: Identity) -> bool:
    return not isinstance(group.members, Unmanaged) and identity in group.members


def _has_absent(group: DesiredGroup, identity: Identity) -> bool:
    return identity in group.absent


_IGNORED = "ignored people are neither added nor removed"
_CONTRADICTIONS: tuple[tuple[str, Callable[[DesiredGroup, Identity], bool], str, str], ...] = (
    ("ignored", _has_member, "a member of the group", _IGNORED),
    ("ignored", _has_absent, "in `absent` of the group", _IGNORED),
    ("protected", _has_absent, "in `absent` of the group", "protected people are never removed"),
)
