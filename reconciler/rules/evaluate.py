"""Evaluate rules: what breaks them, which exemptions allow it, and which exemptions ended or are not used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import Final

from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.rules import Exemption, Finding, FindingKind, Rule, Severity
from reconciler.rules.cel import NotEvaluated
from reconciler.rules.conditions import Subjects, Violation, nothing_to_check, violations
from reconciler.rules.expressions import broken_rows, expression_violations, no_subject
from reconciler.rules.population import Population
from reconciler.rules.values import CountryOf, PlannedChange

MAX_VIOLATIONS: Final = 200
"""Violations of one rule that no exemption allows and that are listed one by one; the others are counted."""
MAX_EXEMPT: Final = 20
"""The same for the violations that one exemption allows: every exemption that is used is listed."""
_Exemptions = dict[tuple[str | None, Identity | None], list[Exemption]]


def evaluate(desired: Desired, day: date, country_of: CountryOf) -> tuple[Finding, ...]:
    """Return what breaks the rules on a day or on the day of the desired state, and what is wrong with exemptions.

    The findings are in the order of the rules. Of rules about changes only the exemptions that ended are checked: only
    a plan has changes.
    """
    if not desired.rules:
        return ()
    return _united(desired, [_evaluated(desired, each, country_of) for each in sorted({desired.as_of, day})])


def _united(desired: Desired, by_day: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Return what was found on any of the days, once each; what is exempt or needless on one day alone is left out."""
    if len(by_day) == 1:
        return tuple(by_day[0])
    found = list(dict.fromkeys(chain.from_iterable(by_day)))
    broken = {_violation_of(one) for one in found if one.kind is FindingKind.BROKEN}
    used = {one.exemption for one in found if one.kind in (FindingKind.EXEMPT, FindingKind.EXEMPTION_ENDED)}
    order = {rule.name: index for index, rule in enumerate(desired.rules)}
    kept = (
        one
        for one in found
        if not (one.kind is FindingKind.EXEMPT and _violation_of(one) in broken)
        and not (one.kind is FindingKind.EXEMPTION_UNUSED and one.exemption in used)
    )
    return tuple(sorted(kept, key=lambda one: order[one.rule]))


