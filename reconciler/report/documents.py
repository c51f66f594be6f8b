"""Plans and results as JSON documents, and any document masked for a terminal.

A document is plain JSON values in reading order. Its shape is published as `plan.schema.json` or `result.schema.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reconciler.apply.result import ApplyResult, summarize_result
from reconciler.messages import Message
from reconciler.model.serialize import to_json
from reconciler.plan.file_format import SavedPlan, plan_document
from reconciler.report.options import RenderOptions
from reconciler.report.text import DryRun
from reconciler.sanitize.escape import json_text
from reconciler.sanitize.mask import mask_address, mask_link, mask_text

RESULT_FORMAT: Final = "wappfy-reconciler/result"
RESULT_FORMAT_VERSION: Final = 2
_ADDRESSES: Final = frozenset({"never_removed", "identity", "jid", "lid", "id", "owner"})
_LINK: Final = "link"


def render_plan_json(saved: SavedPlan, options: RenderOptions) -> str:
    """Return the document of a plan."""
    return document_json(plan_for_reading(saved), options)


def render_dry_run_json(run: DryRun, options: RenderOptions) -> str:
    """Return the document of a plan with the calls of a dry run."""
    calls = [{"method": call.method, "path": call.path, "body": call.body} for call in run.calls]
    return document_json({**plan_for_reading(run.saved), "calls": calls}, options)


def render_result_json(result: ApplyResult, options: RenderOptions) -> str:
    """Return the document of a result."""
    return document_json(with_ref_ids(result_document(result)), options)


def document_json(document: dict[str, Any], options: RenderOptions) -> str:
    """Return a document as JSON text for this reader."""
    return json_text(mask_document(document, options.show_phones))


def document_of(value: Any, format_: str, version: int) -> dict[str, Any]:
    """Return the document of a value: its format, and everything in it with full numbers."""
    return {"format": format_, "format_version": version, "masked": False, **to_json(value)}


def result_document(result: ApplyResult) -> dict[str, Any]:
    """Return every call and its outcome, every step, and everybody who was not simply added or removed."""
    return {
        "format": RESULT_FORMAT,
        "format_version": RESULT_FORMAT_VERSION,
        "masked": False,
        "instance_id": result.plan.instance_id,
        "converged": result.converged,
        "interrupted": result.interrupted,
        "summary": to_json(summarize_result(result)),
        "refusals": to_json(result.plan.refusals),
        "overridden_rules": to_json(result.plan.overridden_rules),
        "steps": [
            {
                "status": step.status.value,
                **_message(step.message),
                **to_json(step.step),
                "group_id": step.group_id or step.step.group_id,
            }
            for step in result.steps
        ],
        "people": [
            {
                "group": person.group,
                "status": person.status.value,
                "refused": person.refused,
                "person": to_json(person.person),
                **_message(person.message, person.link_failure),
                "link": person.link,
            }
            for person in result.people
        ],
        "blocked": [
            {"group": group.key, "code": reason.code, "reason": reason.to_text()}
            for group in result.plan.groups
            for reason in group.blocked
        ],
        "remaining_drift": [
            {"group": group, "code": difference.code, "difference": difference.to_text()}
            for group, difference in result.remaining_drift
        ],
        "calls": to_json(result.calls),
    }


def _message(message: Message | None, addition: Message | None = None) -> dict[str, str | None]:
    return {
        "message": "; ".join(part.to_text() for part in (message, addition) if part is not None),
        "code": None if message is None else message.code,
    }


def plan_for_reading(saved: SavedPlan) -> dict[str, Any]:
    """Return the document of a plan as it is printed.

    To what a saved plan has it adds the actions of each group and a `ref_id` for each person; live groups are left out
    where nothing differs.
    """
    plan = plan_document(saved)
    return with_ref_ids({**plan, "groups": [_group_for_reading(group) for group in plan["groups"]]})


def _group_for_reading(group: dict[str, Any]) -> dict[str, Any]:
    actions = list(dict.fromkeys(step["action"] for step in group["steps"]))
    live = group["live"] if actions or group["blocked"] else None
    return {**group, "actions": actions, "live": live}


def with_ref_ids(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with a `ref_id` beside everything that names a person: `p1`, `p2`, … in its order.

    Two people can look the same once they are masked. The ids tell them apart within the document, and tell nothing
    of their numbers.
    """
    numbers: dict[str, str] = {}
    for person in _people_in(document):
        numbers.setdefault(_address(person), f"p{len(numbers) + 1}")
    result: dict[str, Any] = _with_ref_ids(document, numbers)
    return result


def _people_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if _is_person(value):
            yield value
        for item in value.values():
            yield from _people_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _people_in(item)


def _with_ref_ids(value: Any, numbers: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_ref_ids(item, numbers) for item in value]
    if not isinstance(value, dict):
        return value
    result = {name: _with_ref_ids(item, numbers) for name, item in value.items()}
    if _is_person(value):
        return {"ref_id": numbers[_address(value)], **result}
    if "cause" in value and value.get("person") is not None:
        return {**result, "ref_id": numbers.get(value["person"])}
    return result


def _is_person(value: dict[str, Any]) -> bool:
    return value.keys() >= {"identity", "jid", "lid"}


def _address(person: dict[str, Any]) -> str:
    """Return by what two mentions are of one person: as `PersonRef.ref_id`."""
    return next((person[name] for name in ("identity", "jid", "lid", "label", "id") if person.get(name)), "")


def mask_document(document: dict[str, Any], show_phones: bool) -> dict[str, Any]:
    """Return the document in the same shape with every phone number masked, unless `show_phones`.

    A masked plan cannot be applied: `masked` is true in it.
    """
    if show_phones:
        return document
    return {**{key: _mask_value(key, value) for key, value in document.items()}, "masked": True}


def _mask_value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return mask_address(value) if key in _ADDRESSES else mask_link(value) if key == _LINK else mask_text(value)
    if isinstance(value, dict):
        return {mask_text(str(name)): _mask_value(name, item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(key, item) for item in value]
    return value
