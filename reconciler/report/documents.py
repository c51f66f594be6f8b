"""Results as documents, for `--report` and `--format json`, and any document masked for a terminal.

A document is plain JSON values in the order in which one reads them. The shape is published as `result.schema.json`.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.apply.result import ApplyResult, summarize_result
from reconciler.messages import Message
from reconciler.model.serialize import to_json
from reconciler.sanitize.mask import mask_address, mask_link, mask_text

RESULT_FORMAT: Final = "wappfy-reconciler/result"


RESULT_FORMAT_VERSION: Final = 2


_ADDRESSES = frozenset({"never_removed", "identity", "jid", "lid", "id", "owner"})


_LINK = "link"


def result_document(result: ApplyResult) -> dict[str, Any]:
    """Every call and its outcome, every step, everybody who did not simply come or go."""
    return {
        "format": RESULT_FORMAT,
        "format_version": RESULT_FORMAT_VERSION,
        "masked": False,
        "instance_id": result.plan.instance_id,
        "converged": result.converged,
        "interrupted": result.interrupted,
        "summary": to_json(summarize_result(result)),
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


def mask_document(document: dict[str, Any], show_phones: bool) -> dict[str, Any]:
    """The document for stdout: the same shape with every phone number masked, unless `show_phones`.

    A masked plan cannot be applied; it says so of itself in `masked`.
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
