"""What the file still wants of the groups after an apply, and no step or person of the result tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.diff.change import Change
from reconciler.diff.compare import compare
from reconciler.diff.match import Match, names_of
from reconciler.model.desired import Desired
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.plan import Found
from reconciler.model.result import ApplyResult, Outcome
from reconciler.model.step import Action
from reconciler.model.text import in_quotes, same_text


def still_differing(
    live: Mapping[str, LiveGroup], result: ApplyResult, desired: Desired | None
) -> tuple[tuple[str, str], ...]:
    """What the file still wants of the groups as they were read back (`live`, by key): the key and the words.

    That is what no plan could know of a group before it was joined, and what somebody else changed meanwhile.
    Without `desired` all that can be said is that a joined group has to be looked at.
    """
    changes = _changes(live, desired) if desired is not None else {}
    told = ((key, _still_differs(key, group, result, changes.get(key))) for key, group in live.items())
    return tuple((key, text) for key, text in told if text)


def _still_differs(key: str, live: LiveGroup, result: ApplyResult, change: Change | None) -> str:
    steps = [step for step in result.steps if step.step.group == key]
    joined = any(step.step.action is Action.JOIN for step in steps)
    if any(step.outcome is not Outcome.DONE for step in steps) or any(told == key for told, _ in result.left_over):
        return ""
    if change is None:
        return "joined: plan again to see what else the file wants of it" if joined else ""
    told_of = {outcome.who.identity for outcome in result.people if outcome.group == key}
    people = [who for who in (*change.add, *change.remove) if who.identity not in told_of]
    if not change.text and not people and not change.blocked:
        return ""
    if joined and change.group.id is None and not any(same_text(live.name, name) for name in names_of(change.group)):
        called = in_quotes(live.name)
        return f"its invite leads into {called}, which has another name: note the `id` {live.id} in the file"
    if joined:
        return "joined, and its name, description or members differ from the file: plan and apply again"
    return "somebody else changed its name, description or members during this run: plan and apply again"


def _changes(live: Mapping[str, LiveGroup], desired: Desired) -> dict[str, Change]:
    """By key: the groups of the file against the live ones that the run was about, whatever these are called by now."""
    matches = [Match(group, Found.BY_ID, _listed(live[group.key])) for group in desired.groups if group.key in live]
    changes = compare(matches, desired, {group.id: group for group in live.values()})
    return {change.group.key: change for change in changes}


def _listed(live: LiveGroup) -> ListedGroup:
    return ListedGroup(live.id, live.name, None, live.participants, live.description, live.owner)
