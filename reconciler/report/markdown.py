"""Plans and results as comments on a pull request: a summary first, then what opens up group by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.apply.result import ApplyResult
from reconciler.messages import LiteralText
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Refusal
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import OutsideText, message_pieces, plural
from reconciler.report.plan_view import REFUSED, PlanView, plan_view
from reconciler.report.pr_comment import (
    alert,
    by_urgency,
    comment_marker,
    folded,
    key_code,
    markdown,
    note_markdown,
    render_comment,
    totals_markdown,
)
from reconciler.report.result_view import result_view
from reconciler.report.summary import plan_totals
from reconciler.report.text import DryRun, call_lines

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
    marker = comment_marker("drift" if options.drift else "plan", plan.instance_id, plan.shard)
    head = [marker, totals_markdown(view.totals)]
    if plan.refusals:
        head.append(alert("CAUTION", f"{REFUSED}.", [_refusal(refusal, options) for refusal in plan.refusals]))
    made = f"reconciler {saved.made_by}, {saved.made_at}"
    foot = "\n\n".join(_plan_ending(view, options, made, calls))
    return render_comment("\n\n".join(head), by_urgency((group.section for group in view.reported), options), foot)


def render_result_markdown(result: ApplyResult, options: RenderOptions) -> str:
    """Return the comment, below the size GitHub takes; groups that do not match the configuration come first."""
    view, plan = result_view(result), result.plan
    head = [comment_marker("apply", plan.instance_id, plan.shard)]
    if result.steps or not result.converged:
        head.append(totals_markdown(view.totals))
    else:
        head.append(totals_markdown(plan_totals(plan, drift=False)))
    if view.next_steps:
        steps = (markdown(step, options) for step in view.next_steps)
        head.append("> [!WARNING]\n> " + "<br>\n> ".join(steps))
    return render_comment("\n\n".join(head), by_urgency(view.sections, options), "")


def _refusal(refusal: Refusal, options: RenderOptions) -> str:
    colon = LiteralText(": ")
    where = key_code(refusal.group, options) if refusal.group else ""
    message = (*([colon] if where else []), *message_pieces(refusal.message))
    override = (colon, *message_pieces(refusal.override))
    return where + markdown(message, options, _MAX_REFUSAL) + markdown(override, options, _MAX_REFUSAL)


def _plan_ending(view: PlanView, options: RenderOptions, made: str, calls: Sequence[str]) -> Iterator[str]:
    """Yield the calls, notes on the whole run, its scope, how many groups are in sync, and what made the plan."""
    if calls:
        yield folded(f"{plural(len(calls), 'call')} that apply would send", calls)
    if view.notes:
        yield "\n".join(["**Notices**\n", *(note_markdown(note.line, options) for note in view.notes)])
    if view.scope:
        yield "<br>\n".join(markdown(sentence, options) for sentence in view.scope)
    if view.in_sync:
        yield view.in_sync
    yield f"<sub>{markdown((OutsideText(made),), options)}</sub>"
