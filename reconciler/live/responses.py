"""An answer that says no, turned into the error it is: status, code, the server's words made safe, what to do. Pure.

The envelope around every 2xx answer: `{"data": …}`, the full one with `success` and `meta`, or none at all. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from reconciler.errors import (
    Conflict,
    Forbidden,
    HttpError,
    InvalidResponse,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
    Unprocessable,
)
from reconciler.sanitize.escape import escape_controls
from reconciler.sanitize.mask import mask_text

MAX_MESSAGE_LENGTH = 200


MAX_CODE_LENGTH = 80


MAX_DETAILS_DEPTH = 20


UNREADABLE: Final = object()


Redact = Callable[[str], str]
"""Takes the key out of a text."""


_CLASSES: dict[int, type[HttpError]] = {
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


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, endpoint: str, redact: Redact
) -> HttpError:
    """The error for an answer that is no 2xx.

    Its message is fit for a terminal: short, and phone numbers in it are masked. `details` are the server's own, in
    full; where it gave none, the participants that its message names.
    """
    if 300 <= status < 400:
        return _redirect(status, headers, endpoint, redact)
    told = parse_json(body)
    error = told.get("error") if isinstance(told, dict) else None
    said = error if isinstance(error, dict) else told if isinstance(told, dict) else {}
    code = safe_text(said.get("code"), redact, MAX_CODE_LENGTH)
    words = _one_text(said.get("message") or error)
    message = safe_text(mask_text(redact(words)) if isinstance(words, str) else "", redact)
    return _class(status)(
        message or _own_words(status, told),
        endpoint=endpoint,
        status=status,
        code=code or None,
        request_id=request_id(told, headers, redact),
        hint=_hint(status, code, endpoint),
        details=redact_details(said.get("details"), redact) or jids_in_message(words),
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


def parse_json(body: bytes) -> Any:
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
    return safe_text(named or headers.get("X-Request-Id"), redact, MAX_CODE_LENGTH) or None


def safe_text(value: Any, redact: Redact, longest: int = MAX_MESSAGE_LENGTH) -> str:
    """A server's words, kept short, the key taken out, characters that steer a terminal written out; "" for no text."""
    if not isinstance(value, str):
        return ""
    text = redact(value).strip()
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return escape_controls(short)


def jids_in_message(words: Any) -> dict[str, list[str]] | None:
    """The participants that a message names, for errors that tell them in no other way."""
    found = _JID.findall(words) if isinstance(words, str) else []
    return {"participants": found} if found else None


def redact_details(value: Any, redact: Redact, depth: int = MAX_DETAILS_DEPTH) -> Any:
    """JSON with the key taken out of all its texts, and nothing below a depth that no details have."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | dict) and depth == 0:
        return None
    if isinstance(value, list):
        return [redact_details(item, redact, depth - 1) for item in value]
    if isinstance(value, dict):
        return {redact(name): redact_details(item, redact, depth - 1) for name, item in value.items()}
    return value


def _class(status: int) -> type[HttpError]:
    return ServerError if status >= 500 else _CLASSES.get(status, HttpError)


def _own_words(status: int, told: Any) -> str:
    words = _STATUS_WORDS.get(status, "the server failed" if status >= 500 else "the server refused")
    return words if isinstance(told, dict) else f"{words} (it gave no readable reason)"


def _redirect(status: int, headers: Mapping[str, str], endpoint: str, redact: Redact) -> HttpError:
    try:
        host = urlsplit(headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return HttpError(
        f"a redirect to {safe_text(host, redact, MAX_CODE_LENGTH) or 'another place'} was refused",
        endpoint=endpoint,
        status=status,
        request_id=request_id(None, headers, redact),
        hint="check the base URL: redirects are never followed, so that the key is sent nowhere else",
    )


PAGING = ("total", "page", "limit", "totalPages", "hasMore")
"""What may stand beside a list to say that it is one page of several."""


def unwrap(
    status: int, headers: Mapping[str, str], body: bytes, endpoint: str, redact: Redact
) -> tuple[Any, str | None]:
    """The data of a 2xx answer, and its request id.

    An answer that says itself that it has no body has the data None. Bare arrays and objects, as the reference
    dialect shows them, are data. Raises BadAnswer when the body is no JSON, is cut off, or tells of a failure.
    """
    if not body and (status in (204, 205) or headers.get("Content-Length") == "0"):
        return None, request_id(None, headers, redact)
    told = parse_json(body)
    if told is UNREADABLE:
        raise InvalidResponse(
            "the answer is no JSON, or not all of it",
            endpoint=endpoint,
            status=status,
            request_id=request_id(None, headers, redact),
            hint="check that the base URL is the API's; a proxy may have answered in its place",
        )
    named = request_id(told, headers, redact)
    if not isinstance(told, dict):
        return told, named
    if told.get("success", True) is not True or (told.get("error") is not None and "data" not in told):
        raise _failure(told, status, endpoint, named, redact)
    if "data" in told:
        return _with_paging(told), named
    return (None if "success" in told else told), named


def _with_paging(told: dict[str, Any]) -> Any:
    """The data; a list whose place among others stands beside it is joined with that, as a page with `items`.

    Else a first page would be taken for everything.
    """
    data = told["data"]
    beside = [part for part in (told, told.get("meta"), told.get("pagination")) if isinstance(part, dict)]
    paging = {name: part[name] for part in beside for name in PAGING if name in part}
    if not isinstance(data, list) or not paging:
        return data
    return data if _is_whole(len(data), paging) else {"items": data, **paging}


def _is_whole(entries: int, paging: Mapping[str, Any]) -> bool:
    """Whether a list of so many entries is all there is, by what stands beside it."""
    total, limit = paging.get("total"), paging.get("limit")
    if any(paging.get(name) not in (None, 0, 1) for name in ("page", "totalPages")):
        return False
    if total is not None:
        return bool(total == entries)
    if "page" not in paging or "hasMore" in paging or "totalPages" in paging:
        return not paging.get("hasMore")
    # A page that tells no end: where it is full there may be another.
    return isinstance(limit, int) and entries < limit


def _failure(told: dict[str, Any], status: int, endpoint: str, named: str | None, redact: Redact) -> InvalidResponse:
    """A failure that comes with a status of success: nobody knows what the server did."""
    error = told.get("error")
    said = error if isinstance(error, dict) else {"message": error}
    words = said.get("message")
    message = safe_text(mask_text(redact(words)) if isinstance(words, str) else "", redact)
    return InvalidResponse(
        f"the answer tells of a failure in spite of its status: {message or 'no reason given'}",
        endpoint=endpoint,
        status=status,
        code=safe_text(said.get("code"), redact, MAX_CODE_LENGTH) or None,
        request_id=named,
    )
