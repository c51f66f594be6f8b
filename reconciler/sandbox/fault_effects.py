"""What a fault makes of an answer: values in, values out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from reconciler.sandbox.errors import ApiFailure
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.http_messages import ApiData, ApiRequest, HttpReply, failure, success

HTML_PAGE = b"<!doctype html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"
"""The page of a proxy that answers in the API's place."""

_CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    422: "UNPROCESSABLE_ENTITY",
    429: "RATE_LIMIT_EXCEEDED",
}


class Delivery(Enum):
    """How an answer reaches the client: whole, half and cut off, not at all, or never while the client waits."""

    WHOLE = "whole"
    HALF = "half"
    DROPPED = "dropped"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer and its way out."""

    reply: HttpReply
    delivery: Delivery = Delivery.WHOLE
    rate_headers: bool = True


_DELIVERIES: Mapping[str, Delivery] = {
    FaultKind.DROP_BEFORE: Delivery.DROPPED,
    FaultKind.DROP_AFTER: Delivery.DROPPED,
    FaultKind.DROP_MID: Delivery.HALF,
    FaultKind.SILENCE: Delivery.SILENT,
}


def apply_fault(fault: Fault, reply: HttpReply | None, incoming: ApiRequest) -> Outcome:
    """The outcome of a call that met a fault; `reply` is its right answer, None where it was not handled."""
    right = reply or success(ApiData({}), incoming)
    spoilt = _spoilt(fault, right, incoming)
    spoilt = replace(spoilt, headers={**spoilt.headers, **{k.lower(): v for k, v in fault.headers.items()}})
    return Outcome(spoilt, _DELIVERIES.get(fault.kind, Delivery.WHOLE), fault.rate_headers)


def _spoilt(fault: Fault, right: HttpReply, incoming: ApiRequest) -> HttpReply:
    if fault.kind == FaultKind.STATUS:
        status = fault.status or 500
        code = fault.code or _CODES.get(status, "INTERNAL_ERROR")
        return failure(ApiFailure(status, code, fault.message or "the sandbox was told to fail"), incoming)
    if fault.kind == FaultKind.HTML:
        return HttpReply(200, HTML_PAGE, {"content-type": "text/html; charset=utf-8"})
    if fault.kind == FaultKind.REDIRECT:
        return HttpReply(fault.status or 302, b"", {"location": fault.location})
    if fault.kind == FaultKind.SET_COOKIE:
        return replace(right, headers={**right.headers, "set-cookie": fault.cookie})
    if fault.kind == FaultKind.TRUNCATED:
        return replace(right, body=right.body[: len(right.body) // 2])
    if fault.kind == FaultKind.GARBAGE:
        return replace(right, status=200, body=json.dumps(fault.body).encode())
    return _falsified(fault, right)


def _falsified(fault: Fault, right: HttpReply) -> HttpReply:
    """Answers of the right shape that say something wrong; errors stay as they are."""
    changes: Mapping[str, Callable[[Any, int], Any]] = {
        FaultKind.PARTIAL_LIST: _without_groups,
        FaultKind.PARTIAL_GROUP: _without_people,
        FaultKind.WRONG_COUNT: _miscounted,
    }
    if fault.kind not in changes or right.status != 200:
        return right
    told = json.loads(right.body)
    told["data"] = changes[fault.kind](told["data"], fault.amount)
    return replace(right, body=json.dumps(told, ensure_ascii=False).encode())


def _without_groups(data: Any, amount: int) -> Any:
    if isinstance(data, list):
        return _shortened(data, amount)
    return {**data, "items": _shortened(data["items"], amount)} if "items" in data else data


def _without_people(data: Any, amount: int) -> Any:
    if isinstance(data, list):
        return _shortened(data, amount)
    return {**data, "participants": _shortened(data["participants"], amount)} if "participants" in data else data


def _miscounted(data: Any, amount: int) -> Any:
    if isinstance(data, list):
        return [_off_by(entry, amount) for entry in data]
    return {**data, "items": [_off_by(entry, amount) for entry in data["items"]]} if "items" in data else data


def _off_by(entry: Mapping[str, Any], amount: int) -> Mapping[str, Any]:
    if "participant_count" not in entry:
        return entry
    return {**entry, "participant_count": entry["participant_count"] + amount}


def _shortened(entries: list[Any], amount: int) -> list[Any]:
    return entries[: max(0, len(entries) - amount)]
