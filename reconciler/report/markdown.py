"""Plans and results as comments on a pull request: a summary first, then what opens up group by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import Final

from reconciler.apply.result import ApplyResult
from reconciler.messages import LiteralText
from reconciler.model.run_context import short_commit
from reconciler.model.text import plural
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Plan
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, join_pieces, outside, plain_text
from reconciler.report.plan_view import MAX_SHARED_KEYS, REFUSED, PlanView, SharedChange, plan_view, single_groups_lines
from reconciler.report.pr_comment import (
    CommentSection,
    alert,
    by_urgency,
    comment_marker,
    folded,
    group_title,
    heading_markdown,
    key_code,
    lines_markdown,
    markdown,
    note_markdown,
    note_text,
    render_comment,
    totals_markdown,
)
from reconciler.report.result_view import not_started_lines, result_view
from reconciler.report.sections import MAX_KEYS, Obstacle, place_pieces
from reconciler.report.summary import as_of_sentence, group_words, moment_text, plan_totals
from reconciler.report.text import DryRun, call_lines, lines_text

_MAX_REFUSAL: Final = 160


def render_plan_markdown(saved: SavedPlan, options: RenderOptions) -> str:
    """Return the comment on a plan, below the size GitHub takes.

    Groups that are refused, blocked or lose people come first, and are the last to be left out.
    """
    return _plan_comment(saved, options, [])


def render_dry_run_markdown(run: DryRun, options: RenderOptions) -> str:
    """Return the comment on a plan with the calls of a dry run."""
    return _plan_comment(run.saved, options, list(call_lines(run.calls, options)))


def _plan_comment(saved: SavedPlan, options: RenderOptions, calls: Sequence[str]) -> str:
    plan, view = saved.plan, plan_view(saved.plan, drift=options.drift)
    head = "\n\n".join(_plan_head(plan, view, options))
    foot = "\n\n".join(_plan_ending(saved, view, options, calls))
    causes = [_cause(change, options) for change in view.shared]
    groups = [] if options.summary else view.sections
    if options.summary and (lines := [line for line in single_groups_lines(view) if line.mark != "!"]):
        head = f"{head}\n\n{lines_markdown(lines, options)}"
    return render_comment(head, by_urgency(groups, options), foot, causes)


def _plan_head(plan: Plan, view: PlanView, options: RenderOptions) -> Iterator[str]:
    """Yield the marker, the main thing, and what nobody should overlook: refusals and blocked groups."""
    marker = comment_marker("drift" if options.drift else "plan", plan.instance_id, plan.shard)
    yield f"{marker}\n<!-- differences {_digest_of_differences(view, options)} -->" if options.drift else marker
    if plan.has_changes:
        groups = ", ".join(group_words(view.summary))
        yield heading_markdown(f"reconciler: {view.headline}", " · ".join(filter(None, [groups, view.totals.rest])))
    else:
        yield totals_markdown(view.totals)
    if view.warnings:
        yield alert("WARNING", "This plan may be wrong", [note_text(note.line, options) for note in view.warnings])
    if view.refused:
        yield alert("CAUTION", REFUSED, [_refusal(obstacle, options) for obstacle in view.refused])
    if view.blocked:
        yield _blocked_alert(view.blocked, view.summary.blocked, plan, options)
    yield from _every_place((*view.refused, *view.blocked), options)


def _digest_of_differences(view: PlanView, options: RenderOptions) -> str:
    """Return 16 hexadecimal digits, the same in every run that finds the same differences, refusals and blocked groups.

    They are made of what a report shows: masked numbers, so that nobody can find out a number by trying all of them.
    """
    shown = replace(options, show_phones=False, color=False)
    digest = sha256()
    for group in view.groups:
        lines = [line for line in group.section().lines() if line.mark != "i"]
        if lines or group.refusals:
            text = "\n".join([group.key, *lines_text(lines, shown)])
            digest.update(f"{text}\n{len(group.refusals)}\n".encode())
    for obstacle in view.refused:
        digest.update(f"{plain_text(obstacle.reason, shown)}\n".encode())
    return digest.hexdigest()[:16]


def _blocked_alert(obstacles: Sequence[Obstacle], count: int, plan: Plan, options: RenderOptions) -> str:
    title = plural(count, "group is blocked", "groups are blocked")
    return alert("WARNING", title, [_blocked(obstacle, plan, options) for obstacle in obstacles])


def _every_place(obstacles: Iterable[Obstacle], options: RenderOptions) -> Iterator[str]:
    """Yield a block with every group of the reasons that have too many to name them all, if there are any."""
    lines: list[str] = []
    for obstacle in obstacles:
        if len(obstacle.places) > MAX_KEYS:
            lines.append(plain_text((*obstacle.reason, LiteralText(":")), options))
            lines += (f"  {plain_text(place_pieces(*place), options)}" for place in obstacle.places)
    if lines:
        yield folded("Every group that is refused or blocked", lines)


def _cause(change: SharedChange, options: RenderOptions) -> CommentSection:
    """Return a change that many groups share, with their names and keys as every section has them."""
    shown = change.groups[:MAX_SHARED_KEYS]
    left = len(change.groups) - len(shown)
    named = ", ".join(group_title(group.key, group.name, options) for group in shown)
    more = f" and {left} more" if left else ""
    title = f"{change.count}{named}{more}{f' ({change.remarks})' if change.remarks else ''}"
    return CommentSection(title, body=lambda: lines_markdown(change.lines(), options))


def render_result_markdown(result: ApplyResult, options: RenderOptions) -> str:
    """Return the comment, below the size GitHub takes; groups that do not match the configuration come first."""
    view, plan = result_view(result), result.plan
    head = [comment_marker("apply", plan.instance_id, plan.shard)]
    if result.steps or not result.converged:
        head.append(totals_markdown(view.totals))
    else:
        head.append(totals_markdown(plan_totals(plan, drift=False)))
    if plan.overridden_rules:
        rules = (join_pieces(": ", [outside(one.rule), outside(one.reason)]) for one in plan.overridden_rules)
        head.append("\n".join(["**Overridden rules**\n", *(f"- {markdown(rule, options)}" for rule in rules)]))
    if view.next_steps:
        steps = (markdown(step, options) for step in view.next_steps)
        head.append(f"> [!{'NOTE' if result.converged else 'WARNING'}]\n> " + "<br>\n> ".join(steps))
    if view.blocked:
        count = len({key for obstacle in view.blocked for key in obstacle.keys})
        head.append(_blocked_alert(view.blocked, count, plan, options))
        head += _every_place(view.blocked, options)
    head += [note_markdown(line, options) for line in not_started_lines(view)]
    return render_comment("\n\n".join(head), by_urgency(view.sections, options), "")


def _refusal(obstacle: Obstacle, options: RenderOptions) -> str:
    titles = (f"{key_code(key, options)}{f' {remark}' if remark else ''}" for key, remark in obstacle.places)
    where = _places(obstacle, titles)
    message, override = (markdown(part, options, _MAX_REFUSAL) for part in (obstacle.reason, obstacle.override))
    return f"{where}{message}. {override[:1].upper()}{override[1:]}."


def _blocked(obstacle: Obstacle, plan: Plan, options: RenderOptions) -> str:
    names = {group.key: group.name.raw for group in plan.groups}
    where = _places(obstacle, (group_title(key, names[key], options) for key in obstacle.keys))
    return f"{where}{markdown(obstacle.reason, options)}"


def _places(obstacle: Obstacle, titles: Iterable[str]) -> str:
    """Return `3 groups (a, b, c): ` or `a: `, "" where a reason is about the whole plan."""
    named = ", ".join(islice(titles, MAX_KEYS))
    if left := len(obstacle.places[MAX_KEYS:]):
        named += f" and {left} more"
    return f"{len(obstacle.places)} groups ({named}): " if len(obstacle.places) > 1 else f"{named}: " if named else ""


def _plan_ending(saved: SavedPlan, view: PlanView, options: RenderOptions, calls: Sequence[str]) -> Iterator[str]:
    """Yield the calls, notes on the whole run, its scope, how many groups are in sync, and what made the plan."""
    if calls:
        yield folded(f"{plural(len(calls), 'call')} that apply would send", calls)
    lines = [] if view.found_by_name is None else [view.found_by_name]
    lines += [note.line for note in view.notes if note not in view.warnings]
    notes = [note_markdown(line, options) for line in lines]
    if notes and not options.summary:
        yield "\n".join(["**Notices**\n", *notes])
    scope = [markdown(sentence, options) for sentence in (*view.scope, as_of_sentence(saved))]
    if any(scope):
        yield "<br>\n".join(filter(None, scope))
    if view.in_sync:
        yield view.in_sync
    yield f"<sub>{', '.join(_made_by(saved, options))}</sub>"


def _made_by(saved: SavedPlan, options: RenderOptions) -> Iterator[str]:
    """Yield what made the plan, when, and from which commit where that is the one of the pull request or branch."""
    yield markdown((OutsideText(f"reconciler {saved.made_by}"),), options)
    yield moment_text(saved.made_at) or markdown((OutsideText(saved.made_at),), options)
    # In a run for a pull request, GitHub's commit is a merge that nobody made.
    if options.run.commit is not None and options.run.pull_request is None:
        yield f"commit {markdown((OutsideText(short_commit(options.run.commit.text)),), options)}"
