"""The calls a plan would send, for `apply --dry-run`: as values, as JSON and as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.plan.model import Plan
from reconciler.plan.step import Action, Step
from reconciler.report.style import KNOWN_AFTER_APPLY, TextStyle
from reconciler.sanitize.escape import json_line


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `path` is below the instance, `body` None where none is sent; phone numbers stand in full."""

    method: str
    path: str
    body: Mapping[str, object] | None


def calls_of(plan: Plan, *, removes_by_post: bool = False) -> tuple[Call, ...]:
    """The calls in the order in which they start; `removes_by_post` is how the server's dialect removes people."""
    return tuple(_call(step, removes_by_post) for step in plan.steps)


def calls_document(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """The calls as the plan document has them beside the plan."""
    return [{"method": call.method, "path": call.path, "body": call.body} for call in calls]


def render_calls(calls: Sequence[Call], *, show_phones: bool) -> str:
    """One call a line: `POST /groups {"name": …, "participants": […]}`."""
    return "\n".join(call_lines(calls, show_phones=show_phones)) or "No calls."


def call_lines(calls: Sequence[Call], *, show_phones: bool) -> Iterator[str]:
    """Each call as a harmless line, masked unless `show_phones`."""
    ink = TextStyle(show_phones, color=False)
    for call in calls:
        body = json_line(_as_seen(call.body, ink)) if call.body is not None else ""
        yield " ".join(word for word in (call.method, ink.text(call.path), body) if word)


def _as_seen(body: Mapping[str, object], ink: TextStyle) -> dict[str, object]:
    return {
        key: [ink.mask_for_reader(str(item)) for item in value]
        if isinstance(value, list)
        else ink.mask_for_reader(str(value))
        for key, value in body.items()
    }


def _call(step: Step, removes_by_post: bool) -> Call:
    method, path = "POST", _path(step)
    if step.action is Action.PATCH:
        method = "PATCH"
    elif step.action is Action.REMOVE:
        method, path = ("POST", f"{path}/remove") if removes_by_post else ("DELETE", path)
    return Call(method, path, _body(step) or None)


def _path(step: Step) -> str:
    group = f"/groups/{step.group_id or KNOWN_AFTER_APPLY}"
    paths = {
        Action.CREATE: "/groups",
        Action.JOIN: "/groups/join",
        Action.PATCH: group,
        Action.LEAVE: f"{group}/leave",
    }
    return paths.get(step.action, f"{group}/participants")


def _body(step: Step) -> dict[str, object]:
    texts = {"name": step.name, "description": step.description, "invite_code": step.invite}
    body: dict[str, object] = {key: text for key, text in texts.items() if text is not None}
    if step.action in (Action.CREATE, Action.ADD, Action.REMOVE):
        body["participants"] = [who.jid or "" for who in step.people]
    return body
