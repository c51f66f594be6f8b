"""One handler per endpoint returns its data; one that makes a change checks everything, then applies and logs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reconciler.sandbox.store as store
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.http_messages import ApiFailure, forbidden, invalid, not_found, parse_body
from reconciler.sandbox.phones import parse_query_phone, parse_request_jid
from reconciler.sandbox.records import MAX_NAME, Account, Group, GroupSummary, Member
from reconciler.sandbox.settings import Dialect

MAX_DESCRIPTION = 2048
"""WhatsApp's limit of characters in a group's description."""

MAX_TEXT = 65536
"""WhatsApp's limit of characters in a message."""


# Groups


def create_group(context: RequestContext) -> Any:
    """Handle POST /groups: the instance owns the group; people who refuse adds or are over the limit are left out."""
    body = parse_body(context.request, {"name": str, "participants": list}, {})
    jids = _check_participants(body["participants"])
    name = body["name"]
    _check_name(name)
    accounts = _accounts(context, jids)
    max_groups = context.settings.max_groups
    own_phone = context.instance.phone
    if max_groups is not None and len(store.list_summaries(context.db, own_phone)) >= max_groups:
        raise ApiFailure(409, "PLAN_LIMIT_REACHED", f"the subscription allows {max_groups} groups")
    added = _addable(context, accounts, existing_members=1)
    context.score_adds(accounts, creates=True)
    group_id = store.next_group_id(context.db)
    members = (Member(own_phone, is_admin=True, is_owner=True), *(Member(digits) for digits in added))
    code = store.invite_code_for(group_id)
    group = Group(group_id, name, "", own_phone, int(context.request.now), code, members)
    store.insert_group(context.db, group)
    context.log_effect("create", group_id, None, added, {"name": name})
    return context.serializer.created_group(group, own_phone)


def list_groups(context: RequestContext) -> Any:
    """Handle GET /groups."""

    def serialize(summaries: Sequence[GroupSummary]) -> list[dict[str, Any]]:
        if context.settings.dialect == Dialect.GUIDE:
            return [context.serializer.group_summary(summary) for summary in summaries]
        return [context.serializer.group(context.require_member(summary.id)) for summary in summaries]

    summaries = store.summaries_at(context.db, context.instance.phone, context.request.effects_ago)
    return context.page(summaries, serialize)


def get_group(context: RequestContext, group_id: str) -> Any:
    """Handle GET /groups/{groupId}."""
    group = context.require_member(group_id)
    return context.serializer.group(group)


def patch_group(context: RequestContext, group_id: str) -> Any:
    """Handle PATCH /groups/{groupId}: set the name, the description or both."""
    body = parse_body(context.request, {}, {"name": str, "description": str})
    if not body:
        raise invalid("nothing to change; send a name, a description or both")
    group = context.require_admin(group_id)
    if "name" in body:
        _check_name(body["name"])
    if len(body.get("description", "")) > MAX_DESCRIPTION:
        message = f"the description has {len(body['description'])} characters; at most {MAX_DESCRIPTION} are allowed"
        raise invalid(message)
    old = {"name": group.name, "description": group.description}
    new = {**old, **body}
    if new != old:
        store.set_group_text(context.db, group_id, **new)
        context.log_effect("patch", group_id, group, detail=new)
    group = context.require_member(group_id)
    if context.settings.dialect == Dialect.REFERENCE:
        return context.serializer.group(group)
    return {"group_id": group_id, "name": group.name, "description": group.description}


def leave_group(context: RequestContext, group_id: str) -> Any:
    """Handle POST /groups/{groupId}/leave, with no body or an empty object."""
    if context.request.body != b"":
        parse_body(context.request, {}, {})
    group = context.require_member(group_id)
    store.delete_members(context.db, group_id, [context.instance.phone])
    context.log_effect("leave", group_id, group, [context.instance.phone])
    return context.serializer.group_reference(group_id)


