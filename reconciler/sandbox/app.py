"""The ASGI application: the endpoint of each path and method, and what happens to every request around it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

import reconciler.sandbox.handlers as handlers
import reconciler.sandbox.store as store
import reconciler.sandbox.webhooks as webhooks
from reconciler.sandbox.context import OPENAPI_PATH, RateLimitStatus, Service
from reconciler.sandbox.faults import INCOMPLETE, STALE, Fault, FaultKind, apply_fault
from reconciler.sandbox.http_messages import (
    MAX_BODY_BYTES,
    ApiFailure,
    ApiRequest,
    HttpReply,
    bare_reply,
    error_document,
    error_reply,
    json_reply,
    not_found,
    success_document,
)
from reconciler.sandbox.records import SandboxError
from reconciler.sandbox.settings import Dialect

Endpoint = Callable[..., HttpReply]
"""Handles one method of one path; gets the request, and the path's parameters by name."""

TRANSPORT_KEY = "sandbox.transport"
"""The key of the connection's transport in the ASGI scope; the protocol sets it (see `uvicorn_thread`)."""

_OPENAPI_NAME = "wappfy-api.openapi.json"
_PACKAGE = Path(__file__).parent.parent
_SCHEMA_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


@cache
def openapi_document(folders: tuple[Path, ...] = _SCHEMA_FOLDERS) -> bytes:
    """Return the published OpenAPI document: from the installed package, or from `schemas/` in a checkout.

    Raises SandboxError if the installation is incomplete.
    """
    for folder in folders:
        if (folder / _OPENAPI_NAME).is_file():
            return (folder / _OPENAPI_NAME).read_bytes()
    raise SandboxError(f"{_OPENAPI_NAME} is missing from this installation; install the package again")


_CALLS: Mapping[Callable[..., Any], str] = {
    handlers.get_instance: "GET /instances/{id}",
    handlers.list_groups: "GET /groups",
    handlers.get_group: "GET /groups/{id}",
    handlers.check_contact: "GET /contacts/check",
}
"""The handlers of which a capture knows the responses, by the name it has for them."""


def _routes(service: Service) -> list[tuple[re.Pattern[str], Mapping[str, Endpoint]]]:
    """Return every path, and its endpoints by method; the first path that matches a request counts."""

    def reply(data: Any, request: ApiRequest, status: int, call: str) -> HttpReply:
        document, likeness = success_document(data, request), service.likeness
        if likeness is None:
            return json_reply(document, status)
        if (refusal := likeness.refusal(call)) is not None:
            error = ApiFailure(*refusal, "the captured server answers this call with an error")
            return json_reply(likeness.adapt_refusal(call, error_document(error, request)), error.status)
        return json_reply(likeness.adapt(call, document), status)

    def on_instance(path: str, handler: Callable[..., Any]) -> Endpoint:
        status = 201 if handler is handlers.create_group else 200
        call = _CALLS.get(handler, "")

        def endpoint(request: ApiRequest, instance_id: str, **path_params: str) -> HttpReply:
            with service.open_context(request, instance_id) as context:
                if path.startswith(("/groups", "/messages")):
                    context.require_groups()
                return reply(handler(context, **path_params), request, status, call)

        return endpoint

    def create_webhook(request: ApiRequest) -> HttpReply:
        with service.world.transaction() as db:
            return reply(webhooks.create_webhook(db, request), request, 201, "")

    def list_webhooks(request: ApiRequest) -> HttpReply:
        with service.world.transaction() as db:
            return reply(webhooks.list_webhooks(db), request, 200, "GET /webhooks")

    def openapi(_request: ApiRequest) -> HttpReply:
        return HttpReply(200, openapi_document(), {"content-type": "application/json"})

    routes: dict[str, Mapping[str, Endpoint]] = {
        f"/api/instances/{{instance_id}}{path}": {
            method: on_instance(path, handler) for method, handler in methods.items()
        }
        for path, methods in _instance_handlers(service.settings.dialect).items()
    }
    routes |= {"/api/webhooks": {"GET": list_webhooks, "POST": create_webhook}, OPENAPI_PATH: {"GET": openapi}}
    return [(compile_path(path)[0], methods) for path, methods in routes.items()]


def _instance_handlers(dialect: Dialect | str) -> dict[str, dict[str, Callable[..., Any]]]:
    """Return the handlers of an instance's paths; the dialects differ in how people are removed.

    `/groups/join` comes before the paths of groups, because `join` is not a group's id.
    """
    paths: dict[str, dict[str, Callable[..., Any]]] = {
        "": {"GET": handlers.get_instance},
        "/groups": {"GET": handlers.list_groups, "POST": handlers.create_group},
        "/groups/join": {"POST": handlers.join_group},
        "/groups/{group_id}": {"GET": handlers.get_group, "PATCH": handlers.patch_group},
        "/groups/{group_id}/leave": {"POST": handlers.leave_group},
        "/groups/{group_id}/participants": {"GET": handlers.list_participants, "POST": handlers.add_participants},
        "/groups/{group_id}/invite-code": {"GET": handlers.get_invite_code},
        "/messages/send": {"POST": handlers.send_message},
        "/contacts": {"GET": handlers.list_contacts},
        "/contacts/check": {"GET": handlers.check_contact},
    }
    if dialect == Dialect.GUIDE:
        paths["/groups/{group_id}/participants"]["DELETE"] = handlers.remove_participants
    else:
        paths["/groups/{group_id}/participants/remove"] = {"POST": handlers.remove_participants}
    return paths


