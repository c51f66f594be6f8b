"""What happens to every request, in order: log, hooks, rate limit, API key, faults, response headers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import reconciler.sandbox.history as history
from reconciler.sandbox.context import Service
from reconciler.sandbox.errors import ApiFailure
from reconciler.sandbox.fault_effects import Delivery, Outcome, apply_fault
from reconciler.sandbox.faults import STALE, Fault
from reconciler.sandbox.http_messages import MAX_BODY_BYTES, ApiRequest, HttpReply, error_reply
from reconciler.sandbox.rate_limit import RateLimitStatus

REQUEST_KEY = "sandbox.request"
"""The key of the `ApiRequest` in the ASGI scope; the middleware sets it for the endpoints."""

TRANSPORT_KEY = "sandbox.transport"
"""The key of the connection's transport in the ASGI scope; the protocol sets it (see `uvicorn_thread`)."""


class SandboxMiddleware:
    """ASGI middleware around the routes of one server."""

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
        outcome = await self._outcome(scope, receive, request, rate_limit)
        complete = outcome.delivery is Delivery.WHOLE
        with service.world.transaction() as db:
            history.set_call_status(db, request.seq, outcome.reply.status if complete else "dropped")
        service.run_hook(service.after_call, request.seq, request.method, full_path)
        reply = self._with_headers(outcome, rate_limit)
        await _deliver(replace(outcome, reply=reply), scope, receive, send)

    def _log_request(self, scope: Scope, body: bytes | None) -> tuple[ApiRequest, str]:
        """Return the request with its sequence number in the log, and its path with the query."""
        asgi_request = Request(scope)
        query = scope["query_string"].decode("latin-1")
        full_path = f"{scope['path']}?{query}" if query else scope["path"]
        client = asgi_request.client.host if asgi_request.client else ""
        request = ApiRequest(
            0,
            asgi_request.method,
            scope["path"],
            dict(asgi_request.query_params),
            asgi_request.headers,
            body,
            client,
            self._service.now(),
        )
        with self._service.world.transaction() as db:
            seq = history.log_call(db, request.now, asgi_request.method, _storable(full_path), request.body_text)
        return replace(request, seq=seq), full_path

    async def _outcome(
        self, scope: Scope, receive: Receive, request: ApiRequest, rate_limit: RateLimitStatus | None
    ) -> Outcome:
        try:
            self._service.check_access(request, rate_limit)
        except ApiFailure as error:
            return Outcome(error_reply(error, request))
        delay, fault = self._service.faults.next(request.method, request.path, request.body_text)
        if delay:
            await asyncio.sleep(delay)
        if fault is None:
            return Outcome(await self._handle(scope, receive, request))
        return await self._handle_with_fault(fault, scope, receive, request)

    async def _handle_with_fault(self, fault: Fault, scope: Scope, receive: Receive, request: ApiRequest) -> Outcome:
        if fault.kind in STALE:
            request = replace(request, effects_ago=fault.amount)
        reply = await self._handle(scope, receive, request) if fault.takes_effect else None
        return apply_fault(fault, reply, request)

    async def _handle(self, scope: Scope, receive: Receive, request: ApiRequest) -> HttpReply:
        """Return the correct reply of the routes; a bug in them becomes a 500 and goes to the service's failures."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        scope[REQUEST_KEY] = request
        try:
            await self._app(scope, receive, collect)
        except Exception as error:
            self._service.failures.append(error)
            return error_reply(ApiFailure(500, "INTERNAL_ERROR", "the sandbox has a bug"), request)
        start, *rest = messages
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return HttpReply(start["status"], b"".join(message["body"] for message in rest), headers)

    def _with_headers(self, outcome: Outcome, rate_limit: RateLimitStatus | None) -> HttpReply:
        reply = outcome.reply
        send_rates = outcome.rate_headers and self._service.settings.rate_headers
        rates = rate_limit.headers if rate_limit is not None and send_rates else {}
        # Dates have whole seconds; formatdate drops the fraction, as servers do.
        date = formatdate(self._service.now(), usegmt=True)
        length = str(len(reply.body))
        return replace(reply, headers={"date": date, **rates, **reply.headers, "content-length": length})


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


async def _deliver(outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
    reply = outcome.reply
    if outcome.delivery is Delivery.WHOLE:
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)
        return
    if outcome.delivery is Delivery.HALF:
        headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    if outcome.delivery is not Delivery.SILENT:
        scope[TRANSPORT_KEY].abort()
    # If this returned now, uvicorn would send its own response; it must see first that the connection is closed.
    await receive()


def _storable(path: str) -> str:
    """Return a path that SQLite can store, with replacement characters for invalid UTF-8."""
    return path.encode(errors="replace").decode()
