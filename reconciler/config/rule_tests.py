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
from reconciler.errors import ProblemKind
from reconciler.model.desired import Desired, Policy
from reconciler.model.rules import Finding, FindingKind, Rule
from reconciler.model.text import composed
from reconciler.rules import evaluate

_GIVEN: Final = ("people", "teams", "groups")
_BREAKS: Final = frozenset({FindingKind.BROKEN, FindingKind.NOT_EVALUATED})


def check_expectations(merged: MergedConfig, rules: Collection[Rule], problems: ProblemCollector) -> None:
    """Report names of rules that a test expects and that the file does not have, and rules that no test can break."""
    about_changes = {rule.name for rule in rules if rule.is_about_changes}
    names = {rule.name for rule in rules}
    for test in merged.tests:
        expected = test.field("expect")
        for item in expected.items() if expected is not None else ():
            name = composed(as_text(item.value))
            if name in about_changes:
                message = f"the rule {quote_value(name)} is about changes, and a test has none"
                problems.error(ProblemKind.CONTRADICTION, item.place, message, "remove it: only a plan checks the rule")
            elif name not in names:
                hint = did_you_mean(name, names) or "name a rule from `rules`"
                problems.error(ProblemKind.UNKNOWN_REFERENCE, item.place, f"there is no rule {quote_value(name)}", hint)


def run_tests(merged: MergedConfig, rules: tuple[Rule, ...], problems: ProblemCollector, today: date) -> None:
    """Add a problem for each test in which other rules are broken than it expects; `today` is the day without its own.

    An expected rule has to break in at least one place, whatever its severity. Exemptions count.
    """
    for test in merged.tests:
        own_day = test.field("today")
        day = today if own_day is None else read_date(own_day.value, own_day.place, problems)
        if day is None or problems.limit_reached:
            continue
        expected = {composed(as_text(item.value)) for item in test.field("expect").items()}
        found: dict[str, Finding] = {}
        for finding in evaluate(_desired(test, merged, rules, problems, day), day, country_code):
            if finding.kind in _BREAKS:
                found.setdefault(finding.rule, finding)
        held = [f"{quote_value(name)} holds, and is expected to break" for name in sorted(expected - found.keys())]
        broke = [
            f"{quote_value(name)} breaks, which is not expected: {found[name].message}"
            for name in sorted(found.keys() - expected)
        ]
        if held or broke:
            name = quote_value(as_text(as_mapping(test.value)["name"]))
            hint = "correct the rule, or what the test expects"
            problems.error(ProblemKind.TEST, test.place.at("expect"), f"{name}: {'; '.join(held + broke)}", hint)


def _desired(
    test: LocatedValue, merged: MergedConfig, rules: tuple[Rule, ...], problems: ProblemCollector, day: date
) -> Desired:
    """Return what a test gives as a desired state, under the rules of the file."""
    sections: dict[str, Mapping[str, LocatedValue]] = dict.fromkeys(merged.sections, {})
    for section in _GIVEN:
        entry = test.field(section)
        fields = as_mapping(entry.value) if entry is not None else {}
        sections[section] = {key: LocatedValue(fields[key], test.place.at(section, key)) for key in fields}
    broken: dict[str, frozenset[str]] = dict.fromkeys(merged.broken, frozenset())
    given = MergedConfig(sections=sections, region=merged.region, broken=broken, lines=merged.lines)
    people = People(given, problems)
    memberships = Memberships(given, people, Policy(), problems)
    groups = GroupResolver(given, people, memberships, problems, day).groups()
    people.report_unknown_aliases()
    return Desired(
        groups=groups, people=people.by_identity, teams=memberships.teams, rules=rules, as_of=day, region=people.region
    )
