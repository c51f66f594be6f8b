"""What a plan was narrowed to or held against, in words that every format can use."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.changed_since import ChangedSince
from reconciler.model.plan import Plan
from reconciler.model.shard import Share
from reconciler.model.verdict import Baseline, Verdict
from reconciler.report.wording import VERDICT_WORDS, at_commit, counted, some_of

_NAMED = 10


def narrowing_lines(plan: Plan) -> tuple[str, ...]:
    """A sentence each: what was looked at, what was left out and why, what the file has no more, what verdicts say.

    The first says whether the plan itself is told in part only, being of another format.

    Keys and the revision's name are strangers' text: to be masked and escaped by whoever shows a line.
    """
    lines: list[str] = []
    if plan.other_format is not None:
        lines.append(f"Saved with format version {plan.other_format}: shown as far as this program understands it.")
    if plan.targets:
        only = "Only looked at" if plan.share is None else "Only asked for"
        lines.append(f"{only}: {', '.join(sorted(plan.targets))}.")
    if plan.changed_since is not None:
        lines += _since(plan.changed_since, len(plan.groups) if plan.share is None else plan.share.of_groups)
    if plan.share is not None:
        lines.append(_shard(plan, plan.share))
    if plan.baseline is not None:
        lines += verdict_lines(plan, plan.baseline)
    return tuple(lines)


def verdict_lines(plan: Plan, baseline: Baseline) -> Iterator[str]:
    """`Held against applied/7 (commit 1a2b3c4d5): 2 changed by hand, 1 not applied yet.`, and what the first may be.

    Nothing remembers what an apply could not do, so that no verdict can tell it from somebody's hand.
    """
    found = [one.verdict for group in plan.groups for one in group.verdicts]
    told = [f"{found.count(verdict)} {words}" for verdict, words in VERDICT_WORDS.items() if verdict in found]
    counts = ", ".join(told) or "no difference to judge"
    yield f"Held against {at_commit(baseline.ref, baseline.commit)}: {counts}."
    if not {Verdict.BY_HAND, Verdict.BOTH}.isdisjoint(found):
        yield (
            "What was applied and never took shows as changed by hand too: a group that was blocked, somebody whose "
            "privacy settings refuse."
        )


def _shard(plan: Plan, share: Share) -> str:
    """`Shard 2/5: 17 of 83 groups.`"""
    of = "these " if (plan.targets or plan.changed_since) and share.of_groups > 1 else ""
    return f"Shard {share}: {len(plan.groups)} of {of}{counted(share.of_groups, 'group', 'groups')}."


def _since(since: ChangedSince, planned: int) -> Iterator[str]:
    revision = at_commit(since.ref, since.commit)
    if since.everything:
        yield f"Compared with {revision}, and nothing left out: {'; '.join(since.everything)}."
    else:
        changed = planned - len(since.rematched)
        looked = f"{counted(changed, 'group', 'groups') if changed else 'No group'} changed since {revision}"
        left_out = counted(len(since.left_out), "group", "groups")
        left = f"; {left_out} left out as unchanged: {some_of(since.left_out, _NAMED)}"
        yield f"{looked}{left if since.left_out else ''}."
    if since.rematched:
        why = "as written before, but matched otherwise, by what changed about other groups"
        yield f"Planned too, {why}: {some_of(since.rematched, _NAMED)}."
    if since.gone:
        yield f"No longer in the file, and left alone as they are: {some_of(since.gone, _NAMED)}."
    if since.renamed:
        renamed = [f"{rename.old} is now {rename.new}" for rename in since.renamed]
        yield f"Another key for the same group: {some_of(renamed, _NAMED)}."
