"""The calls that an apply sends, for `apply --dry-run`: from the same endpoints that the client sends them to."""

from __future__ import annotations

from reconciler.live import endpoints
from reconciler.model.live import ApiCall
from reconciler.plan.model import Plan
from reconciler.plan.step import Action, Step


def dry_run_calls(plan: Plan, *, unknown_id: str, removes_by_post: bool) -> tuple[ApiCall, ...]:
    """Return the calls of a plan in the order of its steps.

    `unknown_id` stands for the id of a group that the plan creates or joins; `removes_by_post` is the server's dialect.
    """
    return tuple(_call(step, step.group_id or unknown_id, removes_by_post) for step in plan.steps)


def _call(step: Step, group_id: str, removes_by_post: bool) -> ApiCall:
    jids = [person.jid for person in step.people if person.jid is not None]
    match step.action:
        case Action.CREATE:
            return endpoints.create_group(step.name or "", jids)
        case Action.JOIN:
            return endpoints.join_group(step.invite or "")
        case Action.PATCH:
            return endpoints.patch_group(group_id, step.name, step.description)
        case Action.ADD:
            return endpoints.add_participants(group_id, jids)
        case Action.REMOVE:
            return endpoints.remove_participants(group_id, jids, by_post=removes_by_post)
        case Action.LEAVE:
            return endpoints.leave_group(group_id)
