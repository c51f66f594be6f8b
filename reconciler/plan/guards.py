"""Guards: what stops a whole run before its first write, and the flag or line that overrides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.errors import Refused
from reconciler.messages import Message
from reconciler.model.desired import Desired
from reconciler.model.live import Instance
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Plan, Refusal
from reconciler.sanitize.escape import escape_controls

PLACEHOLDER = "inst_replace_me"
"""The instance's id in the file that `init` writes: nobody has filled it in yet."""
_OVER_LIMIT = "too-many-removals"


def check_guards(
    groups: Sequence[GroupPlan], desired: Desired, instance: Instance | None, instance_id: str, *, sandbox: bool
) -> tuple[Refusal, ...]:
    """Return every reason to refuse the run: first those of the run itself, then by group key.

    `desired` is as it is for the instance with this id. `instance` is None where nothing is to be written, so that
    its state was not read. `sandbox` is a run on the embedded server.
    """
    placeholder = [] if sandbox else check_placeholder(desired)
    own_phone = check_own_phone(groups, desired, instance_id)
    account = check_account_stays(groups, desired)
    return (*placeholder, *check_instance(instance), *own_phone, *account, *check_removal_limits(groups))


def check_placeholder(desired: Desired) -> list[Refusal]:
    """Refuse the starter's configuration, whatever instance the run is for: its people are examples too."""
    if desired.instance_id != PLACEHOLDER:
        return []
    return [Refusal(Message.of("starter-file", instance=PLACEHOLDER), Message.of("fill-in-starter"))]


def check_instance(instance: Instance | None) -> list[Refusal]:
    """Refuse an instance that cannot write in its present state."""
    if instance is None:
        return []
    if instance.kind != "waha":
        message = Message.of("no-groups-on-instance", instance=instance.id, type=Untrusted(instance.kind))
        return [Refusal(message, Message.of("use-waha-instance"))]
    if instance.status != "connected":
        message = Message.of("not-connected", instance=instance.id, status=Untrusted(instance.status))
        return [Refusal(message, Message.of("connect-instance"))]
    return []


def check_own_phone(groups: Sequence[GroupPlan], desired: Desired, instance_id: str) -> list[Refusal]:
    """Refuse every removal while the account's own number is unknown."""
    if desired.account is not None or not any(_count_removals(group) for group in groups):
        return []
    if desired.instance_id in (None, instance_id):
        return [Refusal(Message.of("own-phone-unknown"), Message.of("set-own-phone"))]
    message = Message.of("own-phone-of-other-instance", configured=desired.instance_id, actual=instance_id)
    override = Message.of("use-configured-instance", configured=desired.instance_id, actual=instance_id)
    return [Refusal(message, override)]


def check_account_stays(groups: Sequence[GroupPlan], desired: Desired) -> list[Refusal]:
    """Refuse to remove who may be the account itself: somebody in every group, if the number in the file is not.

    The account is in every group that it can read, so that number is then another person's, or a read is incomplete.
    """
    account = desired.account
    if account is None:
        return []
    members = [{p.identity for p in group.live.participants} for group in groups if group.live is not None]
    members = [identities for identities in members if identities]
    if len(members) < 2:
        return []
    lacking = sum(account.identity not in identities and None not in identities for identities in members)
    everywhere = set.intersection(*members) if lacking else set()
    return [
        Refusal(
            Message.of(
                "may-be-account", phone=account.identity, count=lacking, place=desired.account_place or "the file"
            ),
            Message.of("check-own-phone"),
            group.key,
        )
        for group in groups
        if any(p.identity in everywhere for step in group.steps if step.action is Action.REMOVE for p in step.people)
    ]


def check_removal_limits(groups: Sequence[GroupPlan], *, saved: bool = False) -> list[Refusal]:
    """Refuse the groups that would lose more members than their limit allows."""
    refusals = []
    for group in groups:
        # Those that wait for the budget count, too: a mistake must not pass because it is spread over days.
        removed, limit = _count_removals(group) + group.waiting_removals, group.removal_limit
        allowed = limit.allowed(group.live_members)
        if removed > allowed:
            message = Message.of(
                "too-many-removals",
                removed=removed,
                members=group.live_members,
                allowed=allowed,
                limit=str(limit),
                source=limit.source,
            )
            override = (
                Message.of("raise-removal-limit-in-new-plan", removed=removed)
                if saved
                else Message.of("raise-removal-limit", removed=removed)
            )
            refusals.append(Refusal(message, override, group.key))
    return refusals


def recheck_guards(plan: Plan, desired: Desired | None, instance: Instance, *, sandbox: bool) -> Plan:
    """Return a saved plan with every reason to refuse it now, since a plan file can be edited on its way.

    The refusals that it was saved with remain: only a new plan overrides them. The limits of removals are checked
    again. `desired` is as it is for the plan's instance, None where the configuration is not there.
    """
    if desired is None:
        current = tuple(check_instance(instance))
    else:
        current = check_guards(plan.groups, desired, instance, plan.instance_id, sandbox=sandbox)
    saved = [
        replace(refusal, override=Message.of("then-new-plan", first=refusal.override))
        for refusal in plan.refusals
        if refusal.message.code != _OVER_LIMIT
    ]
    known = {(refusal.group, refusal.message.code) for refusal in saved}
    new = (
        refusal
        for refusal in current
        if refusal.message.code != _OVER_LIMIT and (refusal.group, refusal.message.code) not in known
    )
    return replace(plan, refusals=(*saved, *new, *check_removal_limits(plan.groups, saved=True)))


def raise_if_refused(plan: Plan) -> None:
    """Raise Refused, with every reason and what overrides it, when a guard refuses the run."""
    if not plan.refusals:
        return
    lines = []
    for refusal in plan.refusals:
        where = f"{refusal.group}: " if refusal.group else ""
        lines.append(f"  {where}{escape_controls(refusal.message.to_text())}")
        lines.append(f"    {escape_controls(refusal.override.to_text())}")
    reasons = tuple((refusal.group, refusal.message.code) for refusal in plan.refusals)
    raise Refused("refused before the first write, nothing was changed:\n" + "\n".join(lines), reasons=reasons)


def _count_removals(group: GroupPlan) -> int:
    return sum(len(step.people) for step in group.steps if step.action is Action.REMOVE)
