"""Requests as handlers read them, responses as they write them, and the API's documented envelopes around both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

MAX_BODY_BYTES = 1 << 20
"""Bytes of a request's body; a group at WhatsApp's own limit needs a thirtieth of it."""

_JSON_TYPES = {str: "a string", int: "an integer", list: "an array"}


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request."""

    seq: int
    method: str
    path: str  # decoded, without the query
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None  # None: it was too long
    client: str
    now: float  # Unix seconds on the server's clock
    effects_ago: int = 0  # how many effects a fault makes a read go back; 0 is now

    @property
    def body_text(self) -> str:
        """The body as text, with replacement characters for invalid UTF-8."""
        return (self.body or b"").decode(errors="replace")


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A complete HTTP response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class ApiFailure(Exception):
    """A response with an error status: `code` as in the API's list of common errors, `details` a JSON object.

    The API documents no code for 405, a participant conflict (409) or a bad participant (422); METHOD_NOT_ALLOWED,
    CONFLICT and UNPROCESSABLE_ENTITY are this server's choice.
    """

    status: int
    code: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def invalid(message: str) -> ApiFailure:
    """Return a 400: the request is malformed, or can never work on this instance."""
    return ApiFailure(400, "VALIDATION_ERROR", message)


def forbidden(message: str) -> ApiFailure:
    """Return a 403: the resource is visible, but the instance may not do this to it."""
    return ApiFailure(403, "FORBIDDEN", message)


def not_found(message: str) -> ApiFailure:
    """Return a 404: the resource does not exist, or this instance cannot see it."""
    return ApiFailure(404, "NOT_FOUND", message)


def success_reply(data: Any, request: ApiRequest, status: int = 200) -> HttpReply:
    """Return a response with the documented success envelope."""
    return json_reply(success_document(data, request), status)


def success_document(data: Any, request: ApiRequest) -> dict[str, Any]:
    """Return the documented success envelope around data."""
    return {"success": True, "data": data, "meta": _meta(request)}


def error_reply(error: ApiFailure, request: ApiRequest) -> HttpReply:
    """Return a response with the documented error envelope."""
    return json_reply(error_document(error, request), error.status, error.headers)


def error_document(error: ApiFailure, request: ApiRequest) -> dict[str, Any]:
    """Return the documented error envelope."""
    content = {"code": error.code, "message": error.message, "details": error.details}
    return {"success": False, "error": content, "meta": _meta(request)}


def bare_reply(reply: HttpReply) -> HttpReply:
    """Return a response without what the documents show only sometimes: `meta`, an error's `code` and `details`."""
    if reply.headers.get("content-type") != "application/json":
        return reply
    document = json.loads(reply.body)
    if "error" in document:
        document["error"] = {"message": document["error"]["message"]}
    document.pop("meta", None)
    return replace(reply, body=json.dumps(document, ensure_ascii=False).encode())


def format_timestamp(seconds: float) -> str:
    """Return Unix seconds in the API's format: `2026-01-15T10:00:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_body(request: ApiRequest, required: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any]:
    """Return the request's JSON object; raise a 400 unless it has these fields with these types and no others."""
    body = _parse_json_object(request)
    known = {**required, **optional}
    for name in body:
        if name not in known:
            raise invalid(f"unknown field {name!r}; known: {', '.join(known) or 'none'}")
    for name in required:
        if name not in body:
            raise invalid(f"the field {name!r} is missing")
    for name, value in body.items():
        # A bool is an int in Python, but not a number in JSON.
        if not isinstance(value, known[name]) or isinstance(value, bool):
            raise invalid(f"the field {name!r} must be {_JSON_TYPES[known[name]]}")
    return body


def _parse_json_object(request: ApiRequest) -> dict[str, Any]:
    if request.body is None:
        raise invalid(f"the body is longer than {MAX_BODY_BYTES} bytes")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise invalid("the body must be JSON, with Content-Type: application/json")
    try:
        body = json.loads(request.body, parse_constant=_reject_constant)
        # JSON can escape half of a surrogate pair, which can be neither stored nor sent as text.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("the body is not valid JSON in UTF-8") from None
    if not isinstance(body, dict):
        raise invalid("the body must be a JSON object")
    return body


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _meta(request: ApiRequest) -> dict[str, str]:
    return {"requestId": f"req_{request.seq:012d}", "timestamp": format_timestamp(request.now)}


def json_reply(document: Any, status: int, headers: Mapping[str, str] | None = None) -> HttpReply:
    """Return a response with a JSON document."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return HttpReply(status, body, {"content-type": "application/json", **(headers or {})})
