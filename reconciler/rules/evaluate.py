"""Evaluate rules: what breaks them, which exemptions allow it, and which exemptions ended or are not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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
    ended = [exemption for exemption in rule.exempt if exemption.until < subjects.day]
    used: set[Exemption] = set()
    yield from _limited(rule, _with_exemptions(rule, breaches(rule, subjects), subjects.day, used))
    for exemption in ended:
        yield _about(rule, exemption, FindingKind.EXEMPTION_ENDED, Severity.ERROR, subjects)
    for exemption in rule.exempt:
        if exemption not in used and exemption not in ended:
            yield _about(rule, exemption, FindingKind.EXEMPTION_UNUSED, Severity.WARNING, subjects)


def _with_exemptions(rule: Rule, found: Iterable[Breach], day: date, used: set[Exemption]) -> Iterator[Finding]:
    """Yield each breach as a finding, and note which exemptions are `used`."""
    by_subject: dict[tuple[str | None, Identity | None], list[Exemption]] = {}
    for exemption in rule.exempt:
        if exemption.until >= day:
            by_subject.setdefault((exemption.group, exemption.person), []).append(exemption)
    for breach in found:
        covering = list(_covering(breach, by_subject)) if by_subject else []
        used.update(covering)
        yield Finding(
            rule=rule.name,
            kind=FindingKind.EXEMPT if covering else FindingKind.BROKEN,
            severity=rule.severity,
            message=f"{breach.text}: {rule.message}" if rule.message else breach.text,
            group=breach.group,
            person=breach.person,
            team=breach.team,
            exemption=covering[0] if covering else None,
        )


def _covering(breach: Breach, by_subject: _Exemptions) -> Iterator[Exemption]:
    for subject in dict.fromkeys([(breach.group, breach.person), (breach.group, None), (None, breach.person)]):
        yield from by_subject.get(subject, ()) if subject != (None, None) else ()


@dataclass(slots=True)
class _Rest:
    """How many breaches are not listed."""

    count: int = 0


def _limited(rule: Rule, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first findings that an exemption allows, and the first others; and how many others are left."""
    listed = dict.fromkeys(FindingKind, 0)
    for finding in findings:
        listed[finding.kind] += 1
        if listed[finding.kind] <= MAX_BREACHES:
            yield finding
    left = listed[FindingKind.BROKEN] - MAX_BREACHES
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
