"""The envelope around every 2xx answer: `{"data": …}`, the full one with `success` and `meta`, or none at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.errors import BadAnswer
from reconciler.hostile.masking import mask_text
from reconciler.live.rejection import LONGEST_WORD, UNREADABLE, Redact, readable, request_id, safe_text

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
    told = readable(body)
    if told is UNREADABLE:
        raise BadAnswer(
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


def _failure(told: dict[str, Any], status: int, endpoint: str, named: str | None, redact: Redact) -> BadAnswer:
    """A failure that comes with a status of success: nobody knows what the server did."""
    error = told.get("error")
    said = error if isinstance(error, dict) else {"message": error}
    words = said.get("message")
    message = safe_text(mask_text(redact(words)) if isinstance(words, str) else "", redact)
    return BadAnswer(
        f"the answer tells of a failure in spite of its status: {message or 'no reason given'}",
        endpoint=endpoint,
        status=status,
        code=safe_text(said.get("code"), redact, LONGEST_WORD) or None,
        request_id=named,
    )
