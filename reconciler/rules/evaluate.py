"""Evaluate rules: what breaks them, which exemptions allow it, and which exemptions ended or are not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.rules import Exemption, Finding, FindingKind, Rule, Severity
from reconciler.rules.conditions import Breach, Subjects, breaches, nothing_to_check

MAX_BREACHES: Final = 200
"""Breaches of one rule that are listed one by one; the others are counted."""
_Exemptions = Mapping[tuple[str | None, Identity | None], list[Exemption]]


def evaluate(desired: Desired, day: date) -> tuple[Finding, ...]:
    """Return what breaks the rules on a day, and what is wrong with their exemptions; in the order of the rules."""
    if not desired.rules:
        return ()
    subjects = Subjects(desired, day)
    return tuple(finding for rule in desired.rules for finding in _findings(rule, subjects))


def _findings(rule: Rule, subjects: Subjects) -> Iterator[Finding]:
    reason = nothing_to_check(rule, subjects)
    if reason:
        yield Finding(rule=rule.name, kind=FindingKind.NOTHING_TO_CHECK, severity=Severity.WARNING, message=reason)
    used: set[Exemption] = set()
    yield from _listed(rule, _with_exemptions(rule, subjects, used))
    for exemption in rule.exempt:
        if exemption.until < subjects.day:
            yield _about(rule, exemption, FindingKind.EXEMPTION_ENDED, Severity.ERROR, subjects)
        elif exemption not in used:
            yield _about(rule, exemption, FindingKind.EXEMPTION_UNUSED, Severity.WARNING, subjects)


def _with_exemptions(rule: Rule, subjects: Subjects, used: set[Exemption]) -> Iterator[tuple[Breach, Exemption | None]]:
    """Yield each breach with the exemption that allows it, and note which exemptions are `used`."""
    current = [exemption for exemption in rule.exempt if exemption.until >= subjects.day]
    by_subject: dict[tuple[str | None, Identity | None], list[Exemption]] = {}
    for exemption in current:
        by_subject.setdefault((exemption.group, exemption.person), []).append(exemption)
    for breach in breaches(rule, subjects):
        covering = list(_covering(breach, by_subject)) if by_subject else []
        used.update(covering)
        yield breach, covering[0] if covering else None


def _covering(breach: Breach, by_subject: _Exemptions) -> Iterator[Exemption]:
    for subject in dict.fromkeys([(breach.group, breach.person), (breach.group, None), (None, breach.person)]):
        yield from by_subject.get(subject, ()) if subject != (None, None) else ()


def _listed(rule: Rule, found: Iterable[tuple[Breach, Exemption | None]]) -> Iterator[Finding]:
    """Yield the first breaches that an exemption allows, and the first others; and how many others are left."""
    counts = {FindingKind.BROKEN: 0, FindingKind.EXEMPT: 0}
    for breach, exemption in found:
        kind = FindingKind.BROKEN if exemption is None else FindingKind.EXEMPT
        counts[kind] += 1
        if counts[kind] <= MAX_BREACHES:
            yield Finding(
                rule=rule.name,
                kind=kind,
                severity=rule.severity,
                message=f"{breach.text}: {rule.message}" if rule.message else breach.text,
                group=breach.group,
                person=breach.person,
                team=breach.team,
                exemption=exemption,
            )
    left = counts[FindingKind.BROKEN] - MAX_BREACHES
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
