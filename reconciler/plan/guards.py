"""What stops a whole run before its first write, with the flag or line that lifts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.errors import Refused
from reconciler.model.desired import Desired
from reconciler.model.live import Instance
from reconciler.plan.model import GroupPlan, Plan, Refusal
from reconciler.plan.step import Action

PLACEHOLDER = "inst_replace_me"
"""The instance's id in the file that `init` writes: nobody has made such a file their own yet."""


def check_guards(
    groups: Sequence[GroupPlan], desired: Desired, instance: Instance | None, instance_id: str, *, trying_out: bool
) -> tuple[Refusal, ...]:
    """Every reason to refuse, the run's own first, then by group key.

    `desired` is as it is for the instance with this id. `instance` is None when nothing is to be written, so that
    nobody asked for its state. `trying_out` says that the embedded server answers.
    """
    of_file = [] if trying_out else check_placeholder(desired)
    of_own_phone = check_own_phone(groups, desired, instance_id)
    return (*of_file, *check_instance(instance), *of_own_phone, *check_removal_limits(groups))


def check_placeholder(desired: Desired) -> list[Refusal]:
    """Why a file cannot be applied while it is the starter's, whatever instance the run is for: so are its people."""
    if desired.instance_id != PLACEHOLDER:
        return []
    text = f"the file is still the starter's: its instance is {PLACEHOLDER}, its people and groups are examples"
    return [Refusal(text, "put your own instance's `id` and `phone` into the file, and your own people and groups")]


def check_instance(instance: Instance | None) -> list[Refusal]:
    """Why an instance in this state cannot write; nothing for None, which nobody needed to ask about."""
    if instance is None:
        return []
    if instance.kind != "waha":
        lift = "groups work only on an instance of type waha: name another with --instance-id"
        return [Refusal(f"the instance {instance.id} is of type {instance.kind}, which has no groups", lift)]
    if instance.status != "connected":
        lift = "connect it (Wappfy's dashboard shows the QR code to scan)"
        return [Refusal(f"the instance {instance.id} is not connected: its status is {instance.status}", lift)]
    return []


def check_own_phone(groups: Sequence[GroupPlan], desired: Desired, instance_id: str) -> list[Refusal]:
    """Why nobody may be removed while it is not known who the instance itself is."""
    if desired.instance is not None or not any(_removed(group) for group in groups):
        return []
    text = "somebody is to be removed while the instance's own number is unknown, and it must never remove itself"
    lift = "give the number as `phone` under `instance`"
    if desired.instance_id not in (None, instance_id):
        text += f": the file is for the instance {desired.instance_id}, this run for {instance_id}"
        lift = (
            f"name {desired.instance_id} with --instance-id or WAPPFY_INSTANCE_ID, or note the `id` and `phone` of "
            f"{instance_id} under `instance`"
        )
    return [Refusal(text, lift)]


def check_removal_limits(groups: Sequence[GroupPlan], *, saved: bool = False) -> list[Refusal]:
    """Which groups would lose more members than their limit allows; in a saved plan only a new one lifts that."""
    found = []
    for group in groups:
        removed, limit = _removed(group), group.removal_limit
        allowed = limit.allowed(group.live_members)
        if removed > allowed:
            would = f"{removed} of {group.live_members} members would be removed"
            text = f"{would}, {allowed} may be ({limit} by {limit.source})"
            how = "make a new plan with" if saved else "pass"
            lift = f"if that is meant, {how} --max-removals {removed}, or raise `max_removals` for this group"
            found.append(Refusal(text, lift, group.key))
    return found


def recheck_guards(plan: Plan, desired: Desired | None, instance: Instance) -> Plan:
    """A saved plan with every reason of now to refuse it, since a plan file can be edited on its way.

    What it was refused for when it was saved stands in it: only a new plan lifts that.
    `desired` is as it is for the plan's instance, None where the file is not there or not needed.
    """
    of_own_phone = check_own_phone(plan.groups, desired, plan.instance_id) if desired is not None else []
    found = (*check_instance(instance), *of_own_phone)
    removals = check_removal_limits(plan.groups)
    stood = (
        replace(refusal, override=f"{refusal.override}, then make a new plan")
        for refusal in plan.refusals
        if refusal not in removals
    )
    new = (refusal for refusal in found if refusal not in plan.refusals)
    return replace(plan, refusals=(*stood, *new, *check_removal_limits(plan.groups, saved=True)))


def raise_if_refused(plan: Plan) -> None:
    """Stop here when a guard refuses the run; every reason is told, with what lifts it."""
    if not plan.refusals:
        return
    lines = []
    for refusal in plan.refusals:
        where = f"{refusal.group}: " if refusal.group else ""
        lines.append(f"  {where}{refusal.message}\n    {refusal.override}")
    raise Refused("refused before the first write, nothing was changed:\n" + "\n".join(lines))


def _removed(group: GroupPlan) -> int:
    return sum(len(step.people) for step in group.steps if step.action is Action.REMOVE)
