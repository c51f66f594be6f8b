"""The server's description of itself: the published OpenAPI document."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reconciler.sandbox.errors import SandboxError

_NAME = "wappfy-api.openapi.json"
_PACKAGE = Path(__file__).parent.parent
_PLACES = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


@cache
def document(places: tuple[Path, ...] = _PLACES) -> bytes:
    """The document's bytes: inside the package when installed, in the top-level `schemas/` of a checkout.

    Raises SandboxError when the installation is incomplete.
    """
    for folder in places:
        if (folder / _NAME).is_file():
            return (folder / _NAME).read_bytes()
    raise SandboxError(f"{_NAME} is missing from this installation; install the package again")
