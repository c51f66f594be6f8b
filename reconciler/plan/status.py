"""What a plan comes to, in one word, for scripts."""

from __future__ import annotations

from enum import StrEnum

from reconciler.plan.model import Plan


class PlanStatus(StrEnum):
    """The words of a plan's document.

    IN_SYNC: nothing differs. PENDING: something is to be done. BLOCKED: something differs, and nothing can be done.
    REFUSED: a guard refuses the whole run.
    """

    IN_SYNC = "in_sync"
    PENDING = "pending"
    BLOCKED = "blocked"
    REFUSED = "refused"


def plan_status(plan: Plan) -> PlanStatus:
    """Return what a plan comes to."""
    if plan.refusals:
        return PlanStatus.REFUSED
    if plan.steps:
        return PlanStatus.PENDING
    return PlanStatus.BLOCKED if plan.has_changes else PlanStatus.IN_SYNC
