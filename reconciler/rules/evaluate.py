"""Evaluate rules: what breaks them, which exemptions allow it, and which exemptions ended or are not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.rules import Exemption, Finding, FindingKind, Rule, Severity
from reconciler.rules.conditions import Subjects, Violation, nothing_to_check, violations
from reconciler.rules.expressions import NotEvaluated, broken_contexts, expression_violations
from reconciler.rules.population import Population
from reconciler.rules.values import CountryOf, PlannedChange

MAX_VIOLATIONS: Final = 200
"""Violations of one rule that are listed one by one; the others are counted."""
_Exemptions = dict[tuple[str | None, Identity | None], list[Exemption]]


def evaluate(desired: Desired, day: date, country_of: CountryOf) -> tuple[Finding, ...]:
    """Return what breaks the rules on a day, and what is wrong with their exemptions; in the order of the rules.

    Of rules about changes only the exemptions that ended are checked: only a plan has changes.
    """
    if not desired.rules:
        return ()
    subjects = Subjects(desired, day)
    population = Population(subjects, country_of)
    outcomes = broken_contexts([rule for rule in desired.rules if not rule.is_about_changes], population)
    found: list[Finding] = []
    for rule in desired.rules:
        keys = outcomes.get(rule.name)
        if isinstance(keys, NotEvaluated):
            found.append(_not_evaluated(rule, keys))
        elif rule.is_about_changes:
            found += _ended(rule, subjects)
        else:
            broken = violations(rule, subjects) if keys is None else expression_violations(rule, keys, population)
            found += _findings(rule, broken, subjects)
    return tuple(found)


def evaluate_changes(
    desired: Desired, day: date, country_of: CountryOf, changes: Sequence[PlannedChange]
) -> tuple[Finding, ...]:
    """Return which changes of a plan break the rules about changes, those that are exempt included."""
    rules = [rule for rule in desired.rules if rule.is_about_changes]
    population = Population(Subjects(desired, day), country_of, changes)
    found: list[Finding] = []
    for rule, keys in zip(rules, broken_contexts(rules, population).values(), strict=True):
        if isinstance(keys, NotEvaluated):
            found.append(_not_evaluated(rule, keys))
        else:
            broken = expression_violations(rule, keys, population)
            found += _listed(rule, _with_exemptions(rule, broken, day, set()))
    return tuple(found)


def _not_evaluated(rule: Rule, error: NotEvaluated) -> Finding:
    """Return the finding about a rule that could not be evaluated: an error, whatever the severity of the rule."""
    return Finding(rule=rule.name, kind=FindingKind.NOT_EVALUATED, severity=Severity.ERROR, message=str(error))


def _findings(rule: Rule, broken: Iterable[Violation], subjects: Subjects) -> Iterator[Finding]:
    reason = nothing_to_check(rule, subjects)
    if reason:
        yield Finding(rule=rule.name, kind=FindingKind.NOTHING_TO_CHECK, severity=Severity.WARNING, message=reason)
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
    """Yield the first violations that an exemption allows, and the first others; and how many others are left."""
    counts = {FindingKind.BROKEN: 0, FindingKind.EXEMPT: 0}
    for violation, exemption in found:
        kind = FindingKind.BROKEN if exemption is None else FindingKind.EXEMPT
        counts[kind] += 1
        if counts[kind] <= MAX_VIOLATIONS:
            yield Finding(
                rule=rule.name,
                kind=kind,
                severity=rule.severity,
                message=violation.text
                if violation.is_whole or not rule.message
                else f"{violation.text}: {rule.message}",
                group=violation.group,
                person=violation.person,
                team=violation.team,
                exemption=exemption,
            )
    left = counts[FindingKind.BROKEN] - MAX_VIOLATIONS
    if left > 0:
        message = f"{left} more {'place breaks' if left == 1 else 'places break'} this rule"
        yield Finding(rule=rule.name, severity=rule.severity, message=message)


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
