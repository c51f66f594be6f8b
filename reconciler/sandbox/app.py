"""The ASGI application: which path and method lead to which endpoint, inside the gate that every call passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import reconciler.sandbox.handlers as handlers
from reconciler.sandbox.errors import ApiFailure, not_found
from reconciler.sandbox.http_messages import ApiData, ApiRequest, HttpReply, failure, success
from reconciler.sandbox.middleware import INCOMING, SandboxMiddleware
from reconciler.sandbox.openapi import document
from reconciler.sandbox.service import OPENAPI_PATH, Service
from reconciler.sandbox.settings import Dialect
from reconciler.sandbox.webhooks import create_webhook

Act = Callable[[ApiRequest, Mapping[str, str]], HttpReply]
"""Handles one method of one path, given the path's parameters."""


def build_app(service: Service) -> Starlette:
    """The application for one server."""
    app = Starlette(
        routes=_routes(service),
        middleware=[Middleware(SandboxMiddleware, service=service)],
        exception_handlers={404: _unknown_path},
    )
    # Starlette would answer /groups/ with a redirect to /groups; the API has no such path.
    app.router.redirect_slashes = False
    return app


class MethodRouter:
    """The endpoint of one path: an ASGI application that chooses by method."""

    def __init__(self, acts: Mapping[str, Act]) -> None:
        self._acts = acts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        incoming: ApiRequest = scope[INCOMING]
        try:
            reply = self._act(incoming.method)(incoming, scope["path_params"])
        except ApiFailure as error:
            reply = failure(error, incoming)
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)

    def _act(self, method: str) -> Act:
        if method not in self._acts:
            allowed = {"allow": ", ".join(sorted(self._acts))}
            raise ApiFailure(405, "METHOD_NOT_ALLOWED", f"{method} is not allowed here", headers=allowed)
        return self._acts[method]


def _routes(service: Service) -> list[Route]:
    def on_instance(handler: Callable[..., ApiData]) -> Act:
        def act(incoming: ApiRequest, params: Mapping[str, str]) -> HttpReply:
            given = dict(params)
            instance_id = given.pop("instance_id")
            return success(service.visit(incoming, instance_id, lambda visit: handler(visit, **given)), incoming)

        return act

    def webhooks(incoming: ApiRequest, _params: Mapping[str, str]) -> HttpReply:
        with service.world.transaction() as db:
            return success(create_webhook(db, incoming), incoming)

    def openapi(_incoming: ApiRequest, _params: Mapping[str, str]) -> HttpReply:
        return HttpReply(200, document(), {"content-type": "application/json"})

    inside = {
        path: {method: on_instance(handler) for method, handler in verbs.items()}
        for path, verbs in _endpoints(service.settings.dialect).items()
    }
    routes = [Route(f"/api/instances/{{instance_id}}{path}", MethodRouter(acts)) for path, acts in inside.items()]
    return [
        *routes,
        Route("/api/webhooks", MethodRouter({"POST": webhooks})),
        Route(OPENAPI_PATH, MethodRouter({"GET": openapi})),
    ]


def _endpoints(dialect: Dialect | str) -> dict[str, dict[str, Callable[..., ApiData]]]:
    """Everything under an instance; the dialects differ in how people are removed.

    `/groups/join` is no group: it comes first.
    """
    participants = {"GET": handlers.list_participants, "POST": handlers.add_participants}
    removal: dict[str, dict[str, Callable[..., ApiData]]] = {}
    if dialect == Dialect.GUIDE:
        participants["DELETE"] = handlers.remove_participants
    else:
        removal["/groups/{group_id}/participants/remove"] = {"POST": handlers.remove_participants}
    return {
        "": {"GET": handlers.get_instance},
        "/groups": {"GET": handlers.list_groups, "POST": handlers.create_group},
        "/groups/join": {"POST": handlers.join_group},
        "/groups/{group_id}": {"GET": handlers.get_group, "PATCH": handlers.patch_group},
        "/groups/{group_id}/leave": {"POST": handlers.leave_group},
        "/groups/{group_id}/participants": participants,
        **removal,
        "/groups/{group_id}/invite-code": {"GET": handlers.invite_code},
        "/messages/send": {"POST": handlers.send_message},
        "/contacts": {"GET": handlers.list_contacts},
        "/contacts/check": {"GET": handlers.check_contact},
    }


async def _unknown_path(request: Request, _error: Exception) -> Response:
    incoming: Any = request.scope[INCOMING]
    reply = failure(not_found(f"there is no {incoming.path}"), incoming)
    return Response(reply.body, reply.status, dict(reply.headers))
