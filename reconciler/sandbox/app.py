"""The ASGI application: the endpoint of each path and method, behind the middleware that every request passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import reconciler.sandbox.handlers as handlers
from reconciler.sandbox.context import OPENAPI_PATH, RequestContext, Service
from reconciler.sandbox.errors import ApiFailure, SandboxError, not_found
from reconciler.sandbox.http_messages import ApiData, ApiRequest, HttpReply, error_reply, success_reply
from reconciler.sandbox.middleware import REQUEST_KEY, SandboxMiddleware
from reconciler.sandbox.settings import Dialect

Endpoint = Callable[[ApiRequest, Mapping[str, str]], HttpReply]
"""Handles one method of one path; gets the path's parameters."""

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
        request: ApiRequest = scope[REQUEST_KEY]
        try:
            reply = self._endpoint(request.method)(request, scope["path_params"])
        except ApiFailure as error:
            reply = error_reply(error, request)
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)

    def _endpoint(self, method: str) -> Endpoint:
        if method not in self._endpoints:
            allowed = {"allow": ", ".join(sorted(self._endpoints))}
            raise ApiFailure(405, "METHOD_NOT_ALLOWED", f"this path does not support {method}", headers=allowed)
        return self._endpoints[method]


def _routes(service: Service) -> list[Route]:
    def on_instance(path: str, handler: Callable[..., ApiData]) -> Endpoint:
        def endpoint(request: ApiRequest, path_params: Mapping[str, str]) -> HttpReply:
            params = dict(path_params)
            instance_id = params.pop("instance_id")

            def handle(context: RequestContext) -> ApiData:
                if path.startswith(("/groups", "/messages")):
                    context.require_groups()
                return handler(context, **params)

            return success_reply(service.run_on_instance(request, instance_id, handle), request)

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
        "/groups/{group_id}/invite-code": {"GET": handlers.get_invite_code},
        "/messages/send": {"POST": handlers.send_message},
        "/contacts": {"GET": handlers.list_contacts},
        "/contacts/check": {"GET": handlers.check_contact},
    }


async def _unknown_path(request: Request, _error: Exception) -> Response:
    api_request: Any = request.scope[REQUEST_KEY]
    reply = error_reply(not_found(f"the API has no path {api_request.path}"), api_request)
    return Response(reply.body, reply.status, dict(reply.headers))
