"""One function per endpoint: it reads the request, runs the action, and returns the result in the server's dialect."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import reconciler.sandbox.actions as actions
import reconciler.sandbox.history as history
import reconciler.sandbox.store as store
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.errors import ApiFailure, invalid
from reconciler.sandbox.http_messages import ApiData, ApiRequest, parse_body
from reconciler.sandbox.phones import parse_query_phone
from reconciler.sandbox.records import Contact, GroupSummary
from reconciler.sandbox.settings import Dialect, Paging

MAX_TEXT = 65536
"""WhatsApp's limit of characters in a message."""

Entry = TypeVar("Entry")
_EVENT = re.compile(r"[a-z_]+\.[a-z_]+", re.ASCII)
_WEBHOOK_DEFAULTS: Mapping[str, Any] = {"instance_id": None, "retry_count": 3, "timeout_ms": 10_000}
_WEBHOOK_OPTIONAL: Mapping[str, type] = {"instance_id": str, "secret": str, "retry_count": int, "timeout_ms": int}


def get_instance(context: RequestContext) -> ApiData:
    """Handle GET on the instance itself."""
    instance = context.instance
    return ApiData({"id": instance.id, "name": instance.name, "type": instance.kind, "status": instance.status})


def create_group(context: RequestContext) -> ApiData:
    """Handle POST /groups."""
    body = parse_body(context.request, {"name": str, "participants": list}, {})
    group = actions.create_group(context, body["name"], _string_list(body["participants"], "participants"))
    return ApiData(context.serializer_for(group).created_group(group, context.instance.phone), 201)


def list_groups(context: RequestContext) -> ApiData:
    """Handle GET /groups."""

    def serialize(summaries: Sequence[GroupSummary]) -> list[dict[str, Any]]:
        if context.settings.dialect == Dialect.GUIDE:
            serializer = context.serializer()
            return [serializer.group_summary(summary) for summary in summaries]
        groups = [context.require_member(summary.id) for summary in summaries]
        return [context.serializer_for(group).group(group) for group in groups]

    summaries = history.summaries_at(context.db, context.instance.phone, context.request.effects_ago)
    return _page(context, summaries, serialize)


def get_group(context: RequestContext, group_id: str) -> ApiData:
    """Handle GET /groups/{groupId}."""
    group = context.require_member(group_id)
    return ApiData(context.serializer_for(group).group(group))


def patch_group(context: RequestContext, group_id: str) -> ApiData:
    """Handle PATCH /groups/{groupId}."""
    body = parse_body(context.request, {}, {"name": str, "description": str})
    if not body:
        raise invalid("nothing to change; send a name, a description or both")
    group = actions.patch_group(context, group_id, body.get("name"), body.get("description"))
    if context.settings.dialect == Dialect.REFERENCE:
        return ApiData(context.serializer_for(group).group(group))
    return ApiData({"group_id": group.id, "name": group.name, "description": group.description})


def leave_group(context: RequestContext, group_id: str) -> ApiData:
    """Handle POST /groups/{groupId}/leave, with no body or an empty object."""
    if context.request.body != b"":
        parse_body(context.request, {}, {})
    actions.leave_group(context, group_id)
    return ApiData(context.serializer().group_reference(group_id))


def list_participants(context: RequestContext, group_id: str) -> ApiData:
    """Handle GET /groups/{groupId}/participants."""
    group = context.require_member(group_id)
    return ApiData(context.serializer_for(group).participants(group.members))


def add_participants(context: RequestContext, group_id: str) -> ApiData:
    """Handle POST /groups/{groupId}/participants. The result is not documented; it repeats the participants."""
    jids = _participants(context)
    actions.add_participants(context, group_id, jids)
    return ApiData({"participants": jids})


def remove_participants(context: RequestContext, group_id: str) -> ApiData:
    """Handle DELETE /groups/{groupId}/participants, or POST …/participants/remove in the reference dialect."""
    jids = _participants(context)
    actions.remove_participants(context, group_id, jids)
    return ApiData({"participants": jids})


def get_invite_code(context: RequestContext, group_id: str) -> ApiData:
    """Handle GET /groups/{groupId}/invite-code; the result is a complete URL, in spite of the name."""
    group = context.require_admin(group_id)
    return ApiData({"invite_code": f"https://chat.whatsapp.com/{group.invite_code}"})


def join_group(context: RequestContext) -> ApiData:
    """Handle POST /groups/join."""
    body = parse_body(context.request, {"invite_code": str}, {})
    group_id = actions.join_group(context, body["invite_code"])
    return ApiData(context.serializer().group_reference(group_id))


def send_message(context: RequestContext) -> ApiData:
    """Handle POST /messages/send."""
    body = parse_body(context.request, {"chat_id": str, "type": str, "text": str}, {})
    if body["type"] != "text":
        raise invalid("the type must be 'text'")
    if not 1 <= len(body["text"]) <= MAX_TEXT:
        raise invalid(f"the text must have 1 to {MAX_TEXT} characters")
    actions.send_message(context, body["chat_id"], body["text"])
    return ApiData({"message_id": f"msg_{context.request.seq:012d}", "status": "sent"})


def list_contacts(context: RequestContext) -> ApiData:
    """Handle GET /contacts, paged like the groups."""

    def serialize(contacts: Sequence[Contact]) -> list[dict[str, Any]]:
        serializer = context.serializer(contact.digits for contact in contacts)
        return [serializer.contact(contact) for contact in contacts]

    return _page(context, store.list_contacts(context.db, context.instance.id), serialize)


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


def _participants(context: RequestContext) -> list[str]:
    body = parse_body(context.request, {"participants": list}, {})
    jids = _string_list(body["participants"], "participants")
    if not jids:
        raise invalid("the field 'participants' is empty")
    return jids


def _string_list(values: list[Any], field: str) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise invalid(f"the field {field!r} must be an array of strings")
    if len(values) > store.MAX_MEMBERS:
        raise invalid(f"the field {field!r} has more than {store.MAX_MEMBERS} entries")
    return values


def _page(
    context: RequestContext, entries: Sequence[Entry], serialize: Callable[[Sequence[Entry]], list[dict[str, Any]]]
) -> ApiData:
    """Return the page that the query asks for. A server without paging returns everything, but checks the numbers."""
    query, settings = context.request.query, context.settings
    limit = min(_query_number(query, "limit", settings.page_limit, 1), settings.page_limit)
    offset = _query_number(query, "offset", 0, 0)
    page = _query_number(query, "page", 1, 1)
    if settings.paging == Paging.NONE:
        return ApiData(serialize(entries))
    if settings.paging == Paging.OFFSET:
        return ApiData(serialize(entries[offset : offset + limit]))
    total = len(entries)
    items = serialize(entries[(page - 1) * limit : page * limit])
    return ApiData({"items": items, "total": total, "page": page, "limit": limit, "totalPages": -(-total // limit)})


def _query_number(query: Mapping[str, str], name: str, default: int, minimum: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= minimum):
        raise invalid(f"the query parameter {name!r} must be an integer from {minimum} to 999999999")
    return int(text)
