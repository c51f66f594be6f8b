"""A plan as a comment on a pull request: a summary first, then what opens up group by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.live import ApiCall
from reconciler.plan.model import GroupPlan, Plan, Refusal
from reconciler.plan.step import Action, Step
from reconciler.report.dry_run import call_lines
from reconciler.report.plan_text import group_lines, needs_section, run_notes
from reconciler.report.pr_comment import (
    Section,
    comment_marker,
    md_alert,
    md_body,
    md_code,
    md_folded,
    md_summary,
    md_title,
    md_words,
    render_comment,
)
from reconciler.report.style import TextStyle, plural
from reconciler.report.summary import plan_line, scope_lines, unchanged_line

_REFUSED = "Refused: apply would stop before its first write."


_REFUSAL = 160


_ALONE = {Action.JOIN: "join", Action.CREATE: "create", Action.LEAVE: "<b>leave the group</b>"}


def render_plan_markdown(
    plan: Plan, *, show_phones: bool, drift: bool = False, made: str = "", calls: Sequence[ApiCall] = ()
) -> str:
    """The comment, below the size GitHub takes; `made` says when and by what it was made, `calls` what a dry run has.

    Groups that are refused, blocked or lose people come first, and are the last to be cut.
    """
    ink = TextStyle(show_phones, color=False)
    refused = {refusal.group for refusal in plan.refusals}
    told = sorted((g for g in plan.groups if needs_section(g)), key=lambda g: (_rank(g, refused), g.key))
    sections = [_section(group, group.key in refused, ink) for group in told]
    head = [
        comment_marker("drift" if drift else "plan", plan.instance_id, plan.shard),
        md_summary(plan_line(plan, drift=drift)),
    ]
    if plan.refusals:
        head.append(md_alert("CAUTION", _REFUSED, [_refusal(refusal, ink) for refusal in plan.refusals]))
    return render_comment("\n\n".join(head), sections, "\n\n".join(_ending(plan, ink, made, calls)))


def _rank(group: GroupPlan, refused: set[str | None]) -> int:
    """How urgent a group is, the most urgent 0."""
    takes = any(step.action.is_destructive for step in group.steps)
    return [group.key in refused, bool(group.blocked), takes, group.has_changes, True].index(True)


def _refusal(refusal: Refusal, ink: TextStyle) -> str:
    where = f"{md_code(ink.text(refusal.group))}: " if refusal.group else ""
    message, override = (md_words(ink.message(text), _REFUSAL) for text in (refusal.message, refusal.override))
    return f"{where}{message}: {override}"


def _section(group: GroupPlan, refused: bool, ink: TextStyle) -> Section:
    line = md_title(ink.text(group.key), ink.mask_for_reader(group.name.raw), _parts(group, refused))
    return Section(line, lambda: md_body(list(group_lines(group, ink))[1:]))


def _parts(group: GroupPlan, refused: bool) -> Iterator[str]:
    """A group in short, the urgent first."""
    yield from (["<b>refused</b>"] if refused else [])
    yield from (["<b>blocked</b>"] if group.blocked else [])
    yield from (_ALONE[step.action] for step in group.steps if step.action in _ALONE)
    if leaving := _moved(group.steps, Action.REMOVE):
        yield f"<b>{plural(leaving, 'person leaves', 'people leave')}</b>"
    if entering := _moved(group.steps, Action.ADD, Action.CREATE):
        yield plural(entering, "person enters", "people enter")
    for field in ("name", "description"):
        if any(getattr(step, field) is not None for step in group.steps if step.action is Action.PATCH):
            yield field
    if not group.has_changes:
        yield "nothing to change"


def _moved(steps: Sequence[Step], *actions: Action) -> int:
    return sum(len(step.people) for step in steps if step.action in actions)


def _ending(plan: Plan, ink: TextStyle, made: str, calls: Sequence[ApiCall]) -> Iterator[str]:
    """The calls; notes on the whole run; what was not looked at; how many are as they should be; who says so."""
    if calls:
        lines = list(call_lines(calls, show_phones=ink.show_phones))
        yield md_folded(f"{plural(len(lines), 'call', 'calls')} an apply would send", lines)
    if notes := run_notes(plan, ink):
        yield "\n".join(["**Good to know**\n", *(f"- {md_words(note[2:])}" for note in notes)])
    if narrowed := scope_lines(plan):
        yield "<br>\n".join(md_words(ink.text(line)) for line in narrowed)
    if unchanged := unchanged_line(plan):
        yield unchanged
    if made:
        yield f"<sub>{md_words(made)}</sub>"
