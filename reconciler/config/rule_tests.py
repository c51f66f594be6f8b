"""Run the tests of the rules: each gives people, teams and groups of its own, and names the rules that they break."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from reconciler.config.document import LocatedValue, MergedConfig, as_mapping, as_text
from reconciler.config.groups import GroupResolver
from reconciler.config.memberships import Memberships, read_date
from reconciler.config.people import People
from reconciler.config.phone_numbers import country_code
from reconciler.config.problem_collector import ProblemCollector, did_you_mean, quote_value
from reconciler.errors import Problem, ProblemKind
from reconciler.model.desired import Desired, Policy
from reconciler.model.rules import Finding, FindingKind, Rule
from reconciler.model.text import composed
from reconciler.rules import evaluate

_GIVEN: Final = ("people", "teams", "groups")
_BREAKS: Final = frozenset({FindingKind.BROKEN, FindingKind.NOT_EVALUATED})


def check_expectations(
    merged: MergedConfig, rules: Collection[Rule], names: Collection[str], problems: ProblemCollector
) -> None:
    """Report names of rules that a test expects and that the file does not have, and rules that no test can break.

    `names` are those of all rules, also of those that have a mistake.
    """
    about_changes = {rule.name for rule in rules if rule.is_about_changes}
    places: dict[str, LocatedValue] = {}
    for test in merged.tests:
        title = composed(as_text(as_mapping(test.value)["name"]))
        first = places.setdefault(title, test)
        if first is not test:
            message, place = f"the test {quote_value(title)} is defined twice, first at", test.place.at("name")
            hint, other = "give each test a name of its own", first.place.at("name")
            problems.error(ProblemKind.DUPLICATE_KEY, place, message, hint, other=other)
        expected = test.field("expect")
        for item in expected.items() if expected is not None else ():
            name = composed(as_text(item.value))
            if name in about_changes:
                message = f"the rule {quote_value(name)} is about changes, and a test has none"
                problems.error(ProblemKind.CONTRADICTION, item.place, message, "remove it: only a plan checks the rule")
            elif name not in names and not merged.is_broken("rules", name):
                hint = did_you_mean(name, names) or "name a rule from `rules`"
                problems.error(ProblemKind.UNKNOWN_REFERENCE, item.place, f"there is no rule {quote_value(name)}", hint)


def failed_tests(
    merged: MergedConfig, rules: tuple[Rule, ...], texts: Mapping[str, str], today: date
) -> tuple[Problem, ...]:
    """Return a problem for each test in which other rules are broken than it expects, and those in tests themselves.

    An expected rule has to be broken in at least one place, whatever its severity. What is exempt is not broken.
    `today` is the day of the tests that have none of their own, `texts` has the text of each file.
    """
    problems = ProblemCollector()
    for test in merged.tests:
        if problems.limit_reached:
            break
        own_day = test.field("today")
        day = today if own_day is None else read_date(own_day.value, own_day.place, problems)
        given = _desired(test, merged, rules, problems, day) if day is not None else None
        if given is not None and (differences := _differences(test, given)):
            name = quote_value(as_text(as_mapping(test.value)["name"]))
            message = f"the test {name} failed: {'; '.join(differences)}"
            hint = "correct the rule, or what the test expects"
            problems.error(ProblemKind.TEST, test.place.at("name"), message, hint)
    return tuple(each for each in problems.locate_all(texts) if each.severity == "error")


def _differences(test: LocatedValue, given: Desired) -> list[str]:
    """Return in which rules a test differs from what it expects."""
    items = test.field("expect")
    expected = {composed(as_text(item.value)) for item in items.items()} if items is not None else set[str]()
    found: dict[str, Finding] = {}
    for finding in evaluate(given, given.as_of, country_code):
        if finding.kind in _BREAKS:
            found.setdefault(finding.rule, finding)
    held = [f"{quote_value(name)} is expected to be broken, and holds" for name in sorted(expected - found.keys())]
    broken = sorted(found.keys() - expected)
    return [*held, *(f"{quote_value(name)} is expected to hold: {found[name].message}" for name in broken)]


def _desired(
    test: LocatedValue, merged: MergedConfig, rules: tuple[Rule, ...], problems: ProblemCollector, day: date
) -> Desired | None:
    """Return what a test gives as a desired state, under the rules of the file; None with the problems in it."""
    sections: dict[str, Mapping[str, LocatedValue]] = {section: {} for section in merged.sections}
    for section in _GIVEN:
        entry = test.field(section)
        fields = as_mapping(entry.value) if entry is not None else {}
        sections[section] = {key: LocatedValue(fields[key], test.place.at(section, key)) for key in fields}
    broken: dict[str, frozenset[str]] = dict.fromkeys(merged.broken, frozenset())
    given = MergedConfig(sections=sections, region=merged.region, broken=broken, lines=merged.lines)
    own = ProblemCollector()
    people = People(given, own)
    memberships = Memberships(given, people, Policy(), own)
    groups = GroupResolver(given, people, memberships, own, day).groups()
    people.report_unknown_aliases()
    if own.failed:
        problems.extend(own)
        return None
    return Desired(
        groups=groups, people=people.by_identity, teams=memberships.teams, rules=rules, as_of=day, region=people.region
    )
