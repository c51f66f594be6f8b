"""Invite links: of a group of the file, and for everybody who is to come by one, in a plan and after an apply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from reconciler.apply.result import PersonOutcome, PersonStatus
from reconciler.diff.change import AdviceKind
from reconciler.diff.participants import identify_participants, lacks_admin_rights, people_by_lid
from reconciler.errors import ApiError, Forbidden, Interrupted, NotFound, UsageError
from reconciler.lookup.listing import match_live
from reconciler.model.desired import Desired
from reconciler.model.live import LiveGroup
from reconciler.plan.model import GroupPlan, Plan
from reconciler.plan.selection import select_key

if TYPE_CHECKING:
    from reconciler.live.client import Client

_FROM_AN_ADMIN = "have an admin promote the instance, or take the link from an admin's phone"
_BY_LINK = (PersonStatus.NOT_ADDED, PersonStatus.PENDING)


class GivesLinks(Protocol):
    """What telling links needs of a client."""

    def invite_link(self, group_id: str) -> str:
        """The group's invite link, a whole URL."""


def plan_with_links(plan: Plan, client: GivesLinks, desired: Desired) -> Plan:
    """The plan with the invite link for everybody who is to come by it, where the group is live already."""
    return replace(plan, groups=tuple(_group_with_link(group, client, desired) for group in plan.groups))


def _group_with_link(group: GroupPlan, client: GivesLinks, desired: Desired) -> GroupPlan:
    if group.live is None or not any(advice.kind is AdviceKind.PENDING for advice in group.advice):
        return group
    told, link = _link_to_send(group.live, client, desired)
    advice = tuple(replace(a, text=told, link=link) if a.kind is AdviceKind.PENDING else a for a in group.advice)
    return replace(group, advice=advice)


def _link_to_send(live: LiveGroup, client: GivesLinks, desired: Desired) -> tuple[str, str | None]:
    """What to say of a group's link, and the link; not asked for where the live state says it is not to be had."""
    if lacks_admin_rights(identify_participants(live, people_by_lid(desired)), desired.instance):
        return f"to come by an invite link, which only an admin of the group can have: {_FROM_AN_ADMIN}", None
    try:
        return "to come by the invite link", client.invite_link(live.id)
    except ApiError as error:
        return f"to come by an invite link, which could not be had: {error}", None


def people_with_link(people: tuple[PersonOutcome, ...], client: GivesLinks, group_id: str) -> tuple[PersonOutcome, ...]:
    """The people of one group, those who are to come by themselves with its invite link.

    Where the link cannot be had their message says why: after an apply nothing is raised, an interrupt neither.
    """
    if not any(outcome.state in _BY_LINK for outcome in people):
        return people
    try:
        link, trouble = client.invite_link(group_id), ""
    except (ApiError, Interrupted) as error:
        link, trouble = None, f"; the invite link could not be had: {error}"
    return tuple(
        replace(outcome, message=outcome.message + trouble, link=link) if outcome.state in _BY_LINK else outcome
        for outcome in people
    )


def invite_link(desired: Desired, client: Client, key: str) -> str:
    """The invite link of a group of the file, which is found by its id without a list.

    Raises UsageError where the key stands for no live group, or for none that is sure.
    """
    group = select_key(desired.groups, key)
    group_id = group.id
    if group_id is None:
        match = match_live(desired, client)[key]
        if match.blocked:
            raise UsageError(f"{key}: {match.blocked}")
        if match.listed is None:
            raise UsageError(f"{key}: no live group bears its name", "create it with `reconciler apply` first")
        group_id = match.listed.id
    try:
        return client.invite_link(group_id)
    except NotFound as error:
        if not error.tells_of_group:
            raise
        hint = "correct the id, or bring the instance into the group again"
        raise UsageError(f"{key}: its id {group_id} is not among the instance's live groups", hint) from error
    except Forbidden as error:
        raise Forbidden(
            f"{key}: the instance may not see the invite link; only an admin of the group may",
            endpoint=error.endpoint,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            hint=_FROM_AN_ADMIN,
        ) from error
