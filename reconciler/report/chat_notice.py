"""A short summary of drift for a chat: counts and keys, no names that strangers wrote, nobody's number."""

from __future__ import annotations

from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.step import Action
from reconciler.report.style import plural
from reconciler.report.summary import cause_lines
from reconciler.sanitize.escape import mask_and_escape

_GROUPS = 10


_WORDS = {Action.CREATE: "to create", Action.JOIN: "to join", Action.LEAVE: "to leave"}


def render_notice(plan: Plan) -> str:
    """A few lines of plain text: what differs in up to ten groups, how many more there are, what stands in the way."""
    drifted = [group for group in plan.groups if group.has_changes]
    differ = "1 group differs" if len(drifted) == 1 else f"{len(drifted)} groups differ"
    lines = [f"The reconciler: {differ} from the file."]
    lines += [f"- {mask_and_escape(group.key)}: {_difference(group)}" for group in drifted[:_GROUPS]]
    if len(drifted) > _GROUPS:
        lines.append(f"- and {plural(len(drifted) - _GROUPS, 'more group', 'more groups')}")
    if plan.baseline is not None:
        lines += (mask_and_escape(line) for line in cause_lines(plan, plan.baseline))
    if plan.refusals:
        lines.append(f"An apply would be refused: {plural(len(plan.refusals), 'reason', 'reasons')}.")
    return "\n".join(lines)


def _difference(group: GroupPlan) -> str:
    parts = [_WORDS[step.action] for step in group.steps if step.action in _WORDS]
    if not parts:
        parts += [f"{change.field} differs" for change in group.field_changes]
        parts += [f"{len(group.add)} to add"] if group.add else []
        parts += [f"{len(group.remove)} to remove"] if group.remove else []
    parts += ["blocked"] if group.blocked else []
    return ", ".join(parts)
