"""What a plan was narrowed to or held against, in words that every format can use.

How much a plan would do and how much a run did, each as one line."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from reconciler.apply.result import ApplyResult, summarize_result
from reconciler.plan.model import AppliedRevision, ChangedSince, DriftCause, Plan
from reconciler.plan.shard import ShardInfo
from reconciler.plan.summary import summarize_plan
from reconciler.report.style import CAUSE_WORDS, first_n, plural, revision_label

_MAX_NAMED = 10


def scope_lines(plan: Plan) -> tuple[str, ...]:
    """A sentence each: what was looked at, what was left out and why, what the file has no more, what verdicts say.

    The first says whether the plan itself is told in part only, being of another format.

    Keys and the revision's name are strangers' text: to be masked and escaped by whoever shows a line.
    """
    lines: list[str] = []
    if plan.foreign_format is not None:
        lines.append(f"Saved with format version {plan.foreign_format}: shown as far as this program understands it.")
    if plan.targets:
        only = "Only looked at" if plan.shard is None else "Only asked for"
        lines.append(f"{only}: {', '.join(sorted(plan.targets))}.")
    if plan.changed_since is not None:
        lines += _since(plan.changed_since, len(plan.groups) if plan.shard is None else plan.shard.total_groups)
    if plan.shard is not None:
        lines.append(_shard(plan, plan.shard))
    if plan.baseline is not None:
        lines += cause_lines(plan, plan.baseline)
    return tuple(lines)


def cause_lines(plan: Plan, baseline: AppliedRevision) -> Iterator[str]:
    """`Held against applied/7 (commit 1a2b3c4d5): 2 changed by hand, 1 not applied yet.`, and what the first may be.

    Nothing remembers what an apply could not do, so that no verdict can tell it from somebody's hand.
    """
    found = [one.cause for group in plan.groups for one in group.drift_causes]
    told = [f"{found.count(verdict)} {words}" for verdict, words in CAUSE_WORDS.items() if verdict in found]
    counts = ", ".join(told) or "no difference to judge"
    yield f"Held against {revision_label(baseline.ref, baseline.commit)}: {counts}."
    if not {DriftCause.BY_HAND, DriftCause.BOTH}.isdisjoint(found):
        yield (
            "What was applied and never took shows as changed by hand too: a group that was blocked, somebody whose "
            "privacy settings refuse."
        )


def _shard(plan: Plan, share: ShardInfo) -> str:
    """`Shard 2/5: 17 of 83 groups.`"""
    of = "these " if (plan.targets or plan.changed_since) and share.total_groups > 1 else ""
    return f"Shard {share}: {len(plan.groups)} of {of}{plural(share.total_groups, 'group', 'groups')}."


def _since(since: ChangedSince, planned: int) -> Iterator[str]:
    revision = revision_label(since.ref, since.commit)
    if since.full_plan_reasons:
        yield f"Compared with {revision}, and nothing left out: {'; '.join(since.full_plan_reasons)}."
    else:
        changed = planned - len(since.rematched)
        looked = f"{plural(changed, 'group', 'groups') if changed else 'No group'} changed since {revision}"
        left_out = plural(len(since.unchanged), "group", "groups")
        left = f"; {left_out} left out as unchanged: {first_n(since.unchanged, _MAX_NAMED)}"
        yield f"{looked}{left if since.unchanged else ''}."
    if since.rematched:
        why = "as written before, but matched otherwise, by what changed about other groups"
        yield f"Planned too, {why}: {first_n(since.rematched, _MAX_NAMED)}."
    if since.removed:
        yield f"No longer in the file, and left alone as they are: {first_n(since.removed, _MAX_NAMED)}."
    if since.renamed:
        renamed = [f"{rename.old} is now {rename.new}" for rename in since.renamed]
        yield f"Another key for the same group: {first_n(renamed, _MAX_NAMED)}."


def plan_line(plan: Plan, *, drift: bool) -> str:
    """`Plan: 1 to create, 2 to change, … · 7 calls, about 5 s`; adopt, join and leave only where there are any."""
    count = summarize_plan(plan)
    if not plan.has_changes:
        return f"{nothing_pending(plan, drift=drift)}: {_how_groups_are(plan) or _why_no_group(plan)}."
    parts = [
        f"{count.creates} to create",
        *_some(count.adopts, "to adopt"),
        *_some(count.joins, "to join"),
        f"{count.changes} to change",
        f"{plural(count.adds, 'person', 'people')} to add",
        f"{count.removes} to remove",
        *_some(count.leaves, "to leave"),
        f"{count.blocked} blocked",
    ]
    calls = f"{plural(count.calls, 'call', 'calls')}, {format_duration(count.seconds)}"
    return f"{'Drift' if drift else 'Plan'}: {', '.join(parts)} · {calls}"


def nothing_pending(plan: Plan, *, drift: bool) -> str:
    """`Nothing to do`; in a report on drift `No drift`, save where a group differs and is only observed."""
    if not drift:
        return "Nothing to do"
    return "Nothing to change" if any(group.observe_only for group in plan.groups) else "No drift"


def result_line(result: ApplyResult) -> str:
    """`Applied: 1 created, 2 changed, 5 people added, 3 removed · 7 calls`, and what went wrong where it did."""
    count = summarize_result(result)
    parts = [
        f"{count.created} created",
        *_some(count.joined, "joined"),
        f"{count.changed} changed",
        f"{plural(count.added, 'person', 'people')} added",
        f"{count.removed} removed",
        *_some(count.left, "left"),
        *_some(count.failed, "failed"),
        *_some(count.unknown, "unknown"),
        *_some(count.skipped, "skipped"),
        *_some(count.not_run, "not run"),
        *_some(count.blocked, "blocked"),
    ]
    return f"Applied: {', '.join(parts)} · {plural(count.calls, 'call', 'calls')}"


def unchanged_line(plan: Plan) -> str:
    """`4 other groups are as the file says.`, beside some that are not; "" where nothing is pending, or all is."""
    told = _how_groups_are(plan, "other ")
    return f"{told}." if plan.has_changes and told else ""


def format_duration(seconds: int) -> str:
    """`about 5 s`; from two minutes on `about 3 min`, rounded up."""
    return f"about {seconds} s" if seconds < 120 else f"about {ceil(seconds / 60)} min"


def _some(number: int, what: str) -> list[str]:
    return [f"{number} {what}"] if number else []


def _how_groups_are(plan: Plan, other: str = "") -> str:
    """`4 groups are as the file says, 1 group differs and is only observed`, of those with nothing pending."""
    observed = sum(group.observe_only for group in plan.groups)
    alike = sum(not group.has_changes for group in plan.groups) - observed
    differ = ("group differs and is only observed", "groups differ and are only observed")
    told = (
        (alike, f"{plural(alike, f'{other}group is', f'{other}groups are')} as the file says"),
        (observed, plural(observed, *differ)),
    )
    return ", ".join(text for number, text in told if number)


def _why_no_group(plan: Plan) -> str:
    if plan.shard is not None and plan.shard.total_groups:
        return "no group is in this shard"
    return "no group was asked for" if plan.changed_since is None else "no group of the file changed"
