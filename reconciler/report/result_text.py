"""A finished run as text for people: what was done, what was not and why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.plan import TextChange
from reconciler.model.result import ApplyResult, Outcome, PersonOutcome, PersonState, StepResult
from reconciler.model.step import Action, Step
from reconciler.report.lines import Ink
from reconciler.report.paint import BOLD, paint
from reconciler.report.result_groups import GroupResult, group_results
from reconciler.report.summary import result_line
from reconciler.report.wording import counted

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
    ink = Ink(show_phones, color)
    sections = ["\n".join(result_lines(group, ink)) for group in group_results(result)]
    ending = [paint(result_line(result), BOLD, color), *next_steps(result, ink)]
    return "\n\n".join([*sections, "\n".join(ending)])


def result_lines(group: GroupResult, ink: Ink) -> list[str]:
    """One group's lines: its heading, then what was done and what was not, each after a mark."""
    return list(_Lines(group, ink).all())


class _Lines:
    """One group's part of a result."""

    def __init__(self, group: GroupResult, ink: Ink) -> None:
        self.group = group
        self.ink = ink

    def all(self) -> Iterator[str]:
        """Heading; what was done; what was not; people who did not simply come or go; what is still different."""
        yield self.ink.heading(self.group.plan.key, self.group.plan.name, self.group.id or _NO_ID)
        for step in self.group.steps:
            if step.outcome is Outcome.DONE:
                yield from self._done(step)
        for step in self.group.steps:
            if step.outcome is not Outcome.DONE:
                yield self._not_done(step)
        # By state, then in the order of people everywhere.
        for outcome in sorted(self.group.people, key=lambda o: (not o.refused, o.state, o.who.order)):
            yield self._person(outcome)
        yield from (self.ink.line("!", f"blocked: {self.ink.words(reason)}") for reason in self.group.plan.blocked)
        yield from (self.ink.line("!", f"still different: {self.ink.words(text)}") for text in self.group.left_over)

    def _done(self, result: StepResult) -> Iterator[str]:
        step = result.step
        if step.action in _DONE_LINES:
            yield self.ink.line(*_DONE_LINES[step.action])
        if step.action is Action.PATCH:
            yield from (self.ink.line(*self.ink.change(change)) for change in self._changes(step))
        mark, done = ("-", "removed") if step.action is Action.REMOVE else ("+", "added")
        if people := self.group.moved[result]:
            yield self.ink.line(mark, f"{done} {counted(len(people), 'person', 'people')}: {self.ink.people(people)}")
        if result.message:
            yield self.ink.line("i", self.ink.words(result.message))

    def _changes(self, step: Step) -> list[TextChange]:
        """What this patch sent, with the old text where the plan knows it."""
        sent = {"name": step.name, "description": step.description}
        old = {change.field: change.old for change in self.group.plan.text}
        return [TextChange(field, old.get(field), text) for field, text in sent.items() if text is not None]

    def _not_done(self, result: StepResult) -> str:
        people = self.ink.people(result.step.people) if result.step.action in (Action.ADD, Action.REMOVE) else ""
        doing = f"{_DOING[result.step.action]} {people}".strip()
        message = f": {self.ink.words(result.message)}" if result.message else ""
        return self.ink.line("!", f"{result.outcome.value}: {doing}{message}")

    def _person(self, outcome: PersonOutcome) -> str:
        message = f": {self.ink.words(outcome.message)}" if outcome.message else ""
        link = f"; invite link: {self.ink.link(outcome.link)}" if outcome.link else ""
        mark = "!" if outcome.refused else "i"
        return self.ink.line(mark, f"{outcome.state.value}: {self.ink.person(outcome.who)}{message}{link}")


def next_steps(result: ApplyResult, ink: Ink) -> Iterator[str]:
    """What to do when the groups are not yet as the file says, most urgent first."""
    if result.converged:
        return
    for step in result.steps:
        if step.outcome is Outcome.UNKNOWN and step.step.action is Action.CREATE:
            yield (
                f"Nobody knows whether the group {ink.title(step.step.name or step.step.group)} was made: look whether "
                "it is there before the next apply. If it is, the next plan finds it by its name."
            )
    if any(outcome.state is PersonState.NOT_ADDED for outcome in result.people):
        yield "Send those who were not added the invite link, or mark them `join: invite` in the file."
    if any(outcome.state is PersonState.BAD_NUMBER for outcome in result.people):
        yield "Correct the bad numbers in the file."
    if any(group.blocked for group in result.plan.groups):
        yield "Blocked groups stay as they are until the reason above is mended."
    if result.interrupted and all(step.outcome is Outcome.DONE for step in result.steps):
        yield "The run was stopped before it read back what it did: run `reconciler plan` to see whether all is there."
    elif result.interrupted:
        yield "The run was interrupted: run `reconciler apply` again, it does what is left."
    else:
        yield "Not all is as the file says: run `reconciler plan` to see what is left, then `reconciler apply` again."
