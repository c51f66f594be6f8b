"""A short summary of drift for a chat: counts and keys, no names that strangers wrote, nobody's number."""

from __future__ import annotations

from reconciler.hostile.escaping import safe
from reconciler.model.plan import GroupPlan, Plan
from reconciler.model.step import Action
from reconciler.report.narrowing import verdict_lines
from reconciler.report.wording import counted

_GROUPS = 10

_WORDS = {Action.CREATE: "to create", Action.JOIN: "to join", Action.LEAVE: "to leave"}


def render_notice(plan: Plan) -> str:
    """A few lines of plain text: what differs in up to ten groups, how many more there are, what stands in the way."""
    drifted = [group for group in plan.groups if group.pending]
    differ = "1 group differs" if len(drifted) == 1 else f"{len(drifted)} groups differ"
    lines = [f"The reconciler: {differ} from the file."]
    lines += [f"- {safe(group.key)}: {_difference(group)}" for group in drifted[:_GROUPS]]
    if len(drifted) > _GROUPS:
        lines.append(f"- and {counted(len(drifted) - _GROUPS, 'more group', 'more groups')}")
    if plan.baseline is not None:
        lines += (safe(line) for line in verdict_lines(plan, plan.baseline))
    if plan.refusals:
        lines.append(f"An apply would be refused: {counted(len(plan.refusals), 'reason', 'reasons')}.")
    return "\n".join(lines)


def _difference(group: GroupPlan) -> str:
    parts = [_WORDS[step.action] for step in group.steps if step.action in _WORDS]
    if not parts:
        parts += [f"{change.field} differs" for change in group.text]
        parts += [f"{len(group.add)} to add"] if group.add else []
        parts += [f"{len(group.remove)} to remove"] if group.remove else []
    parts += ["blocked"] if group.blocked else []
    return ", ".join(parts)
