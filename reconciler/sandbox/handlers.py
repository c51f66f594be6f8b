"""One function per endpoint: reads the request, calls the action, writes the answer in the server's dialect."""

from __future__ import annotations

from typing import Any

import reconciler.sandbox.account_store as people
import reconciler.sandbox.actions as actions
import reconciler.sandbox.group_store as groups
import reconciler.sandbox.history as history
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.errors import invalid
from reconciler.sandbox.http_messages import ApiData, parse_body
from reconciler.sandbox.paging import cut
from reconciler.sandbox.phones import query_digits
from reconciler.sandbox.settings import Dialect

MAX_TEXT = 65536
"""Characters of a message, WhatsApp's own limit."""


def get_instance(visit: RequestContext) -> ApiData:
    """GET the instance itself."""
    known = visit.instance
    return ApiData({"id": known.id, "name": known.name, "type": known.kind, "status": known.status})


def create_group(visit: RequestContext) -> ApiData:
    """POST /groups."""
    visit.require_groups()
    body = parse_body(visit.incoming, {"name": str, "participants": list}, {})
    made = actions.create(visit, body["name"], _texts(body["participants"], "participants"))
    return ApiData(visit.shapes_of(made).created(made, visit.instance.phone), 201)


def list_groups(visit: RequestContext) -> ApiData:
    """GET /groups."""
    visit.require_groups()
    ago = visit.incoming.effects_ago
    heads = history.heads_then(visit.db, visit.instance.phone, ago)
    page = cut(heads, visit.incoming.query, visit.settings)
    if visit.settings.dialect == Dialect.GUIDE:
        shapes = visit.shapes(())
        return ApiData(page.data([shapes.head(head) for head in page.entries]))
    whole = [visit.group(head.id) for head in page.entries]
    return ApiData(page.data([visit.shapes_of(group).group(group) for group in whole]))


def get_group(visit: RequestContext, group_id: str) -> ApiData:
    """GET /groups/{groupId}."""
    visit.require_groups()
    group = visit.group(group_id)
    return ApiData(visit.shapes_of(group).group(group))


def patch_group(visit: RequestContext, group_id: str) -> ApiData:
    """PATCH /groups/{groupId}."""
    visit.require_groups()
    body = parse_body(visit.incoming, {}, {"name": str, "description": str})
    if not body:
        raise invalid("nothing to change: give a name, a description or both")
    changed = actions.patch(visit, group_id, body.get("name"), body.get("description"))
    if visit.settings.dialect == Dialect.REFERENCE:
        return ApiData(visit.shapes_of(changed).group(changed))
    return ApiData({"group_id": changed.id, "name": changed.name, "description": changed.description})


def leave_group(visit: RequestContext, group_id: str) -> ApiData:
    """POST /groups/{groupId}/leave, with no body or an empty object."""
    visit.require_groups()
    if visit.incoming.body != b"":
        parse_body(visit.incoming, {}, {})
    actions.leave(visit, group_id)
    return ApiData(visit.shapes(()).group_reference(group_id))


def list_participants(visit: RequestContext, group_id: str) -> ApiData:
    """GET /groups/{groupId}/participants."""
    visit.require_groups()
    group = visit.group(group_id)
    return ApiData(visit.shapes_of(group).participants(group.members))


def add_participants(visit: RequestContext, group_id: str) -> ApiData:
    """POST /groups/{groupId}/participants. What it answers is not documented: the participants as sent."""
    visit.require_groups()
    jids = _participants(visit)
    actions.add(visit, group_id, jids)
    return ApiData({"participants": jids})


def remove_participants(visit: RequestContext, group_id: str) -> ApiData:
    """DELETE /groups/{groupId}/participants, or POST …/participants/remove in the reference dialect."""
    visit.require_groups()
    jids = _participants(visit)
    actions.remove(visit, group_id, jids)
    return ApiData({"participants": jids})


def invite_code(visit: RequestContext, group_id: str) -> ApiData:
    """GET /groups/{groupId}/invite-code: a whole URL, in spite of the name."""
    visit.require_groups()
    return ApiData({"invite_code": f"https://chat.whatsapp.com/{visit.administered(group_id).invite_code}"})


def join_group(visit: RequestContext) -> ApiData:
    """POST /groups/join."""
    visit.require_groups()
    body = parse_body(visit.incoming, {"invite_code": str}, {})
    return ApiData(visit.shapes(()).group_reference(actions.join(visit, body["invite_code"])))


def send_message(visit: RequestContext) -> ApiData:
    """POST /messages/send."""
    visit.require_groups()
    body = parse_body(visit.incoming, {"chat_id": str, "type": str, "text": str}, {})
    if body["type"] != "text":
        raise invalid("the type must be 'text'")
    if not 1 <= len(body["text"]) <= MAX_TEXT:
        raise invalid(f"the text must have 1 to {MAX_TEXT} characters")
    actions.send(visit, body["chat_id"], body["text"])
    return ApiData({"message_id": f"msg_{visit.incoming.seq:012d}", "status": "sent"})


def list_contacts(visit: RequestContext) -> ApiData:
    """GET /contacts, paged like the groups."""
    entries = people.contacts(visit.db, visit.instance.id)
    page = cut(entries, visit.incoming.query, visit.settings)
    shapes = visit.shapes(entry.digits for entry in page.entries)
    return ApiData(page.data([shapes.contact(entry) for entry in page.entries]))


def check_contact(visit: RequestContext) -> ApiData:
    """GET /contacts/check. Every number is on WhatsApp unless the world says otherwise."""
    digits = query_digits(visit.incoming.query.get("phone", ""))
    if digits is None:
        raise invalid("the query parameter 'phone' must be an international number, digits only")
    known = people.account(visit.db, digits)
    if known is None:
        return ApiData({"exists": True, "phone": digits, "chat_id": f"{digits}@s.whatsapp.net"})
    return ApiData({"exists": known.exists, "phone": digits, "chat_id": known.jid if known.exists else None})


def _participants(visit: RequestContext) -> list[str]:
    jids = _texts(parse_body(visit.incoming, {"participants": list}, {})["participants"], "participants")
    if not jids:
        raise invalid("the field 'participants' is empty")
    return jids


def _texts(values: list[Any], name: str) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise invalid(f"the field {name!r} must be an array of strings")
    if len(values) > groups.MAX_MEMBERS:
        raise invalid(f"the field {name!r} has more than {groups.MAX_MEMBERS} entries")
    return values
