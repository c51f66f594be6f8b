"""A finished run group by group, as every format tells it.

A finished run as text for people: what was done, what was not and why, and what to do next.

A finished run as a comment: what was done, and first what was not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepResult, StepStatus, people_moved
from reconciler.diff.change import TextChange
from reconciler.messages import Message
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import GroupPlan
from reconciler.plan.step import Action, Step
from reconciler.report.pr_comment import (
    Section,
    comment_marker,
    md_body,
    md_summary,
    md_title,
    md_words,
    render_comment,
)
from reconciler.report.style import BOLD, TextStyle, display_rank, paint, plural
from reconciler.report.summary import plan_line, result_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One group's part of a run: its steps in their order, people who did not simply come or go, what still differs.

    `moved` has, for each step of the run that was done, who really came or went by it.
    """

    plan: GroupPlan
    steps: tuple[StepResult, ...]
    people: tuple[PersonOutcome, ...]
    left_over: tuple[Message, ...]
    moved: Mapping[StepResult, tuple[PersonRef, ...]]

    @property
    def id(self) -> str | None:
        """The live group's id, also of one that was only made in this run; None where nobody knows."""
        told = filter(None, (step.group_id or step.step.group_id for step in self.steps))
        return next(told, None) or self.plan.id or (self.plan.live.id if self.plan.live else None)

    @property
    def undone(self) -> list[StepStatus]:
        """How the steps that were not done ended, each way once."""
        return sorted({step.status for step in self.steps if step.status is not StepStatus.DONE})

    @property
    def refused(self) -> int:
        """How many people are not where the file wants them."""
        return sum(person.refused for person in self.people)

    @property
    def unfinished(self) -> bool:
        """Whether the group is not as the file says."""
        return bool(self.undone or self.plan.blocked or self.refused or self.left_over)

    @property
    def took_away(self) -> bool:
        """Whether anybody lost anything by it."""
        return any(step.step.action.is_destructive for step in self.steps)


def group_results(result: ApplyResult) -> list[GroupResult]:
    """Every group there is something to say of, sorted by key."""
    plans = {group.key: group for group in result.plan.groups}
    steps = _by_group(
        (step.step.group, step) for step in sorted(result.steps, key=lambda step: display_rank(step.step))
    )
    people = _by_group((outcome.group, outcome) for outcome in result.people)
    left_over = _by_group(result.remaining_drift)
    moved = people_moved(result)
    blocked = {group.key for group in result.plan.groups if group.blocked}
    return [
        GroupResult(plans[key], tuple(steps[key]), tuple(people[key]), tuple(left_over[key]), moved)
        for key in sorted(steps.keys() | people.keys() | left_over.keys() | blocked)
    ]


