"""What every call passes on its way in and out: log, hooks, rate limit, key, faults, headers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import reconciler.sandbox.history as history
from reconciler.sandbox.errors import ApiFailure
from reconciler.sandbox.fault_effects import Delivery, Outcome, apply_fault
from reconciler.sandbox.faults import STALE, Fault
from reconciler.sandbox.http_messages import MAX_BODY, ApiRequest, HttpReply, failure
from reconciler.sandbox.rate_limit import RateLimitStatus
from reconciler.sandbox.service import Service

INCOMING = "sandbox.incoming"
"""Where in the ASGI scope the call stands for those behind the gate."""

TRANSPORT = "sandbox.transport"
"""Where in the ASGI scope the connection's transport stands, put there by the protocol (see `engine`)."""


class SandboxMiddleware:
    """ASGI middleware around the routes of one server."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one call in, decide its outcome, log it, and only then let anything out."""
        service = self._service
        body, complete = await _read(receive)
        if not complete:
            return
        incoming, shown_path = self._arrived(scope, body)
        service.run_hook(service.on_call, incoming.seq, incoming.method, shown_path)
        standing = service.count(incoming)
        outcome = await self._outcome(scope, receive, incoming, standing)
        whole = outcome.delivery is Delivery.WHOLE
        with service.world.transaction() as db:
            history.end_call(db, incoming.seq, outcome.reply.status if whole else "dropped")
        service.run_hook(service.after_call, incoming.seq, incoming.method, shown_path)
        reply = self._with_headers(outcome, incoming, standing)
        await _deliver(replace(outcome, reply=reply), scope, receive, send)

    def _arrived(self, scope: Scope, body: bytes | None) -> tuple[ApiRequest, str]:
        request = Request(scope)
        now = self._service.now()
        query = scope["query_string"].decode("latin-1")
        shown_path = f"{scope['path']}?{query}" if query else scope["path"]
        text = (body or b"").decode(errors="replace")
        with self._service.world.transaction() as db:
            seq = history.log_call(db, now, request.method, _storable(shown_path), text)
        client = request.client.host if request.client else ""
        arguments = dict(request.query_params)
        return (
            ApiRequest(seq, request.method, scope["path"], arguments, request.headers, body, client, now),
            shown_path,
        )

    async def _outcome(
        self, scope: Scope, receive: Receive, incoming: ApiRequest, standing: RateLimitStatus | None
    ) -> Outcome:
        try:
            self._service.check(incoming, standing)
        except ApiFailure as error:
            return Outcome(failure(error, incoming))
        text = (incoming.body or b"").decode(errors="replace")
        delay, fault = self._service.faults.due(incoming.method, incoming.path, text)
        if delay:
            await asyncio.sleep(delay)
        if fault is None:
            return Outcome(await self._handled(scope, receive, incoming))
        return await self._faulty(fault, scope, receive, incoming)

    async def _faulty(self, fault: Fault, scope: Scope, receive: Receive, incoming: ApiRequest) -> Outcome:
        if fault.kind in STALE:
            incoming = replace(incoming, effects_ago=fault.amount)
        reply = await self._handled(scope, receive, incoming) if fault.takes_effect else None
        return apply_fault(fault, reply, incoming)

    async def _handled(self, scope: Scope, receive: Receive, incoming: ApiRequest) -> HttpReply:
        """The right answer of the routes behind the gate; a defect in them becomes a 500 and is kept."""
        caught: list[Message] = []

        async def catch(message: Message) -> None:
            caught.append(message)

        scope[INCOMING] = incoming
        try:
            await self._app(scope, receive, catch)
        except Exception as error:
            self._service.failures.append(error)
            return failure(ApiFailure(500, "INTERNAL_ERROR", "the sandbox has a defect"), incoming)
        start, *rest = caught
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return HttpReply(start["status"], b"".join(message["body"] for message in rest), headers)

    def _with_headers(self, outcome: Outcome, incoming: ApiRequest, standing: RateLimitStatus | None) -> HttpReply:
        reply = outcome.reply
        told = standing is not None and outcome.rate_headers and self._service.settings.rate_headers
        rates = standing.headers if standing is not None and told else {}
        # Dates have whole seconds; formatdate cuts the fraction off, as servers do.
        date = formatdate(self._service.now(), usegmt=True)
        length = str(len(reply.body))
        return replace(reply, headers={"date": date, **rates, **reply.headers, "content-length": length})


async def _read(receive: Receive) -> tuple[bytes | None, bool]:
    """The request's body, None where it is too long, and whether it came whole before the client went."""
    body = bytearray()
    too_long = False
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None, False
        body += message["body"]
        if len(body) > MAX_BODY:
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
        scope[TRANSPORT].abort()
    # Returning now would make uvicorn answer in our place: it has to see first that the connection is gone.
    await receive()


def _storable(path: str) -> str:
    """A path that SQLite takes: what was sent as broken UTF-8 is shown with replacement characters."""
    return path.encode(errors="replace").decode()
