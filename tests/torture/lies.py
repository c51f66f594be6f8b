"""Answers of the right shape with wrong content: what no kind of fault of the sandbox's own can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reconciler.sandbox.fault_effects import Outcome, apply_fault
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.http_messages import ApiRequest, HttpReply
from tests.torture.reference import STRANGER, THETA, digits

Lie = Callable[[Any], Any]
"""The data of a right answer → that of a wrong one."""

UNBORN = "120363999999999999@g.us"
_PEOPLE, _NAMES, _IDS = ("participants",), ("name", "subject"), ("group_id", "id")


def lie(tell: Lie, skip: int, times: int = 1, *, effect: bool = True) -> Fault:
    """A fault that makes the answer to the call after the first `skip` ones a lie."""
    return Fault(FaultKind.GARBAGE, path="**", skip=skip, times=times, effect=effect, body=tell)


def lying(fault: Fault, reply: HttpReply | None, incoming: ApiRequest) -> Outcome:
    """The sandbox's `apply_fault`, which also tells lies."""
    if not callable(fault.body):
        return apply_fault(fault, reply, incoming)
    if reply is None:
        return Outcome(_as_if_done(incoming))
    if reply.status >= 300:
        return Outcome(reply)
    told = json.loads(reply.body)
    told["data"] = fault.body(told["data"])
    return Outcome(replace(reply, body=json.dumps(told).encode()))


def _as_if_done(incoming: ApiRequest) -> HttpReply:
    """Success, though nothing happened."""
    made = {"group_id": UNBORN, "id": UNBORN, "participants": []}
    data = made if incoming.path.endswith(("/groups", "/join")) else {}
    return HttpReply(200, json.dumps({"data": data}).encode(), {"content-type": "application/json"})


def another_group(data: Any) -> Any:
    """Somebody else's id: that of a group which the file manages and nothing changes."""
    return _with(data, _IDS, lambda value: THETA if isinstance(value, str) and value.endswith("@g.us") else value)


def another_name(data: Any) -> Any:
    """Every group under another name."""
    return _with(data, _NAMES, lambda value: f"{value} (another)")


def nobody(data: Any) -> Any:
    """No participants at all."""
    return [] if _is_people(data) else _with(data, _PEOPLE, lambda _: [])


def fewer_people(data: Any) -> Any:
    """The second half of the participants is not told."""
    return data[: len(data) // 2] if _is_people(data) else _with(data, _PEOPLE, lambda value: value[: len(value) // 2])


def strangers(data: Any) -> Any:
    """Everybody is taken for one who is not there."""
    jid = f"{digits(STRANGER)}@s.whatsapp.net"
    return _with(
        data, _PEOPLE, lambda value: [{**each, "id": jid} if isinstance(each, dict) else jid for each in value]
    )


def no_rights(data: Any) -> Any:
    """Nobody is an admin and nobody owns the group."""
    flags = {"is_admin": False, "is_super_admin": False, "admin": None}

    def demoted(value: Any) -> Any:
        return [
            {**each, **{k: v for k, v in flags.items() if k in each}} if isinstance(each, dict) else each
            for each in value
        ]

    return _with(_with(data, _PEOPLE, demoted), ("owner",), lambda _: None)


def all_rights(data: Any) -> Any:
    """Everybody is an owner."""

    def promoted(value: Any) -> Any:
        return [
            {**each, "is_admin": True, "is_super_admin": True, "admin": "superadmin"}
            if isinstance(each, dict)
            else each
            for each in value
        ]

    return _with(data, _PEOPLE, promoted)


def half_the_list(data: Any) -> Any:
    """A list that lacks its second half."""
    return data[: len(data) // 2] if isinstance(data, list) else data


def nothing(data: Any) -> Any:
    """Empty, in the shape it has."""
    return [] if isinstance(data, list) else {}


def disconnected(data: Any) -> Any:
    """The instance is said to be offline."""
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
