"""One handler per endpoint of groups; one that makes a change checks everything, then applies and logs all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reconciler.sandbox.store as store
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.errors import ApiFailure, forbidden, invalid, not_found
from reconciler.sandbox.http_messages import ApiData, parse_body
from reconciler.sandbox.phones import parse_request_jid
from reconciler.sandbox.records import MAX_NAME, Account, Group, GroupSummary, Member
from reconciler.sandbox.settings import Dialect

MAX_DESCRIPTION = 2048
"""WhatsApp's limit of characters in a group's description."""


def create_group(context: RequestContext) -> ApiData:
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
    group_id = store.next_group_id(context.db)
    members = (Member(own_phone, is_admin=True, is_owner=True), *(Member(digits) for digits in added))
    code = store.invite_code_for(group_id)
    group = Group(group_id, name, "", own_phone, int(context.request.now), code, members)
    store.insert_group(context.db, group)
    context.log_effect("create", group_id, None, added, {"name": name})
    return ApiData(context.serializer_for(group).created_group(group, own_phone), 201)


def list_groups(context: RequestContext) -> ApiData:
    """Handle GET /groups."""

    def serialize(summaries: Sequence[GroupSummary]) -> list[dict[str, Any]]:
        if context.settings.dialect == Dialect.GUIDE:
            serializer = context.serializer()
            return [serializer.group_summary(summary) for summary in summaries]
        groups = [context.require_member(summary.id) for summary in summaries]
        return [context.serializer_for(group).group(group) for group in groups]

    summaries = store.summaries_at(context.db, context.instance.phone, context.request.effects_ago)
    return context.page(summaries, serialize)


def get_group(context: RequestContext, group_id: str) -> ApiData:
    """Handle GET /groups/{groupId}."""
    group = context.require_member(group_id)
    return ApiData(context.serializer_for(group).group(group))


def patch_group(context: RequestContext, group_id: str) -> ApiData:
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
        return ApiData(context.serializer_for(group).group(group))
    return ApiData({"group_id": group_id, "name": group.name, "description": group.description})


def leave_group(context: RequestContext, group_id: str) -> ApiData:
    """Handle POST /groups/{groupId}/leave, with no body or an empty object."""
    if context.request.body != b"":
        parse_body(context.request, {}, {})
    group = context.require_member(group_id)
    store.delete_members(context.db, group_id, [context.instance.phone])
    context.log_effect("leave", group_id, group, [context.instance.phone])
    return ApiData(context.serializer().group_reference(group_id))


def list_participants(context: RequestContext, group_id: str) -> ApiData:
    """Handle GET /groups/{groupId}/participants."""
    group = context.require_member(group_id)
    return ApiData(context.serializer_for(group).participants(group.members))


def add_participants(context: RequestContext, group_id: str) -> ApiData:
    """Handle POST /groups/{groupId}/participants: add all, or nobody if one of them is an error.

    People who refuse adds are silently left out. The result is not documented; it repeats the participants.
    """
    jids = _parse_participants(context)
    group = context.require_admin(group_id)
    accounts = _accounts(context, jids)
    members = [jid for jid, account in zip(jids, accounts, strict=True) if group.member(account.digits)]
    if members:
        raise context.participant_failure(409, "CONFLICT", "a participant is already in the group", members)
    added = _addable(context, accounts, existing_members=len(group.members))
    if added:
        store.put_members(context.db, group_id, [Member(digits) for digits in added])
        context.log_effect("add", group_id, group, added)
    return ApiData({"participants": jids})


def remove_participants(context: RequestContext, group_id: str) -> ApiData:
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
    return ApiData({"participants": jids})


def get_invite_code(context: RequestContext, group_id: str) -> ApiData:
    """Handle GET /groups/{groupId}/invite-code; the result is a complete URL, in spite of the name."""
    group = context.require_admin(group_id)
    return ApiData({"invite_code": f"https://chat.whatsapp.com/{group.invite_code}"})


def join_group(context: RequestContext) -> ApiData:
    """Handle POST /groups/join: add the instance as an ordinary member; change nothing if it is a member.

    The API documents no response for a full group; here it is a 403.
    """
    code = parse_body(context.request, {"invite_code": str}, {})["invite_code"]
    if not (code.isascii() and code.isalnum()):
        raise invalid("invite_code must be the bare code, not a URL")
    group = store.find_group_by_invite(context.db, code)
    if group is None:
        raise not_found("no group has this invite code")
    if group.member(context.instance.phone) is None:
        if len(group.members) >= store.MAX_MEMBERS:
            raise forbidden("the group is full")
        store.put_members(context.db, group.id, [Member(context.instance.phone)])
        context.log_effect("join", group.id, group, [context.instance.phone])
    return ApiData(context.serializer().group_reference(group.id))


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