def _violation_of(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.message, finding.group, finding.person, finding.team


def _evaluated(desired: Desired, day: date, country_of: CountryOf) -> list[Finding]:
    subjects = Subjects(desired, day)
    population = Population(subjects, country_of)
    outcomes = broken_rows([rule for rule in desired.rules if not rule.is_about_changes], population)
    found: list[Finding] = []
    for rule in desired.rules:
        rows = outcomes.get(rule.name, ())
        if isinstance(rows, NotEvaluated):
            found.append(_not_evaluated(rule, rows))
        elif rule.is_about_changes:
            found += _ended(rule, subjects)
        else:
            reason = nothing_to_check(rule, subjects) or no_subject(rule, rows, population)
            broken = chain(violations(rule, subjects), expression_violations(rule, rows or (), population))
            found += _findings(rule, broken, subjects, reason)
    return found


def evaluate_changes(
    desired: Desired, day: date, country_of: CountryOf, changes: Sequence[PlannedChange]
) -> tuple[Finding, ...]:
    """Return which changes of a plan break the rules about changes, those that are exempt included.

    As `evaluate`, on the day and on that of the desired state.
    """
    days = sorted({desired.as_of, day})
    return _united(desired, [_evaluated_changes(desired, each, country_of, changes) for each in days])


def _evaluated_changes(
    desired: Desired, day: date, country_of: CountryOf, changes: Sequence[PlannedChange]
) -> list[Finding]:
    rules = [rule for rule in desired.rules if rule.is_about_changes]
    population = Population(Subjects(desired, day), country_of, changes)
    found: list[Finding] = []
    for rule, rows in zip(rules, broken_rows(rules, population).values(), strict=True):
        if isinstance(rows, NotEvaluated):
            found.append(_not_evaluated(rule, rows))
        else:
            broken = expression_violations(rule, rows or (), population)
            found += _listed(rule, _with_exemptions(rule, broken, day, set()))
    return found


def _not_evaluated(rule: Rule, error: NotEvaluated) -> Finding:
    """Return the finding about a rule that could not be evaluated: an error, whatever the severity of the rule."""
    return Finding(rule=rule.name, kind=FindingKind.NOT_EVALUATED, severity=Severity.ERROR, message=error.reason)


def _findings(rule: Rule, broken: Iterable[Violation], subjects: Subjects, nothing: str) -> Iterator[Finding]:
    if nothing:
        yield Finding(rule=rule.name, kind=FindingKind.NOTHING_TO_CHECK, severity=Severity.WARNING, message=nothing)
    used: set[Exemption] = set()
    yield from _listed(rule, _with_exemptions(rule, broken, subjects.day, used))
    yield from _ended(rule, subjects)
    for exemption in rule.exempt:
        if exemption not in used and exemption.until >= subjects.day:
            yield _about(rule, exemption, FindingKind.EXEMPTION_UNUSED, Severity.WARNING, subjects)


def _ended(rule: Rule, subjects: Subjects) -> Iterator[Finding]:
    """Yield the exemptions whose last day has passed."""
    for exemption in rule.exempt:
        if exemption.until < subjects.day:
            yield _about(rule, exemption, FindingKind.EXEMPTION_ENDED, Severity.ERROR, subjects)


def _with_exemptions(
    rule: Rule, broken: Iterable[Violation], day: date, used: set[Exemption]
) -> Iterator[tuple[Violation, Exemption | None]]:
    """Yield each violation with the exemption that allows it, and note which exemptions are `used`."""
    current = [exemption for exemption in rule.exempt if exemption.until >= day]
    by_subject: _Exemptions = {}
    for exemption in current:
        by_subject.setdefault((exemption.group, exemption.person), []).append(exemption)
    for violation in broken:
        covering = list(_covering(violation, by_subject)) if by_subject else []
        used.update(covering)
        yield violation, covering[0] if covering else None


def _covering(violation: Violation, by_subject: _Exemptions) -> Iterator[Exemption]:
    for subject in dict.fromkeys(
        [(violation.group, violation.person), (violation.group, None), (None, violation.person)]
    ):
        yield from by_subject.get(subject, ()) if subject != (None, None) else ()


def _listed(rule: Rule, found: Iterable[tuple[Violation, Exemption | None]]) -> Iterator[Finding]:
    """Yield the first violations that each exemption allows, and the first others; and how many of each are left."""
    counts: Counter[Exemption | None] = Counter()
    for violation, exemption in found:
        counts[exemption] += 1
        if counts[exemption] <= (MAX_VIOLATIONS if exemption is None else MAX_EXEMPT):
            yield Finding(
                rule=rule.name,
                kind=FindingKind.BROKEN if exemption is None else FindingKind.EXEMPT,
                severity=rule.severity,
                message=violation.text
                if violation.is_whole or not rule.message
                else f"{violation.text}: {rule.message}",
                group=violation.group,
                person=violation.person,
                team=violation.team,
                exemption=exemption,
            )
    for exemption, count in counts.items():
        left = count - (MAX_VIOLATIONS if exemption is None else MAX_EXEMPT)
        if left > 0:
            message = f"{left} more {'place breaks' if left == 1 else 'places break'} this rule"
            kind = FindingKind.BROKEN if exemption is None else FindingKind.EXEMPT
            yield Finding(rule=rule.name, kind=kind, severity=rule.severity, message=message, exemption=exemption)


def _about(rule: Rule, exemption: Exemption, kind: FindingKind, severity: Severity, subjects: Subjects) -> Finding:
    """Return a finding about an exemption itself."""
    parts = [f"`{exemption.group}`"] if exemption.group is not None else []
    parts = [subjects.label(exemption.person), *parts] if exemption.person is not None else parts
    whose = f"the exemption of {' in '.join(parts)}"
    message = (
        f"{whose} ended on {exemption.until.isoformat()}"
        if kind is FindingKind.EXEMPTION_ENDED
        else f"{whose} is not needed: nothing that it covers breaks the rule"
    )
    return Finding(rule=rule.name, kind=kind, severity=severity, message=message, exemption=exemption)