def list_participants(context: RequestContext, group_id: str) -> Any:
    """Handle GET /groups/{groupId}/participants."""
    group = context.require_member(group_id)
    return context.serializer.participants(group.members)


def add_participants(context: RequestContext, group_id: str) -> Any:
    """Handle POST /groups/{groupId}/participants: add all, or nobody if one of them is an error.

    People who refuse adds are silently left out. The result is not documented; it repeats the participants, with a
    status for each if the settings say so.
    """
    jids = _parse_participants(context)
    group = context.require_admin(group_id)
    accounts = _accounts(context, jids)
    members = [jid for jid, account in zip(jids, accounts, strict=True) if group.member(account.digits)]
    if members:
        raise context.participant_failure(409, "CONFLICT", "a participant is already in the group", members)
    added = _addable(context, accounts, existing_members=len(group.members))
    context.score_adds(accounts)
    if added:
        store.put_members(context.db, group_id, [Member(digits) for digits in added])
        context.log_effect("add", group_id, group, added)
    if context.settings.answer_each_person:
        statuses = (_add_status(account, added) for account in accounts)
        return {"participants": [{"id": jid, "status": each} for jid, each in zip(jids, statuses, strict=True)]}
    return {"participants": jids}


def _add_status(account: Account, added: Sequence[str]) -> int:
    """Return what WhatsApp's libraries answer for one person of an add."""
    if account.digits in added:
        return 200
    return 404 if not account.exists else 403 if account.refuses_adds else 419


def remove_participants(context: RequestContext, group_id: str) -> Any:
    """Handle DELETE /groups/{groupId}/participants, or POST …/participants/remove in the reference dialect.

    Removes all, or nobody if one of them is an error. The instance can remove itself, but no other owner.
    """
    jids = _parse_participants(context)
    group = context.require_admin(group_id)
    accounts = _accounts(context, jids)
    strangers = [jid for jid, account in zip(jids, accounts, strict=True) if not group.member(account.digits)]
    if strangers:
        raise context.participant_failure(409, "CONFLICT", "a participant is not in the group", strangers)
    removed = list(dict.fromkeys(account.digits for account in accounts))
    owners = {member.digits for member in group.members if member.is_owner}
    if owners.intersection(removed) - {context.instance.phone}:
        raise forbidden("the owner of a group cannot be removed")
    store.delete_members(context.db, group_id, removed)
    context.log_effect("remove", group_id, group, removed)
    return {"participants": jids}


def get_invite_code(context: RequestContext, group_id: str) -> Any:
    """Handle GET /groups/{groupId}/invite-code; the result is a complete URL, in spite of the name."""
    group = context.require_admin(group_id)
    return {"invite_code": f"https://chat.whatsapp.com/{group.invite_code}"}


def join_group(context: RequestContext) -> Any:
    """Handle POST /groups/join: add the instance as an ordinary member; change nothing if it is a member.

    The reference dialect calls the field `code`, takes a whole link too, and answers the group. The API documents no
    response for a full group; here it is a 403.
    """
    is_reference = context.settings.dialect == Dialect.REFERENCE
    field = "code" if is_reference else "invite_code"
    code = parse_body(context.request, {field: str}, {})[field]
    if is_reference:
        code = code.removeprefix("https://chat.whatsapp.com/")
    if not (code.isascii() and code.isalnum()):
        raise invalid(f"{field} must be the bare code, not a URL")
    group = store.find_group_by_invite(context.db, code)
    if group is None:
        raise not_found("no group has this invite code")
    if group.member(context.instance.phone) is None:
        if len(group.members) >= store.MAX_MEMBERS:
            raise forbidden("the group is full")
        store.put_members(context.db, group.id, [Member(context.instance.phone)])
        context.log_effect("join", group.id, group, [context.instance.phone])
    if is_reference:
        return context.serializer.group(context.require_member(group.id))
    return context.serializer.group_reference(group.id)


