"""A finished run as a comment: what was done, and first what was not."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.counts import moved_people
from reconciler.model.plan import GroupPlan
from reconciler.model.result import ApplyResult, Outcome
from reconciler.report.comment import Section, body, comment, marker, summary, title, words
from reconciler.report.lines import Ink
from reconciler.report.result_text import next_steps, result_lines, told_keys
from reconciler.report.summary import plan_line, result_line
from reconciler.report.wording import counted


def render_result_markdown(result: ApplyResult, *, show_phones: bool) -> str:
    """The comment, below the size GitHub takes; groups that are not as the file says come first."""
    ink = Ink(show_phones, color=False)
    moved = moved_people(result)
    groups = [_Group(result, key) for key in told_keys(result)]
    groups.sort(key=lambda group: (not group.unfinished, not group.took_away, group.plan.key))
    head = [marker("apply", result.plan.instance_id, result.plan.share), *_summary(result, ink)]

    def section(group: _Group) -> Section:
        line = title(ink.words(group.plan.key), ink.unmasked(group.plan.name), group.parts())
        return Section(line, lambda: body(result_lines(result, group.plan.key, moved, ink)[1:]))

    return comment("\n\n".join(head), [section(group) for group in groups], "")


def _summary(result: ApplyResult, ink: Ink) -> Iterator[str]:
    if not result.steps and result.converged:
        yield summary(plan_line(result.plan, drift=False))
        return
    yield summary(result_line(result))
    if todo := list(next_steps(result, ink)):
        yield "\n".join(["> [!WARNING]", *(f"> {words(step)}<br>" for step in todo[:-1]), f"> {words(todo[-1])}"])


class _Group:
    """What a group's one line says of it."""

    def __init__(self, result: ApplyResult, key: str) -> None:
        self.plan = next((group for group in result.plan.groups if group.key == key), GroupPlan(key, key))
        self.steps = [step for step in result.steps if step.step.group == key]
        self.refused = sum(person.refused for person in result.people if person.group == key)
        self.left_over = any(group == key for group, _ in result.left_over)

    @property
    def undone(self) -> list[Outcome]:
        """How the steps that were not done ended, each way once."""
        return sorted({step.outcome for step in self.steps if step.outcome is not Outcome.DONE})

    @property
    def unfinished(self) -> bool:
        """Whether the group is not as the file says."""
        return bool(self.undone or self.plan.blocked or self.refused or self.left_over)

    @property
    def took_away(self) -> bool:
        """Whether anybody lost anything by it."""
        return any(step.step.action.takes_away for step in self.steps)

    def parts(self) -> Iterator[str]:
        """The group in short, the urgent first."""
        yield from (f"<b>{outcome.value}</b>" for outcome in self.undone)
        yield from (["<b>blocked</b>"] if self.plan.blocked else [])
        if self.refused:
            yield f"<b>{counted(self.refused, 'person', 'people')} refused</b>"
        yield from (["<b>still different</b>"] if self.left_over else [])
        if not self.unfinished:
            yield "done"
