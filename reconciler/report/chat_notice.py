"""A short summary of drift for a chat: counts and keys, without the names that strangers wrote or anybody's number."""

from __future__ import annotations

from typing import Final

from reconciler.plan.model import Action, GroupPlan, Plan
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import plain_text
from reconciler.report.summary import cause_sentences
from reconciler.report.vocabulary import plural
from reconciler.sanitize.escape import mask_and_escape

_MAX_GROUPS: Final = 10
_ACTIONS: Final = {Action.CREATE: "to create", Action.JOIN: "to join", Action.LEAVE: "to leave"}


def render_notice(plan: Plan) -> str:
    """Return a few lines of plain text: what differs in up to ten groups, how many more, and what blocks an apply."""
    drifted = [group for group in plan.groups if group.has_changes]
    differ = plural(len(drifted), "group differs", "groups differ")
    lines = [f"The reconciler: {differ} from the configuration."]
    lines += [f"- {mask_and_escape(group.key)}: {_differences(group)}" for group in drifted[:_MAX_GROUPS]]
    if len(drifted) > _MAX_GROUPS:
        lines.append(f"- and {plural(len(drifted) - _MAX_GROUPS, 'more group', 'more groups')}")
    if plan.baseline is not None:
        lines += (plain_text(sentence, RenderOptions()) for sentence in cause_sentences(plan, plan.baseline))
    if plan.refusals:
        lines.append(f"Apply would be refused: {plural(len(plan.refusals), 'reason', 'reasons')}.")
    return "\n".join(lines)


def _differences(group: GroupPlan) -> str:
    parts = [_ACTIONS[step.action] for step in group.steps if step.action in _ACTIONS]
    if not parts:
        parts += [f"{change.field} differs" for change in group.field_changes]
        parts += [f"{len(group.add)} to add"] if group.add else []
        parts += [f"{len(group.remove)} to remove"] if group.remove else []
    parts += ["blocked"] if group.blocked else []
    return ", ".join(parts)
