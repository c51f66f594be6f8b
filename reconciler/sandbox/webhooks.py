"""Handle webhooks: subscriptions of the key's user, which the server stores and nothing delivers."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import reconciler.sandbox.store as store
from reconciler.sandbox.context import require_instance
from reconciler.sandbox.http_messages import ApiRequest, invalid, parse_body

_EVENT = re.compile(r"[a-z_]+\.[a-z_]+", re.ASCII)
_WEBHOOK_DEFAULTS: Mapping[str, Any] = {"instance_id": None, "retry_count": 3, "timeout_ms": 10_000}
_WEBHOOK_OPTIONAL: Mapping[str, type] = {"instance_id": str, "secret": str, "retry_count": int, "timeout_ms": int}


def create_webhook(db: sqlite3.Connection, request: ApiRequest) -> Any:
    """Handle POST /api/webhooks: store a subscription that nothing delivers. The result omits its secret.

    The API documents only three of its twelve event names, so any name of their form is valid.
    """
    body = parse_body(request, {"url": str, "events": list}, _WEBHOOK_OPTIONAL)
    _check_webhook(body)
    instance_id = body.get("instance_id")
    if instance_id is not None:
        require_instance(db, instance_id)
    webhook = {**_WEBHOOK_DEFAULTS, **body}
    return _public_webhook(store.put_webhook(db, webhook), webhook)


def list_webhooks(db: sqlite3.Connection) -> Any:
    """Handle GET /api/webhooks: all subscriptions of the key's user. The result omits their secrets."""
    return [_public_webhook(id_, webhook) for id_, webhook in store.webhooks_by_id(db).items()]


def _public_webhook(id_: str, webhook: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": id_, **{name: value for name, value in webhook.items() if name != "secret"}, "is_active": True}


def _check_webhook(body: dict[str, Any]) -> None:
    if not _is_http_url(body["url"]):
        raise invalid("the url must be an http or https address")
    events = body["events"]
    if not events or not all(isinstance(each, str) and _EVENT.fullmatch(each) for each in events):
        raise invalid("events must list at least one name such as group.joined")
    if not 0 <= body.get("retry_count", 0) <= 5:
        raise invalid("retry_count must be 0 to 5")
    if not 1 <= body.get("timeout_ms", 1) <= 60_000:
        raise invalid("timeout_ms must be 1 to 60000")


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
