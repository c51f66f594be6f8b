"""Requests as handlers read them, answers as they write them, and the documented envelopes around both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.errors import ApiFailure, invalid

MAX_BODY = 1 << 20
"""Bytes of a request's body; a group at WhatsApp's own limit needs a thirtieth of it."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request as it came in. `path` is decoded and has no query; `now` is Unix seconds on the server's clock.

    `effects_ago` is how far back a fault makes a read look; 0 is now. `body` None: longer than `MAX_BODY`.
    """

    seq: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None
    client: str
    now: float
    effects_ago: int = 0


@dataclass(frozen=True, slots=True)
class ApiData:
    """What a handler answers: the `data` of a success."""

    data: Any
    status: int = 200


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def success(answer: ApiData, incoming: ApiRequest) -> HttpReply:
    """The documented success envelope."""
    return _json(answer.status, {"success": True, "data": answer.data, "meta": _meta(incoming)})


def failure(error: ApiFailure, incoming: ApiRequest) -> HttpReply:
    """The documented error envelope."""
    told = {"code": error.code, "message": error.message, "details": error.details}
    return _json(error.status, {"success": False, "error": told, "meta": _meta(incoming)}, error.headers)


def timestamp(seconds: float) -> str:
    """Unix seconds as the API writes times: `2026-01-15T10:00:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_body(incoming: ApiRequest, required: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any]:
    """The request's JSON object, with these fields of these types and no others; anything else is a 400."""
    body = _parsed(incoming)
    known = {**required, **optional}
    for name in body:
        if name not in known:
            raise invalid(f"unknown field {name!r}; known: {', '.join(known) or 'none'}")
    for name in required:
        if name not in body:
            raise invalid(f"the field {name!r} is missing")
    for name, value in body.items():
        # In Python true is a number too; in JSON it is none.
        if not isinstance(value, known[name]) or isinstance(value, bool):
            raise invalid(f"the field {name!r} must be {_JSON_WORDS[known[name]]}")
    return body


_JSON_WORDS = {str: "a string", int: "an integer", list: "an array"}


def _parsed(incoming: ApiRequest) -> dict[str, Any]:
    if incoming.body is None:
        raise invalid(f"the body is longer than {MAX_BODY} bytes")
    kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise invalid("the body must be JSON, with Content-Type: application/json")
    try:
        body = json.loads(incoming.body, parse_constant=_no_constant)
        # Half of a surrogate pair can be written in JSON but neither stored nor sent as text.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("the body is no valid JSON in UTF-8") from None
    if not isinstance(body, dict):
        raise invalid("the body must be a JSON object")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _meta(incoming: ApiRequest) -> dict[str, str]:
    return {"requestId": f"req_{incoming.seq:012d}", "timestamp": timestamp(incoming.now)}


def _json(status: int, payload: Any, headers: Mapping[str, str] | None = None) -> HttpReply:
    body = json.dumps(payload, ensure_ascii=False).encode()
    return HttpReply(status, body, {"content-type": "application/json", **(headers or {})})
