"""Answers of the right shape with wrong content: what no kind of fault of the sandbox's own can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reconciler.sandbox.faults import Fault, FaultKind, apply_fault
from reconciler.sandbox.http_messages import ApiRequest, HttpReply
from tests.faults.reference import STRANGER, THETA

Falsify = Callable[[Any], Any]
"""The data of a right answer → that of a false one."""

MISSING = "120363999999999999@g.us"
_PEOPLE, _NAMES, _IDS = ("participants",), ("name", "subject"), ("group_id", "id")


def false_answer(falsify: Falsify, skip: int, *, effect: bool = True) -> Fault:
    """Return a fault that makes the answer to the call after the first `skip` ones false."""
    return Fault(FaultKind.GARBAGE, path="**", skip=skip, effect=effect, body=falsify)


def distort(fault: Fault, reply: HttpReply | None, incoming: ApiRequest) -> HttpReply:
    """Do what the sandbox's own function does, and give false answers too."""
    if not callable(fault.body):
        return apply_fault(fault, reply, incoming)
    if reply is None:
        return _as_if_done(incoming)
    if reply.status >= 300:
        return reply
    answer = json.loads(reply.body)
    answer["data"] = fault.body(answer["data"])
    return replace(reply, body=json.dumps(answer).encode())


def _as_if_done(incoming: ApiRequest) -> HttpReply:
    """Return a success, though nothing happened."""
    created = {"group_id": MISSING, "id": MISSING, "participants": []}
    data = created if incoming.path.endswith(("/groups", "/join")) else {}
    return HttpReply(200, json.dumps({"data": data}).encode(), {"content-type": "application/json"})


def another_group(data: Any) -> Any:
    """Give the id of another group, one that the file manages and nothing changes."""
    return _with(data, _IDS, lambda value: THETA if isinstance(value, str) and value.endswith("@g.us") else value)


def another_name(data: Any) -> Any:
    """Give every group another name."""
    return _with(data, _NAMES, lambda value: f"{value} (another)")


def nobody(data: Any) -> Any:
    """Leave out all participants."""
    return [] if _is_people(data) else _with(data, _PEOPLE, lambda _: [])


def fewer_people(data: Any) -> Any:
    """Leave out the second half of the participants."""
    return data[: len(data) // 2] if _is_people(data) else _with(data, _PEOPLE, lambda value: value[: len(value) // 2])


def strangers(data: Any) -> Any:
    """Put somebody who is not there in the place of everybody."""
    jid = f"{STRANGER}@s.whatsapp.net"
    return _with(
        data, _PEOPLE, lambda value: [{**each, "id": jid} if isinstance(each, dict) else jid for each in value]
    )


def no_rights(data: Any) -> Any:
    """Make nobody an admin and nobody the owner."""
    flags = {"is_admin": False, "is_super_admin": False, "admin": None}

    def demoted(value: Any) -> Any:
        return [
            {**each, **{k: v for k, v in flags.items() if k in each}} if isinstance(each, dict) else each
            for each in value
        ]

    return _with(_with(data, _PEOPLE, demoted), ("owner",), lambda _: None)


def all_rights(data: Any) -> Any:
    """Make everybody an owner."""

    def promoted(value: Any) -> Any:
        return [
            {**each, "is_admin": True, "is_super_admin": True, "admin": "superadmin"}
            if isinstance(each, dict)
            else each
            for each in value
        ]

    return _with(data, _PEOPLE, promoted)


def half_the_list(data: Any) -> Any:
    """Leave out the second half of a list."""
    return data[: len(data) // 2] if isinstance(data, list) else data


def nothing(data: Any) -> Any:
    """Leave out everything."""
    return [] if isinstance(data, list) else {}


def disconnected(data: Any) -> Any:
    """Say that the instance is offline."""
    return _with(data, ("status",), lambda _: "disconnected")


def _is_people(data: Any) -> bool:
    return (
        isinstance(data, list)
        and bool(data)
        and isinstance(data[0], dict)
        and "participants" not in data[0]
        and ("is_admin" in data[0] or "admin" in data[0])
    )


def _with(data: Any, fields: tuple[str, ...], change: Callable[[Any], Any]) -> Any:
    if isinstance(data, list):
        return [_with(each, fields, change) for each in data]
    if not isinstance(data, dict):
        return data
    return {name: change(value) if name in fields and value is not None else value for name, value in data.items()}
