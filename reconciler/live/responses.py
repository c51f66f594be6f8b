"""Turn a response into the data of its envelope or into the error that it reports. Pure.

A success is `{"data": …}`, the full envelope with `success` and `meta`, or bare data; an error has `code`, `message`
and `details`. Everything in them is untrusted text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from reconciler.live.paging import data_of_list, sign_of_more
from reconciler.sanitize.escape import escape_controls
from reconciler.sanitize.mask import mask_text

MAX_MESSAGE_LENGTH = 200
MAX_CODE_LENGTH = 80
UNREADABLE: Final = object()
Redact = Callable[[str], str]
"""Removes the key from a text."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response with any status: the body unpacked, `received_at` on the session's clock.

    An error status whose body broke off has an empty body: only the status is known.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: float


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """The response to a call: the envelope's data, and the request id that Wappfy's support asks for.

    `sign_of_more` is what beside a list tells that it may go on, where nobody here knows how to read on.
    """

    data: Any
    status: int
    request_id: str | None = None
    sign_of_more: str | None = None


# Both kinds of response


def _parse_json(body: bytes) -> Any:
    """Return the JSON in a body; UNREADABLE if it is not JSON.

    No error is chained to the parser's, which holds the whole body and so may repeat what was sent.
    """
    try:
        return json.loads(body, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return UNREADABLE


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _request_id(document: Any, headers: Mapping[str, str], redact: Redact) -> str | None:
    """Return the request id: `meta.requestId`, else the header."""
    meta = document.get("meta") if isinstance(document, dict) else None
    in_body = meta.get("requestId") if isinstance(meta, dict) else None
    return _safe_text(in_body or headers.get("X-Request-Id"), redact, MAX_CODE_LENGTH) or None


def _safe_text(value: Any, redact: Redact, max_length: int = MAX_MESSAGE_LENGTH) -> str:
    """Return a server's text, short, without the key and with control characters escaped; "" for anything else."""
    if not isinstance(value, str):
        return ""
    text = redact(value).strip()
    return escape_controls(text if len(text) <= max_length else text[: max_length - 1] + "…")


def _safe_message(value: Any, redact: Redact) -> str:
    """Return a server's message as `_safe_text` does, with phone numbers masked."""
    return _safe_text(mask_text(redact(value)), redact) if isinstance(value, str) else ""


# Success


def read_response(response: HttpResponse, endpoint: str, redact: Redact) -> ApiResponse:
    """Return the data of a response, without the key; raise the error that it reports.

    The data is None if the response declares that it has no body. Bare arrays and objects, as in the reference
    dialect, are data. Raises InvalidResponse if the body of a 2xx is not JSON, is cut off, or reports a failure.
    """
    if not 200 <= response.status < 300:
        raise error_from_response(response, endpoint, redact)
    is_empty = response.status in (204, 205) or response.headers.get("Content-Length") == "0"
    document = None if is_empty and not response.body else _parse_json(response.body)
    id_for_support = _request_id(document, response.headers, redact)
    if document is UNREADABLE:
        raise InvalidResponse(
            "the response is not JSON, or is cut off",
            endpoint=endpoint,
            status=response.status,
            request_id=id_for_support,
            hint="check that the base URL is the API's; a proxy may have answered instead",
        )
    if isinstance(document, dict) and _reports_failure(document):
        raise _failure_despite_status(document, response.status, endpoint, id_for_support, redact)
    sign = _safe_message(sign_of_more(document, response.headers), redact) or None
    data = _redact_if_needed(_data(document), response.body, redact)
    return ApiResponse(data, response.status, id_for_support, sign)


def _redact_if_needed(data: Any, body: bytes, redact: Redact) -> Any:
    """Return the data without the key: a server may repeat it in a name. An escape in the JSON may hide it."""
    text = body.decode("utf-8", "replace")
    return _redact_texts(data, redact) if "\\" in text or redact(text) != text else data


def _reports_failure(document: dict[str, Any]) -> bool:
    return document.get("success", True) is not True or (document.get("error") is not None and "data" not in document)


def _data(document: Any) -> Any:
    """Return what an envelope holds; a document without one is the data itself."""
    if not isinstance(document, dict):
        return document
    if "data" in document:
        return data_of_list(document)
    return None if "success" in document else document


def _failure_despite_status(
    document: dict[str, Any], status: int, endpoint: str, id_for_support: str | None, redact: Redact
) -> InvalidResponse:
    """Return the error for a failure with a status of success: what the server did is unknown."""
    error = document.get("error")
    fields = error if isinstance(error, dict) else {"message": error}
    message = _safe_message(fields.get("message"), redact) or "no reason given"
    return InvalidResponse(
        f"the response reports a failure despite its status: {message}",
        endpoint=endpoint,
        status=status,
        code=_safe_text(fields.get("code"), redact, MAX_CODE_LENGTH) or None,
        request_id=id_for_support,
    )


# Error

MAX_DEPTH = 20

_CLASSES: dict[int, type[HttpError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Unprocessable,
    429: RateLimited,
}

_DEFAULT_MESSAGES: dict[int, str] = {
    400: "the server considers the request invalid",
    401: "the server did not accept the key",
    403: "the server does not allow this",
    404: "the server found nothing there",
    405: "the server does not know this call",
    409: "the request conflicts with the present state",
    422: "the server cannot use what was sent",
    429: "too many calls",
}

_HINTS: dict[int, str] = {
    401: "check WAPPFY_API_KEY or the file named with --api-key-file",
    403: "make the instance an admin of the group, and check that the key may use the instance",
    404: "the group is gone, or the account is not in it; if every call ends like this, check the base URL",
    422: "write participants as {phone}@s.whatsapp.net",
    429: "all programs that use this key share one limit: try again in a minute, or lower --rate",
}

_HINTS_BY_CODE: dict[str, str] = {
    "INSTANCE_NOT_FOUND": "check the instance id: --instance-id, WAPPFY_INSTANCE_ID, or instance.id in the file",
    "PLAN_LIMIT_REACHED": "the limit of the Wappfy subscription is reached",
}

_NO_LIST: Final = (
    "`reconciler doctor` shows whether the instance is connected; if not, connect it: scan the QR code in Wappfy's "
    "dashboard"
)

_ABOUT_INSTANCE = re.compile(r"\W*(?:the |this |no )?(?:instance|session)\b", re.IGNORECASE)
_JID = re.compile(r"[0-9]{5,20}(?::[0-9]+)?@(?:s\.whatsapp\.net|c\.us|lid)", re.ASCII)


def error_from_response(response: HttpResponse, endpoint: str, redact: Redact) -> HttpError:
    """Return the error for a response that is not a 2xx.

    Its message is safe for a terminal: short, with phone numbers masked. `details` are the server's own, unmasked; if
    there are none, the participants that the message names.
    """
    status, headers = response.status, response.headers
    if 300 <= status < 400:
        return _redirect_error(status, headers, endpoint, redact)
    document = _parse_json(response.body)
    error = document.get("error") if isinstance(document, dict) else None
    fields = error if isinstance(error, dict) else document if isinstance(document, dict) else {}
    code = _safe_text(fields.get("code"), redact, MAX_CODE_LENGTH)
    message = _joined_messages(fields.get("message") or error)
    if status == 404 and not code and isinstance(error, dict) and not _ABOUT_INSTANCE.match(str(message)):
        code = "NOT_FOUND"  # The API's own envelope, not a proxy's page.
    error_class = ServerError if status >= 500 else _CLASSES.get(status, HttpError)
    return error_class(
        _safe_message(message, redact) or _default_message(status, is_readable=isinstance(document, dict)),
        endpoint=endpoint,
        status=status,
        code=code or None,
        request_id=_request_id(document, headers, redact),
        hint=_hint(status, code, endpoint),
        details=_redact_texts(fields.get("details"), redact) or _jids_in_message(message),
    )


def _joined_messages(message: Any) -> Any:
    """Return one text if the server sent a list of several."""
    return "; ".join(text for text in message if isinstance(text, str)) if isinstance(message, list) else message


def _default_message(status: int, *, is_readable: bool) -> str:
    message = _DEFAULT_MESSAGES.get(status, "the server failed" if status >= 500 else "the server rejected the request")
    return message if is_readable else f"{message} (it gave no readable reason)"


def _hint(status: int, code: str, endpoint: str) -> str:
    if status == 404 and "/groups" not in endpoint:
        return _HINTS_BY_CODE["INSTANCE_NOT_FOUND"]
    if status == 400 and endpoint == "GET /groups":
        return _NO_LIST
    if status == 422 and "/messages" in endpoint:
        return ""
    return _HINTS_BY_CODE.get(code) or _HINTS.get(status, "try again later" if status >= 500 else "")


def _jids_in_message(message: Any) -> dict[str, list[str]] | None:
    """Return the participants that a message names, for servers that name them nowhere else."""
    jids = _JID.findall(message) if isinstance(message, str) else []
    return {"participants": jids} if jids else None


def _redact_texts(value: Any, redact: Redact, depth: int = MAX_DEPTH) -> Any:
    """Return JSON with the key removed from all its texts, cut off below a depth that no real answer has."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | dict) and depth == 0:
        return None
    if isinstance(value, list):
        return [_redact_texts(item, redact, depth - 1) for item in value]
    if isinstance(value, dict):
        return {redact(name): _redact_texts(item, redact, depth - 1) for name, item in value.items()}
    return value


def _redirect_error(status: int, headers: Mapping[str, str], endpoint: str, redact: Redact) -> HttpError:
    try:
        host = urlsplit(headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return HttpError(
        f"refused a redirect to {_safe_text(host, redact, MAX_CODE_LENGTH) or 'another place'}",
        endpoint=endpoint,
        status=status,
        request_id=_request_id(None, headers, redact),
        hint="check the base URL: redirects are not followed, so that the key goes to no other host",
    )
