"""The calls a plan would send, for `apply --dry-run`: as values, as JSON and as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.plan.model import Plan
from reconciler.plan.step import Action, Step
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import mask_for, outside, plain_text
from reconciler.report.vocabulary import KNOWN_AFTER_APPLY
from reconciler.sanitize.escape import json_line

if TYPE_CHECKING:
    from reconciler.plan.file_format import SavedPlan


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `path` is below the instance, `body` None where none is sent; phone numbers stand in full."""

    method: str
    path: str
    body: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """A plan, and the calls that applying it would send."""

    saved: SavedPlan
    calls: Sequence[Call]


def calls_of(plan: Plan, *, removes_by_post: bool = False) -> tuple[Call, ...]:
    """The calls in the order in which they start; `removes_by_post` is how the server's dialect removes people."""
    return tuple(_call(step, removes_by_post) for step in plan.steps)


def calls_document(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """The calls as the plan document has them beside the plan."""
    return [{"method": call.method, "path": call.path, "body": call.body} for call in calls]


def render_calls(run: DryRun, options: RenderOptions) -> str:
    """Return one call a line: `POST /groups {"name": …, "participants": […]}`."""
    return "\n".join(call_lines(run.calls, options)) or "No calls."


def call_lines(calls: Sequence[Call], options: RenderOptions) -> Iterator[str]:
    """Yield each call as a harmless line."""
    for call in calls:
        body = json_line(_for_reader(call.body, options)) if call.body is not None else ""
        yield " ".join(word for word in (call.method, plain_text(outside(call.path), options), body) if word)


def _for_reader(body: Mapping[str, object], options: RenderOptions) -> dict[str, object]:
    return {
        key: [mask_for(str(item), options) for item in value]
        if isinstance(value, list)
        else mask_for(str(value), options)
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
