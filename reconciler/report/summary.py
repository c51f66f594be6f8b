"""How much a plan would do and how much a run did, each as one line."""

from __future__ import annotations

from math import ceil

from reconciler.model.counts import summarize_plan, summarize_result
from reconciler.model.plan import Plan
from reconciler.model.result import ApplyResult
from reconciler.report.wording import counted


def plan_line(plan: Plan, *, drift: bool) -> str:
    """`Plan: 1 to create, 2 to change, … · 7 calls, about 5 s`; adopt, join and leave only where there are any."""
    count = summarize_plan(plan)
    if not plan.pending:
        return f"{nothing_pending(plan, drift=drift)}: {_how_groups_are(plan) or _why_no_group(plan)}."
    parts = [
        f"{count.creates} to create",
        *_some(count.adopts, "to adopt"),
        *_some(count.joins, "to join"),
        f"{count.changes} to change",
        f"{counted(count.adds, 'person', 'people')} to add",
        f"{count.removes} to remove",
        *_some(count.leaves, "to leave"),
        f"{count.blocked} blocked",
    ]
    calls = f"{counted(count.calls, 'call', 'calls')}, {about(count.seconds)}"
    return f"{'Drift' if drift else 'Plan'}: {', '.join(parts)} · {calls}"


def nothing_pending(plan: Plan, *, drift: bool) -> str:
    """`Nothing to do`; in a report on drift `No drift`, save where a group differs and is only observed."""
    if not drift:
        return "Nothing to do"
    return "Nothing to change" if any(group.only_observed for group in plan.groups) else "No drift"


def result_line(result: ApplyResult) -> str:
    """`Applied: 1 created, 2 changed, 5 people added, 3 removed · 7 calls`, and what went wrong where it did."""
    count = summarize_result(result)
    parts = [
        f"{count.created} created",
        *_some(count.joined, "joined"),
        f"{count.changed} changed",
        f"{counted(count.added, 'person', 'people')} added",
        f"{count.removed} removed",
        *_some(count.left, "left"),
        *_some(count.failed, "failed"),
        *_some(count.unknown, "unknown"),
        *_some(count.skipped, "skipped"),
        *_some(count.not_run, "not run"),
        *_some(count.blocked, "blocked"),
    ]
    return f"Applied: {', '.join(parts)} · {counted(count.calls, 'call', 'calls')}"


def unchanged_line(plan: Plan) -> str:
    """`4 other groups are as the file says.`, beside some that are not; "" where nothing is pending, or all is."""
    told = _how_groups_are(plan, "other ")
    return f"{told}." if plan.pending and told else ""


def about(seconds: int) -> str:
    """`about 5 s`; from two minutes on `about 3 min`, rounded up."""
    return f"about {seconds} s" if seconds < 120 else f"about {ceil(seconds / 60)} min"


def _some(number: int, what: str) -> list[str]:
    return [f"{number} {what}"] if number else []


def _how_groups_are(plan: Plan, other: str = "") -> str:
    """`4 groups are as the file says, 1 group differs and is only observed`, of those with nothing pending."""
    observed = sum(group.only_observed for group in plan.groups)
    alike = sum(not group.pending for group in plan.groups) - observed
    differ = ("group differs and is only observed", "groups differ and are only observed")
    told = (
        (alike, f"{counted(alike, f'{other}group is', f'{other}groups are')} as the file says"),
        (observed, counted(observed, *differ)),
    )
    return ", ".join(text for number, text in told if number)


def _why_no_group(plan: Plan) -> str:
    if plan.share is not None and plan.share.of_groups:
        return "no group is in this shard"
    return "no group was asked for" if plan.changed_since is None else "no group of the file changed"