def _by_group(pairs: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for key, one in pairs:
        found[key].append(one)
    return found


_NO_ID = "(id unknown)"


_DONE_LINES = {
    Action.JOIN: ("+", "joined"),
    Action.CREATE: ("+", "created"),
    Action.LEAVE: ("-", "left"),
}


_DOING = {
    Action.JOIN: "joining",
    Action.CREATE: "creating the group",
    Action.LEAVE: "leaving",
    Action.PATCH: "changing name or description",
    Action.ADD: "adding",
    Action.REMOVE: "removing",
}


def render_result(result: ApplyResult, *, show_phones: bool, color: bool) -> str:
    """The whole run, ending in its summary line and, where it did not converge, in what to do next."""
    ink = TextStyle(show_phones, color)
    sections = ["\n".join(result_lines(group, ink)) for group in group_results(result)]
    ending = [paint(result_line(result), BOLD, color), *next_steps(result, ink)]
    return "\n\n".join([*sections, "\n".join(ending)])


def result_lines(group: GroupResult, ink: TextStyle) -> list[str]:
    """One group's lines: its heading, then what was done and what was not, each after a mark."""
    return list(_Lines(group, ink).all())


class _Lines:
    """One group's part of a result."""

    def __init__(self, group: GroupResult, ink: TextStyle) -> None:
        self.group = group
        self.ink = ink

    def all(self) -> Iterator[str]:
        """Heading; what was done; what was not; people who did not simply come or go; what is still different."""
        yield self.ink.heading(self.group.plan.key, self.group.plan.name, self.group.id or _NO_ID)
        for step in self.group.steps:
            if step.status is StepStatus.DONE:
                yield from self._done(step)
        for step in self.group.steps:
            if step.status is not StepStatus.DONE:
                yield self._not_done(step)
        # By state, then in the order of people everywhere.
        for outcome in sorted(self.group.people, key=lambda o: (not o.refused, o.status, o.person.sort_key)):
            yield self._person(outcome)
        yield from (self.ink.line("!", f"blocked: {self.ink.message(reason)}") for reason in self.group.plan.blocked)
        yield from (self.ink.line("!", f"still different: {self.ink.message(text)}") for text in self.group.left_over)

    def _done(self, result: StepResult) -> Iterator[str]:
        step = result.step
        if step.action in _DONE_LINES:
            yield self.ink.line(*_DONE_LINES[step.action])
        if step.action is Action.PATCH:
            yield from (self.ink.line(*self.ink.change(change)) for change in self._changes(step))
        mark, done = ("-", "removed") if step.action is Action.REMOVE else ("+", "added")
        if people := self.group.moved[result]:
            yield self.ink.line(mark, f"{done} {plural(len(people), 'person', 'people')}: {self.ink.people(people)}")
        if result.message:
            yield self.ink.line("i", self.ink.message(result.message))

    def _changes(self, step: Step) -> list[TextChange]:
        """What this patch sent, with the old text where the plan knows it."""
        sent = {"name": step.name, "description": step.description}
        old = {change.field: change.old for change in self.group.plan.field_changes}
        return [TextChange(field, old.get(field), text) for field, text in sent.items() if text is not None]

    def _not_done(self, result: StepResult) -> str:
        people = self.ink.people(result.step.people) if result.step.action in (Action.ADD, Action.REMOVE) else ""
        doing = f"{_DOING[result.step.action]} {people}".strip()
        message = f": {self.ink.message(result.message)}" if result.message else ""
        return self.ink.line("!", f"{result.status.value}: {doing}{message}")

    def _person(self, outcome: PersonOutcome) -> str:
        messages = [self.ink.message(message) for message in (outcome.message, outcome.link_failure) if message]
        message = f": {'; '.join(messages)}" if messages else ""
        link = f"; invite link: {self.ink.link(outcome.link)}" if outcome.link else ""
        mark = "!" if outcome.refused else "i"
        return self.ink.line(mark, f"{outcome.status.value}: {self.ink.person(outcome.person)}{message}{link}")


def next_steps(result: ApplyResult, ink: TextStyle) -> Iterator[str]:
    """What to do when the groups are not yet as the file says, most urgent first."""
    if result.converged:
        return
    for step in result.steps:
        if step.status is StepStatus.UNKNOWN and step.step.action is Action.CREATE:
            yield (
                f"Nobody knows whether the group {ink.title(step.step.name or step.step.group)} was made: look whether "
                "it is there before the next apply. If it is, the next plan finds it by its name."
            )
    if any(outcome.status is PersonStatus.NOT_ADDED for outcome in result.people):
        yield "Send those who were not added the invite link, or mark them `join: invite` in the file."
    if any(outcome.status is PersonStatus.BAD_NUMBER for outcome in result.people):
        yield "Correct the bad numbers in the file."
    if any(group.blocked for group in result.plan.groups):
        yield "Blocked groups stay as they are until the reason above is mended."
    if result.interrupted and all(step.status is StepStatus.DONE for step in result.steps):
        yield "The run was stopped before it read back what it did: run `reconciler plan` to see whether all is there."
    elif result.interrupted:
        yield "The run was interrupted: run `reconciler apply` again, it does what is left."
    else:
        yield "Not all is as the file says: run `reconciler plan` to see what is left, then `reconciler apply` again."


def render_result_markdown(result: ApplyResult, *, show_phones: bool) -> str:
    """The comment, below the size GitHub takes; groups that are not as the file says come first."""
    ink = TextStyle(show_phones, color=False)
    told = sorted(group_results(result), key=lambda group: (not group.unfinished, not group.took_away, group.plan.key))
    head = [comment_marker("apply", result.plan.instance_id, result.plan.shard), *_markdown_summary(result, ink)]
    return render_comment("\n\n".join(head), [_section(group, ink) for group in told], "")


def _markdown_summary(result: ApplyResult, ink: TextStyle) -> Iterator[str]:
    if not result.steps and result.converged:
        yield md_summary(plan_line(result.plan, drift=False))
        return
    yield md_summary(result_line(result))
    if todo := list(next_steps(result, ink)):
        yield "\n".join(["> [!WARNING]", *(f"> {md_words(step)}<br>" for step in todo[:-1]), f"> {md_words(todo[-1])}"])


def _section(group: GroupResult, ink: TextStyle) -> Section:
    line = md_title(ink.text(group.plan.key), ink.mask_for_reader(group.plan.name.raw), _parts(group))
    return Section(line, lambda: md_body(result_lines(group, ink)[1:]))


def _parts(group: GroupResult) -> Iterator[str]:
    """A group in short, the urgent first."""
    yield from (f"<b>{outcome.value}</b>" for outcome in group.undone)
    yield from (["<b>blocked</b>"] if group.plan.blocked else [])
    if group.refused:
        yield f"<b>{plural(group.refused, 'person', 'people')} refused</b>"
    yield from (["<b>still different</b>"] if group.left_over else [])
    if not group.unfinished:
        yield "done"
