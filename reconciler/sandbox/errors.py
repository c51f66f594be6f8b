"""The embedded server's own errors: one for whoever runs it, one for whoever calls it over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SandboxError(Exception):
    """The sandbox cannot do what it was asked to: a bad file, a taken port, a group that is not there."""


class ApiFailure(Exception):
    """An answer with an error status: `code` as in the API's list of common errors, `details` a JSON object.

    The API documents no code for 405, a participant conflict (409) and a bad participant (422); METHOD_NOT_ALLOWED,
    CONFLICT and UNPROCESSABLE_ENTITY are this server's choice.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.headers = dict(headers or {})


def invalid(message: str) -> ApiFailure:
    """A 400: the request itself is malformed, or can never work on this instance."""
    return ApiFailure(400, "VALIDATION_ERROR", message)


def forbidden(message: str) -> ApiFailure:
    """A 403: known and reachable, but not allowed."""
    return ApiFailure(403, "FORBIDDEN", message)


def not_found(message: str) -> ApiFailure:
    """A 404: no such thing, or not for this instance."""
    return ApiFailure(404, "NOT_FOUND", message)
