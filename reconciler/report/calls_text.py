"""The calls a plan would send, for `apply --dry-run`."""

from __future__ import annotations

from reconciler.hostile.escaping import json_line
from reconciler.model.plan import Action, Plan, Step
from reconciler.report.lines import KNOWN_AFTER_APPLY, Ink


def render_calls(plan: Plan, *, show_phones: bool, removes_by_post: bool = False) -> str:
    """One call a line, in the order in which they start: `POST /groups {"name": …, "participants": […]}`.

    Paths are those below the instance. removes_by_post: how the server's dialect removes people.
    """
    ink = Ink(show_phones, color=False)
    return "\n".join(_call(step, ink, removes_by_post) for step in plan.steps) or "No calls."


def _call(step: Step, ink: Ink, removes_by_post: bool) -> str:
    method, path, body = "POST", _path(step), _body(step, ink)
    if step.action is Action.PATCH:
        method = "PATCH"
    elif step.action is Action.REMOVE:
        method, path = ("POST", f"{path}/remove") if removes_by_post else ("DELETE", path)
    words = [method, ink.words(path), json_line(body) if body else ""]
    return " ".join(word for word in words if word)


def _path(step: Step) -> str:
    group = f"/groups/{step.group_id or KNOWN_AFTER_APPLY}"
    paths = {
        Action.CREATE: "/groups",
        Action.JOIN: "/groups/join",
        Action.PATCH: group,
        Action.LEAVE: f"{group}/leave",
    }
    return paths.get(step.action, f"{group}/participants")


def _body(step: Step, ink: Ink) -> dict[str, object]:
    texts = {"name": step.name, "description": step.description, "invite_code": step.invite}
    body: dict[str, object] = {key: ink.unmasked(text) for key, text in texts.items() if text is not None}
    if step.action in (Action.CREATE, Action.ADD, Action.REMOVE):
        body["participants"] = [ink.unmasked(who.jid or "") for who in step.people]
    return body
