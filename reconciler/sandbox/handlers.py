"""One handler per endpoint of the instance, its contacts and messages, and of webhooks."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import reconciler.sandbox.store as store
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.errors import ApiFailure, invalid
from reconciler.sandbox.http_messages import ApiData, ApiRequest, parse_body
from reconciler.sandbox.phones import parse_query_phone, parse_request_jid
from reconciler.sandbox.records import Contact

MAX_TEXT = 65536
"""WhatsApp's limit of characters in a message."""

_EVENT = re.compile(r"[a-z_]+\.[a-z_]+", re.ASCII)
_WEBHOOK_DEFAULTS: Mapping[str, Any] = {"instance_id": None, "retry_count": 3, "timeout_ms": 10_000}
_WEBHOOK_OPTIONAL: Mapping[str, type] = {"instance_id": str, "secret": str, "retry_count": int, "timeout_ms": int}


def get_instance(context: RequestContext) -> ApiData:
    """Handle GET on the instance itself."""
    instance = context.instance
    return ApiData({"id": instance.id, "name": instance.name, "type": instance.kind, "status": instance.status})


def send_message(context: RequestContext) -> ApiData:
    """Handle POST /messages/send to a group the instance is in, or to a person; the text only goes to the log."""
    body = parse_body(context.request, {"chat_id": str, "type": str, "text": str}, {})
    chat_id, text = body["chat_id"], body["text"]
    if body["type"] != "text":
        raise invalid("the type must be 'text'")
    if not 1 <= len(text) <= MAX_TEXT:
        raise invalid(f"the text must have 1 to {MAX_TEXT} characters")
    if chat_id.endswith("@g.us"):
        context.require_member(chat_id)
    elif parse_request_jid(chat_id) is None:
        raise invalid("chat_id must be the id of a group (…@g.us) or of a person (…@s.whatsapp.net)")
    context.log_effect("message", chat_id, None, detail={"text": text})
    return ApiData({"message_id": f"msg_{context.request.seq:012d}", "status": "sent"})


def list_contacts(context: RequestContext) -> ApiData:
    """Handle GET /contacts, paged like the groups."""

    def serialize(contacts: Sequence[Contact]) -> list[dict[str, Any]]:
        serializer = context.serializer(contact.digits for contact in contacts)
        return [serializer.contact(contact) for contact in contacts]

    return context.page(store.list_contacts(context.db, context.instance.id), serialize)


def check_contact(context: RequestContext) -> ApiData:
    """Handle GET /contacts/check. Every number is on WhatsApp unless its account says otherwise."""
    digits = parse_query_phone(context.request.query.get("phone", ""))
    if digits is None:
        raise invalid("the query parameter 'phone' must be an international number, digits only")
    account = store.find_account(context.db, digits)
    if account is None:
        return ApiData({"exists": True, "phone": digits, "chat_id": f"{digits}@s.whatsapp.net"})
    return ApiData({"exists": account.exists, "phone": digits, "chat_id": account.jid if account.exists else None})


def create_webhook(db: sqlite3.Connection, request: ApiRequest) -> ApiData:
    """Handle POST /api/webhooks: store a subscription that nothing delivers. The result omits its secret.

    The API documents only three of its twelve event names, so any name of their form is valid.
    """
    body = parse_body(request, {"url": str, "events": list}, _WEBHOOK_OPTIONAL)
    _check_webhook(body)
    instance_id = body.get("instance_id")
    if instance_id is not None and store.find_instance(db, instance_id) is None:
        raise ApiFailure(404, "INSTANCE_NOT_FOUND", "instance not found")
    webhook = {**_WEBHOOK_DEFAULTS, **body}
    public = {name: value for name, value in webhook.items() if name != "secret"}
    return ApiData({"id": store.put_webhook(db, webhook), **public}, 201)


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
