"""A plan as a comment on a pull request: a summary first, then what opens up group by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.plan import GroupPlan, Plan, Refusal
from reconciler.model.step import Action, Step
from reconciler.report.calls import Call, call_lines
from reconciler.report.comment import Section, alert, body, code, comment, folded, marker, summary, title, words
from reconciler.report.group import has_something_to_say
from reconciler.report.lines import Ink
from reconciler.report.narrowing import narrowing_lines
from reconciler.report.plan_text import group_lines, run_notes
from reconciler.report.summary import plan_line, unchanged_line
from reconciler.report.wording import counted

_REFUSED = "Refused: apply would stop before its first write."
_REFUSAL = 160
_ALONE = {Action.JOIN: "join", Action.CREATE: "create", Action.LEAVE: "<b>leave the group</b>"}


def render_plan_markdown(
    plan: Plan, *, show_phones: bool, drift: bool = False, made: str = "", calls: Sequence[Call] = ()
) -> str:
    """The comment, below the size GitHub takes; `made` says when and by what it was made, `calls` what a dry run has.

    Groups that are refused, blocked or lose people come first, and are the last to be cut.
    """
    ink = Ink(show_phones, color=False)
    refused = {refusal.group for refusal in plan.refusals}
    told = sorted((g for g in plan.groups if has_something_to_say(g)), key=lambda g: (_rank(g, refused), g.key))
    sections = [_section(group, group.key in refused, ink) for group in told]
    head = [marker("drift" if drift else "plan", plan.instance_id, plan.share), summary(plan_line(plan, drift=drift))]
    if plan.refusals:
        head.append(alert("CAUTION", _REFUSED, [_refusal(refusal, ink) for refusal in plan.refusals]))
    return comment("\n\n".join(head), sections, "\n\n".join(_ending(plan, ink, made, calls)))


def _rank(group: GroupPlan, refused: set[str | None]) -> int:
    """How urgent a group is, the most urgent 0."""
    takes = any(step.action.takes_away for step in group.steps)
    return [group.key in refused, bool(group.blocked), takes, group.pending, True].index(True)


def _refusal(refusal: Refusal, ink: Ink) -> str:
    where = f"{code(ink.words(refusal.group))}: " if refusal.group else ""
    return f"{where}{words(ink.words(refusal.message), _REFUSAL)}: {words(ink.words(refusal.lift), _REFUSAL)}"


def _section(group: GroupPlan, refused: bool, ink: Ink) -> Section:
    line = title(ink.words(group.key), ink.unmasked(group.name), _parts(group, refused))
    return Section(line, lambda: body(list(group_lines(group, ink))[1:]))


def _parts(group: GroupPlan, refused: bool) -> Iterator[str]:
    """A group in short, the urgent first."""
    yield from (["<b>refused</b>"] if refused else [])
    yield from (["<b>blocked</b>"] if group.blocked else [])
    yield from (_ALONE[step.action] for step in group.steps if step.action in _ALONE)
    if leaving := _moved(group.steps, Action.REMOVE):
        yield f"<b>{counted(leaving, 'person leaves', 'people leave')}</b>"
    if entering := _moved(group.steps, Action.ADD, Action.CREATE):
        yield counted(entering, "person enters", "people enter")
    for field in ("name", "description"):
        if any(getattr(step, field) is not None for step in group.steps if step.action is Action.PATCH):
            yield field
    if not group.pending:
        yield "nothing to change"


def _moved(steps: Sequence[Step], *actions: Action) -> int:
    return sum(len(step.people) for step in steps if step.action in actions)


def _ending(plan: Plan, ink: Ink, made: str, calls: Sequence[Call]) -> Iterator[str]:
    """The calls; notes on the whole run; what was not looked at; how many are as they should be; who says so."""
    if calls:
        lines = list(call_lines(calls, show_phones=ink.show_phones))
        yield folded(f"{counted(len(lines), 'call', 'calls')} an apply would send", lines)
    if notes := run_notes(plan, ink):
        yield "\n".join(["**Good to know**\n", *(f"- {words(note[2:])}" for note in notes)])
    if narrowed := narrowing_lines(plan):
        yield "<br>\n".join(words(ink.words(line)) for line in narrowed)
    if unchanged := unchanged_line(plan):
        yield unchanged
    if made:
        yield f"<sub>{words(made)}</sub>"
