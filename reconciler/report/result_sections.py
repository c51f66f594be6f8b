"""A finished run as every format shows it: what was done, what was not and why, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepResult, StepStatus, people_moved
from reconciler.diff.change import TextChange
from reconciler.model.person_ref import PersonRef
from reconciler.plan.model import GroupPlan
from reconciler.plan.step import Action, Step
from reconciler.report.pieces import (
    InviteLink,
    LiteralText,
    OutsideText,
    Piece,
    Pieces,
    QuotedText,
    join_pieces,
    literal,
    message_pieces,
    people_pieces,
    person_pieces,
)
from reconciler.report.sections import Badge, Line, field_line
from reconciler.report.summary import Totals, plan_totals, result_totals
from reconciler.report.vocabulary import plural

T = TypeVar("T")

_DONE: Final = {
    Action.JOIN: Line("+", literal("joined the group")),
    Action.CREATE: Line("+", literal("created the group")),
    Action.LEAVE: Line("-", literal("left the group")),
}
_DOING: Final = {
    Action.JOIN: "joining the group",
    Action.CREATE: "creating the group",
    Action.LEAVE: "leaving the group",
    Action.PATCH: "changing the name or description",
    Action.ADD: "adding ",
    Action.REMOVE: "removing ",
}
_ORDER: Final = (Action.JOIN, Action.CREATE, Action.LEAVE, Action.PATCH, Action.ADD, Action.REMOVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSection:
    """One group's part of a run: its steps in order, people who were not simply added or removed, remaining drift.

    `moved` has, for each step that was done, who was really added or removed by it.
    """

    plan: GroupPlan
    steps: tuple[StepResult, ...]
    people: tuple[PersonOutcome, ...]
    remaining_drift: tuple[str, ...]
    moved: Mapping[StepResult, tuple[PersonRef, ...]]

    @property
    def key(self) -> str:
        """The group's key."""
        return self.plan.key

    @property
    def name(self) -> str:
        """The group's name, "" for none."""
        return self.plan.name

    @property
    def id(self) -> Piece:
        """The live group's id, also of one that this run created; our words where it is unknown."""
        known = next(filter(None, (step.group_id or step.step.group_id for step in self.steps)), None)
        known = known or self.plan.id or (self.plan.live.id if self.plan.live else None)
        return OutsideText(known) if known else LiteralText("(id unknown)")

    @property
    def converged(self) -> bool:
        """Whether the group matches the configuration."""
        return all(badge.tone != "stop" for badge in self.badges)

    @property
    def removed_anyone(self) -> bool:
        """Whether anybody lost anything by the run."""
        return any(step.step.action.is_destructive for step in self.steps)

    @property
    def badges(self) -> list[Badge]:
        """The group in short, what is urgent first."""
        statuses = sorted({step.status for step in self.steps if step.status is not StepStatus.DONE})
        refused = sum(person.refused for person in self.people)
        words = [
            *(status.value for status in statuses),
            *(["blocked"] if self.plan.blocked else []),
            *([f"{plural(refused, 'person', 'people')} refused"] if refused else []),
            *(["still differs"] if self.remaining_drift else []),
        ]
        return [Badge("stop", text) for text in words] or [Badge("add", "done")]

    def lines(self) -> Iterator[Line]:
        """Yield what was done, what was not, people with an outcome of their own, and what still differs."""
        for step in self.steps:
            if step.status is StepStatus.DONE:
                yield from self._done(step)
        yield from (_not_done(step) for step in self.steps if step.status is not StepStatus.DONE)
        # By status, then in the order of people everywhere.
        for outcome in sorted(self.people, key=lambda item: (not item.refused, item.status, item.person.sort_key)):
            yield _person(outcome)
        yield from (Line("!", message_pieces(reason), "blocked") for reason in self.plan.blocked)
        yield from (Line("!", message_pieces(text), "still differs") for text in self.remaining_drift)

    def _done(self, result: StepResult) -> Iterator[Line]:
        step = result.step
        if step.action in _DONE:
            yield _DONE[step.action]
        if step.action is Action.PATCH:
            yield from map(field_line, self._sent(step))
        if people := self.moved[result]:
            removes = step.action is Action.REMOVE
            words = f"{'removed' if removes else 'added'} {plural(len(people), 'person', 'people')}: "
            yield Line("-" if removes else "+", (LiteralText(words), *people_pieces(people)))
        if result.message:
            yield Line("i", message_pieces(result.message))

    def _sent(self, step: Step) -> Iterator[TextChange]:
        """Yield what this patch sent, with the old text where the plan knows it."""
        old = {change.field: change.old for change in self.plan.field_changes}
        for field, text in (("name", step.name), ("description", step.description)):
            if text is not None:
                yield TextChange(field, old.get(field), text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """A whole run: its groups by key, its totals, and what to do next where it did not converge."""

    result: ApplyResult
    sections: tuple[ResultSection, ...]
    totals: Totals
    next_steps: tuple[Pieces, ...]

    @property
    def plan_totals(self) -> Totals:
        """The totals of the plan, for a run that had nothing to do."""
        return plan_totals(self.result.plan, drift=False)


def result_view(result: ApplyResult) -> ResultView:
    """Return the view of a run."""
    return ResultView(
        result=result,
        sections=tuple(_sections(result)),
        totals=result_totals(result),
        next_steps=tuple(_next_steps(result)),
    )


def _sections(result: ApplyResult) -> Iterator[ResultSection]:
    """Yield every group there is something to say about, sorted by key."""
    plans = {group.key: group for group in result.plan.groups}
    ordered = sorted(result.steps, key=lambda step: _ORDER.index(step.step.action))
    steps = _by_group((step.step.group, step) for step in ordered)
    people = _by_group((outcome.group, outcome) for outcome in result.people)
    drift = _by_group(sorted(result.remaining_drift))
    moved = people_moved(result)
    blocked = {group.key for group in result.plan.groups if group.blocked}
    for key in sorted(steps.keys() | people.keys() | drift.keys() | blocked):
        yield ResultSection(
            plan=plans[key],
            steps=tuple(steps[key]),
            people=tuple(people[key]),
            remaining_drift=tuple(drift[key]),
            moved=moved,
        )


def _by_group(pairs: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for key, item in pairs:
        found[key].append(item)
    return found


def _not_done(result: StepResult) -> Line:
    step = result.step
    people = people_pieces(step.people) if step.action in (Action.ADD, Action.REMOVE) else ()
    doing = (LiteralText(_DOING[step.action]), *people)
    return Line("!", join_pieces(": ", [doing, message_pieces(result.message)]), result.status.value)


def _person(outcome: PersonOutcome) -> Line:
    link = (LiteralText("; invite link: "), InviteLink(outcome.link)) if outcome.link else ()
    words = join_pieces(": ", [person_pieces(outcome.person), message_pieces(outcome.message)])
    return Line("!" if outcome.refused else "i", words + link, outcome.status.value)


def _next_steps(result: ApplyResult) -> Iterator[Pieces]:
    """Yield what to do when the groups do not match the configuration yet, most urgent first."""
    if result.converged:
        return
    for step in result.steps:
        if step.status is StepStatus.UNKNOWN and step.step.action is Action.CREATE:
            yield (
                LiteralText("The outcome of creating the group "),
                QuotedText(step.step.name or step.step.group),
                LiteralText(" is unknown. Check whether it exists before the next apply."),
                LiteralText(" If it does, the next plan finds it by its name."),
            )
    statuses = {outcome.status for outcome in result.people}
    if PersonStatus.NOT_ADDED in statuses:
        yield literal("Send the invite link to everybody who was not added, or mark them `join: invite` in the file.")
    if PersonStatus.BAD_NUMBER in statuses:
        yield literal("Correct the bad numbers in the file.")
    if any(group.blocked for group in result.plan.groups):
        yield literal("Blocked groups stay unchanged until you resolve the reasons above.")
    if result.interrupted and all(step.status is StepStatus.DONE for step in result.steps):
        yield literal("The run stopped before it verified its changes. Run `reconciler plan` to check them.")
    elif result.interrupted:
        yield literal("The run was interrupted. Run `reconciler apply` again to apply the rest.")
    else:
        yield literal(
            "Not converged. Run `reconciler plan` to see the remaining differences, then `reconciler apply` again."
        )
