"""The invite links of a plan: which groups need one for people who join by link, and the plan once they are known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.diff.change import Advice, AdviceKind
from reconciler.diff.participants import identify_participants, lacks_admin_rights, people_by_lid
from reconciler.errors import ApiError
from reconciler.model.desired import Desired
from reconciler.plan.model import GroupPlan, Plan

ASK_AN_ADMIN = "have an admin promote the instance, or take the link from an admin's phone"


def groups_awaiting_link(plan: Plan, desired: Desired) -> tuple[str, ...]:
    """Return the ids of the live groups whose invite link somebody is waiting for and the instance may ask for."""
    waiting = [group for group in plan.groups if _is_waiting(group)]
    by_lid = people_by_lid(desired) if waiting else {}
    return tuple(
        group.live.id
        for group in waiting
        if group.live and not lacks_admin_rights(identify_participants(group.live, by_lid), desired.instance)
    )


def with_invite_links(plan: Plan, links: Mapping[str, str | ApiError]) -> Plan:
    """Return the plan with the links, by group id, in the advice about everybody who is to join by one.

    A group that waits for a link and has none in `links` is one in which the instance is not an admin.
    """
    return replace(
        plan, groups=tuple(_with_link(group, links) if _is_waiting(group) else group for group in plan.groups)
    )


def _is_waiting(group: GroupPlan) -> bool:
    return group.live is not None and any(advice.kind is AdviceKind.PENDING for advice in group.advice)


def _with_link(group: GroupPlan, links: Mapping[str, str | ApiError]) -> GroupPlan:
    link = links.get(group.live.id) if group.live is not None else None

    def completed(advice: Advice) -> Advice:
        if advice.kind is not AdviceKind.PENDING:
            return advice
        if link is None:
            text = f"to come by an invite link, which only an admin of the group can have: {ASK_AN_ADMIN}"
            return replace(advice, text=text)
        if isinstance(link, ApiError):
            return replace(advice, text=f"to come by an invite link, which could not be had: {link}")
        return replace(advice, text="to come by the invite link", link=link)

    return replace(group, advice=tuple(map(completed, group.advice)))
