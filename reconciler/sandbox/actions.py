"""What the API changes: each action checks everything first, then takes effect whole and is logged, or does nothing."""

from __future__ import annotations

from collections.abc import Sequence

import reconciler.sandbox.account_store as people
import reconciler.sandbox.group_store as groups
from reconciler.sandbox.context import RequestContext
from reconciler.sandbox.errors import ApiFailure, forbidden, invalid, not_found
from reconciler.sandbox.phones import strict_digits
from reconciler.sandbox.records import Account, Group, Member

MAX_NAME = 100
"""Characters of a group's name, WhatsApp's own limit."""

MAX_DESCRIPTION = 2048
"""Characters of a group's description, WhatsApp's own limit."""


def create(visit: RequestContext, name: str, jids: Sequence[str]) -> Group:
    """Make a group that the instance owns. Whoever may not be added, or is past the limit, silently stays out."""
    _check_name(name)
    wanted = _accounts(visit, jids)
    most = visit.settings.max_groups
    if most is not None and len(groups.heads(visit.db, visit.instance.phone)) >= most:
        raise ApiFailure(409, "PLAN_LIMIT_REACHED", f"the plan allows {most} groups")
    added = _willing(visit, wanted, others=1)
    group_id = groups.next_id(visit.db)
    made = Group(
        group_id,
        name,
        "",
        visit.instance.phone,
        int(visit.incoming.now),
        groups.invite_code_for(group_id),
        (visit.as_member(is_admin=True), *(Member(digits) for digits in added)),
    )
    groups.put_group(visit.db, made)
    visit.log("create", group_id, None, added, {"name": name})
    return made


def patch(visit: RequestContext, group_id: str, name: str | None, description: str | None) -> Group:
    """Change a group's name, description or both; None leaves one as it is."""
    group = visit.administered(group_id)
    if name is not None:
        _check_name(name)
    if description is not None and len(description) > MAX_DESCRIPTION:
        raise invalid(f"the description has {len(description)} characters; at most {MAX_DESCRIPTION} are allowed")
    new = {"name": group.name if name is None else name}
    new["description"] = group.description if description is None else description
    if (group.name, group.description) != (new["name"], new["description"]):
        groups.set_text(visit.db, group_id, **new)
        visit.log("patch", group_id, group, detail=new)
    return visit.group(group_id)


def add(visit: RequestContext, group_id: str, jids: Sequence[str]) -> None:
    """Add people. All or nothing, as far as errors go; whoever refuses adds silently stays out."""
    group = visit.administered(group_id)
    wanted = _accounts(visit, jids)
    inside = [jid for jid, account in zip(jids, wanted, strict=True) if group.member(account.digits)]
    if inside:
        raise visit.refuse(409, "CONFLICT", "a participant is already in the group", inside)
    added = _willing(visit, wanted, others=len(group.members))
    if added:
        groups.put_members(visit.db, group_id, [Member(digits) for digits in added])
        visit.log("add", group_id, group, added)


def remove(visit: RequestContext, group_id: str, jids: Sequence[str]) -> None:
    """Remove people, all or nothing; owners cannot be removed, the instance can, and is out then."""
    group = visit.administered(group_id)
    wanted = _accounts(visit, jids)
    outside = [jid for jid, account in zip(jids, wanted, strict=True) if not group.member(account.digits)]
    if outside:
        raise visit.refuse(409, "CONFLICT", "a participant is not in the group", outside)
    removed = list(dict.fromkeys(account.digits for account in wanted))
    for digits in removed:
        member = group.member(digits)
        if member and member.is_owner and digits != visit.instance.phone:
            raise forbidden("the owner of a group cannot be removed")
    groups.drop_members(visit.db, group_id, removed)
    visit.log("remove", group_id, group, removed)


def leave(visit: RequestContext, group_id: str) -> None:
    """Take the instance out of a group."""
    group = visit.group(group_id)
    groups.drop_members(visit.db, group_id, [visit.instance.phone])
    visit.log("leave", group_id, group, [visit.instance.phone])


def join(visit: RequestContext, code: str) -> str:
    """Bring the instance into a group as an ordinary member and return its id; being in already is fine.

    The API documents no answer for a full group; here it is a 403.
    """
    if not (code.isascii() and code.isalnum()):
        raise invalid("invite_code must be the bare code, not a URL")
    group_id = groups.id_of_invite(visit.db, code)
    group = groups.group(visit.db, group_id) if group_id else None
    if group is None:
        raise not_found("no group has this invite code")
    if group.member(visit.instance.phone) is None:
        if len(group.members) >= groups.MAX_MEMBERS:
            raise forbidden("the group is full")
        groups.put_members(visit.db, group.id, [visit.as_member(is_admin=False)])
        visit.log("join", group.id, group, [visit.instance.phone])
    return group.id


def send(visit: RequestContext, chat_id: str, text: str) -> None:
    """Send a text to a group the instance is in, or to a person; it goes no further than the log of effects."""
    if chat_id.endswith("@g.us"):
        visit.group(chat_id)
    elif strict_digits(chat_id) is None:
        raise invalid("chat_id must be a group's id (…@g.us) or a person's (…@s.whatsapp.net)")
    visit.log("message", chat_id, None, detail={"text": text})


def _check_name(name: str) -> None:
    if not name.strip():
        raise invalid("the name is empty")
    if len(name) > MAX_NAME:
        raise invalid(f"the name has {len(name)} characters; at most {MAX_NAME} are allowed")


def _accounts(visit: RequestContext, jids: Sequence[str]) -> list[Account]:
    """The account behind each JID. Nobody comes to life for a request that fails: the transaction takes them back."""
    bad = [jid for jid in jids if strict_digits(jid) is None]
    if bad:
        message = "bad participant format; use {phone}@s.whatsapp.net"
        raise visit.refuse(422, "UNPROCESSABLE_ENTITY", message, bad)
    return [people.meet(visit.db, jid.partition("@")[0]) for jid in jids]


def _willing(visit: RequestContext, wanted: Sequence[Account], others: int) -> list[str]:
    """Who of these really comes in, in order: existing accounts that allow it, while there is room."""
    able = [each.digits for each in wanted if each.exists and not each.refuses_adds]
    come = [digits for digits in dict.fromkeys(able) if digits != visit.instance.phone]
    return come[: max(0, groups.MAX_MEMBERS - others)]
