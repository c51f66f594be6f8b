"""What the file still wants of a group after an apply, and no step or person of the result tells. Pure."""

from __future__ import annotations

from reconciler.diff.compare import compare
from reconciler.diff.match import Match, names_of
from reconciler.model.desired import Desired
from reconciler.model.live import ListedGroup, LiveGroup
from reconciler.model.plan import Action, Found
from reconciler.model.result import ApplyResult, Outcome
from reconciler.model.text import same_text


def still_differs(key: str, live: LiveGroup, result: ApplyResult, desired: Desired | None) -> str:
    """What the file still wants of a group as it was read back, in words; "" for nothing.

    That is what no plan could know of a group before it was joined, and what somebody else changed meanwhile.
    Without `desired` all that can be said is that a joined group has to be looked at.
    """
    steps = [step for step in result.steps if step.step.group == key]
    joined = any(step.step.action is Action.JOIN for step in steps)
    if any(step.outcome is not Outcome.DONE for step in steps) or any(told == key for told, _ in result.left_over):
        return ""
    if desired is None:
        return "joined: plan again to see what else the file wants of it" if joined else ""
    match = _match_of(key, live, desired)
    (change,) = compare([match], desired, {live.id: live})
    told_of = {outcome.who.identity for outcome in result.people if outcome.group == key}
    people = [who for who in (*change.add, *change.remove) if who.identity not in told_of]
    if not change.text and not people and not change.blocked:
        return ""
    if joined and match.group.id is None and not any(same_text(live.name, name) for name in names_of(match.group)):
        return f'its invite leads into "{live.name}", which has another name: note the `id` {live.id} in the file'
    if joined:
        return "joined, and its name, description or members differ from the file: plan and apply again"
    return "somebody else changed its name, description or members during this run: plan and apply again"


def _match_of(key: str, live: LiveGroup, desired: Desired) -> Match:
    """The group of this key with the live one that the run was about, whatever that is called by now."""
    listed = ListedGroup(live.id, live.name, None, live.participants, live.description, live.owner)
    return next(Match(group, Found.BY_ID, listed) for group in desired.groups if group.key == key)
