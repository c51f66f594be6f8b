"""The changes that the API makes. Each action checks everything first; then it applies and logs the whole change."""

from __future__ import annotations

from collections.abc import Sequence

import reconciler.sandbox.store as store
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.errors import ApiFailure, forbidden, invalid, not_found
from reconciler.sandbox.phones import parse_request_jid
from reconciler.sandbox.records import Account, Group, Member

MAX_NAME = 100
"""WhatsApp's limit of characters in a group's name."""

MAX_DESCRIPTION = 2048
"""WhatsApp's limit of characters in a group's description."""


def create_group(context: RequestContext, name: str, jids: Sequence[str]) -> Group:
    """Create a group that the instance owns; silently leave out people who refuse adds or are over the limit."""
    _check_name(name)
    accounts = _accounts(context, jids)
    max_groups = context.settings.max_groups
    if max_groups is not None and len(store.list_summaries(context.db, context.instance.phone)) >= max_groups:
        raise ApiFailure(409, "PLAN_LIMIT_REACHED", f"the subscription allows {max_groups} groups")
    added = _addable(context, accounts, existing_members=1)
    group_id = store.next_group_id(context.db)
    group = Group(
        group_id,
        name,
        "",
        context.instance.phone,
        int(context.request.now),
        store.invite_code_for(group_id),
        (context.own_membership(is_creator=True), *(Member(digits) for digits in added)),
    )
    store.insert_group(context.db, group)
    context.log_effect("create", group_id, None, added, {"name": name})
    return group


def patch_group(context: RequestContext, group_id: str, name: str | None, description: str | None) -> Group:
    """Set a group's name, description or both; None keeps the current one."""
    group = context.require_admin(group_id)
    if name is not None:
        _check_name(name)
    if description is not None and len(description) > MAX_DESCRIPTION:
        raise invalid(f"the description has {len(description)} characters; at most {MAX_DESCRIPTION} are allowed")
    new = {"name": group.name if name is None else name}
    new["description"] = group.description if description is None else description
    if (group.name, group.description) != (new["name"], new["description"]):
        store.set_group_text(context.db, group_id, **new)
        context.log_effect("patch", group_id, group, detail=new)
    return context.require_member(group_id)


def add_participants(context: RequestContext, group_id: str, jids: Sequence[str]) -> None:
    """Add people, or nobody if one of them is an error; silently leave out people who refuse adds."""
    group = context.require_admin(group_id)
    accounts = _accounts(context, jids)
    members = [jid for jid, account in zip(jids, accounts, strict=True) if group.member(account.digits)]
    if members:
        raise context.participant_failure(409, "CONFLICT", "a participant is already in the group", members)
    added = _addable(context, accounts, existing_members=len(group.members))
    if added:
        store.put_members(context.db, group_id, [Member(digits) for digits in added])
        context.log_effect("add", group_id, group, added)


def remove_participants(context: RequestContext, group_id: str, jids: Sequence[str]) -> None:
    """Remove people, or nobody if one of them is an error. The instance can remove itself, but no other owner."""
    group = context.require_admin(group_id)
    accounts = _accounts(context, jids)
    strangers = [jid for jid, account in zip(jids, accounts, strict=True) if not group.member(account.digits)]
    if strangers:
        raise context.participant_failure(409, "CONFLICT", "a participant is not in the group", strangers)
    removed = list(dict.fromkeys(account.digits for account in accounts))
    for digits in removed:
        member = group.member(digits)
        if member and member.is_owner and digits != context.instance.phone:
            raise forbidden("the owner of a group cannot be removed")
    store.delete_members(context.db, group_id, removed)
    context.log_effect("remove", group_id, group, removed)


def leave_group(context: RequestContext, group_id: str) -> None:
    """Remove the instance from a group."""
    group = context.require_member(group_id)
    store.delete_members(context.db, group_id, [context.instance.phone])
    context.log_effect("leave", group_id, group, [context.instance.phone])


def join_group(context: RequestContext, code: str) -> str:
    """Add the instance to a group as an ordinary member and return the group's id; do nothing if it is a member.

    The API documents no response for a full group; here it is a 403.
    """
    if not (code.isascii() and code.isalnum()):
        raise invalid("invite_code must be the bare code, not a URL")
    group = store.find_group_by_invite(context.db, code)
    if group is None:
        raise not_found("no group has this invite code")
    if group.member(context.instance.phone) is None:
        if len(group.members) >= store.MAX_MEMBERS:
            raise forbidden("the group is full")
        store.put_members(context.db, group.id, [context.own_membership(is_creator=False)])
        context.log_effect("join", group.id, group, [context.instance.phone])
    return group.id


def send_message(context: RequestContext, chat_id: str, text: str) -> None:
    """Send a text to a group the instance is in, or to a person; the message only reaches the log of effects."""
    if chat_id.endswith("@g.us"):
        context.require_member(chat_id)
    elif parse_request_jid(chat_id) is None:
        raise invalid("chat_id must be the id of a group (…@g.us) or of a person (…@s.whatsapp.net)")
    context.log_effect("message", chat_id, None, detail={"text": text})


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