def _parse_participants(context: RequestContext) -> list[str]:
    body = parse_body(context.request, {"participants": list}, {})
    jids = _check_participants(body["participants"])
    if not jids:
        raise invalid("the field 'participants' is empty")
    return jids


def _check_participants(values: list[Any]) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise invalid("the field 'participants' must be an array of strings")
    if len(values) > store.MAX_MEMBERS:
        raise invalid(f"the field 'participants' has more than {store.MAX_MEMBERS} entries")
    return values


def _check_name(name: str) -> None:
    if not name.strip():
        raise invalid("the name is empty")
    if len(name) > MAX_NAME:
        raise invalid(f"the name has {len(name)} characters; at most {MAX_NAME} are allowed")


def _accounts(context: RequestContext, jids: Sequence[str]) -> list[Account]:
    """Return the account of each JID, created if missing; a request that fails later rolls the new accounts back."""
    invalid_jids = [jid for jid in jids if parse_request_jid(jid) is None]
    if invalid_jids:
        message = "bad participant format; use {phone}@s.whatsapp.net"
        raise context.participant_failure(422, "UNPROCESSABLE_ENTITY", message, invalid_jids)
    return [store.get_or_create_account(context.db, jid.partition("@")[0]) for jid in jids]


def _addable(context: RequestContext, accounts: Sequence[Account], existing_members: int) -> list[str]:
    """Return the numbers of those who really join, in order: they exist and allow it, and the group has room."""
    willing = [account.digits for account in accounts if account.exists and not account.refuses_adds]
    others = [digits for digits in dict.fromkeys(willing) if digits != context.instance.phone]
    return others[: max(0, store.MAX_MEMBERS - existing_members)]


# The instance, its messages and contacts, webhooks


def get_instance(context: RequestContext) -> Any:
    """Handle GET on the instance itself."""
    instance = context.instance
    return {"id": instance.id, "name": instance.name, "type": instance.kind, "status": instance.status}


def send_message(context: RequestContext) -> Any:
    """Handle POST /messages/send to a group the instance is in, or to a person; the text only goes to the log.

    The reference dialect has other field names, and answers that the message is queued.
    """
    is_reference = context.settings.dialect == Dialect.REFERENCE
    to_field, text_field = ("to", "body") if is_reference else ("chat_id", "text")
    body = parse_body(context.request, {to_field: str, "type": str, text_field: str}, {})
    chat_id, text = body[to_field], body[text_field]
    if body["type"] != "text":
        raise invalid("the type must be 'text'")
    if not 1 <= len(text) <= MAX_TEXT:
        raise invalid(f"the text must have 1 to {MAX_TEXT} characters")
    if chat_id.endswith("@g.us"):
        context.require_member(chat_id)
    elif parse_request_jid(chat_id) is None:
        raise invalid(f"{to_field} must be the id of a group (…@g.us) or of a person (…@s.whatsapp.net)")
    context.log_effect("message", chat_id, None, detail={"text": text})
    if is_reference:
        return {"message": "Message queued", "jobId": f"job_{context.request.seq:012d}"}
    return {"message_id": f"msg_{context.request.seq:012d}", "status": "sent"}


def list_contacts(context: RequestContext) -> Any:
    """Handle GET /contacts, paged like the groups."""
    return context.page(store.list_contacts(context.db, context.instance.id), context.serializer.contacts)


def check_contact(context: RequestContext) -> Any:
    """Handle GET /contacts/check. Every number is on WhatsApp unless its account says otherwise."""
    digits = parse_query_phone(context.request.query.get("phone", ""))
    if digits is None:
        raise invalid("the query parameter 'phone' must be an international number, digits only")
    account = store.find_account(context.db, digits)
    if account is None:
        return {"exists": True, "phone": digits, "chat_id": f"{digits}@s.whatsapp.net"}
    return {"exists": account.exists, "phone": digits, "chat_id": account.jid if account.exists else None}
