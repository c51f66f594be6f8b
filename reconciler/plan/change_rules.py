"""Check what a plan changes against the rules about changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.model.desired import Desired, DesiredGroup, Person
from reconciler.model.identity import Identity
from reconciler.model.person_ref import PersonRef
from reconciler.model.rules import Finding, FindingPlace
from reconciler.plan.model import Action, GroupPlan, Step
from reconciler.rules import CountryOf, PlannedChange, evaluate_changes


def all_findings(desired: Desired, groups: Iterable[GroupPlan], country_of: CountryOf) -> tuple[Finding, ...]:
    """Return what breaks the rules: in the file, as its load found, and in what these groups are to change."""
    if desired.rules_checked is None or not any(rule.is_about_changes for rule in desired.rules):
        return desired.findings
    by_key = {group.key: group for group in desired.groups}
    steps = [(step, by_key[group.key]) for group in groups for step in group.steps if group.key in by_key]
    changes = [change for step, group in steps for change in _changes(step, group, desired)]
    found = evaluate_changes(desired, desired.rules_checked, country_of, changes)
    return (*desired.findings, *(replace(finding, place=_place(finding, desired)) for finding in found))


def _place(finding: Finding, desired: Desired) -> FindingPlace | None:
    """Return the line of the group's key: the file has no line for what leaves a live group."""
    file, _, line = desired.group_places.get(finding.group or "", "").rpartition(":")
    return FindingPlace(file, int(line), 1, f"groups.{finding.group}") if file else None


def _changes(step: Step, group: DesiredGroup, desired: Desired) -> Iterator[PlannedChange]:
    """Yield what a step changes: one change for each person and each text, and one for the group where it is that."""
    if step.action in (Action.CREATE, Action.JOIN, Action.LEAVE):
        yield PlannedChange(step.action, group)
    if step.action is Action.PATCH:
        yield from (PlannedChange(_PATCHES[field], group) for field in step.texts)
    action = Action.ADD if step.action.adds_people else step.action
    yield from (PlannedChange(action, group, _person(person, desired)) for person in step.people)


_PATCHES = {"name": "rename", "description": "describe"}


def _person(person: PersonRef, desired: Desired) -> Person:
    """Return the person of the configuration, or one made of what the live group shows."""
    identity = person.identity or Identity(person.ref_id)
    return desired.people.get(identity) or Person(identity, person.jid or "", person.alias, person.name, person.lid)