class SandboxApp:
    """The application of one server: log, hooks, rate limit, API key, faults, endpoints, response headers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._routes = _routes(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a request, decide its outcome, log it, and only then send anything."""
        service = self._service
        asgi_request = Request(scope, receive)
        try:
            body = await _read_body(asgi_request)
        except ClientDisconnect:
            return
        request, full_path = self._log_request(asgi_request, body)
        service.run_hook(service.on_call, request.seq, request.method, full_path)
        rate_limit = service.count(request)
        reply, fault = await self._reply(request, rate_limit)
        kind = fault.kind if fault else None
        if service.settings.bare and kind in (None, FaultKind.STATUS):
            reply = bare_reply(reply)
        with service.world.transaction() as db:
            store.set_call_status(db, request.seq, "dropped" if kind in INCOMPLETE else reply.status)
        service.run_hook(service.after_call, request.seq, request.method, full_path)
        send_rates = service.settings.rate_headers and (fault is None or fault.rate_headers)
        rates = rate_limit.headers if rate_limit and send_rates else {}
        # Dates have whole seconds; formatdate drops the fraction, as servers do.
        date = formatdate(service.now(), usegmt=True)
        headers = {"date": date, **rates, **reply.headers, "content-length": str(len(reply.body))}
        await _deliver(replace(reply, headers=headers), kind, scope, receive, send)

    def _log_request(self, asgi_request: Request, body: bytes | None) -> tuple[ApiRequest, str]:
        """Return the request with its sequence number in the log, and its path with the query."""
        path, query = asgi_request.scope["path"], asgi_request.scope["query_string"].decode("latin-1")
        full_path = f"{path}?{query}" if query else path
        client = asgi_request.client.host if asgi_request.client else ""
        query_params, headers, now = dict(asgi_request.query_params), asgi_request.headers, self._service.now()
        request = ApiRequest(0, asgi_request.method, path, query_params, headers, body, client, now)
        # SQLite cannot store invalid UTF-8.
        storable_path = full_path.encode(errors="replace").decode()
        with self._service.world.transaction() as db:
            seq = store.log_call(db, now, request.method, storable_path, request.body_text)
        return replace(request, seq=seq), full_path

    async def _reply(self, request: ApiRequest, rate_limit: RateLimitStatus | None) -> tuple[HttpReply, Fault | None]:
        """Return the response to a request and the fault that affects it."""
        try:
            self._service.check_access(request, rate_limit)
        except ApiFailure as error:
            return error_reply(error, request), None
        delay, fault = self._service.faults.next(request.method, request.path, request.body_text)
        if delay:
            await asyncio.sleep(delay)
        if fault is None:
            return self._correct_reply(request), None
        if fault.kind in STALE:
            request = replace(request, effects_ago=fault.amount)
        correct = self._correct_reply(request) if fault.takes_effect else None
        return apply_fault(fault, correct, request), fault

    def _correct_reply(self, request: ApiRequest) -> HttpReply:
        """Return the endpoint's reply; a bug in it becomes a 500 and goes to the service's failures."""
        try:
            return self._call_endpoint(request)
        except ApiFailure as error:
            return error_reply(error, request)
        except Exception as error:
            self._service.failures.append(error)
            return error_reply(ApiFailure(500, "INTERNAL_ERROR", "the sandbox has a bug"), request)

    def _call_endpoint(self, request: ApiRequest) -> HttpReply:
        for pattern, methods in self._routes:
            match = pattern.match(request.path)
            if match is None:
                continue
            if request.method in methods:
                return methods[request.method](request, **match.groupdict())
            allowed = {"allow": ", ".join(sorted(methods))}
            message = f"this path does not support {request.method}"
            raise ApiFailure(405, "METHOD_NOT_ALLOWED", message, headers=allowed)
        raise not_found(f"the API has no path {request.path}")


async def _read_body(request: Request) -> bytes | None:
    """Return the request's body; None if it is too long. Raises ClientDisconnect if the client does not send it all."""
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            body += chunk
    return bytes(body) if size <= MAX_BODY_BYTES else None


async def _deliver(
    reply: HttpReply, fault_kind: FaultKind | str | None, scope: Scope, receive: Receive, send: Send
) -> None:
    response = Response(reply.body, reply.status, dict(reply.headers))
    if fault_kind not in INCOMPLETE:
        await response(scope, receive, send)
        return
    if fault_kind == FaultKind.DROP_MID:
        start = {"type": "http.response.start", "status": reply.status, "headers": response.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    if fault_kind != FaultKind.SILENCE:
        scope[TRANSPORT_KEY].abort()
    # If this returned now, uvicorn would send its own response; it must see first that the connection is closed.
    await receive()
