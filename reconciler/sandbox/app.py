"""The ASGI application: the endpoint of each path and method, and what happens to every request around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import reconciler.sandbox.group_handlers as group_handlers
import reconciler.sandbox.handlers as handlers
import reconciler.sandbox.store as store
from reconciler.sandbox.context import OPENAPI_PATH, Service
from reconciler.sandbox.errors import ApiFailure, SandboxError, not_found
from reconciler.sandbox.faults import INCOMPLETE, STALE, Fault, FaultKind, apply_fault
from reconciler.sandbox.http_messages import MAX_BODY_BYTES, ApiData, ApiRequest, HttpReply, error_reply, success_reply
from reconciler.sandbox.rate_limit import RateLimitStatus
from reconciler.sandbox.settings import Dialect

Endpoint = Callable[[ApiRequest, Mapping[str, str]], HttpReply]
"""Handles one method of one path; gets the path's parameters."""

TRANSPORT_KEY = "sandbox.transport"
"""The key of the connection's transport in the ASGI scope; the protocol sets it (see `uvicorn_thread`)."""

_REQUEST_KEY = "sandbox.request"
_OPENAPI_NAME = "wappfy-api.openapi.json"
_PACKAGE = Path(__file__).parent.parent
_SCHEMA_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


def build_app(service: Service) -> Starlette:
    """Return the application of one server."""
    app = Starlette(
        routes=_routes(service),
        middleware=[Middleware(SandboxMiddleware, service=service)],
        exception_handlers={404: _unknown_path},
    )
    # Starlette would redirect /groups/ to /groups; the API has no such path.
    app.router.redirect_slashes = False
    return app


@cache
def openapi_document(folders: tuple[Path, ...] = _SCHEMA_FOLDERS) -> bytes:
    """Return the published OpenAPI document: from the installed package, or from `schemas/` in a checkout.

    Raises SandboxError if the installation is incomplete.
    """
    for folder in folders:
        if (folder / _OPENAPI_NAME).is_file():
            return (folder / _OPENAPI_NAME).read_bytes()
    raise SandboxError(f"{_OPENAPI_NAME} is missing from this installation; install the package again")


