"""POST /api/webhooks: subscriptions are checked and stored; nothing is ever delivered."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import reconciler.sandbox.account_store as people
from reconciler.sandbox.errors import ApiFailure, invalid
from reconciler.sandbox.http_messages import ApiData, ApiRequest, parse_body

_EVENT = re.compile(r"[a-z_]+\.[a-z_]+", re.ASCII)
_DEFAULTS: Mapping[str, Any] = {"instance_id": None, "retry_count": 3, "timeout_ms": 10_000}
_OPTIONAL: Mapping[str, type] = {"instance_id": str, "secret": str, "retry_count": int, "timeout_ms": int}


def create_webhook(db: sqlite3.Connection, incoming: ApiRequest) -> ApiData:
    """Store a subscription. The answer repeats it with an id, never its secret.

    Only three of the twelve event names are documented, so any name of their form is taken.
    """
    body = parse_body(incoming, {"url": str, "events": list}, _OPTIONAL)
    _check(body)
    wanted = body.get("instance_id")
    if wanted is not None and people.instance(db, wanted) is None:
        raise ApiFailure(404, "INSTANCE_NOT_FOUND", "instance not found")
    made = {**_DEFAULTS, **body}
    told = {name: value for name, value in made.items() if name != "secret"}
    return ApiData({"id": people.put_webhook(db, made), **told}, 201)


def _check(body: dict[str, Any]) -> None:
    if not _is_web_address(body["url"]):
        raise invalid("the url must be a http or https address")
    events = body["events"]
    if not events or not all(isinstance(each, str) and _EVENT.fullmatch(each) for each in events):
        raise invalid("the events must be names such as group.joined, at least one")
    if not 0 <= body.get("retry_count", 0) <= 5:
        raise invalid("retry_count must be 0 to 5")
    if not 1 <= body.get("timeout_ms", 1) <= 60_000:
        raise invalid("timeout_ms must be 1 to 60000")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
