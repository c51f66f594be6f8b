"""A finished run as text for people: what was done, what was not and why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.counts import moved_people
from reconciler.model.plan import GroupPlan, TextChange
from reconciler.model.result import ApplyResult, Outcome, PersonOutcome, PersonState, StepResult
from reconciler.model.step import Action, Step
from reconciler.model.who import Who
from reconciler.report.lines import Ink, order_of
from reconciler.report.paint import BOLD, paint
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
    moved = moved_people(result)
    sections = ["\n".join(result_lines(result, key, moved, ink)) for key in told_keys(result)]
    ending = [paint(result_line(result), BOLD, color), *next_steps(result, ink)]
    return "\n\n".join([*sections, "\n".join(ending)])


def told_keys(result: ApplyResult) -> list[str]:
    """Every group there is something to say of, sorted by key."""
    keys = {step.step.group for step in result.steps} | {outcome.group for outcome in result.people}
    keys |= {key for key, _ in result.left_over}
    return sorted(keys | {group.key for group in result.plan.groups if group.blocked})


def result_lines(result: ApplyResult, key: str, moved: dict[StepResult, tuple[Who, ...]], ink: Ink) -> list[str]:
    """One group's lines: its heading, then what was done and what was not, each after a mark."""
    return list(_Group(result, key, moved, ink).lines())


class _Group:
    """One group's part of a result."""

    def __init__(self, result: ApplyResult, key: str, moved: dict[StepResult, tuple[Who, ...]], ink: Ink) -> None:
        self.ink = ink
        self.moved = moved
        self.plan = next((g for g in result.plan.groups if g.key == key), GroupPlan(key, key))
        self.steps = sorted((s for s in result.steps if s.step.group == key), key=lambda s: order_of(s.step))
        self.people = [outcome for outcome in result.people if outcome.group == key]
        self.left_over = sorted(text for group, text in result.left_over if group == key)

    def lines(self) -> Iterator[str]:
        """Heading; what was done; what was not; people who did not simply come or go; what is still different."""
        yield self.ink.heading(self.plan.key, self.plan.name, self._group_id())
        for step in self.steps:
            if step.outcome is Outcome.DONE:
                yield from self._done(step)
        for step in self.steps:
            if step.outcome is not Outcome.DONE:
                yield self._not_done(step)
        # By state, then in the order of people everywhere.
        for outcome in sorted(self.people, key=lambda o: (not o.refused, o.state, o.who.order)):
            yield self._person(outcome)
        yield from (self.ink.line("!", f"blocked: {self.ink.words(reason)}") for reason in self.plan.blocked)
        yield from (self.ink.line("!", f"still different: {self.ink.words(text)}") for text in self.left_over)

    def _group_id(self) -> str:
        told = next((s.group_id or s.step.group_id for s in self.steps if s.group_id or s.step.group_id), None)
        return told or self.plan.id or (self.plan.live.id if self.plan.live else _NO_ID)

    def _done(self, result: StepResult) -> Iterator[str]:
        step = result.step
        if step.action in _DONE_LINES:
            yield self.ink.line(*_DONE_LINES[step.action])
        if step.action is Action.PATCH:
            yield from (self.ink.line(*self.ink.change(change)) for change in self._changes(step))
        mark, done = ("-", "removed") if step.action is Action.REMOVE else ("+", "added")
        if people := self.moved[result]:
            yield self.ink.line(mark, f"{done} {counted(len(people), 'person', 'people')}: {self.ink.people(people)}")
        if result.message:
            yield self.ink.line("i", self.ink.words(result.message))

    def _changes(self, step: Step) -> list[TextChange]:
        """What this patch sent, with the old text where the plan knows it."""
        sent = {"name": step.name, "description": step.description}
        old = {change.field: change.old for change in self.plan.text}
        return [TextChange(field, old.get(field), text) for field, text in sent.items() if text is not None]

    def _not_done(self, result: StepResult) -> str:
        people = self.ink.people(result.step.people) if result.step.action in (Action.ADD, Action.REMOVE) else ""
        doing = f"{_DOING[result.step.action]} {people}".strip()
        message = f": {self.ink.words(result.message)}" if result.message else ""
        return self.ink.line("!", f"{result.outcome.value}: {doing}{message}")

    def _person(self, outcome: PersonOutcome) -> str:
        message = f": {self.ink.words(outcome.message)}" if outcome.message else ""
        link = f"; invite link: {self.ink.words(outcome.link)}" if outcome.link else ""
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
