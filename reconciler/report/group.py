"""What every format tells of one group of a plan, before it is told in words."""

from __future__ import annotations

from reconciler.model.plan import Found, GroupPlan, TextChange
from reconciler.model.step import Action
from reconciler.model.who import Who
from reconciler.report.lines import KNOWN_AFTER_APPLY, Ink


def has_something_to_say(group: GroupPlan) -> bool:
    """Whether a group gets a section of its own, rather than being counted or only named."""
    return group.pending or bool(group.advice or group.text or group.add or group.remove)


def id_of(group: GroupPlan) -> str:
    """The live group's id, whether the file or a name led to it; else why there is none."""
    known = group.id or (group.live.id if group.live else None)
    if known:
        return known
    arriving = any(step.action.arrives for step in group.steps)
    return KNOWN_AFTER_APPLY if arriving else "(no live group)"


def found_by(group: GroupPlan, ink: Ink) -> str:
    """By which name an adopted group was found: `found by earlier name "Project Alfa"`."""
    if group.found is not Found.BY_PREVIOUS_NAME:
        return "found by name"
    old = group.live.name if group.live else next((c.old for c in group.text if c.field == "name"), None)
    return f"found by earlier name {ink.title(old)}" if old else "found by an earlier name"


def text_changes(group: GroupPlan) -> list[tuple[TextChange, bool]]:
    """Name, then description, and whether each stays as it is because no step mends it.

    The name of a group that is yet to be made stands in its heading already.
    """
    sent = {("name", step.name) for step in group.steps} | {("description", s.description) for s in group.steps}
    changes = sorted(group.text, key=lambda change: (change.field != "name", change.field))
    return [
        (change, (change.field, change.new) not in sent)
        for change in changes
        if change.field != "name" or change.old is not None
    ]


def people_moving(group: GroupPlan, *, comes: bool) -> list[tuple[Who, bool]]:
    """Who comes (or goes), in the order of people, and whether they stay all the same because no step moves them."""
    actions = (Action.CREATE, Action.ADD) if comes else (Action.REMOVE,)
    moved = {who.key: who for step in group.steps if step.action in actions for who in step.people}
    differing = {who.key: who for who in (group.add if comes else group.remove)}
    everybody: dict[str, Who] = moved | differing
    return [(who, who.key not in moved) for who in sorted(everybody.values(), key=lambda who: who.order)]
