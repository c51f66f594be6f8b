"""The invite links of a plan: which groups need one for people who join by link, and the plan with the links. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.diff.change import Advice, AdviceKind
from reconciler.diff.participants import identify_participants, lacks_admin_rights, people_by_lid
from reconciler.errors import ApiError
from reconciler.messages import Message
from reconciler.model.desired import Desired
from reconciler.plan.model import GroupPlan, Plan


def groups_awaiting_link(plan: Plan, desired: Desired) -> tuple[str, ...]:
    """Return the ids of the live groups whose invite link somebody needs and the account is allowed to read."""
    awaiting = [group for group in plan.groups if _awaits_link(group)]
    by_lid = people_by_lid(desired) if awaiting else {}
    return tuple(
        group.live.id
        for group in awaiting
        if group.live and not lacks_admin_rights(identify_participants(group.live, by_lid), desired.account)
    )


def with_invite_links(plan: Plan, links: Mapping[str, str | ApiError]) -> Plan:
    """Return the plan with the links, by group id, in the advice about everybody who has to join by one.

    A group that needs a link and has none in `links` is one in which the account is not an admin.
    """
    return replace(
        plan, groups=tuple(_with_link(group, links) if _awaits_link(group) else group for group in plan.groups)
    )


def _awaits_link(group: GroupPlan) -> bool:
    return group.live is not None and any(advice.kind is AdviceKind.PENDING for advice in group.advice)


def _with_link(group: GroupPlan, links: Mapping[str, str | ApiError]) -> GroupPlan:
    link = links.get(group.live.id) if group.live is not None else None

    def completed(advice: Advice) -> Advice:
        if advice.kind is not AdviceKind.PENDING:
            return advice
        if link is None:
            return replace(advice, message=Message.of("link-needs-admin"))
        if isinstance(link, ApiError):
            return replace(advice, message=Message.of("link-unavailable", error=str(link)))
        return replace(advice, message=Message.of("joins-by-link"), link=link)

    return replace(group, advice=tuple(map(completed, group.advice)))
