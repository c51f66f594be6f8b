"""The embedded server's own errors: `SandboxError` for the person who runs it, `ApiFailure` for its HTTP clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class SandboxError(Exception):
    """The sandbox cannot do what the caller wants: a bad file, a port in use, an unknown group."""


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
