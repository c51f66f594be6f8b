"""Plans and results as documents: what a plan file holds, what `--format json` prints, what `--report` saves.

A document is plain JSON values in the order in which one reads them. Plan and result files hold full numbers; what
goes to a terminal goes through `masked` first. The shapes are published as `plan.schema.json`, `result.schema.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from reconciler.model.desired import Source
from reconciler.model.live import LiveGroup
from reconciler.model.plan import Advice, GroupPlan, Plan, Refusal, Step, Who
from reconciler.model.result import ApplyResult, CallRecord
from reconciler.report.masking import mask_address, mask_text
from reconciler.report.plan_reading import PLAN_FORMAT, PLAN_FORMAT_VERSION, read_plan_document
from reconciler.report.problems_text import problems_document
from reconciler.report.summary import summarize_plan, summarize_result

__all__ = ["masked", "plan_document", "problems_document", "read_plan_document", "result_document"]

RESULT_FORMAT: Final = "wappfy-reconciler/result"
RESULT_FORMAT_VERSION: Final = 1

_ADDRESSES = frozenset({"identity", "jid", "lid", "id", "owner"})


def plan_document(plan: Plan, *, sources: Sequence[Source], made_by: str, made_at: str) -> dict[str, Any]:
    """Everything about a plan, losslessly: `read_plan_document` gives the same plan back.

    `made_by` is this program's version, `made_at` UTC ISO-8601; `sources` are the files the plan was made from.
    """
    return {
        "format": PLAN_FORMAT,
        "format_version": PLAN_FORMAT_VERSION,
        "made_by": made_by,
        "made_at": made_at,
        "masked": False,
        "instance_id": plan.instance_id,
        "as_of": plan.as_of.isoformat(),
        "targets": list(plan.targets),
        "summary": asdict(summarize_plan(plan)),
        "refusals": [_refusal(refusal) for refusal in plan.refusals],
        "groups": [_group(group) for group in plan.groups],
        "advice": [_advice(advice) for advice in plan.advice],
        "calls_per_minute": plan.calls_per_minute,
        "writes_per_minute": plan.writes_per_minute,
        # By path, so that the same files give the same document.
        "sources": [asdict(source) for source in sorted(sources, key=lambda source: source.path)],
    }


def result_document(result: ApplyResult) -> dict[str, Any]:
    """Every call and its outcome, every step, everybody who did not simply come or go."""
    return {
        "format": RESULT_FORMAT,
        "format_version": RESULT_FORMAT_VERSION,
        "masked": False,
        "instance_id": result.plan.instance_id,
        "converged": result.converged,
        "interrupted": result.interrupted,
        "summary": asdict(summarize_result(result)),
        "steps": [
            {
                "outcome": step.outcome.value,
                "message": step.message,
                **_step(step.step),
                "group_id": step.group_id or step.step.group_id,
            }
            for step in result.steps
        ],
        "people": [
            {
                "group": person.group,
                "state": person.state.value,
                "refused": person.refused,
                "who": _who(person.who),
                "message": person.message,
                "link": person.link,
            }
            for person in result.people
        ],
        "blocked": [{"group": group.key, "reason": text} for group in result.plan.groups for text in group.blocked],
        "left_over": [{"group": group, "difference": text} for group, text in result.left_over],
        "calls": [_call(call) for call in result.calls],
    }


def masked(document: dict[str, Any], show_phones: bool) -> dict[str, Any]:
    """The document for stdout: the same shape with every phone number masked, unless `show_phones`.

    A masked plan cannot be applied; it says so of itself in `masked`.
    """
    if show_phones:
        return document
    return {**{key: _masked_value(key, value) for key, value in document.items()}, "masked": True}


def _masked_value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return mask_address(value) if key in _ADDRESSES else mask_text(value)
    if isinstance(value, dict):
        return {mask_text(str(name)): _masked_value(name, item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked_value(key, item) for item in value]
    return value


def _group(group: GroupPlan) -> dict[str, Any]:
    return {
        "key": group.key,
        "name": group.name,
        "id": group.id,
        "found": group.found.value,
        "names": list(group.names),
        "text": [{"field": change.field, "old": change.old, "new": change.new} for change in group.text],
        "add": [_who(who) for who in group.add],
        "remove": [_who(who) for who in group.remove],
        "blocked": list(group.blocked),
        "advice": [_advice(advice) for advice in group.advice],
        "steps": [_step(step) for step in group.steps],
        "live_members": group.live_members,
        "removal_limit": asdict(group.removal_limit),
        "live": _live(group.live) if group.live else None,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "group": step.group,
        "action": step.action.value,
        "phase": step.phase.name.lower(),
        "group_id": step.group_id,
        "name": step.name,
        "description": step.description,
        "people": [_who(who) for who in step.people],
        "invite": step.invite,
    }


def _who(who: Who) -> dict[str, Any]:
    return {
        "label": who.label,
        "identity": who.identity,
        "jid": who.jid,
        "lid": who.lid,
        "until": who.until.isoformat() if who.until else None,
        "reason": who.reason,
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {"kind": advice.kind.value, "text": advice.text, "people": [_who(who) for who in advice.people]}


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {"group": refusal.group, "message": refusal.message, "lift": refusal.lift}


def _live(live: LiveGroup) -> dict[str, Any]:
    return {
        "id": live.id,
        "name": live.name,
        "description": live.description,
        "owner": live.owner,
        "count": live.count,
        "participants": [asdict(participant) for participant in live.participants],
    }


def _call(call: CallRecord) -> dict[str, Any]:
    return {
        "at": call.at,
        "method": call.method,
        "path": call.path,
        "attempt": call.attempt,
        "status": call.status,
        "code": call.code,
        "error": call.error,
        "request_id": call.request_id,
        "seconds": call.seconds,
        "body": call.body,
    }
