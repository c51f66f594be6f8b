"""A finished run as a comment: what was done, and first what was not."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.result import ApplyResult
from reconciler.report.comment import Section, body, comment, marker, summary, title, words
from reconciler.report.lines import Ink
from reconciler.report.result_groups import GroupResult, group_results
from reconciler.report.result_text import next_steps, result_lines
from reconciler.report.summary import plan_line, result_line
from reconciler.report.wording import counted


def render_result_markdown(result: ApplyResult, *, show_phones: bool) -> str:
    """The comment, below the size GitHub takes; groups that are not as the file says come first."""
    ink = Ink(show_phones, color=False)
    told = sorted(group_results(result), key=lambda group: (not group.unfinished, not group.took_away, group.plan.key))
    head = [marker("apply", result.plan.instance_id, result.plan.share), *_summary(result, ink)]
    return comment("\n\n".join(head), [_section(group, ink) for group in told], "")


def _summary(result: ApplyResult, ink: Ink) -> Iterator[str]:
    if not result.steps and result.converged:
        yield summary(plan_line(result.plan, drift=False))
        return
    yield summary(result_line(result))
    if todo := list(next_steps(result, ink)):
        yield "\n".join(["> [!WARNING]", *(f"> {words(step)}<br>" for step in todo[:-1]), f"> {words(todo[-1])}"])


def _section(group: GroupResult, ink: Ink) -> Section:
    line = title(ink.words(group.plan.key), ink.unmasked(group.plan.name), _parts(group))
    return Section(line, lambda: body(result_lines(group, ink)[1:]))


def _parts(group: GroupResult) -> Iterator[str]:
    """A group in short, the urgent first."""
    yield from (f"<b>{outcome.value}</b>" for outcome in group.undone)
    yield from (["<b>blocked</b>"] if group.plan.blocked else [])
    if group.refused:
        yield f"<b>{counted(group.refused, 'person', 'people')} refused</b>"
    yield from (["<b>still different</b>"] if group.left_over else [])
    if not group.unfinished:
        yield "done"
