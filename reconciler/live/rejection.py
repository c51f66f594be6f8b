"""An answer that says no, turned into the error it is: status, code, the server's words made safe, what to do. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from reconciler.errors import (
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    ServerError,
    Unauthorized,
    Unprocessable,
)
from reconciler.hostile.escaping import plain
from reconciler.hostile.masking import mask_text

LONGEST_MESSAGE = 200
LONGEST_WORD = 80
DEEPEST_DETAILS = 20

UNREADABLE: Final = object()

Redact = Callable[[str], str]
"""Takes the key out of a text."""

_CLASSES: dict[int, type[Rejected]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Unprocessable,
    429: RateLimited,
}

_HINTS: dict[int, str] = {
    401: "check WAPPFY_API_KEY or the file named with --api-key-file",
    403: "the instance must be an admin of the group, and the key must be allowed to use the instance",
    404: "the group is gone or the instance is not in it; if nothing is found at all, check the base URL",
    422: "participants must be written {phone}@s.whatsapp.net",
    429: "all programs that use this key share one limit: try again in a minute, or lower --rate",
}

_HINTS_BY_CODE: dict[str, str] = {
    "INSTANCE_NOT_FOUND": "check the instance id: --instance-id, WAPPFY_INSTANCE_ID, or instance.id in the file",
    "PLAN_LIMIT_REACHED": "the Wappfy subscription allows no more of this",
}

_STATUS_WORDS: dict[int, str] = {
    400: "the server takes the request for wrong",
    401: "the key was not accepted",
    403: "this is not allowed",
    404: "there is no such thing",
    405: "the server does not know this call",
    409: "it does not fit what is there",
    422: "the server cannot use what was sent",
    429: "too many calls",
}

_JID = re.compile(r"[0-9]{5,20}(?::[0-9]+)?@(?:s\.whatsapp\.net|c\.us|lid)", re.ASCII)


def rejection(status: int, headers: Mapping[str, str], body: bytes, endpoint: str, redact: Redact) -> Rejected:
    """The error for an answer that is no 2xx.

    Its message is fit for a terminal: short, and phone numbers in it are masked. `details` are the server's own, in
    full; where it gave none, the participants that its message names.
    """
    if 300 <= status < 400:
        return _redirect(status, headers, endpoint, redact)
    told = readable(body)
    error = told.get("error") if isinstance(told, dict) else None
    said = error if isinstance(error, dict) else told if isinstance(told, dict) else {}
    code = safe_text(said.get("code"), redact, LONGEST_WORD)
    words = _one_text(said.get("message") or error)
    message = safe_text(mask_text(redact(words)) if isinstance(words, str) else "", redact)
    return _class(status)(
        message or _own_words(status, told),
        endpoint=endpoint,
        status=status,
        code=code or None,
        request_id=request_id(told, headers, redact),
        hint=_hint(status, code, endpoint),
        details=clean(said.get("details"), redact) or named_jids(words),
    )


def _one_text(words: Any) -> Any:
    """Some servers give several messages at once."""
    if isinstance(words, list):
        return "; ".join(each for each in words if isinstance(each, str))
    return words


def _hint(status: int, code: str, endpoint: str) -> str:
    if status == 404 and "/groups" not in endpoint:
        return _HINTS_BY_CODE["INSTANCE_NOT_FOUND"]
    return _HINTS_BY_CODE.get(code) or _HINTS.get(status, "try again later" if status >= 500 else "")


def readable(body: bytes) -> Any:
    """The JSON in a body; UNREADABLE when there is none.

    No error is raised from the parser's, which holds the whole body and with it what the server repeats of ours.
    """
    try:
        return json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return UNREADABLE


def _no_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def request_id(told: Any, headers: Mapping[str, str], redact: Redact) -> str | None:
    """What Wappfy's support asks for: `meta.requestId`, else the header."""
    meta = told.get("meta") if isinstance(told, dict) else None
    named = meta.get("requestId") if isinstance(meta, dict) else None
    return safe_text(named or headers.get("X-Request-Id"), redact, LONGEST_WORD) or None


def safe_text(value: Any, redact: Redact, longest: int = LONGEST_MESSAGE) -> str:
    """A server's words, kept short, the key taken out, characters that steer a terminal written out; "" for no text."""
    if not isinstance(value, str):
        return ""
    text = redact(value).strip()
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return plain(short)


def named_jids(words: Any) -> dict[str, list[str]] | None:
    """The participants that a message names, for errors that tell them in no other way."""
    found = _JID.findall(words) if isinstance(words, str) else []
    return {"participants": found} if found else None


def clean(value: Any, redact: Redact, depth: int = DEEPEST_DETAILS) -> Any:
    """JSON with the key taken out of all its texts, and nothing below a depth that no details have."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | dict) and depth == 0:
        return None
    if isinstance(value, list):
        return [clean(item, redact, depth - 1) for item in value]
    if isinstance(value, dict):
        return {redact(name): clean(item, redact, depth - 1) for name, item in value.items()}
    return value


def _class(status: int) -> type[Rejected]:
    return ServerError if status >= 500 else _CLASSES.get(status, Rejected)


def _own_words(status: int, told: Any) -> str:
    words = _STATUS_WORDS.get(status, "the server failed" if status >= 500 else "the server refused")
    return words if isinstance(told, dict) else f"{words} (it gave no readable reason)"


def _redirect(status: int, headers: Mapping[str, str], endpoint: str, redact: Redact) -> Rejected:
    try:
        host = urlsplit(headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return Rejected(
        f"a redirect to {safe_text(host, redact, LONGEST_WORD) or 'another place'} was refused",
        endpoint=endpoint,
        status=status,
        request_id=request_id(None, headers, redact),
        hint="check the base URL: redirects are never followed, so that the key is sent nowhere else",
    )