class MethodRouter:
    """The ASGI application of one path, which chooses the endpoint by method."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request: ApiRequest = scope[_REQUEST_KEY]
        try:
            reply = self._endpoint(request.method)(request, scope["path_params"])
        except ApiFailure as error:
            reply = error_reply(error, request)
        await _response(reply)(scope, receive, send)

    def _endpoint(self, method: str) -> Endpoint:
        if method not in self._endpoints:
            allowed = {"allow": ", ".join(sorted(self._endpoints))}
            raise ApiFailure(405, "METHOD_NOT_ALLOWED", f"this path does not support {method}", headers=allowed)
        return self._endpoints[method]


def _routes(service: Service) -> list[Route]:
    def on_instance(path: str, handler: Callable[..., ApiData]) -> Endpoint:
        def endpoint(request: ApiRequest, path_params: Mapping[str, str]) -> HttpReply:
            params = dict(path_params)
            with service.open_context(request, params.pop("instance_id")) as context:
                if path.startswith(("/groups", "/messages")):
                    context.require_groups()
                return success_reply(handler(context, **params), request)

        return endpoint

    def webhooks(request: ApiRequest, _params: Mapping[str, str]) -> HttpReply:
        with service.world.transaction() as db:
            return success_reply(handlers.create_webhook(db, request), request)

    def openapi(_request: ApiRequest, _params: Mapping[str, str]) -> HttpReply:
        return HttpReply(200, openapi_document(), {"content-type": "application/json"})

    instance_routes = [
        Route(
            f"/api/instances/{{instance_id}}{path}",
            MethodRouter({method: on_instance(path, handler) for method, handler in methods.items()}),
        )
        for path, methods in _instance_endpoints(service.settings.dialect).items()
    ]
    return [
        *instance_routes,
        Route("/api/webhooks", MethodRouter({"POST": webhooks})),
        Route(OPENAPI_PATH, MethodRouter({"GET": openapi})),
    ]


def _instance_endpoints(dialect: Dialect | str) -> dict[str, dict[str, Callable[..., ApiData]]]:
    """Return the handlers of an instance's paths; the dialects differ in how people are removed.

    `/groups/join` comes before the paths of groups, because `join` is not a group's id.
    """
    participants = {"GET": group_handlers.list_participants, "POST": group_handlers.add_participants}
    removal: dict[str, dict[str, Callable[..., ApiData]]] = {}
    if dialect == Dialect.GUIDE:
        participants["DELETE"] = group_handlers.remove_participants
    else:
        removal["/groups/{group_id}/participants/remove"] = {"POST": group_handlers.remove_participants}
    return {
        "": {"GET": handlers.get_instance},
        "/groups": {"GET": group_handlers.list_groups, "POST": group_handlers.create_group},
        "/groups/join": {"POST": group_handlers.join_group},
        "/groups/{group_id}": {"GET": group_handlers.get_group, "PATCH": group_handlers.patch_group},
        "/groups/{group_id}/leave": {"POST": group_handlers.leave_group},
        "/groups/{group_id}/participants": participants,
        **removal,
        "/groups/{group_id}/invite-code": {"GET": group_handlers.get_invite_code},
        "/messages/send": {"POST": handlers.send_message},
        "/contacts": {"GET": handlers.list_contacts},
        "/contacts/check": {"GET": handlers.check_contact},
    }


async def _unknown_path(request: Request, _error: Exception) -> Response:
    api_request: ApiRequest = request.scope[_REQUEST_KEY]
    return _response(error_reply(not_found(f"the API has no path {api_request.path}"), api_request))


def _response(reply: HttpReply) -> Response:
    return Response(reply.body, reply.status, dict(reply.headers))


class SandboxMiddleware:
    """The middleware of one server: log, hooks, rate limit, API key, faults, response headers."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a request, decide its outcome, log it, and only then send anything."""
        service = self._service
        body, complete = await _read_body(receive)
        if not complete:
            return
        request, full_path = self._log_request(scope, body)
        service.run_hook(service.on_call, request.seq, request.method, full_path)
        rate_limit = service.count(request)
        reply, fault = await self._reply(scope, receive, request, rate_limit)
        kind = fault.kind if fault else None
        with service.world.transaction() as db:
            store.set_call_status(db, request.seq, "dropped" if kind in INCOMPLETE else reply.status)
        service.run_hook(service.after_call, request.seq, request.method, full_path)
        send_rates = service.settings.rate_headers and (fault is None or fault.rate_headers)
        rates = rate_limit.headers if rate_limit and send_rates else {}
        # Dates have whole seconds; formatdate drops the fraction, as servers do.
        date = formatdate(service.now(), usegmt=True)
        headers = {"date": date, **rates, **reply.headers, "content-length": str(len(reply.body))}
        await _deliver(replace(reply, headers=headers), kind, scope, receive, send)

    def _log_request(self, scope: Scope, body: bytes | None) -> tuple[ApiRequest, str]:
        """Return the request with its sequence number in the log, and its path with the query."""
        asgi_request = Request(scope)
        query = scope["query_string"].decode("latin-1")
        full_path = f"{scope['path']}?{query}" if query else scope["path"]
        client = asgi_request.client.host if asgi_request.client else ""
        query_params, headers, now = dict(asgi_request.query_params), asgi_request.headers, self._service.now()
        request = ApiRequest(0, asgi_request.method, scope["path"], query_params, headers, body, client, now)
        # SQLite cannot store invalid UTF-8.
        storable_path = full_path.encode(errors="replace").decode()
        with self._service.world.transaction() as db:
            seq = store.log_call(db, now, request.method, storable_path, request.body_text)
        return replace(request, seq=seq), full_path

    async def _reply(
        self, scope: Scope, receive: Receive, request: ApiRequest, rate_limit: RateLimitStatus | None
    ) -> tuple[HttpReply, Fault | None]:
        """Return the response to a request and the fault that affects it."""
        try:
            self._service.check_access(request, rate_limit)
        except ApiFailure as error:
            return error_reply(error, request), None
        delay, fault = self._service.faults.next(request.method, request.path, request.body_text)
        if delay:
            await asyncio.sleep(delay)
        if fault is None:
            return await self._handle(scope, receive, request), None
        if fault.kind in STALE:
            request = replace(request, effects_ago=fault.amount)
        correct = await self._handle(scope, receive, request) if fault.takes_effect else None
        return apply_fault(fault, correct, request), fault

    async def _handle(self, scope: Scope, receive: Receive, request: ApiRequest) -> HttpReply:
        """Return the correct reply of the routes; a bug in them becomes a 500 and goes to the service's failures."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        scope[_REQUEST_KEY] = request
        try:
            await self._app(scope, receive, collect)
        except Exception as error:
            self._service.failures.append(error)
            return error_reply(ApiFailure(500, "INTERNAL_ERROR", "the sandbox has a bug"), request)
        start, *rest = messages
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return HttpReply(start["status"], b"".join(message["body"] for message in rest), headers)


async def _read_body(receive: Receive) -> tuple[bytes | None, bool]:
    """Return the request's body, None if it is too long, and whether the client sent all of it."""
    body = bytearray()
    too_long = False
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None, False
        body += message["body"]
        if len(body) > MAX_BODY_BYTES:
            too_long = True
            body.clear()
        if not message["more_body"]:
            return None if too_long else bytes(body), True


async def _deliver(
    reply: HttpReply, fault_kind: FaultKind | str | None, scope: Scope, receive: Receive, send: Send
) -> None:
    if fault_kind not in INCOMPLETE:
        await _response(reply)(scope, receive, send)
        return
    if fault_kind == FaultKind.DROP_MID:
        headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    if fault_kind != FaultKind.SILENCE:
        scope[TRANSPORT_KEY].abort()
    # If this returned now, uvicorn would send its own response; it must see first that the connection is closed.
    await receive()
