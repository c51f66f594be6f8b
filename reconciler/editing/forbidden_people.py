"""Leave out of an adoption who came into a live group and may not be there: without consent, or against a rule."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from reconciler.diff.change import Change
from reconciler.editing.adopt import Adoption
from reconciler.editing.config_edit import EditedConfig, why_unwanted
from reconciler.errors import UsageError
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity
from reconciler.model.rules import Finding, Severity

Came: TypeAlias = tuple[str, Identity]
"""Who came, behind the key of the group."""


def adopt_permitted(
    adopt: Callable[[Sequence[Change]], Adoption], changes: Sequence[Change], desired: Desired
) -> Adoption:
    """Adopt changes without the people who may not be added; each is among the skipped, with the reason.

    That is who did not agree, who left a people file, and everybody who makes an error of a rule that was kept.
    """
    came = {(change.group.key, person.identity) for change in changes for person in change.remove if person.identity}
    unwanted = {each: why_unwanted(desired, each[1]) for each in sorted(came)}
    left_out = {each: f"{why[0]}; {why[1]}" for each, why in unwanted.items() if why is not None}
    adoption = _adopted(adopt, changes, left_out)
    if not any(rule.severity is Severity.ERROR and not rule.is_about_changes for rule in desired.rules):
        return adoption
    try:
        nobody = _adopted(adopt, changes, dict.fromkeys(came, "")).edit.result()
        while forbidden := _forbidden(adoption.edit.result(), nobody):
            left_out |= forbidden
            adoption = _adopted(adopt, changes, left_out)
    except UsageError:
        pass  # writing this adoption raises the same error
    return adoption


def _adopted(
    adopt: Callable[[Sequence[Change]], Adoption], changes: Sequence[Change], left_out: Mapping[Came, str]
) -> Adoption:
    """Adopt changes without some of the people who came."""
    kept, notes = list[Change](), list[tuple[str, str]]()
    for change in changes:
        stay = []
        for person in change.remove:
            came = (change.group.key, person.identity) if person.identity is not None else None
            if came is None or came not in left_out:
                stay.append(person)
            else:
                notes.append((came[0], f"{person.label or person.identity} came, and {left_out[came]}"))
        kept.append(replace(change, remove=tuple(stay)))
    adoption = adopt(kept)
    return replace(adoption, skipped=(*adoption.skipped, *notes))


def _forbidden(edited: EditedConfig, nobody: EditedConfig) -> dict[Came, str]:
    """Return who makes an error of a rule that there is not if `nobody` comes, each with the rule."""
    before = {replace(each, place=None) for each in nobody.after.findings}
    came = {(key, person.identity) for key, person, comes in edited.memberships() if comes}
    forbidden: dict[Came, str] = {}
    for finding in edited.after.findings:
        if finding.refuses and replace(finding, place=None) not in before:
            who = _of(finding, came)
            forbidden |= dict.fromkeys(who, f"the rule `{finding.rule}` forbids it: {finding.message}")
    return forbidden


def _of(finding: Finding, came: Collection[Came]) -> Collection[Came]:
    """Return the people that a finding is about: the person, else all who came into the group, else all who came."""
    group, person = finding.group, finding.person
    exactly = [each for each in came if group in (None, each[0]) and person in (None, each[1])]
    return exactly or [each for each in came if group == each[0]] or came
