"""The effect of a fault on a response, as a pure function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from reconciler.sandbox.errors import ApiFailure
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.http_messages import ApiData, ApiRequest, HttpReply, error_reply, success_reply

HTML_PAGE = b"<!doctype html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"
"""The page of a proxy that responds instead of the API."""

_DEFAULT_CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    422: "UNPROCESSABLE_ENTITY",
    429: "RATE_LIMIT_EXCEEDED",
}


class Delivery(Enum):
    """How much of a response is sent: all, half of it, nothing, or nothing while the connection stays open."""

    WHOLE = "whole"
    HALF = "half"
    DROPPED = "dropped"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A response and its delivery."""

    reply: HttpReply
    delivery: Delivery = Delivery.WHOLE
    rate_headers: bool = True


_DELIVERIES: Mapping[str, Delivery] = {
    FaultKind.DROP_BEFORE: Delivery.DROPPED,
    FaultKind.DROP_AFTER: Delivery.DROPPED,
    FaultKind.DROP_MID: Delivery.HALF,
    FaultKind.SILENCE: Delivery.SILENT,
}


def apply_fault(fault: Fault, reply: HttpReply | None, request: ApiRequest) -> Outcome:
    """Return the outcome of a request that a fault affects; `reply` is its correct response, None if not handled."""
    faulty = _faulty_reply(fault, reply or success_reply(ApiData({}), request), request)
    headers = {**faulty.headers, **{name.lower(): value for name, value in fault.headers.items()}}
    return Outcome(replace(faulty, headers=headers), _DELIVERIES.get(fault.kind, Delivery.WHOLE), fault.rate_headers)


def _faulty_reply(fault: Fault, correct: HttpReply, request: ApiRequest) -> HttpReply:
    if fault.kind == FaultKind.STATUS:
        status = fault.status or 500
        code = fault.code or _DEFAULT_CODES.get(status, "INTERNAL_ERROR")
        return error_reply(ApiFailure(status, code, fault.message or "injected by a fault of the sandbox"), request)
    if fault.kind == FaultKind.HTML:
        return HttpReply(200, HTML_PAGE, {"content-type": "text/html; charset=utf-8"})
    if fault.kind == FaultKind.REDIRECT:
        return HttpReply(fault.status or 302, b"", {"location": fault.location})
    if fault.kind == FaultKind.SET_COOKIE:
        return replace(correct, headers={**correct.headers, "set-cookie": fault.cookie})
    if fault.kind == FaultKind.TRUNCATED:
        return replace(correct, body=correct.body[: len(correct.body) // 2])
    if fault.kind == FaultKind.GARBAGE:
        return replace(correct, status=200, body=json.dumps(fault.body).encode())
    return _with_wrong_data(fault, correct)


def _with_wrong_data(fault: Fault, correct: HttpReply) -> HttpReply:
    """Return a response with the right shape and wrong content; errors stay correct."""
    if fault.kind not in _WRONG_DATA or correct.status != 200:
        return correct
    envelope = json.loads(correct.body)
    envelope["data"] = _WRONG_DATA[fault.kind](envelope["data"], fault.amount)
    return replace(correct, body=json.dumps(envelope, ensure_ascii=False).encode())


def _without_last_groups(data: Any, amount: int) -> Any:
    return _change_list(data, "items", lambda groups: _without_last(groups, amount))


def _without_last_participants(data: Any, amount: int) -> Any:
    return _change_list(data, "participants", lambda participants: _without_last(participants, amount))


def _miscounted(data: Any, amount: int) -> Any:
    def miscounted(group: Mapping[str, Any]) -> Mapping[str, Any]:
        if "participant_count" not in group:
            return group
        return {**group, "participant_count": group["participant_count"] + amount}

    return _change_list(data, "items", lambda groups: [miscounted(group) for group in groups])


def _change_list(data: Any, key: str, change: Callable[[list[Any]], list[Any]]) -> Any:
    """Change the data if it is a list, or else the list under this key if it has one."""
    if isinstance(data, list):
        return change(data)
    return {**data, key: change(data[key])} if key in data else data


def _without_last(entries: list[Any], amount: int) -> list[Any]:
    return entries[: max(0, len(entries) - amount)]


_WRONG_DATA: Mapping[str, Callable[[Any, int], Any]] = {
    FaultKind.PARTIAL_LIST: _without_last_groups,
    FaultKind.PARTIAL_GROUP: _without_last_participants,
    FaultKind.WRONG_COUNT: _miscounted,
}
